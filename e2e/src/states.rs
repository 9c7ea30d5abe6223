//! Every state of the pad.

use crate::{Hand, Pad, Sandbox, WebDriver};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// The longest limit for a request, so that a stalled request does not end the state while it is looked at.
const STALL_MS: u32 = 600_000;
/// Nobody's control id.
const UNKNOWN_ID: &str = "83fa5f55-3dd7-453a-8233-4242a6bad179";

/// Every state of the pad, one after the other, on the hosted page in one language. What looks at them may change how they
/// are drawn: colours, size of the screen, size of the text.
#[derive(Debug)]
pub struct States<'a> {
    /// Whose page it is.
    pub sandbox: &'a Sandbox,
    /// A session with Chromium.
    pub driver: &'a WebDriver,
    /// The page's language.
    pub language: &'a str,
}

impl<'a> States<'a> {
    /// While a PIN is set. Each state is looked at under its name.
    ///
    /// # Errors
    ///
    /// If a state is not reached, or what looks at it finds something.
    pub async fn setting(&self, mut look: impl AsyncFnMut(&'static str) -> Result<()>) -> Result<()> {
        let mut is = async |state| look(state).await.context(state);
        let card = self.sandbox.waiting_card().await?;
        let pad = self.open().await?;
        is("waiting").await?;
        pad.start(&card.control_id).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        is("open").await?;
        self.suggest(&pad).await?;
        is("suggested").await?;
        pad.tap("submit").await?;
        pad.enter("1234", Hand::Keyboard).await?;
        pad.wait_for_event("detail.code === 'weak_pin'").await?;
        is("a weak PIN").await?;
        pad.enter("4826", Hand::Keyboard).await?;
        pad.enter("48", Hand::Keyboard).await?;
        is("the second step").await?;
        pad.enter("27", Hand::Keyboard).await?;
        pad.submit(Hand::Keyboard).await?;
        pad.wait_for_event("detail.code === 'mismatch'").await?;
        is("entries that differ").await?;
        self.sandbox.plan_fault("set", &json!("stall"), 1).await?;
        pad.forget_events().await?;
        pad.choose("4826", Hand::Keyboard).await?;
        self.wait_for(&pad, "submitting").await?;
        // From then on the words stay as they are.
        self.wait_for_part("hint", "the word that the wait is long").await?;
        is("submitting").await?;
        self.driver.run::<Value>("document.querySelector('card-pin').close()", Value::Null).await?;
        self.wait_for(&pad, "failed").await?;
        is("not certain").await?;
        pad.start(UNKNOWN_ID).await?;
        self.wait_for(&pad, "failed").await?;
        is("failed").await?;
        pad.start(&self.sandbox.control_id(&card.id).await?).await?;
        pad.choose("4826", Hand::Keyboard).await?;
        self.wait_for(&pad, "done").await?;
        is("done").await?;
        self.driver.run::<Value>("document.querySelector('card-pin').minLength = 99", Value::Null).await?;
        pad.start(UNKNOWN_ID).await?;
        self.wait_for(&pad, "unusable").await?;
        is("unusable").await
    }

    /// While a PIN, 4826, is viewed.
    ///
    /// # Errors
    ///
    /// As for [`States::setting`].
    pub async fn viewing(&self, mut look: impl AsyncFnMut(&'static str) -> Result<()>) -> Result<()> {
        let mut is = async |state| look(state).await.context(state);
        let card = self.card_with_pin().await?;
        let control_id = self.sandbox.view_control_id(&card).await?;
        let pad = self.open().await?;
        self.view(&control_id).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        is("not shown yet").await?;
        self.turn_away().await?;
        pad.show().await?;
        self.wait_for(&pad, "arrived").await?;
        is("here, and nobody looks").await?;
        self.driver
            .run::<Value>("delete document.hasFocus; dispatchEvent(new Event('focus'));", Value::Null)
            .await?;
        self.wait_for(&pad, "shown").await?;
        is("shown").await?;
        self.turn_away().await?;
        self.wait_for(&pad, "hidden").await?;
        is("hidden").await?;
        let pad = self.open().await?;
        self.view(UNKNOWN_ID).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        pad.show().await?;
        self.wait_for(&pad, "failed").await?;
        is("cannot be shown").await
    }

    /// With nine digits of a PIN of twelve.
    ///
    /// # Errors
    ///
    /// As for [`States::setting`].
    pub async fn twelve_digits(&self, mut look: impl AsyncFnMut(&'static str) -> Result<()>) -> Result<()> {
        let pad = self.open().await?;
        let twelve = "document.querySelector('card-pin').minLength = 12";
        self.driver.run::<Value>(twelve, Value::Null).await?;
        pad.start(&self.sandbox.waiting_card().await?.control_id).await?;
        pad.enter("482615937", Hand::Keyboard).await?;
        look("nine of twelve digits").await.context("nine of twelve digits")
    }

    /// What stands where the page would, for a key that nobody has.
    ///
    /// # Errors
    ///
    /// As for [`States::setting`].
    pub async fn no_page(&self, mut look: impl AsyncFnMut(&'static str) -> Result<()>) -> Result<()> {
        self.open_page("nobody").await?;
        let lang: String = self.driver.run("return document.documentElement.lang", Value::Null).await?;
        ensure!(lang == self.language, "it speaks {lang}");
        look("no page").await.context("no page")
    }

    /// The hosted page, as it waits for a control id.
    async fn open(&self) -> Result<Pad<'a>> {
        // Scripts of the tests need no policy of the page's.
        self.driver.devtools("Page.setBypassCSP", json!({"enabled": true})).await?;
        self.open_page("sandbox").await?;
        let pad = Pad::find(self.driver).await?;
        self.driver
            .run::<Value>("document.querySelector('card-pin').timeoutMs = argument", json!(STALL_MS))
            .await?;
        self.wait_for_part("prompt", "the pad's words").await?;
        Ok(pad)
    }

    async fn open_page(&self, key: &str) -> Result<()> {
        let page = format!("/pin-page/frame?key={key}&lang={}", self.language);
        self.driver.open(&self.sandbox.url(&page)).await
    }

    /// A PIN by chance. What chance draws is different each time, so it is not to be seen.
    async fn suggest(&self, pad: &Pad<'_>) -> Result<()> {
        pad.tap("submit").await?;
        let canvas =
            "document.querySelector('card-pin').shadowRoot.querySelector('[part=suggestion] canvas')";
        self.driver.wait_for(canvas, "the suggestion").await?;
        self.driver
            .run::<Value>(&format!("{canvas}.style.visibility = 'hidden'"), Value::Null)
            .await
            .map(drop)
    }

    /// A card that has been made with the PIN 4826.
    async fn card_with_pin(&self) -> Result<String> {
        let card = self.sandbox.waiting_card().await?;
        let pad = self.open().await?;
        pad.start(&card.control_id).await?;
        pad.choose("4826", Hand::Keyboard).await?;
        self.wait_for(&pad, "done").await?;
        self.sandbox.run_embossing().await?;
        Ok(card.id)
    }

    async fn view(&self, control_id: &str) -> Result<()> {
        let view = "const pad = document.querySelector('card-pin'); pad.operation = 'view-pin'; pad.controlId = argument";
        self.driver.run::<Value>(view, json!(control_id)).await.map(drop)
    }

    /// The customer looks at another window.
    async fn turn_away(&self) -> Result<()> {
        let leave = "document.hasFocus = () => false; dispatchEvent(new Event('blur'));";
        self.driver.run::<Value>(leave, Value::Null).await.map(drop)
    }

    async fn wait_for(&self, pad: &Pad<'_>, state: &str) -> Result<()> {
        let is_there = format!("document.querySelector('card-pin').matches(':state({state})')");
        match self.driver.wait_for(&is_there, state).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error.context(format!("{:?}", pad.events().await))),
        }
    }

    async fn wait_for_part(&self, part: &str, what: &str) -> Result<()> {
        let text = format!(
            "document.querySelector('card-pin').shadowRoot.querySelector('[part={part}]').textContent"
        );
        self.driver.wait_for(&text, what).await.map(drop)
    }
}

impl WebDriver {
    /// Has Chromium draw in these colours, `light` or `dark`, and without movement: what is in the middle of one looks like
    /// nothing that anybody sees.
    ///
    /// # Errors
    ///
    /// In another browser.
    pub async fn draw_in(&self, scheme: &str) -> Result<()> {
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.devtools("Emulation.setEmulatedMedia", features).await.map(drop)
    }

    /// Gives Chromium's page this size, in CSS pixels.
    ///
    /// # Errors
    ///
    /// In another browser.
    pub async fn draw_on(&self, width: u32, height: u32) -> Result<()> {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": true});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await.map(drop)
    }
}
