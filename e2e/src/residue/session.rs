//! One session with a vault whose memory is copied.

use super::{
    heap::{Heaps, PLANTED},
    issuer::{Asked, Issuer},
    kinds::Kinds,
    report::Report,
    secrets::{PinKey, Secrets},
};
use crate::{Browser, Engine, Hand, Pad, WebDriver};
use anyhow::{Context, Result, ensure};
use axum::body::Bytes;
use serde_json::{Value, json};

/// The control id that the device gets. The test's server does not check it.
const CONTROL_ID: &str = "8a4f1c52-6a0e-4d0f-9a37-0b6f6a6f2d11";

/// How a session is opened.
#[derive(Debug)]
pub struct Opening {
    /// To view a PIN instead of setting one.
    pub views: bool,
    /// Whether there is a control id from the start. Otherwise the test is asked for it.
    pub control_id: bool,
    /// Whether the vault has to run on the page.
    pub on_page: bool,
    /// Whether the memory is also tapped in the middle of the search for a key pair.
    pub tap_search: bool,
}

impl Opening {
    /// Setting a PIN, with a control id from the start.
    pub const SET: Self = Self { views: false, control_id: true, on_page: false, tap_search: false };
    /// Viewing a PIN at once.
    pub const VIEW: Self = Self { views: true, ..Self::SET };
}

/// A server, a browser, and the findings in its vaults so far.
#[derive(Debug)]
pub struct World<'a> {
    issuer: Issuer,
    browser: &'a Browser,
    report: Report,
}

impl<'a> World<'a> {
    /// Starts the server.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub async fn new(browser: &'a Browser) -> Result<Self> {
        Ok(Self { issuer: Issuer::start().await?, browser, report: Report::default() })
    }
}

/// One session with a vault whose memory is copied. The copies are kept until the end, when all secrets of the session are known.
#[derive(Debug)]
pub struct TappedSession<'a> {
    name: &'static str,
    issuer: &'a mut Issuer,
    report: &'a mut Report,
    browser: &'a Browser,
    driver: &'a WebDriver,
    /// The pad as the customer sees it.
    pub pad: Pad<'a>,
    /// The session's secrets.
    pub secrets: Secrets,
    taps: Vec<(&'static str, Kinds, Bytes)>,
}

impl<'a> TappedSession<'a> {
    /// Opens a page with a pad, and so a session.
    ///
    /// # Errors
    ///
    /// If the page does not come up; below, where the browser or the vault does not do what it should.
    pub async fn open(
        World { issuer, browser, report }: &'a mut World<'_>,
        name: &'static str,
        opening: &Opening,
        key: PinKey,
    ) -> Result<Self> {
        let secrets = Secrets::new(key, &issuer.core()?)?;
        let driver = browser.driver();
        // The vault of the previous session has ended with its page.
        driver.open(&issuer.url("/residue.html")).await?;
        issuer.forget();
        driver.wait_for("customElements.get('card-pin')", "the element").await?;
        let attributes = json!({
            "tzpk-url": "/pin/tzpk",
            "set-url": "/pin/set",
            "view-url": "/pin/view",
            "min-length": secrets.pin.len().to_string(),
            "weak-pin": "allow",
            "operation": if opening.views { "view-pin" } else { "set-pin" },
        });
        let worker = if opening.tap_search { "./tap.worker.js?searching" } else { "./tap.worker.js" };
        let lay = json!({"attributes": attributes, "onPage": opening.on_page, "worker": worker});
        driver.run::<Value>("layPad(argument)", lay).await?;
        let pad = Pad::find(driver).await?;
        let control_id = if opening.control_id { json!(CONTROL_ID) } else { Value::Null };
        driver.run::<Value>("startSession(argument)", control_id).await?;
        if opening.views {
            pad.show().await?;
        }
        Ok(Self { name, issuer, report, browser, driver, pad, secrets, taps: Vec::new() })
    }

    /// Waits for a request to `tzpk`, `set` or `view`, and adds its content to the secrets.
    ///
    /// # Errors
    ///
    /// If none comes, or it brings something else.
    pub async fn asked(&mut self, step: &str) -> Result<Asked> {
        let asked = self.issuer.asked(step).await?;
        if step == "set" {
            self.secrets.unwrap_block(&asked.body)?;
        }
        Ok(asked)
    }

    /// Waits for a request for a key, and returns it together with its right answer.
    ///
    /// # Errors
    ///
    /// If none comes, or without a public key.
    pub async fn key_asked(&mut self, step: &str) -> Result<(Asked, Value)> {
        let asked = self.issuer.asked(step).await?;
        let mut answer = self.secrets.wrap(&asked.body)?;
        if step == "view" {
            answer["pinBlock"] = json!(self.secrets.make_block()?);
        }
        Ok((asked, answer))
    }

    /// Cuts the connection of this request and of all that come after it.
    pub fn cut(&self, asked: Asked) {
        self.issuer.cut(asked);
    }

    /// Takes a copy of the vault's memory, in which the search has to find these kinds and no others.
    ///
    /// # Errors
    ///
    /// If the vault does not come to a rest.
    pub async fn tap(&mut self, stage: &'static str, kinds: Kinds) -> Result<()> {
        self.tell_vault(json!({"do": "tap"})).await?;
        self.tapped("now", stage, kinds).await
    }

    /// Waits for the copy that the vault's wrapper takes by itself at this moment.
    ///
    /// # Errors
    ///
    /// If the moment does not come.
    pub async fn tapped(&mut self, moment: &str, stage: &'static str, kinds: Kinds) -> Result<()> {
        let memory = self.issuer.tapped(moment).await.with_context(|| format!("{}: {stage}", self.name))?;
        self.taps.push((stage, kinds, memory));
        Ok(())
    }

