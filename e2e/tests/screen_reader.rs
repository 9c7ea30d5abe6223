//! What a real screen reader says while a PIN is set and viewed: every step, refusal, wait and end once, and no digit that nobody
//! asked for. `cargo xtask screen-reader` runs it; `--nocapture` shows the transcripts.

#![allow(clippy::print_stdout, reason = "the transcript is what a reviewer reads")]

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Pad, Sandbox, ScreenReader, WebDriver, start_heard};
use serde_json::{Value, json};

const LANGUAGES: [&str; 3] = ["en", "de", "fi"];

#[tokio::test]
#[ignore = "takes minutes: `cargo xtask screen-reader` runs it"]
async fn everything_is_said_but_the_digits() -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let reader = ScreenReader::start().await?;
    let browser = start_heard(&reader).await?;
    for language in LANGUAGES {
        let stage = Stage { sandbox: &sandbox, reader: &reader, driver: browser.driver(), language };
        stage.a_pin_is_set().await.with_context(|| format!("setting, {language}"))?;
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
    async fn open(&self, operation: &str, control_id: &str) -> Result<Pad<'a>> {
        self.driver.open(&self.sandbox.url("/pin-page/direct.html")).await?;
        self.reader.bring_firefox_up().await?;
        let pad = Pad::find(self.driver).await?;
        let setup = "const pad = document.querySelector('card-pin');
            pad.lang = argument[0]; pad.operation = argument[1]; pad.viewUrl = './view'; pad.controlId = argument[2];";
        self.driver.run::<Value>(setup, json!([self.language, operation, control_id])).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        Ok(pad)
    }

    /// What stands in a part of the pad.
    async fn text(&self, part: &str) -> Result<String> {
        let text = format!(
            "document.querySelector('card-pin').shadowRoot.querySelector('[part={part}]').textContent"
        );
        let text = self.driver.wait_for(&text, part).await?;
        Ok(text.as_str().context("the part has no text")?.to_owned())
    }

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
        let pad = self.open("set-pin", &card.control_id).await?;
        let start = self.reader.said()?.len();
        self.driver.run::<Value>("document.querySelector('card-pin').focus()", Value::Null).await?;
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
        self.type_keys(&pad, "8306").await?;
        self.reader.press("Return")?;
        pad.wait_for_event("detail.event === 'set_pin_success'").await?;
        once.push(self.text("prompt").await?);
        self.reader.hear(at, &once[2]).await.context("the end")?;
        ensure!(
            self.sandbox.pin_of(&card.id).await?.as_deref() == Some("8306"),
            "another PIN is set than was typed"
        );
        self.check(start, &once)
    }

    async fn a_pin_is_viewed(&self) -> Result<()> {
        let card = self.sandbox.random_card().await?;
        self.sandbox.run_embossing().await?;
        let pad = self.open("view-pin", &self.sandbox.view_control_id(&card).await?).await?;
        let start = self.reader.said()?.len();
        self.driver.run::<Value>("document.querySelector('card-pin').focus()", Value::Null).await?;
        let mut at = self.reader.hear(start, &self.text("submit").await?).await.context("the button")?;
        self.reader.press("Return")?;
        pad.wait_for_event("detail.event === 'view_pin_success'").await?;
        at = self.reader.hear(at, &self.text("prompt").await?).await.context("the PIN is there")?;
        let leave = "document.hasFocus = () => false; dispatchEvent(new Event('blur'));";
        self.driver.run::<Value>(leave, Value::Null).await?;
        pad.wait_for_event("detail.event === 'hidden'").await?;
        let hidden = self.text("prompt").await?;
        self.reader.hear(at, &hidden).await.context("the PIN is hidden")?;
        self.check(start, &[hidden])
    }

    /// Each of these was said once, and no key by itself.
    fn check(&self, start: usize, once: &[String]) -> Result<()> {
        let said = self.reader.said()?.split_off(start);
        println!("{}\n{said:#?}\n", self.language);
        for text in once {
            let times = said.iter().filter(|utterance| utterance.contains(text.as_str())).count();
            ensure!(times == 1, "`{text}` is said {times} times: {said:#?}");
        }
        let is_digit = |utterance: &str| matches!(utterance.trim().as_bytes(), [b'0'..=b'9']);
        // Read as a part of the page, a key is followed by what it is.
        let is_key = |next: Option<&String>| next.is_some_and(|next| next == "push button");
        let echoed =
            |(place, utterance): (usize, &String)| is_digit(utterance) && !is_key(said.get(place + 1));
        ensure!(!said.iter().enumerate().any(echoed), "a digit is said: {said:#?}");
        Ok(())
    }
}
