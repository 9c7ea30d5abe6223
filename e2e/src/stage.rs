//! What a scenario plays on.

use crate::{
    engine::{Browser, Engine},
    network::Network,
    pad::{Hand, Pad, random_pin},
    sandbox::{Sandbox, WaitingCard},
    webdriver::WebDriver,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{fmt::Debug, sync::Arc};

/// What most scenarios need: a sandbox of their own, a network in front of it, and a browser.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The browser's engine.
    pub engine: Engine,
    /// The sandbox, which a site may share.
    pub sandbox: Arc<Sandbox>,
    /// The network in front of it.
    pub network: Network,
    /// The session with the browser.
    pub driver: &'a WebDriver,
}

impl<'a> Stage<'a> {
    /// Starts a sandbox and a network for a scenario in this browser.
    ///
    /// # Errors
    ///
    /// If `dist/` is not built, or the sandbox does not start.
    pub async fn open(browser: &'a Browser) -> Result<Self> {
        Self::with_policies(browser, &[]).await
    }

    /// As [`Stage::open`], where the files at these paths have other content security policies than the sandbox gives them.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn with_policies(browser: &'a Browser, policies: &[(&str, &str)]) -> Result<Self> {
        let sandbox = Arc::new(Sandbox::start().await?);
        let policies = policies.iter().map(|(path, policy)| ((*path).to_owned(), (*policy).to_owned()));
        let network = Network::start_with_policies(&sandbox, policies.collect()).await?;
        Ok(Self { engine: browser.engine(), sandbox, network, driver: browser.driver() })
    }

    /// Opens a test page over the network, which forgets what came before, and finds its pad.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn open_pad(&self, page: &str) -> Result<Pad<'a>> {
        self.network.forget();
        self.driver.open(&self.network.url(&format!("/pin-page/{page}"))).await?;
        let pad = Pad::find(self.driver).await?;
        // The longest limit that a page may ask for: no session ends because the machine is busy.
        self.on_pad("pad.timeoutMs = 600_000").await?;
        Ok(pad)
    }

    /// Opens the page with nothing but a pad; gives the pad, a card that waits for its PIN, and a PIN for it.
    ///
    /// # Errors
    ///
    /// If the page does not come up, or the sandbox refuses.
    pub async fn open_with_card(&self) -> Result<(Pad<'a>, WaitingCard, String)> {
        Ok((self.open_pad("direct.html").await?, self.sandbox.waiting_card().await?, random_pin()?))
    }

    /// Leaves the page for another one and comes back. Whether the browser had kept the document.
    ///
    /// # Errors
    ///
    /// If the page does not come back.
    pub async fn go_away_and_back(&self) -> Result<bool> {
        self.driver.open(&self.network.url("/pin-page/blank.html")).await?;
        self.driver.back().await?;
        let is_kept = "document.readyState === 'complete' && document.querySelector('card-pin')?.shadowRoot && [!!window.padEvents]";
        Ok(self.driver.wait_for(is_kept, "the page").await? == json!([true]))
    }

    /// Runs a script in the document, where `pad` is the element.
    ///
    /// # Errors
    ///
    /// If it throws.
    pub async fn on_pad(&self, script: &str) -> Result<Value> {
        self.on_pad_with(script, Value::Null).await
    }

    /// As [`Stage::on_pad`], with an `argument`.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn on_pad_with(&self, script: &str, argument: Value) -> Result<Value> {
        let script = format!("const pad = document.querySelector('card-pin'); {script}");
        self.driver.run(&script, argument).await
    }

    /// Waits for the end of a session that sets this PIN, which is sent once.
    ///
    /// # Errors
    ///
    /// If it ends in another way, or another PIN is set.
    pub async fn is_set(&self, pad: &Pad<'_>, card: &WaitingCard, pin: &str) -> Result<()> {
        ends_once_with(pad, "success").await?;
        let decrypted = self.sandbox.pin_of(&card.id).await?;
        ensure!(decrypted.as_deref() == Some(pin), "{pin} was entered, and the HSM decrypted {decrypted:?}");
        let sent = self.network.seen("/pin-page/set").len();
        ensure!(sent == 1, "the PIN was sent {sent} times");
        Ok(())
    }

    /// Waits for the end of a session with an error of this code; then a new control id works on the same page.
    ///
    /// # Errors
    ///
    /// If it ends in another way, or the new control id does not work.
    pub async fn fails_with(&self, pad: &Pad<'_>, code: &str) -> Result<()> {
        ends_once_with(pad, code).await?;
        let sent = self.network.seen("/pin-page/set").len();
        ensure!(sent <= 1, "the PIN was sent {sent} times");
        self.on_pad("pad.workerUrl = undefined; pad.setUrl = './set'").await?;
        self.a_new_control_id_works(pad).await
    }

    /// Sets a PIN with a new control id on the page that is open.
    ///
    /// # Errors
    ///
    /// If it is not set.
    pub async fn a_new_control_id_works(&self, pad: &Pad<'_>) -> Result<()> {
        self.network.forget();
        let (card, pin) = (self.sandbox.waiting_card().await?, random_pin()?);
        pad.start(&card.control_id).await?;
        pad.choose(&pin, Hand::Keyboard).await?;
        self.is_set(pad, &card, &pin).await.context("and then, with a new control id")
    }
}

