//! A device that does not run WebAssembly: the pad reports this at once, so that the host can open Enfuce's own page instead.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Pad, Sandbox, WebDriver, each, in_each_engine};
use serde_json::{Value, json};

in_each_engine!(missing_webassembly_is_told_before_the_first_tap);

async fn missing_webassembly_is_told_before_the_first_tap(engine: Engine) -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = engine.start_without_wasm().await?;
    let driver = browser.driver();
    let pages = ["direct.html", "standalone.html"];
    let cases =
        pages.into_iter().flat_map(|page| ["", "window.Worker = undefined;"].map(|workers| (page, workers)));
    each(cases, async |&(page, workers)| {
        element(&sandbox, driver, page, workers).await.context("the element")?;
        session(&sandbox, driver, page, workers).await.context("the session")
    })
    .await?;
    ensure!(sandbox.wire().await?.is_empty(), "something is sent without a core");
    Ok(())
}

async fn open(sandbox: &Sandbox, driver: &WebDriver, page: &str) -> Result<()> {
    driver.open(&sandbox.url(&format!("/pin-page/{page}"))).await?;
    let has_wasm: bool = driver.run("return 'WebAssembly' in window", Value::Null).await?;
    ensure!(!has_wasm, "the browser still runs WebAssembly");
    Ok(())
}

async fn element(sandbox: &Sandbox, driver: &WebDriver, page: &str, workers: &str) -> Result<()> {
    open(sandbox, driver, page).await?;
    let pad = Pad::find(driver).await?;
    let provide = format!(
        "{workers} document.querySelector('card-pin').controlIdProvider = () => new Promise(() => {{}})"
    );
    driver.run::<Value>(&provide, Value::Null).await?;
    let end = pad.end().await?;
    let expected = json!({"event": "set_pin_error", "code": "wasm_unavailable", "retryable": false});
    ensure!(end == expected, "it ended with {end}");
    let shown =
        "document.querySelector('card-pin').shadowRoot.querySelector('[part=\"message\"]').textContent";
    driver.wait_for(shown, "the pad to say so").await.map(drop)
}

async fn session(sandbox: &Sandbox, driver: &WebDriver, page: &str, workers: &str) -> Result<()> {
    open(sandbox, driver, page).await?;
    let script = format!(
        "{workers}
         const PinSession = globalThis.PinSession ?? (await import('./card-pin.js')).PinSession;
         const session = new PinSession({{ controlIdProvider: () => new Promise(() => {{}}), tzpkUrl: './tzpk', setUrl: './set' }});
         return new Promise((resolve) => session.addEventListener('set_pin_error', ({{ detail }}) => resolve(detail)))"
    );
    let end: Value = driver.run(&script, Value::Null).await?;
    let expected = json!({"event": "set_pin_error", "code": "wasm_unavailable", "retryable": false});
    ensure!(end == expected, "a session ended with {end}");
    Ok(())
}
