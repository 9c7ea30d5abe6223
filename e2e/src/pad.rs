//! The pad as a customer sees and touches it.

use crate::webdriver::WebDriver;
use anyhow::{Context, Result};
use fantoccini::elements::Element;
use rand::{TryRng as _, rngs::SysRng};
use serde_json::{Value, json};

/// The pad in the current document.
const PAD: &str = "document.querySelector('card-pin')";
/// Tells the page that it is hidden, where no window manager can hide it.
pub const HIDE_PAGE: &str = "
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    delete document.hidden;
";
/// W3C WebDriver, 17.4.2.
const ENTER: char = '\u{E007}';

/// `<card-pin>` as a customer sees and touches it.
#[derive(Debug)]
pub struct Pad<'a> {
    driver: &'a WebDriver,
}

/// How digits get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// The keys on the screen.
    Screen,
    /// A keyboard.
    Keyboard,
}

impl<'a> Pad<'a> {
    /// Finds the pad of the current document once it is drawn. From here on, its events and the errors of its workers are
    /// recorded.
    ///
    /// # Errors
    ///
    /// If there is none; the same for everything on it.
    pub async fn find(driver: &'a WebDriver) -> Result<Self> {
        driver.wait_for(&format!("{PAD}?.shadowRoot?.querySelector('[part=\"prompt\"]')"), "the pad").await?;
        let keep_events = format!(
            "const pad = {PAD};
             if (window.padEvents) return;
             window.padEvents = [];
             window.workerErrors = [];
             window.Worker = class extends Worker {{
               constructor(...started) {{
                 super(...started);
                 this.addEventListener('error', ({{ message, lineno, colno }}) => workerErrors.push([message, lineno, colno]));
               }}
             }};
             const names = ['ready', 'pin_valid', 'set_pin_validation_error', 'submitting', 'set_pin_success', 'set_pin_error',
                            'view_pin_success', 'view_pin_error', 'hidden', 'cancel'];
             for (const name of names)
               pad.addEventListener(name, (event) => window.padEvents.push(event.detail));"
        );
        driver.run::<Value>(&keep_events, Value::Null).await?;
        Ok(Self { driver })
    }

    /// Puts the PIN in twice and submits.
    ///
    /// # Errors
    ///
    /// If a key cannot be pressed, or the pad does not show a digit.
    pub async fn choose(&self, pin: &str, hand: Hand) -> Result<()> {
        for _ in ["entry", "confirm"] {
            self.enter(pin, hand).await?;
        }
        self.wait_for_event("detail.event === 'pin_valid' && detail.pin_valid").await?;
        self.submit(hand).await
    }

    /// Puts digits in, and waits until the pad has counted them.
    ///
    /// # Errors
    ///
    /// If a key cannot be pressed, or the pad does not show a digit.
    pub async fn enter(&self, digits: &str, hand: Hand) -> Result<()> {
        let counted = self.count_of("pin_valid").await?;
        match hand {
            Hand::Screen => {
                for digit in digits.chars() {
                    self.tap(&digit.to_string()).await?;
                }
            }
            Hand::Keyboard => {
                self.focus().await?;
                self.driver.type_keys(digits).await?;
            }
        }
        let wanted = counted + digits.chars().count();
        let reached =
            format!("window.padEvents.filter(({{ event }}) => event === 'pin_valid').length >= {wanted}");
        match self.driver.wait_for(&reached, "the pad to count the digits").await {
            Ok(_) => Ok(()),
            Err(error) => Err(error.context(self.describe().await)),
        }
    }

    /// What the pad shows and which events it sent, for a failure's report; or that there is no pad.
    async fn describe(&self) -> String {
        let script = format!(
            "const {{ shadowRoot }} = {PAD};
             const text = (part) => shadowRoot.querySelector(`[part=\"${{part}}\"]`).textContent;
             return {{
               shown: [text('prompt'), text('message')],
               focus: shadowRoot.activeElement?.getAttribute('part') ?? document.activeElement?.tagName,
               told: window.padEvents,
               workerErrors,
             }};"
        );
        match self.driver.run::<Value>(&script, Value::Null).await {
            Ok(seen) => format!("the pad: {seen}"),
            Err(error) => format!("the pad cannot be looked at: {error:#}"),
        }
    }

    /// Presses the key for the next step or the submit.
    ///
    /// # Errors
    ///
    /// If it cannot be pressed.
    pub async fn submit(&self, hand: Hand) -> Result<()> {
        match hand {
            Hand::Screen => self.tap("submit").await,
            Hand::Keyboard => {
                self.focus().await?;
                self.driver.type_keys(&ENTER.to_string()).await
            }
        }
    }