/// Waits for the end of a session, which has to be this one, `success` or a code, and the only one.
///
/// # Errors
///
/// If it ends in another way, or twice.
pub async fn ends_once_with(pad: &Pad<'_>, code: &str) -> Result<()> {
    let end = pad.end().await?;
    let expected = if code == "success" {
        json!({"event": "set_pin_success"})
    } else {
        json!({"event": "set_pin_error", "code": code, "retryable": is_retryable(code)})
    };
    ensure!(end == expected, "it ended with {end} instead of {expected}");
    let told = pad.events().await?;
    let ends = told.iter().filter(|detail| {
        detail["event"].as_str().is_some_and(|event| ["set_pin_success", "set_pin_error"].contains(&event))
    });
    ensure!(ends.count() == 1, "there is more than one end: {told:?}");
    // A pad that was taken out of the page shows nothing.
    ensure!(code == "success" || pad.dots().await.unwrap_or_default() == 0, "there are digits left");
    Ok(())
}

/// Whether the customer may try again after an error of this code: those of `docs/codes.md` that may not.
#[must_use]
pub fn is_retryable(code: &str) -> bool {
    ![
        "outcome_unknown",
        "rejected",
        "not_allowed",
        "entropy_unavailable",
        "isolation_unavailable",
        "vault_missing",
        "wasm_unavailable",
    ]
    .contains(&code)
}

/// Plays each of these cases, also after one that fails.
///
/// # Errors
///
/// All that failed, by their names.
pub async fn each<T: Debug>(
    cases: impl IntoIterator<Item = T>,
    play: impl AsyncFn(&T) -> Result<()>,
) -> Result<()> {
    let mut failures = Vec::new();
    for case in cases {
        if let Err(error) = play(&case).await {
            failures.push(error.context(format!("{case:?}")));
        }
    }
    fail_with_all(failures)
}

/// Fails where there are failures. The first one stays the cause: `in_webkit` looks there for what the engine did.
///
/// # Errors
///
/// All of them.
pub fn fail_with_all(failures: Vec<anyhow::Error>) -> Result<()> {
    let all: Vec<_> = failures.iter().map(|error| format!("{error:#}")).collect();
    let words = format!("{} cases fail:\n{}", all.len(), all.join("\n"));
    failures.into_iter().next().map_or(Ok(()), |first| Err(first.context(words)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[tokio::test]
    async fn each_case_is_played_and_all_failures_are_told() -> Result<()> {
        let played = RefCell::new(Vec::new());
        let odd_ones_fail = async |case: &u8| {
            played.borrow_mut().push(*case);
            ensure!(case.is_multiple_of(2), "{case} is odd");
            Ok(())
        };
        each([2, 4], odd_ones_fail).await?;
        let failed = each([1, 2, 3], odd_ones_fail).await;
        assert_eq!(*played.borrow(), [2, 4, 1, 2, 3]);
        let error = failed.err().context("nothing fails")?;
        assert!(["1 is odd", "3 is odd"].iter().all(|words| error.to_string().contains(words)), "{error}");
        assert_eq!(error.root_cause().to_string(), "1 is odd");
        Ok(())
    }
}
