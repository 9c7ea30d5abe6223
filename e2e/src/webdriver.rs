//! A session with a browser.

use crate::patience::{PATIENCE, POLL, until};
use anyhow::{Context, Result, bail};
use fantoccini::{
    Client, ClientBuilder,
    actions::{
        Actions, InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
        TouchActions,
    },
    cookies::Cookie,
    elements::{Element, ElementRef},
    wd::{Capabilities, TimeoutConfiguration, WebDriverCompatibleCommand},
};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use url::{ParseError, Url};

/// How long a script may run: longer than any wait inside a page.
const SCRIPT: Duration = Duration::from_secs(120);

/// What a browser shows between two tests.
const BLANK: &str = "about:blank";

/// How an element is written in WebDriver's JSON (W3C WebDriver, 12.2).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A session with a browser: what the tests need of `fantoccini`, with waiting and scripts on top.
#[derive(Debug)]
pub struct WebDriver {
    client: Client,
}

impl WebDriver {
    /// Opens a session once the driver answers, and with it the browser.
    pub(crate) async fn connect(driver: &str, capabilities: Capabilities) -> Result<Self> {
        let deadline = Instant::now() + PATIENCE;
        let client = loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder.capabilities(capabilities.clone()).connect(driver).await {
                Ok(client) => break client,
                Err(error) if Instant::now() > deadline => return Err(error.into()),
                Err(_) => tokio::time::sleep(POLL).await,
            }
        };
        client.update_timeouts(TimeoutConfiguration::new(Some(SCRIPT), None, None)).await?;
        Ok(Self { client })
    }

    /// Lets scripts run for this long, where the default is too short.
    ///
    /// # Errors
    ///
    /// If the driver refuses.
    pub async fn allow_scripts(&self, time: Duration) -> Result<()> {
        self.client.update_timeouts(TimeoutConfiguration::new(Some(time), None, None)).await?;
        Ok(())
    }

    /// The browser's version, as its driver tells it.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub fn browser_version(&self) -> Result<String> {
        let capabilities = self.client.capabilities().context("the driver told nothing of the browser")?;
        let version = capabilities.get("browserVersion").and_then(Value::as_str);
        Ok(version.context("the browser has no version")?.to_owned())
    }

    /// Opens an address in the window, and waits until it has loaded.
    ///
    /// # Errors
    ///
    /// This and the other commands fail where the driver refuses.
    pub async fn open(&self, url: &str) -> Result<()> {
        // WebKit's driver sometimes answers while the document before is still there, so that one gets a mark. A frame that is gone
        // cannot be marked, and need not be.
        let _ = self.client.execute("window.isLeft = true", Vec::new()).await;
        self.client.goto(url).await?;
        let has_loaded = "!window.isLeft && document.readyState === 'complete'";
        self.wait_for(has_loaded, "the document to load").await.map(drop)
    }

    /// Makes the window this large, in CSS pixels, its own frame included.
    ///
    /// # Errors
    ///
    /// If the window cannot be resized.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        Ok(self.client.set_window_size(width, height).await?)
    }

    /// Runs the body of an async function in the current document and returns what its promise resolves to. `argument`
    /// reaches it under that name.
    ///
    /// # Errors
    ///
    /// If the promise is rejected, or resolves to anything other than a `T`.
    pub async fn run<T: DeserializeOwned>(&self, body: &str, argument: Value) -> Result<T> {
        let script = format!(
            "const [argument, done] = arguments;\n\
             (async () => {{ {body} }})().then(\n\
               (value) => done({{ value: value === undefined ? null : value }}),\n\
               (error) => done({{ error: String(error) }}));"
        );
        let mut outcome = self.client.execute_async(&script, vec![argument]).await?;
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
    /// If there is none in time; `what` then names it.
    pub async fn element(&self, expression: &str, what: &str) -> Result<Element> {
        let element = self.wait_for(expression, what).await?;
        let id = element[ELEMENT].as_str().context("the script returned no element")?;
        Ok(Element::from_element_id(self.client.clone(), ElementRef::from(id.to_owned())))
    }

    /// Clicks the first element that a CSS selector names.
    ///
    /// # Errors
    ///
    /// If there is none in time, or it cannot be clicked.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let element = self.element(&format!("document.querySelector('{selector}')"), selector).await?;
        Ok(element.click().await?)
    }

    /// Waits until an expression is truthy, and returns it. Where the document is exchanged meanwhile, it waits on.
    ///
    /// # Errors
    ///
    /// If that does not happen in time; `what` then says what was waited for.
    pub async fn wait_for(&self, expression: &str, what: &str) -> Result<Value> {
        let script = format!("return ({expression}) || null");
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.client.execute(&script, Vec::new()).await {
                Ok(value) if !value.is_null() => return Ok(value),
                found if Instant::now() > deadline => {
                    found?;
                    let document = "return `${location.href}, ${document.readyState}`";
                    let document = self.client.execute(document, Vec::new()).await.unwrap_or_default();
                    bail!("waited in vain for {what} in {document}");
                }
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Presses and releases keys one after the other, wherever the focus is. Special keys are W3C WebDriver's code
    /// points (17.4.2).
    ///
    /// # Errors
    ///
    /// If no key can be pressed.
    pub async fn type_keys(&self, keys: &str) -> Result<()> {
        let keyboard = keys.chars().fold(KeyActions::new("keyboard".to_owned()), |keyboard, value| {
            keyboard.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        Ok(self.client.perform_actions(keyboard).await?)
    }

    /// Continues in the document around the current frame.
    ///
    /// # Errors
    ///
    /// If the window is gone.
    pub async fn leave_frame(&self) -> Result<()> {
        Ok(self.client.enter_parent_frame().await?)
    }

    /// The page before in the window's history, from the back-forward cache where the browser has kept it there.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn back(&self) -> Result<()> {
        Ok(self.client.back().await?)
    }

    /// Opens another tab in front of the current one, which is hidden then; `meanwhile` runs, and the tab is closed again.
    ///
    /// # Errors
    ///
    /// If no tab can be opened, or `meanwhile` fails.
    pub async fn behind_another_tab(&self, meanwhile: impl Future<Output = Result<()>>) -> Result<()> {
        let own = self.client.window().await?;
        let other = self.client.new_window(true).await?.handle;
        self.client.switch_to_window(other).await?;
        let outcome = meanwhile.await;
        self.client.close_window().await?;
        self.client.switch_to_window(own).await?;
        outcome
    }

    /// The size of the window.
    pub(crate) async fn size(&self) -> Result<(u64, u64)> {
        Ok(self.client.get_window_size().await?)
    }

    /// Leaves nothing for the next user of this browser: pressed keys, more windows, another size, cookies, storage, a document.
    pub(crate) async fn clean(&self, size: (u64, u64)) -> Result<()> {
        const FORGET: &str = "
            if (!location.protocol.startsWith('http')) return;
            localStorage.clear();
            sessionStorage.clear();
            for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
            for (const name of await window.caches?.keys() ?? []) await caches.delete(name);";
        // A new window would not have the focus everywhere.
        let own = self.client.window().await?;
        for other in self.client.windows().await?.into_iter().filter(|window| *window != own) {
            self.client.switch_to_window(other).await?;
            self.client.close_window().await?;
        }
        // Out of any frame, too.
        self.client.switch_to_window(own).await?;
        self.client.release_actions().await?;
        if self.size().await? != size {
            self.client.set_window_size(u32::try_from(size.0)?, u32::try_from(size.1)?).await?;
        }
        self.client.delete_all_cookies().await?;
        self.run::<Value>(FORGET, Value::Null).await?;
        self.open(BLANK).await
    }

    /// Whether the window is there and empty.
    pub(crate) async fn is_blank(&self) -> bool {
        self.client.current_url().await.is_ok_and(|url| url.as_str() == BLANK)
    }

    /// All cookies of the current document, those hidden from scripts too.
    ///
    /// # Errors
    ///
    /// If the window is gone.
    pub async fn cookies(&self) -> Result<Vec<String>> {
        Ok(self.client.get_all_cookies().await?.iter().map(Cookie::to_string).collect())
    }

    /// A picture of the window, as PNG.
    ///
    /// # Errors
    ///
    /// If the window is gone.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        Ok(self.client.screenshot().await?)
    }

    /// Writes a picture of the window, as PNG.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        std::fs::write(file, self.picture().await?)
            .with_context(|| format!("{} cannot be written", file.display()))
    }

    /// Presses the mouse's button on an element and keeps it pressed.
    ///
    /// # Errors
    ///
    /// If the element is gone.
    pub async fn hold(&self, element: Element) -> Result<()> {
        let over = PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 };
        let mouse = MouseActions::new("mouse".to_owned()).then(over);
        Ok(self.client.perform_actions(mouse.then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })).await?)
    }

    /// Releases the mouse's button, and moves the mouse into the corner of the window.
    ///
    /// # Errors
    ///
    /// If the window is gone.
    pub async fn release(&self) -> Result<()> {
        let mouse =
            MouseActions::new("mouse".to_owned()).then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        let corner = PointerAction::MoveTo { duration: None, x: 0.0, y: 0.0 };
        Ok(self.client.perform_actions(mouse.then(corner)).await?)
    }

    /// Taps the places in this order with two thumbs in turn: each comes down before the other is lifted.
    ///
    /// # Errors
    ///
    /// If the browser has no touch.
    pub async fn tap_with_two_thumbs(&self, places: &[(f64, f64)]) -> Result<()> {
        let rest = || PointerAction::Pause { duration: Duration::ZERO };
        let mut thumbs = ["left", "right"].map(|thumb| TouchActions::new(thumb.to_owned()));
        for (count, &(x, y)) in places.iter().enumerate() {
            let up = if count == 0 { rest() } else { PointerAction::Up { button: MOUSE_BUTTON_LEFT } };
            let ticks = [
                [PointerAction::MoveTo { duration: None, x, y }, rest()],
                [PointerAction::Down { button: MOUSE_BUTTON_LEFT }, rest()],
                [rest(), up],
            ];
            for [this, other] in ticks {
                let [left, right] = thumbs;
                thumbs = if count % 2 == 0 {
                    [left.then(this), right.then(other)]
                } else {
                    [left.then(other), right.then(this)]
                };
            }
        }
        let [left, right] = thumbs;
        let last = PointerAction::Up { button: MOUSE_BUTTON_LEFT };
        let (left, right) =
            if places.len() % 2 == 1 { (left.then(last), right) } else { (left, right.then(last)) };
        Ok(self.client.perform_actions(Actions::from(left).and(right)).await?)
    }

    /// A command of the Chrome DevTools Protocol; Chromium only.
    ///
    /// # Errors
    ///
    /// If the browser does not know it.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        let body = json!({"cmd": command, "params": parameters}).to_string();
        Ok(self.client.issue_cmd(Extension { path: "goog/cdp/execute", body }).await?)
    }

    /// Runs a script in Firefox itself, and not in its page.
    ///
    /// # Errors
    ///
    /// If it throws or returns anything other than a `T`, and in other browsers.
    pub async fn in_firefox_itself<T: DeserializeOwned>(
        &self,
        script: &str,
        arguments: Vec<Value>,
    ) -> Result<T> {
        let context =
            |context: &str| Extension { path: "moz/context", body: json!({"context": context}).to_string() };
        self.client.issue_cmd(context("chrome")).await?;
        let outcome = self.client.execute(script, arguments).await;
        self.client.issue_cmd(context("content")).await?;
        Ok(serde_json::from_value(outcome?)?)
    }

    /// Waits until a script in Firefox itself returns `true`.
    ///
    /// # Errors
    ///
    /// If it does not in time; `what` then says what was waited for.
    pub async fn wait_for_firefox_itself(&self, script: &str, what: &str) -> Result<()> {
        until(what, async || Ok(self.in_firefox_itself::<bool>(script, Vec::new()).await?.then_some(())))
            .await
    }
}

/// A driver's own extension of WebDriver.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: String,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.clone()))
    }
}
