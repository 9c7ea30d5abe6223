//! The pad fits: no size, language, text size or number of digits makes it overflow, cuts a word off, or moves a key under the thumb
//! from one state of a session to the next.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, WebDriver};
use serde::Deserialize;
use serde_json::{Value, json};

/// Width and height in CSS pixels; the size of text in per cent; and whether all of it has to be in view.
struct Screen {
    width: u32,
    height: u32,
    text: u32,
    is_in_view: bool,
}

const SCREENS: [Screen; 6] = [
    Screen { width: 320, height: 568, text: 100, is_in_view: true },
    Screen { width: 390, height: 844, text: 100, is_in_view: true },
    Screen { width: 844, height: 390, text: 100, is_in_view: true },
    // A laptop's window at a zoom of 400 per cent (WCAG 2.2, 1.4.10).
    Screen { width: 320, height: 256, text: 100, is_in_view: false },
    // Text of double size (WCAG 2.2, 1.4.4).
    Screen { width: 390, height: 844, text: 200, is_in_view: false },
    Screen { width: 320, height: 568, text: 200, is_in_view: false },
];

/// Short words, long ones, long sentences, and another direction.
const LANGUAGES: [&str; 4] = ["en", "de", "hu", "ar"];

const MEASURE: &str = "
    const root = document.querySelector('card-pin').shadowRoot;
    const isSeen = (element) => getComputedStyle(element).visibility === 'visible';
    const texts = [...root.querySelectorAll('[part=step], [part=prompt], [part=hint], [part=message], button')];
    const box = (element) => element.getBoundingClientRect();
    const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    const dots = box(root.querySelector('[part=dots]'));
    const { x, y } = box(root.querySelector('[data-key=\"5\"]'));
    const shown = texts.filter((element) => isSeen(element) && (element.textContent || element.localName === 'button'));
    return {
      over: document.documentElement.scrollWidth - innerWidth,
      cut: shown.filter((element) => element.scrollWidth > element.clientWidth + 1).map((element) => element.textContent),
      outside: [...shown, root.querySelector('[part=dots]')]
        .filter((element) => box(element).left < 0 || box(element).right > innerWidth + 0.5).map((element) => element.textContent),
      below: [...root.querySelectorAll('button')].filter((key) => box(key).bottom > innerHeight + 0.5).map((key) => key.dataset.key),
      covered: isSeen(root.querySelector('[part=dots]')) ? shown.filter((element) => meets(box(element), dots)).map((element) => element.textContent) : [],
      key: [x, y],
      language: root.querySelector('[part=pad]').lang,
    };
";

#[derive(Debug, Deserialize)]
struct Measured {
    over: f64,
    cut: Vec<String>,
    outside: Vec<String>,
    below: Vec<String>,
    covered: Vec<String>,
    key: [f64; 2],
    language: String,
}

#[tokio::test]
async fn the_pad_fits() -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Chromium.start().await?;
    let driver = browser.driver();
    // A refusal shakes the dots and the keys for a moment, unless the person wants nothing to move.
    let still = json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
    driver.devtools("Emulation.setEmulatedMedia", still).await?;
    for screen in SCREENS {
        let Screen { width, height, text, .. } = screen;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": true});
        driver.devtools("Emulation.setDeviceMetricsOverride", metrics).await?;
        for language in LANGUAGES {
            let stage = Stage { sandbox: &sandbox, driver, screen: &screen, language };
            let what = format!("{language} on {width} by {height}, text of {text} %");
            stage.of_four_digits().await.with_context(|| what.clone())?;
            stage.of_twelve_digits().await.with_context(|| format!("{what}, twelve digits"))?;
        }
    }
    Ok(())
}

struct Stage<'a> {
    sandbox: &'a Sandbox,
    driver: &'a WebDriver,
    screen: &'a Screen,
    language: &'a str,
}

impl<'a> Stage<'a> {
    async fn open(&self, setup: &str) -> Result<Pad<'a>> {
        let url = format!("/pin-page/frame?key=sandbox&lang={}", self.language);
        self.driver.open(&self.sandbox.url(&url)).await?;
        let pad = Pad::find(self.driver).await?;
        let setup = format!(
            "document.documentElement.style.fontSize = '{}%'; const pad = document.querySelector('card-pin'); {setup}",
            self.screen.text
        );
        self.driver.run::<Value>(&setup, Value::Null).await?;
        pad.start(&self.sandbox.waiting_card().await?.control_id).await?;
        let speaks = "document.querySelector('card-pin').shadowRoot.querySelector('[part=step]').textContent";
        self.driver.wait_for(speaks, "the pad's words").await?;
        Ok(pad)
    }

    /// Every state that a session of four digits goes through, each with the keys in the same place.
    async fn of_four_digits(&self) -> Result<()> {
        let pad = self.open("").await?;
        let start = self.fits("open").await?;
        pad.enter("1234", Hand::Keyboard).await?;
        pad.wait_for_event("detail.code === 'weak_pin'").await?;
        let mut states = vec![self.fits("a weak PIN").await?];
        pad.enter("4826", Hand::Keyboard).await?;
        states.push(self.fits("the second step").await?);
        pad.enter("4827", Hand::Keyboard).await?;
        pad.submit(Hand::Keyboard).await?;
        pad.wait_for_event("detail.code === 'mismatch'").await?;
        states.push(self.fits("entries that differ").await?);
        pad.forget_events().await?;
        pad.choose("4826", Hand::Keyboard).await?;
        pad.wait_for_event("detail.event === 'set_pin_success'").await?;
        states.push(self.fits("done").await?);
        pad.start("83fa5f55-3dd7-453a-8233-4242a6bad179").await?;
        pad.wait_for_event("detail.event === 'set_pin_error'").await?;
        let failed = self.fits("failed").await?;
        // What is said at an end may need more lines than any sentence before it. By then the keys are gone.
        if self.screen.text == 100 {
            states.push(failed);
        }
        ensure!(states.iter().all(|key| *key == start), "the keys moved: from {start:?} to {states:?}");
        Ok(())
    }

    async fn of_twelve_digits(&self) -> Result<()> {
        let pad = self.open("pad.minLength = 12;").await?;
        pad.enter("482615937", Hand::Keyboard).await?;
        self.fits("nine of twelve digits").await.map(drop)
    }

    /// Where the keys are.
    async fn fits(&self, state: &str) -> Result<[f64; 2]> {
        let measured: Measured = self.driver.run(MEASURE, Value::Null).await?;
        let Measured { over, cut, outside, below, covered, key, language } = &measured;
        let fits = *over <= 0.0 && cut.is_empty() && outside.is_empty() && covered.is_empty();
        ensure!(fits && (below.is_empty() || !self.screen.is_in_view), "{state}: {measured:?}");
        ensure!(language == self.language, "{state}: it speaks {language}");
        Ok(*key)
    }
}