    /// Waits until the vault says that everything is wiped, which has to be true at that moment.
    ///
    /// # Errors
    ///
    /// If it does not say so.
    pub async fn closed(&mut self) -> Result<()> {
        self.tapped("closed", "closed", Kinds::NONE).await?;
        // The search does not look for it at other moments: a running session needs it.
        let (.., memory) = self.taps.last().context("the vault has sent none of its memory")?;
        let is_there = memory.windows(CONTROL_ID.len()).any(|bytes| bytes == CONTROL_ID.as_bytes());
        ensure!(!is_there, "{}: the control id is left", self.name);
        Ok(())
    }

    /// Searches the JavaScript heaps of page and vault, which must never contain a PIN. This is only done in Chromium, whose
    /// heaps can be read.
    ///
    /// # Errors
    ///
    /// If the browser does not give them.
    pub async fn search_heaps(&mut self, stage: &'static str) -> Result<()> {
        let values = json!({
            "text": PLANTED,
            "numbers": PLANTED.bytes().map(|digit| digit - b'0').collect::<Vec<_>>(),
            "texts": PLANTED.chars().collect::<Vec<_>>(),
        });
        self.driver.run::<Value>("window.planted = argument", values.clone()).await?;
        self.tell_vault(json!({"do": "plant", "values": values})).await?;
        // When a memory arrives, everything that was sent before has arrived.
        self.tell_vault(json!({"do": "tap"})).await?;
        self.issuer.tapped("now").await?;
        let heaps = Heaps::of(self.browser, &self.issuer.url("/residue.html")).await?;
        heaps.search((self.name, stage), &self.secrets.pin, self.report)
    }

    /// Makes every time-out expire.
    ///
    /// # Errors
    ///
    /// If the page is gone.
    pub async fn wait_no_longer(&self) -> Result<()> {
        self.tell_vault(json!({"do": "wait no longer"})).await
    }

    /// Sends something to the vault's wrapper.
    ///
    /// # Errors
    ///
    /// If the page is gone.
    pub async fn tell_vault(&self, message: Value) -> Result<()> {
        self.driver.run::<Value>("toVault(argument)", message).await.map(drop)
    }

    /// Runs a script on the page, where `pad` is the element.
    ///
    /// # Errors
    ///
    /// If it throws.
    pub async fn on_page(&self, script: &str) -> Result<()> {
        let script = format!("const pad = document.querySelector('card-pin'); {script}");
        self.driver.run::<Value>(&script, Value::Null).await.map(drop)
    }

    /// Types a part of the PIN.
    ///
    /// # Errors
    ///
    /// If the pad does not take it.
    pub async fn type_digits(&self, digits: impl std::slice::SliceIndex<str, Output = str>) -> Result<()> {
        let digits = self.secrets.pin.get(digits).context("no such digits")?;
        self.pad.enter(digits, Hand::Keyboard).await
    }

    /// Types the PIN twice, and submits.
    ///
    /// # Errors
    ///
    /// If the pad does not take it.
    pub async fn choose(&self) -> Result<()> {
        self.pad.choose(&self.secrets.pin, Hand::Keyboard).await
    }

    /// Waits for the event of this name.
    ///
    /// # Errors
    ///
    /// If it does not come.
    pub async fn event(&self, name: &str) -> Result<()> {
        self.pad.wait_for_event(&format!("detail.event === '{name}'")).await.map(drop)
    }

    /// Waits until the vault has accepted the submit.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub async fn submitted(&self) -> Result<()> {
        let keys =
            "document.querySelector('card-pin').shadowRoot.querySelector('button[data-key=\"1\"]:disabled')";
        self.driver.wait_for(&format!("!!{keys}"), "the submit to be taken").await.map(drop)
    }

    /// Waits until the pad offers to show a PIN that has arrived.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub async fn arrived(&self) -> Result<()> {
        let prompt =
            "document.querySelector('card-pin').shadowRoot.querySelector('[part=\"prompt\"]').textContent";
        self.driver.wait_for(&format!("{prompt} === 'Your PIN is here'"), "the PIN").await.map(drop)
    }

    /// Waits until the page is asked for a control id. It answers with `provider.resolve` or `provider.reject`.
    ///
    /// # Errors
    ///
    /// If it is not asked.
    pub async fn provider(&self) -> Result<()> {
        self.driver.wait_for("!!window.provider", "the page to be asked for a control id").await.map(drop)
    }

    /// Waits for the event that tells the session with this code.
    ///
    /// # Errors
    ///
    /// If it does not come.
    pub async fn fails_with(&self, code: &str) -> Result<()> {
        self.pad.wait_for_event(&format!("detail.code === '{code}'")).await.map(drop)
    }

    /// The engine that runs it.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.browser.engine()
    }

    /// Searches every memory, now that all secrets are known. Returns the findings, with those in the JavaScript heaps.
    ///
    /// # Errors
    ///
    /// If the private key cannot be found in a memory that has to contain it.
    pub fn search(self) -> Result<&'a Report> {
        let memories: Vec<_> = self.taps.iter().map(|(_, _, memory)| &**memory).collect();
        let findings = self.secrets.search(&memories).context(self.name)?;
        for ((stage, kinds, memory), findings) in self.taps.iter().zip(findings) {
            self.report.add(self.name, stage, *kinds, (memory.len(), findings));
        }
        Ok(self.report)
    }
}
