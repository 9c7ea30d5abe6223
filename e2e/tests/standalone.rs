//! `card-pin.standalone.js` in web views: from `file://`, from a string, and as a classic script under a policy.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{
    Browser, Engine, Hand, Pad, Sandbox, Site, Stage, WebDriver, in_each_engine, random_pin, standalone,
};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// The policy that `docs/headers.md` asks for, with workers from `blob:` addresses.
const WITH_BLOB_WORKERS: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; \
    style-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types card-pin";

const WITHOUT_WORKERS: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'; \
    style-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types card-pin";

in_each_engine! { open =>
    a_page_from_a_file_sets_a_pin,
    a_page_from_a_file_gets_no_answer_without_cors,
    a_page_from_a_string_on_an_origin_sets_a_pin,
    parts_with_addresses_come_from_there,
    a_page_under_a_policy_sets_a_pin,
    a_page_under_a_policy_without_workers_sets_a_pin,
}

in_each_engine!(a_page_from_a_string_sets_a_pin);

/// A site with a relay, and the page in its folder.
struct WebView<'a> {
    stage: Stage<'a>,
    site: Site,
    folder: TempDir,
}

async fn open(browser: &Browser) -> Result<WebView<'_>> {
    let stage = Stage::open(browser).await?;
    let folder = tempfile::tempdir()?;
    let site = Site::bind().await?.serve(&stage.sandbox, folder.path(), "")?;
    page(&folder, &site)?;
    Ok(WebView { stage, site, folder })
}

impl WebView<'_> {
    async fn open_file(&self) -> Result<()> {
        self.stage.driver.open(&format!("file://{}/index.html", self.folder.path().display())).await
    }

    async fn write_on(&self, address: &str) -> Result<()> {
        self.stage.driver.open(address).await?;
        write(self.stage.driver, &self.site).await
    }

    async fn sets_a_pin(&self, origin: &str) -> Result<()> {
        set_a_pin(&self.stage.sandbox, self.stage.driver, origin, "worker").await
    }

    async fn sets_a_pin_under(&self, policy: &str, isolation: &str) -> Result<()> {
        let Stage { sandbox, driver, .. } = &self.stage;
        let site = Site::bind().await?.serve(sandbox, self.folder.path(), policy)?;
        page(&self.folder, &site)?;
        driver.open(&site.url("/")).await?;
        set_a_pin(sandbox, driver, &site.url(""), isolation).await
    }
}

/// Its origin is `null`.
async fn a_page_from_a_file_sets_a_pin(view: &WebView<'_>) -> Result<()> {
    view.open_file().await?;
    view.sets_a_pin("null").await
}

/// From a string without an address: the origin is `null`. In a browser of its own, because `about:blank` in WebKit inherits the
/// policy of the page before it, which can forbid the script.
async fn a_page_from_a_string_sets_a_pin(engine: Engine) -> Result<()> {
    let browser = engine.start().await?;
    let view = open(&browser).await?;
    view.write_on("about:blank").await?;
    view.sets_a_pin("null").await
}

/// From a string with the address of an app's own origin.
async fn a_page_from_a_string_on_an_origin_sets_a_pin(view: &WebView<'_>) -> Result<()> {
    view.write_on(&view.site.url("/blank.html")).await?;
    view.sets_a_pin(&view.site.url("")).await
}

async fn a_page_under_a_policy_sets_a_pin(view: &WebView<'_>) -> Result<()> {
    view.sets_a_pin_under(WITH_BLOB_WORKERS, "worker").await
}

async fn a_page_under_a_policy_without_workers_sets_a_pin(view: &WebView<'_>) -> Result<()> {
    view.sets_a_pin_under(WITHOUT_WORKERS, "page").await
}

/// Puts the standalone and a page with it into the folder.
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

/// Does what `loadDataWithBaseURL` and `loadHTMLString` do: makes a page that contains the script the document.
async fn write(driver: &WebDriver, relay: &Site) -> Result<()> {
    let html = html(&format!("<script>{}</script>", standalone()?), relay);
    let script = "document.open(); document.write(argument); document.close();";
    driver.run::<Value>(script, json!(html)).await.map(drop)
}

/// Sets a PIN on the page that is open, with a control id that comes when both entries agree.
async fn set_a_pin(sandbox: &Sandbox, driver: &WebDriver, origin: &str, isolation: &str) -> Result<()> {
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

/// The sandbox itself allows no other origin: a page from `file://` cannot post to it.
async fn a_page_from_a_file_gets_no_answer_without_cors(view: &WebView<'_>) -> Result<()> {
    view.open_file().await?;
    let Stage { sandbox, driver, .. } = &view.stage;
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

/// If the page gives an address for the worker or the core, it is used instead of the inlined part. Markup cannot give either
/// address.
async fn parts_with_addresses_come_from_there(view: &WebView<'_>) -> Result<()> {
    view.write_on(&view.site.url("/blank.html")).await?;
    let driver = view.stage.driver;
    let pad = Pad::find(driver).await?;
    for part in ["workerUrl", "wasmUrl"] {
        let restart = "
            const pad = document.querySelector('card-pin');
            pad.setAttribute('worker-url', '/missing-too');
            pad.controlIdProvider ??= () => new Promise(() => {});
            pad.workerUrl = pad.wasmUrl = undefined;
            pad[argument] = '/missing';
            pad.reset();
            padEvents.length = 0;";
        driver.run::<Value>(restart, json!(part)).await.context(part)?;
        let told = pad.wait_for_event("/^(ready|set_pin_error)$/.test(detail.event)").await?;
        let expected = match part {
            // There is no worker at the address, so the vault inside the script runs on the page.
            "workerUrl" => json!({"event": "ready", "isolation": "page"}),
            _ => json!({"event": "set_pin_error", "code": "vault_missing", "retryable": false}),
        };
        ensure!(told == expected, "{part}: {told}");
    }
    Ok(())
}

#[test]
fn the_standalone_is_a_classic_script_that_can_stand_in_a_page() -> Result<()> {
    let script = standalone()?;
    ensure!(script.is_ascii(), "a page with another encoding would break it");
    for word in ["import.meta", "import(", "export{", "export ", "</script", "<!--"] {
        ensure!(!script.contains(word), "it has `{word}`");
    }
    Ok(())
}
