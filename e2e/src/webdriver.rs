use anyhow::{Context, Result, bail};
use base64ct::{Base64, Encoding};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// For one command to a driver: longer than any wait inside a page.
const COMMAND: Duration = Duration::from_secs(60);
/// For something to come true on a page; making a key pair on a loaded machine takes seconds.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(25);

/// How an element is written in WebDriver's JSON (W3C WebDriver, 12.2).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A session with a browser: the part of the W3C WebDriver protocol that the tests need, spoken to a driver on this
/// machine.
#[derive(Debug)]
pub struct WebDriver {
    client: reqwest::Client,
    session: String,
}

/// A handle to an element of the current document, in a shadow root or not.
#[derive(Clone, Debug)]
pub struct Element(Value);

impl Element {
    /// For use as an argument of a script.
    #[must_use]
    pub fn as_argument(&self) -> Value {
        self.0.clone()
    }

    fn id(&self) -> Result<&str> {
        self.0[ELEMENT].as_str().context("the script returned no element")
    }
}

impl WebDriver {
    /// Opens a session once the driver answers, and with it the browser.
    pub(crate) async fn connect(driver: &str, capabilities: Value) -> Result<Self> {
        let client = reqwest::Client::builder().timeout(COMMAND).no_proxy().build()?;
        let deadline = Instant::now() + PATIENCE;
        while client.get(format!("{driver}/status")).send().await.is_err() {
            if Instant::now() > deadline {
                bail!("the driver does not answer");
            }
            tokio::time::sleep(POLL).await;
        }
        let request = json!({"capabilities": {"alwaysMatch": capabilities}});
        let opened = answer(client.post(format!("{driver}/session")).json(&request)).await?;
        let id = opened["sessionId"].as_str().context("the driver opened no session")?;
        let session = Self { client, session: format!("{driver}/session/{id}") };
        session.post("timeouts", &json!({"script": COMMAND.as_millis()})).await?;
        Ok(session)
    }

    /// Opens an address in the window, and waits until it has loaded.
    ///
    /// # Errors
    ///
    /// This and the other commands fail where the driver refuses.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.post("url", &json!({"url": url})).await.map(drop)
    }

    /// Runs the body of an async function in the current document and returns what its promise resolves to. `argument`
    /// reaches it under that name.
    ///
    /// # Errors
    ///
    /// Where the promise is rejected, or resolves to something else than a `T`.
    pub async fn run<T: DeserializeOwned>(&self, body: &str, argument: Value) -> Result<T> {
        let script = format!(
            "const [argument, done] = arguments;\n\
             (async () => {{ {body} }})().then(\n\
               (value) => done({{ value: value === undefined ? null : value }}),\n\
               (error) => done({{ error: String(error) }}));"
        );
        let mut outcome = self.post("execute/async", &json!({"script": script, "args": [argument]})).await?;
        if let Some(error) = outcome["error"].as_str() {
            bail!("{error}, in the script: {body}");
        }
        serde_json::from_value(outcome["value"].take())
            .with_context(|| format!("what the script returned: {body}"))
    }

    /// An element that a script's expression gives.
    ///
    /// # Errors
    ///
    /// Where there is none in time; `what` then names it.
    pub async fn element(&self, expression: &str, what: &str) -> Result<Element> {
        self.wait_for(expression, what).await.map(Element)
    }

    /// Waits until an expression is truthy, and returns it. Where the document is exchanged meanwhile, it waits on.
    ///
    /// # Errors
    ///
    /// Where that does not happen in time; `what` then says what was waited for.
    pub async fn wait_for(&self, expression: &str, what: &str) -> Result<Value> {
        let script = json!({"script": format!("return ({expression}) || null"), "args": []});
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.post("execute/sync", &script).await;
            match found {
                Ok(value) if !value.is_null() => return Ok(value),
                found if Instant::now() > deadline => {
                    found?;
                    bail!("waited in vain for {what}");
                }
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Clicks as the customer does: the browser's own, trusted input.
    ///
    /// # Errors
    ///
    /// Where the element cannot be clicked, being covered or gone.
    pub async fn click(&self, element: &Element) -> Result<()> {
        self.post(&format!("element/{}/click", element.id()?), &json!({})).await.map(drop)
    }

    /// Presses and releases keys one after the other, wherever the focus is. Special keys are W3C WebDriver's code
    /// points (17.4.2).
    ///
    /// # Errors
    ///
    /// Where no key can be pressed.
    pub async fn type_keys(&self, keys: &str) -> Result<()> {
        let actions: Vec<_> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key})))
            .collect();
        self.post("actions", &json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}))
            .await
            .map(drop)
    }

    /// Continues in the document of a frame.
    ///
    /// # Errors
    ///
    /// Where the element is no frame.
    pub async fn enter_frame(&self, frame: &Element) -> Result<()> {
        self.post("frame", &json!({"id": frame.as_argument()})).await.map(drop)
    }

    /// Continues in the outermost document.
    ///
    /// # Errors
    ///
    /// Where the window is gone.
    pub async fn leave_frames(&self) -> Result<()> {
        self.post("frame", &json!({"id": null})).await.map(drop)
    }

    /// All cookies of the current document, those hidden from scripts too.
    ///
    /// # Errors
    ///
    /// Where the window is gone.
    pub async fn cookies(&self) -> Result<Value> {
        answer(self.client.get(format!("{}/cookie", self.session))).await
    }

    /// Writes a picture of the window, as PNG.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let picture = answer(self.client.get(format!("{}/screenshot", self.session))).await?;
        let picture = Base64::decode_vec(picture.as_str().unwrap_or_default())
            .map_err(|_| anyhow::anyhow!("the picture is no base64"))?;
        std::fs::write(file, picture).with_context(|| format!("{} cannot be written", file.display()))
    }

    /// A command of the Chrome DevTools Protocol; Chromium only.
    ///
    /// # Errors
    ///
    /// Where the browser does not know it.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        self.post("goog/cdp/execute", &json!({"cmd": command, "params": parameters})).await
    }

    async fn post(&self, command: &str, parameters: &Value) -> Result<Value> {
        answer(self.client.post(format!("{}/{command}", self.session)).json(parameters)).await
    }
}

/// Sends a command and unwraps the `value` of its answer (W3C WebDriver, 6.3).
async fn answer(request: reqwest::RequestBuilder) -> Result<Value> {
    let response = request.send().await.context("the driver does not answer")?;
    let is_success = response.status().is_success();
    let mut body: Value = response.json().await.context("the driver's answer is no JSON")?;
    let value = body["value"].take();
    if !is_success {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        bail!("{}: {}", text("error"), text("message"));
    }
    Ok(value)
}
