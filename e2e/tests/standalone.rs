//! `card-pin.standalone.js` in web views: from `file://`, from a string, as a classic script under a policy.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, Site, WebDriver, in_each_engine, random_pin, standalone};
use serde_json::{Value, json};
use std::{fs, sync::Arc};
use tempfile::TempDir;

/// The policy that the README asks for, with workers from `blob:` addresses.
const WITH_BLOB_WORKERS: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; \
    style-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types card-pin";

const WITHOUT_WORKERS: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'; \
    style-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types card-pin";

in_each_engine!(all);

async fn all(engine: Engine) -> Result<()> {
    let sandbox = Arc::new(Sandbox::start().await?);
    let folder = tempfile::tempdir()?;
    let relay = Site::bind().await?.serve(&sandbox, folder.path(), "")?;
    page(&folder, &relay)?;
    let browser = engine.start().await?;
    let driver = browser.driver();

    // From `file://`, and from a string without an address: the origin is `null`.
    driver.open(&format!("file://{}/index.html", folder.path().display())).await?;
    set_a_pin(&sandbox, driver, "null", "worker").await.context("from file://")?;
    without_cors_nothing_is_answered(&sandbox, driver).await.context("from file://, without CORS")?;
    driver.open("about:blank").await?;
    write(driver, &relay).await?;
    set_a_pin(&sandbox, driver, "null", "worker").await.context("from a string on about:blank")?;

    // From a string with the address of an app's own origin.
    driver.open(&relay.url("/blank.html")).await?;
    write(driver, &relay).await?;
    let origin = relay.url("");
    set_a_pin(&sandbox, driver, &origin, "worker").await.context("from a string on an origin")?;

    parts_from_elsewhere_are_asked_for(driver).await.context("addresses given")?;

    for (policy, isolation) in [(WITH_BLOB_WORKERS, "worker"), (WITHOUT_WORKERS, "page")] {
        let site = Site::bind().await?.serve(&sandbox, folder.path(), policy)?;
        page(&folder, &site)?;
        driver.open(&site.url("/")).await?;
        set_a_pin(&sandbox, driver, &site.url(""), isolation).await.context(isolation)?;
    }
    Ok(())
}

/// Lays the standalone and a page with it into the folder.
fn page(folder: &TempDir, relay: &Site) -> Result<()> {
    fs::write(folder.path().join("card-pin.standalone.js"), standalone()?)?;
    fs::write(folder.path().join("blank.html"), "<!doctype html><title>A place for strings</title>")?;
    let html = html("<script src=\"card-pin.standalone.js\"></script>", relay);
    Ok(fs::write(folder.path().join("index.html"), html)?)
}

fn html(script: &str, relay: &Site) -> String {
    let (tzpk, set) = (relay.url("/pin/tzpk"), relay.url("/pin/set"));
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>PIN</title>{script}\
         <card-pin tzpk-url=\"{tzpk}\" set-url=\"{set}\"></card-pin></html>"
    )
}

/// What `loadDataWithBaseURL` and `loadHTMLString` do: a page with the script in it becomes the document.
async fn write(driver: &WebDriver, relay: &Site) -> Result<()> {
    let html = html(&format!("<script>{}</script>", standalone()?), relay);
    let script = "document.open(); document.write(argument); document.close();";
    driver.run::<Value>(script, json!(html)).await.map(drop)
}

/// Sets a PIN on the page that is open, with a control id that comes when both entries agree.
async fn set_a_pin(sandbox: &Sandbox, driver: &WebDriver, origin: &str, isolation: &str) -> Result<()> {
    sandbox.reset().await?;
    let pad = Pad::find(driver).await?;
    let (card, pin) = (sandbox.waiting_card().await?, random_pin()?);
    let provide = "document.querySelector('card-pin').controlIdProvider = async () => argument";
    driver.run::<Value>(provide, json!(card.control_id)).await?;
    let ready = pad.wait_for_event("detail.event === 'ready'").await?;
    ensure!(ready["isolation"] == isolation, "the vault runs in the {}", ready["isolation"]);
    pad.choose(&pin, Hand::Screen).await?;
    let end = pad.end().await?;
    ensure!(end["event"] == "set_pin_success", "it ended with {end}");
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin), "another PIN is set than the one that was tapped");
    for request in sandbox.wire().await? {
        if request["path"].as_str().is_some_and(|path| path.starts_with("/pin-page/")) {
            ensure!(request["headers"]["origin"] == origin, "{request}");
        }
    }
    let globals = "return ['CardPin', 'PinSession', 'CardPinError'].map((name) => typeof globalThis[name])";
    let globals: Value = driver.run(globals, Value::Null).await?;
    ensure!(globals == json!(["function", "function", "function"]), "on the global object: {globals}");
    Ok(())
}

/// The sandbox itself lets no other origin in: a page from `file://` cannot post to it.
async fn without_cors_nothing_is_answered(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    let card = sandbox.waiting_card().await?;
    let script = "
        const [controlId, tzpkUrl, setUrl] = argument;
        const session = new PinSession({ controlId, tzpkUrl, setUrl });
        return new Promise((resolve) => session.addEventListener('set_pin_error', ({ detail }) => resolve(detail.code)));";
    let urls = json!([card.control_id, sandbox.url("/pin-page/tzpk"), sandbox.url("/pin-page/set")]);
    let code: Value = driver.run(script, urls).await?;
    ensure!(code == "network", "it ended with {code}");
    Ok(())
}

/// What is inlined gives way to an address, of the worker as of the core; markup cannot name either.
async fn parts_from_elsewhere_are_asked_for(driver: &WebDriver) -> Result<()> {
    let pad = Pad::find(driver).await?;
    for part in ["workerUrl", "wasmUrl"] {
        let restart = "
            const pad = document.querySelector('card-pin');
            pad.setAttribute('worker-url', '/missing-too');
            pad.workerUrl = pad.wasmUrl = undefined;
            pad[argument] = '/missing';
            pad.reset();
            padEvents.length = 0;";
        driver.run::<Value>(restart, json!(part)).await.context(part)?;
        let told = pad.wait_for_event("/^(ready|set_pin_error)$/.test(detail.event)").await?;
        let expected = match part {
            // No worker there: the vault inside the script runs on the page.
            "workerUrl" => json!({"event": "ready", "isolation": "page"}),
            _ => json!({"event": "set_pin_error", "code": "vault_missing", "retryable": false}),
        };
        ensure!(told == expected, "{part}: {told}");
    }
    Ok(())
}

#[test]
fn it_is_a_classic_script_that_can_stand_in_a_page() -> Result<()> {
    let script = standalone()?;
    ensure!(script.is_ascii(), "a page of another encoding would spoil it");
    for word in ["import.meta", "import(", "export{", "export ", "</script", "<!--"] {
        ensure!(!script.contains(word), "it has `{word}`");
    }
    Ok(())
}
