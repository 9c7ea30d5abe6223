//! The pad on a phone of 390 by 844: everything is on the screen, large enough for a thumb, and legible, light and dark.
//! Leaves pictures for people in `target/screenshots/`.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, WebDriver};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// WCAG 2.2, 2.5.5 (AAA): a target of 44 by 44 CSS pixels.
const TARGET: f64 = 44.0;
/// WCAG 2.2, 1.4.3 (AA): the contrast of text.
const CONTRAST: f64 = 4.5;

/// What can be measured of the pad.
const MEASURE: &str = "
    const root = document.querySelector('card-pin').shadowRoot;
    const luminance = (colour) => {
      const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((value) => {
        const channel = value / 255;
        return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const surface = luminance(getComputedStyle(root.host).backgroundColor);
    const contrast = (part) => {
      const text = luminance(getComputedStyle(root.querySelector(`[part=\"${part}\"]`)).color);
      return (Math.max(text, surface) + 0.05) / (Math.min(text, surface) + 0.05);
    };
    const keys = [...root.querySelectorAll('button')].map((key) => key.getBoundingClientRect());
    return {
      scrolled: [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight],
      smallest_key: Math.min(...keys.flatMap(({ width, height }) => [width, height])),
      lowest_key: innerHeight - Math.max(...keys.map(({ bottom }) => bottom)),
      contrasts: ['prompt', 'hint', 'message', 'key'].map(contrast),
      surface,
    };
";

#[derive(Debug, Deserialize)]
struct Measured {
    scrolled: [f64; 2],
    smallest_key: f64,
    lowest_key: f64,
    contrasts: Vec<f64>,
    surface: f64,
}

#[tokio::test]
async fn the_pad_is_usable_on_a_phone() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
    fs::create_dir_all(&folder).context("target/screenshots cannot be made")?;
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Chromium.start().await?;
    let driver = browser.driver();
    let phone = json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true});
    driver.devtools("Emulation.setDeviceMetricsOverride", phone).await?;
    let light = on_a_phone(&sandbox, driver, "light", &folder).await.context("light")?;
    let dark = on_a_phone(&sandbox, driver, "dark", &folder).await.context("dark")?;
    ensure!(light.surface > dark.surface, "light and dark look the same");
    Ok(())
}

async fn on_a_phone(sandbox: &Sandbox, driver: &WebDriver, scheme: &str, folder: &Path) -> Result<Measured> {
    let feature = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
    driver.devtools("Emulation.setEmulatedMedia", feature).await?;
    driver.open(&sandbox.url("/pin-page/frame?key=sandbox")).await?;
    let pad = Pad::find(driver).await?;
    pad.start(&sandbox.waiting_card().await?.control_id).await?;
    pad.enter("38", Hand::Screen).await?;
    driver.screenshot(&folder.join(format!("pad-{scheme}.png"))).await?;
    pad.tap("erase").await?;
    pad.tap("erase").await?;
    pad.enter("1234", Hand::Keyboard).await?;
    pad.wait_for_event("detail.event === 'set_pin_validation_error'").await?;
    driver.screenshot(&folder.join(format!("pad-weak-{scheme}.png"))).await?;

    let measured: Measured = driver.run(MEASURE, Value::Null).await?;
    ensure!(measured.scrolled.iter().all(|&over| over <= 0.0), "the page scrolls: {measured:?}");
    ensure!(measured.smallest_key >= TARGET, "a key is too small: {measured:?}");
    ensure!(measured.lowest_key >= 0.0, "a key is off the screen: {measured:?}");
    ensure!(
        measured.contrasts.iter().all(|&contrast| contrast >= CONTRAST),
        "text is too faint: {measured:?}"
    );
    Ok(measured)
}
