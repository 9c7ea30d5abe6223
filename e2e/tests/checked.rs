//! `card-pin.checked.js`: worker and core run only if they are the files that the script was made with.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, Site, WebDriver, copy_dist, in_each_engine, random_pin};
use serde_json::{Value, json};
use std::{fs, path::Path, sync::Arc};

/// As `docs/headers.md` has it for this script.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; \
    style-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types card-pin";

const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>PIN</title>\
    <script type=\"module\" src=\"card-pin.checked.js\"></script>\
    <card-pin tzpk-url=\"/pin/tzpk\" set-url=\"/pin/set\"></card-pin></html>";

in_each_engine!(all);

async fn all(engine: Engine) -> Result<()> {
    let sandbox = Arc::new(Sandbox::start().await?);
    let folder = tempfile::tempdir()?;
    copy_dist(folder.path())?;
    fs::write(folder.path().join("index.html"), PAGE)?;
    let site = Site::bind().await?.serve(&sandbox, folder.path(), POLICY)?;
    let browser = engine.start().await?;
    let driver = browser.driver();

    driver.open(&site.url("/")).await?;
    set_a_pin(&sandbox, driver).await?;
    for files in [&["card-pin.worker.js"][..], &["card_pin_bg.wasm", "card_pin_scalar_bg.wasm"][..]] {
        flip(folder.path(), files)?;
        driver.open(&site.url("/")).await?;
        let pad = Pad::find(driver).await?;
        provide(driver, "never asked for").await?;
        let end = pad.end().await?;
        let expected = json!({"event": "set_pin_error", "code": "vault_missing", "retryable": false});
        ensure!(end == expected, "with a changed {}: {end}", files.join(" and "));
        flip(folder.path(), files)?;
    }
    driver.open(&site.url("/")).await?;
    set_a_pin(&sandbox, driver).await.context("with the files as they were")
}

/// Changes one bit of each file; done twice, it changes nothing.
fn flip(folder: &Path, files: &[&str]) -> Result<()> {
    for file in files.iter().map(|name| folder.join(name)) {
        let mut bytes = fs::read(&file)?;
        let middle = bytes.len() / 2;
        *bytes.get_mut(middle).context("the file is empty")? ^= 1;
        fs::write(&file, bytes)?;
    }
    Ok(())
}

async fn provide(driver: &WebDriver, control_id: &str) -> Result<()> {
    let script = "document.querySelector('card-pin').controlIdProvider = async () => argument";
    driver.run::<Value>(script, json!(control_id)).await.map(drop)
}

async fn set_a_pin(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    let pad = Pad::find(driver).await?;
    let (card, pin) = (sandbox.waiting_card().await?, random_pin()?);
    provide(driver, &card.control_id).await?;
    let ready = pad.wait_for_event("detail.event === 'ready'").await?;
    ensure!(ready["isolation"] == "worker", "the vault runs in the {}", ready["isolation"]);
    pad.choose(&pin, Hand::Screen).await?;
    let end = pad.end().await?;
    ensure!(end["event"] == "set_pin_success", "it ended with {end}");
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin), "another PIN is set than the one that was tapped");
    Ok(())
}
