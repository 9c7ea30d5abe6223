//! Viewing a PIN: the vault draws it, it is nowhere a text, and it disappears when the customer looks away.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Browser, Hand, Pad, Sandbox, Stage, WebDriver, in_each_engine, traces_in_document};
use serde_json::{Value, json};

/// How many pixels of the canvas are drawn on. The script keeps the canvas, so that it also looks at one that was removed from
/// the page.
const INK: &str = "
    window.held ??= document.querySelector('card-pin').shadowRoot.querySelector('canvas');
    const canvas = window.held;
    const copy = document.createElement('canvas');
    copy.width = canvas.width;
    copy.height = canvas.height;
    const context = copy.getContext('2d');
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    let ink = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 128) ink += 1;
    return ink;
";

in_each_engine! { open_with_a_made_card =>
    a_pin_is_shown_and_spelt,
    // The other engines cannot be made to draw for a printer.
    a_pin_is_not_printed [Chromium],
    a_pin_is_hidden_when_the_customer_leaves,
    a_pin_is_shown_on_the_page_too,
    the_hosted_page_asks_first,
    an_unknown_control_id_views_nothing,
    a_control_id_views_once,
}

/// A stage, and a card that was produced with a known PIN.
struct Made<'a> {
    stage: Stage<'a>,
    card: String,
    pin: String,
}

async fn open_with_a_made_card(browser: &Browser) -> Result<Made<'_>> {
    let stage = Stage::open(browser).await?;
    let (pad, card, pin) = stage.open_with_card().await?;
    pad.start(&card.control_id).await?;
    pad.choose(&pin, Hand::Keyboard).await?;
    stage.is_set(&pad, &card, &pin).await.context("a card is made")?;
    stage.sandbox.run_embossing().await?;
    Ok(Made { stage, card: card.id, pin })
}

impl<'a> Made<'a> {
    fn driver(&self) -> &'a WebDriver {
        self.stage.driver
    }

    fn sandbox(&self) -> &Sandbox {
        &self.stage.sandbox
    }

    async fn control_id(&self) -> Result<String> {
        self.sandbox().view_control_id(&self.card).await
    }

    /// The page for viewing, with a new control id for the card.
    async fn open(&self) -> Result<Pad<'a>> {
        self.open_with(&self.control_id().await?).await
    }

    async fn open_with(&self, control_id: &str) -> Result<Pad<'a>> {
        let pad = self.stage.open_pad("view.html").await?;
        self.stage.on_pad_with("pad.controlIdProvider = async () => argument", json!(control_id)).await?;
        Ok(pad)
    }

    async fn show(&self, pad: &Pad<'_>) -> Result<()> {
        pad.show().await?;
        pad.wait_for_event("detail.event === 'view_pin_success'").await?;
        is_drawn(self.driver()).await
    }
}

async fn a_pin_is_shown_and_spelt(made: &Made<'_>) -> Result<()> {
    let driver = made.driver();
    let pad = made.open().await?;
    pad.wait_for_event("detail.event === 'ready' && detail.isolation === 'worker'").await?;
    ensure!(made.sandbox().count("/pin-page/view").await? == 0, "asked for before the customer did");
    made.show(&pad).await?;
    let traces = traces_in_document(driver, "view").await?;
    ensure!(traces.iter().all(|trace| !trace.holds(&made.pin)), "the PIN is in the page as text");

    ensure!(spelt(driver).await? == made.pin, "another PIN is spelt than the one that was set");
    let spoken: String = driver
        .run(
            "return document.querySelector('card-pin').shadowRoot.querySelector('[part=spoken]').textContent",
            Value::Null,
        )
        .await?;
    ensure!(spoken.is_empty(), "the last digit stays: {spoken}");
    Ok(())
}

/// A shown PIN is visible on the screen, but not on paper.
async fn a_pin_is_not_printed(made: &Made<'_>) -> Result<()> {
    let driver = made.driver();
    made.show(&made.open().await?).await?;
    let look = "const digits = document.querySelector('card-pin').shadowRoot.querySelector('[part=digits]');
                return getComputedStyle(digits).visibility";
    for (media, expected) in [("screen", "visible"), ("print", "hidden"), ("", "visible")] {
        driver.devtools("Emulation.setEmulatedMedia", json!({"media": media})).await?;
        let seen: String = driver.run(look, Value::Null).await?;
        ensure!(seen == expected, "{media}: {seen}");
    }
    Ok(())
}

