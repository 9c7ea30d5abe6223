//! Pictures of the pad for people to look at, in `target/screenshots/`; nothing is asserted of them.

use anyhow::{Context, Result};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox};
use serde_json::json;
use std::{fs, path::Path};

#[tokio::test]
async fn the_pad_on_a_phone() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
    fs::create_dir_all(&folder).context("target/screenshots cannot be made")?;
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Chromium.start().await?;
    let driver = browser.driver();
    let phone = json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true});
    driver.devtools("Emulation.setDeviceMetricsOverride", phone).await?;
    for scheme in ["light", "dark"] {
        let feature = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        driver.devtools("Emulation.setEmulatedMedia", feature).await?;
        driver.open(&sandbox.url("/pin-page/frame?key=sandbox")).await?;
        let pad = Pad::find(driver).await?;
        pad.start(&sandbox.waiting_card().await?.control_id).await?;
        pad.tap("3").await?;
        pad.tap("8").await?;
        driver.screenshot(&folder.join(format!("pad-{scheme}.png"))).await?;
        // An easily guessed PIN is refused before it is repeated.
        pad.tap("erase").await?;
        pad.tap("erase").await?;
        pad.enter("1234", Hand::Keyboard).await?;
        pad.wait_for_event("detail.event === 'set_pin_validation_error'").await?;
        driver.screenshot(&folder.join(format!("pad-weak-{scheme}.png"))).await?;
    }
    Ok(())
}
