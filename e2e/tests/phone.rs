//! The pad on a phone of 390 by 844: everything is on the screen, large enough for a thumb, and legible, light and dark.
//! Leaves pictures for people in `target/screenshots/`.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, WebDriver, random_pin};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// WCAG 2.2, 2.5.5 (AAA): a target of 44 by 44 CSS pixels.
const TARGET: f64 = 44.0;
/// WCAG 2.2, 1.4.3 (AA): the contrast of text.
const CONTRAST: f64 = 4.5;
/// WCAG 2.2, 1.4.11 (AA): the contrast of parts other than text that have to be seen.
const NON_TEXT_CONTRAST: f64 = 3.0;

/// Measures the pad.
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
    const contrast = (selector, property) => {
      const seen = luminance(getComputedStyle(root.querySelector(selector))[property]);
      return (Math.max(seen, surface) + 0.05) / (Math.min(seen, surface) + 0.05);
    };
    const keys = [...root.querySelectorAll('button')].map((key) => key.getBoundingClientRect());
    return {
      scrolled: [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight],
      smallest_key: Math.min(...keys.flatMap(({ width, height }) => [width, height])),
      lowest_key: innerHeight - Math.max(...keys.map(({ bottom }) => bottom)),
      contrasts: ['prompt', 'hint', 'message', 'key'].map((name) => contrast(`[part=\"${name}\"]`, 'color')),
      non_text: [
        contrast('[part=\"dot\"][data-filled]', 'backgroundColor'),
        contrast('[part=\"dot\"]:not([data-filled])', 'borderTopColor'),
        contrast('[part=\"field\"]:focus-visible', 'outlineColor'),
      ],
      surface,
    };
";

#[derive(Debug, Deserialize)]
struct Measured {
    scrolled: [f64; 2],
    smallest_key: f64,
    lowest_key: f64,
    contrasts: Vec<f64>,
    /// The contrasts of a filled dot, of an empty dot, and of the mark of the focus.
    non_text: Vec<f64>,
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
    pad.enter("38", Hand::Keyboard).await?;

    let measured: Measured = driver.run(MEASURE, Value::Null).await?;
    ensure!(measured.scrolled.iter().all(|&over| over <= 0.0), "the page scrolls: {measured:?}");
    ensure!(measured.smallest_key >= TARGET, "a key is too small: {measured:?}");
    ensure!(measured.lowest_key >= 0.0, "a key is off the screen: {measured:?}");
    ensure!(
        measured.contrasts.iter().all(|&contrast| contrast >= CONTRAST),
        "text is too faint: {measured:?}"
    );
    ensure!(
        measured.non_text.iter().all(|&contrast| contrast >= NON_TEXT_CONTRAST),
        "what is not text is too faint: {measured:?}"
    );
    Ok(measured)
}

/// How many digits two thumbs type before the PIN is set.
const BATCHES: usize = 34;
/// The longest PIN there is (ISO 9564-1, 8.1).
const DIGITS: usize = 12;

/// One thumb comes down before the other is lifted, as fast as the browser can handle it. The PIN that is set is the one that was
/// typed.
#[tokio::test]
async fn two_thumbs_lose_no_digit() -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Chromium.start().await?;
    let driver = browser.driver();
    let phone = json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true});
    driver.devtools("Emulation.setDeviceMetricsOverride", phone).await?;
    driver
        .devtools("Emulation.setTouchEmulationEnabled", json!({"enabled": true, "maxTouchPoints": 2}))
        .await?;
    let card = sandbox.waiting_card().await?;
    driver.open(&sandbox.url("/pin-page/direct.html")).await?;
    let pad = Pad::find(driver).await?;
    driver.run::<Value>("document.querySelector('card-pin').maxLength = argument", json!(DIGITS)).await?;
    pad.start(&card.control_id).await?;
    let keys = Keys::find(driver).await?;
    for batch in 0..BATCHES {
        let pin = random_digits()?;
        keys.type_with_two_thumbs(driver, &pin).await?;
        let typed = "window.padEvents.filter((told) => told.event === 'pin_valid')";
        let counts = format!("JSON.stringify({typed}.map((told) => told.digits))");
        let wanted: Vec<usize> = (1..=DIGITS).collect();
        driver
            .wait_for(&format!("{counts} === '{}'", json!(wanted)), "each digit to be counted")
            .await
            .with_context(|| format!("batch {batch}"))?;
        driver.run::<Value>("document.querySelector('card-pin').clear()", Value::Null).await?;
        driver.wait_for(&format!("{typed}.at(-1).digits === 0"), "an empty entry").await?;
        pad.forget_events().await?;
    }
    let pin = random_digits()?;
    for _ in 0..2 {
        keys.type_with_two_thumbs(driver, &pin).await?;
        pad.tap("submit").await?;
    }
    let end = pad.end().await?;
    ensure!(end["event"] == "set_pin_success", "{end}");
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin), "another PIN is set than the one typed");
    Ok(())
}

/// Digits that are not refused as easy to guess.
fn random_digits() -> Result<String> {
    Ok((0..DIGITS / 4).map(|_| random_pin()).collect::<Result<Vec<_>>>()?.concat())
}

/// Where the middle of each digit's key is.
struct Keys(Vec<(f64, f64)>);

impl Keys {
    async fn find(driver: &WebDriver) -> Result<Self> {
        let middles = "const root = document.querySelector('card-pin').shadowRoot;
            return [...Array(10).keys()].map((digit) => {
              const { x, y, width, height } = root.querySelector(`button[data-key=\"${digit}\"]`).getBoundingClientRect();
              return [x + width / 2, y + height / 2];
            });";
        Ok(Self(driver.run(middles, Value::Null).await?))
    }

    async fn type_with_two_thumbs(&self, driver: &WebDriver, digits: &str) -> Result<()> {
        let places: Vec<_> = digits.bytes().map(|digit| self.0[usize::from(digit - b'0')]).collect();
        driver.tap_with_two_thumbs(&places).await
    }
}
