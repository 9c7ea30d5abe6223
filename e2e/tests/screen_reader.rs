//! Tests what a real screen reader says: every step, refusal, wait and end, and no digit that nobody asked for. `cargo xtask
//! screen-reader` runs all of it; `--nocapture` shows the transcripts.

#![allow(clippy::print_stdout, reason = "the transcript is what a reviewer reads")]

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Pad, Sandbox, ScreenReader, WebDriver, start_heard};
use serde_json::{Value, json};

const LANGUAGES: [&str; 3] = ["en", "de", "fi"];

/// The reasons of refusals, and what is typed for each.
const REFUSALS: [(&str, &str); 6] = [
    ("run", "1234"),
    ("repeat", "1111"),
    ("year", "1987"),
    ("pattern", "2580"),
    ("common", "5683"),
    ("personal", "3107"),
];

/// The server's fault, its place, and the result.
const FAILURES: [(&str, &str, &str); 9] = [
    ("tzpk", r#"{"status":404}"#, "control_id_expired"),
    ("tzpk", r#"{"status":403}"#, "not_allowed"),
    ("tzpk", r#"{"status":500}"#, "server_error"),
    ("tzpk", r#""flipped""#, "tzpk_invalid"),
    ("tzpk", r#""not_json""#, "bad_response"),
    ("tzpk", r#""cut""#, "network"),
    ("set", r#"{"status":409}"#, "already_used"),
    ("set", r#"{"status":422}"#, "rejected"),
    ("set", r#""cut""#, "outcome_unknown"),
];

/// Runs in every run if a screen reader is installed.
#[tokio::test]
async fn setting_a_pin_is_heard() -> Result<()> {
    if !ScreenReader::is_installed() {
        println!(
            "SKIPPED: Orca is not installed; `cargo xtask nightly screen-reader` installs it and runs all transcripts"
        );
        return Ok(());
    }
    let sandbox = Sandbox::start().await?;
    let reader = ScreenReader::start().await?;
    let browser = start_heard(&reader).await?;
    let stage = Stage::open(&sandbox, &reader, browser.driver(), "en").await?;
    stage.a_pin_is_set().await
}

#[tokio::test]
#[ignore = "takes minutes: `cargo xtask nightly screen-reader` runs it"]
async fn everything_is_heard_but_the_digits() -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let reader = ScreenReader::start().await?;
    let browser = start_heard(&reader).await?;
    for language in LANGUAGES {
        let stage = Stage::open(&sandbox, &reader, browser.driver(), language).await?;
        stage.a_pin_is_set().await.with_context(|| format!("setting, {language}"))?;
        stage.refusals_are_heard().await.with_context(|| format!("refusals, {language}"))?;
        for failure in FAILURES {
            stage.a_failure_is_heard(failure).await.with_context(|| format!("{failure:?}, {language}"))?;
        }
        stage.a_pin_is_viewed().await.with_context(|| format!("viewing, {language}"))?;
    }
    Ok(())
}

struct Stage<'a> {
    sandbox: &'a Sandbox,
    reader: &'a ScreenReader,
    driver: &'a WebDriver,
    language: &'a str,
}

impl<'a> Stage<'a> {
    /// Opens the page, and waits for the reader.
    async fn open(
        sandbox: &'a Sandbox,
        reader: &'a ScreenReader,
        driver: &'a WebDriver,
        language: &'a str,
    ) -> Result<Self> {
        driver.open(&sandbox.url("/pin-page/heard.html")).await?;
        reader.bring_firefox_up().await?;
        Ok(Self { sandbox, reader, driver, language })
    }

    /// Makes a new pad with the focus on the button before it. What follows is what a customer hears who reaches the pad with
    /// `Tab`. Returns how much was said before.
    async fn lay(&self, operation: &str, setup: &str, argument: Value) -> Result<(Pad<'a>, usize)> {
        let lay = format!(
            "delete window.padEvents;
             const pad = document.createElement('card-pin');
             Object.assign(pad, {{ lang: argument.language, operation: argument.operation }});
             Object.assign(pad, {{ tzpkUrl: './tzpk', setUrl: './set', viewUrl: './view', timeoutMs: 60000 }});
             document.querySelector('#place').replaceChildren(pad);
             const {{ given }} = argument;
             {setup}"
        );
        let argument = json!({"language": self.language, "operation": operation, "given": argument});
        self.driver.run::<Value>(&lay, argument).await?;
        let pad = Pad::find(self.driver).await?;
        self.driver
            .wait_for("document.querySelector('card-pin').matches(':state(open)')", "an open pad")
            .await?;
        let start = self.reach("Begin here").await?;
        self.reader.press("Tab")?;
        Ok((pad, start))
    }

    /// Moves the focus to the button before the pad, or to the one after it. The reader says things in the order in which they
    /// happened, so when it has said this, it has said everything before.
    async fn reach(&self, button: &str) -> Result<usize> {
        let focus = "const buttons = [...document.querySelectorAll('body > button')];
                     buttons.find(({ textContent }) => (textContent === argument[0]) === argument[1]).focus()";
        let from = self.reader.said()?.len();
        for _ in 0..10 {
            self.driver.run::<Value>(focus, json!([button, true])).await?;
            if let Some(at) = self.reader.hears(from, button).await? {
                return Ok(at);
            }
            // A reader that was still busy with the new page has not noticed the focus.
            self.driver.run::<Value>(focus, json!([button, false])).await?;
        }
        self.reader.hear(from, button).await
    }

    /// Gives the pad the control id that it waits for. The id is made only now, because it is valid for half a minute, and the
    /// reader says a lot in that time.
    async fn answer(&self, card: &str) -> Result<()> {
        let first = self.sandbox.control_id(card).await?;
        // After some failures, the pad tries once more with another one.
        let second = self.sandbox.control_id(card).await?;
        let answer = "window.goOn(argument[0]); window.goOn = undefined;
            document.querySelector('card-pin').controlIdProvider = async () => argument[1];";
        self.driver.run::<Value>(answer, json!([first, second])).await.map(drop)
    }

    /// The text in a part of the pad.
    async fn text(&self, part: &str) -> Result<String> {
        let text = format!(
            "document.querySelector('card-pin').shadowRoot.querySelector('[part={part}]').textContent"
        );
        let text = self.driver.wait_for(&text, part).await?;
        Ok(text.as_str().context("the part has no text")?.to_owned())
    }

    /// Types with the screen's keyboard, whose keys the reader gets first, and waits until every digit has arrived.
    async fn type_keys(&self, pad: &Pad<'_>, keys: &str) -> Result<()> {
        let counted = pad.events().await?.iter().filter(|detail| detail["event"] == "pin_valid").count();
        for key in keys.chars() {
            self.reader.press(&key.to_string())?;
        }
        let wanted = counted + keys.len();
        let reached =
            format!("window.padEvents.filter(({{ event }}) => event === 'pin_valid').length >= {wanted}");
        self.driver.wait_for(&reached, "every digit to arrive").await.map(drop)
    }

    async fn a_pin_is_set(&self) -> Result<()> {
        let card = self.sandbox.waiting_card().await?;
        // The wait ends when the test has heard of it.
        let wait = "pad.controlIdProvider = () => new Promise((resolve) => { window.goOn = resolve; });";
        let (pad, start) = self.lay("set-pin", wait, Value::Null).await?;
        let mut at = self.reader.hear(start, &self.text("prompt").await?).await.context("the entry")?;
        at = self.reader.hear(at, &self.text("hint").await?).await.context("what belongs to it")?;

        let mut once = Vec::new();
        self.type_keys(&pad, "1234").await?;
        pad.wait_for_event("detail.code === 'weak_pin'").await?;
        once.push(self.text("message").await?);
        at = self.reader.hear(at, &once[0]).await.context("a weak PIN")?;
        self.type_keys(&pad, "8306").await?;
        at = self.reader.hear(at, &self.text("status").await?).await.context("the second step")?;
        self.type_keys(&pad, "8307").await?;
        self.reader.press("Return")?;
        pad.wait_for_event("detail.code === 'mismatch'").await?;
        once.push(self.text("message").await?);
        at = self.reader.hear(at, &once[1]).await.context("entries that differ")?;
        self.type_keys(&pad, "8306").await?;
        at = self.reader.hear(at, &self.text("status").await?).await.context("the second step again")?;
        self.type_keys(&pad, "8").await?;
        self.reader.press("BackSpace")?;
        let emptied = "window.padEvents.filter(({ event }) => event === 'pin_valid').at(-1).digits === 0";
        self.driver.wait_for(emptied, "an empty entry").await?;
        at = self
            .reader
            .hear(at, &self.text("status").await?)
            .await
            .context("an entry that is empty again")?;
        self.type_keys(&pad, "8306").await?;
        self.reader.press("Return")?;
        self.driver.wait_for("window.goOn", "the submit").await?;
        once.push(self.text("prompt").await?);
        at = self.reader.hear(at, &once[2]).await.context("the wait")?;
        self.answer(&card.id).await?;
        pad.wait_for_event("detail.event === 'set_pin_success'").await?;
        once.push(self.text("prompt").await?);
        self.reader.hear(at, &once[3]).await.context("the end")?;
        ensure!(
            self.sandbox.pin_of(&card.id).await?.as_deref() == Some("8306"),
            "another PIN is set than was typed"
        );
        self.check(start, &once).await
    }

    async fn refusals_are_heard(&self) -> Result<()> {
        let rules = "pad.pinRules = { birthDate: '1970-07-31' }; pad.controlIdProvider = async () => given;";
        let (pad, start) = self.lay("set-pin", rules, json!("")).await?;
        let mut at = self.reader.hear(start, &self.text("prompt").await?).await.context("the entry")?;
        let mut once = Vec::new();
        for (reason, pin) in REFUSALS {
            self.type_keys(&pad, pin).await?;
            pad.wait_for_event(&format!("detail.reason === '{reason}'")).await.context(reason)?;
            let message = self.text("message").await?;
            at = self.reader.hear(at, &message).await.context(reason)?;
            once.push(message);
        }
        self.check(start, &once).await
    }

    async fn a_failure_is_heard(&self, (on, fault, code): (&str, &str, &str)) -> Result<()> {
        let card = self.sandbox.waiting_card().await?;
        let wait = "pad.controlIdProvider = () => new Promise((resolve) => { window.goOn = resolve; });";
        let (pad, start) = self.lay("set-pin", wait, Value::Null).await?;
        let at = self.reader.hear(start, &self.text("prompt").await?).await.context("the entry")?;
        self.type_keys(&pad, "8306").await?;
        self.type_keys(&pad, "8306").await?;
        self.sandbox.plan_fault(on, &serde_json::from_str(fault)?, 9).await?;
        self.reader.press("Return")?;
        self.driver.wait_for("window.goOn", "the submit").await?;
        self.answer(&card.id).await?;
        let end = pad.wait_for_event("detail.event === 'set_pin_error'").await?;
        self.sandbox.reset().await?;
        ensure!(end["code"] == code, "{end}");
        // The button has the focus, and is described by what happened.
        let (title, message) = (self.text("prompt").await?, self.text("message").await?);
        for text in [&title, &message, &self.text("submit").await?] {
            self.reader.hear(at, text).await?;
        }
        self.check(start, &[message]).await
    }

    async fn a_pin_is_viewed(&self) -> Result<()> {
        let card = self.sandbox.random_card().await?;
        self.sandbox.run_embossing().await?;
        let control_id = self.sandbox.view_control_id(&card).await?;
        let (pad, start) = self.lay("view-pin", "pad.controlId = given;", json!(control_id)).await?;
        let mut at = self.reader.hear(start, &self.text("submit").await?).await.context("the button")?;
        at = self.reader.hear(at, &self.text("hint").await?).await.context("what to mind")?;
        self.reader.press("Return")?;
        pad.wait_for_event("detail.event === 'view_pin_success'").await?;
        at = self.reader.hear(at, &self.text("prompt").await?).await.context("the PIN is there")?;
        let leave = "document.hasFocus = () => false; dispatchEvent(new Event('blur'));";
        self.driver.run::<Value>(leave, Value::Null).await?;
        pad.wait_for_event("detail.event === 'hidden'").await?;
        self.reader.hear(at, &self.text("prompt").await?).await.context("the PIN is hidden")?;
        self.driver.run::<Value>("delete document.hasFocus", Value::Null).await?;
        // The title has the focus and changes, and the live region contains its text, so Orca may say both.
        self.check(start, &[]).await
    }

    /// Checks that each of these was said once, and no digit was said.
    async fn check(&self, start: usize, once: &[String]) -> Result<()> {
        // After this, the reader has said everything.
        self.reach("End here").await?;
        let said = self.reader.said()?.split_off(start);
        println!("{}\n{said:#?}\n", self.language);
        for text in once {
            let times = said.iter().filter(|utterance| utterance.contains(text.as_str())).count();
            ensure!(times == 1, "`{text}` is said {times} times: {said:#?}");
        }
        let is_digit = |utterance: &String| matches!(utterance.trim().as_bytes(), [b'0'..=b'9']);
        ensure!(!said.iter().any(is_digit), "a digit is said: {said:#?}");
        Ok(())
    }
}