    /// Asks for the PIN to be shown.
    ///
    /// # Errors
    ///
    /// If the button cannot be pressed.
    pub async fn show(&self) -> Result<()> {
        self.tap("submit").await
    }

    /// Presses the key on the screen with this `data-key`, once it may be pressed.
    ///
    /// # Errors
    ///
    /// If there is no such key.
    pub async fn tap(&self, key: &str) -> Result<()> {
        self.key(key).await?.click().await.with_context(|| format!("the key `{key}` cannot be pressed"))
    }

    /// The key on the screen with this `data-key`, once it may be pressed.
    ///
    /// # Errors
    ///
    /// If there is no such key.
    pub async fn key(&self, key: &str) -> Result<Element> {
        let button = format!("{PAD}.shadowRoot.querySelector('button[data-key=\"{key}\"]:enabled')");
        self.driver.element(&button, &format!("the key `{key}`")).await
    }

    /// How many dots are filled.
    ///
    /// # Errors
    ///
    /// If the pad is gone.
    pub async fn dots(&self) -> Result<usize> {
        let script =
            format!("return {PAD}.shadowRoot.querySelectorAll('[part~=\"dot\"][data-filled]').length");
        self.driver.run(&script, Value::Null).await
    }

    /// Waits for an event for whose `detail` the condition holds, and returns it.
    ///
    /// # Errors
    ///
    /// If none comes in time; it tells those that did.
    pub async fn wait_for_event(&self, condition: &str) -> Result<Value> {
        let found = format!("window.padEvents.find((detail) => {condition})");
        match self.driver.wait_for(&found, &format!("an event with {condition}")).await {
            Ok(event) => Ok(event),
            Err(error) => Err(error.context(self.describe().await)),
        }
    }

    /// Waits for the end of the session, good or bad, and returns its event.
    ///
    /// # Errors
    ///
    /// If it does not end in time.
    pub async fn end(&self) -> Result<Value> {
        self.wait_for_event("/^set_pin_(success|error)$/.test(detail.event)").await
    }

    /// Every event so far.
    ///
    /// # Errors
    ///
    /// If the pad is gone.
    pub async fn events(&self) -> Result<Vec<Value>> {
        self.driver.run("return window.padEvents", Value::Null).await
    }

    /// Forgets the events so far.
    ///
    /// # Errors
    ///
    /// If the pad is gone.
    pub async fn forget_events(&self) -> Result<()> {
        self.driver.run::<Value>("window.padEvents.length = 0", Value::Null).await.map(drop)
    }

    /// Makes the time limits of a vault expire whose worker is `timed.worker.js`, with this query in its address.
    ///
    /// # Errors
    ///
    /// If the page is gone.
    pub async fn wait_no_longer(driver: &WebDriver, query: &str) -> Result<()> {
        let tell = "const channel = new BroadcastChannel('timers' + argument);
                    channel.postMessage('wait no longer');
                    channel.close()";
        driver.run::<Value>(tell, json!(query)).await.map(drop)
    }

    /// Starts a session with this control id on the same element.
    ///
    /// # Errors
    ///
    /// If the pad is gone.
    pub async fn start(&self, control_id: &str) -> Result<()> {
        // A session that runs ends by this, and says so.
        let script =
            format!("const pad = {PAD}; pad.reset(); window.padEvents.length = 0; pad.controlId = argument;");
        self.driver.run::<Value>(&script, json!(control_id)).await.map(drop)
    }

    /// Puts the focus where digits go.
    ///
    /// # Errors
    ///
    /// If the pad is gone.
    pub async fn focus(&self) -> Result<()> {
        self.driver.run::<Value>(&format!("{PAD}.focus()"), Value::Null).await.map(drop)
    }

    async fn count_of(&self, event: &str) -> Result<usize> {
        self.driver
            .run("return window.padEvents.filter(({ event }) => event === argument).length", json!(event))
            .await
    }
}

/// A PIN that no policy calls easily guessed: four different digits, no two neighbours next to each other in counting,
/// and no year of this or the last century.
///
/// # Errors
///
/// If the system has no random numbers.
pub fn random_pin() -> Result<String> {
    loop {
        let number = SysRng.try_next_u32()? % 10_000;
        let digits = [1000, 100, 10, 1].map(|place| number / place % 10);
        let all_different = (0..4).all(|at| !digits[..at].contains(&digits[at]));
        let no_steps = digits.windows(2).all(|pair| pair[0].abs_diff(pair[1]) > 1);
        // A month or a day in either half could be a date.
        let no_date = number / 100 > 31 && number % 100 > 31;
        if all_different && no_steps && no_date {
            return Ok(digits.iter().map(u32::to_string).collect());
        }
    }
}