/// The text for the screen reader, digit by digit.
async fn spelt(driver: &WebDriver) -> Result<String> {
    let listen = "
        const root = document.querySelector('card-pin').shadowRoot;
        const spoken = root.querySelector('[part=spoken]');
        window.spelt = [];
        new MutationObserver(() => window.spelt.push(spoken.textContent)).observe(spoken, { childList: true });";
    driver.run::<Value>(listen, Value::Null).await?;
    let button = "document.querySelector('card-pin').shadowRoot.querySelector('[data-key=secondary]')";
    driver.element(button, "the button for screen readers").await?.click().await?;
    driver.wait_for("window.spelt.length > 4", "four digits and the end").await?;
    let words: Vec<String> = driver.run("return window.spelt", Value::Null).await?;
    const DIGITS: [&str; 10] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let digits = words[..4].iter().zip(1..).map(|(words, place)| {
        let digit = words.strip_prefix(&format!("Digit {place}: ")).unwrap_or_default();
        DIGITS.iter().position(|word| *word == digit).map(|digit| digit.to_string())
    });
    digits.collect::<Option<String>>().with_context(|| format!("{words:?}"))
}

async fn a_pin_is_hidden_when_the_customer_leaves(made: &Made<'_>) -> Result<()> {
    let driver = made.driver();
    made.show(&made.open().await?).await?;
    // The window manager decides which windows have the focus, and there is none here.
    let leave = "document.hasFocus = () => false; dispatchEvent(new Event('blur'));";
    driver.run::<Value>(leave, Value::Null).await?;
    let blank = format!("(() => {{ {INK} }})() === 0");
    driver.wait_for(&blank, "a blank canvas").await?;
    let gone = "!document.querySelector('card-pin').shadowRoot.querySelector('canvas')";
    driver.wait_for(gone, "no canvas").await?;
    let prompt = "document.querySelector('card-pin').shadowRoot.querySelector('[part=prompt]').textContent";
    driver.wait_for(&format!("{prompt} === 'Your PIN is hidden'"), "the words for it").await?;
    Ok(())
}

/// The vault runs on the page if no worker can be started.
async fn a_pin_is_shown_on_the_page_too(made: &Made<'_>) -> Result<()> {
    let control_id = made.control_id().await?;
    let pad = made.stage.open_pad("view.html").await?;
    let start = "window.Worker = class { constructor() { throw new Error('no workers here') } };
                 pad.controlIdProvider = async () => argument";
    made.stage.on_pad_with(start, json!(control_id)).await?;
    pad.wait_for_event("detail.event === 'ready' && detail.isolation === 'page'").await?;
    made.show(&pad).await?;
    ensure!(spelt(made.driver()).await? == made.pin, "another PIN is spelt than the one that was set");
    Ok(())
}

/// Somebody else may see the screen, so the page only fetches the PIN after a press.
async fn the_hosted_page_asks_first(made: &Made<'_>) -> Result<()> {
    let driver = made.driver();
    let pad = made.stage.network.open_web_view(driver, &made.control_id().await?).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    ensure!(made.sandbox().count("/pin-page/view").await? == 0, "asked for before the customer did");
    pad.submit(Hand::Screen).await?;
    let shown = "document.querySelector('card-pin').shadowRoot.querySelector('[part=stage]').hasAttribute('data-shown')";
    driver.wait_for(shown, "the PIN").await?;
    is_drawn(driver).await
}

async fn an_unknown_control_id_views_nothing(made: &Made<'_>) -> Result<()> {
    let pad = made.open_with("83fa5f55-3dd7-453a-8233-4242a6bad179").await?;
    pad.submit(Hand::Screen).await?;
    let error = pad.wait_for_event("detail.event === 'view_pin_error'").await?;
    let expected = json!({"event": "view_pin_error", "code": "control_id_expired", "retryable": true});
    ensure!(error == expected, "{error}");
    Ok(())
}

async fn a_control_id_views_once(made: &Made<'_>) -> Result<()> {
    let used = made.control_id().await?;
    for event in ["view_pin_success", "view_pin_error"] {
        let pad = made.open_with(&used).await?;
        pad.submit(Hand::Screen).await?;
        let told = pad.wait_for_event("/^view_pin_/.test(detail.event)").await?;
        ensure!(told["event"] == event, "{told}");
        ensure!(event == "view_pin_success" || told["code"] == "already_used", "{told}");
    }
    Ok(())
}

/// The worker's drawing appears on the page some frames later, and WebKit takes more frames than the other engines.
async fn is_drawn(driver: &WebDriver) -> Result<()> {
    driver.wait_for(&format!("(() => {{ {INK} }})() > 1000"), "something to be drawn").await.map(drop)
}
