//! Viewing a PIN: drawn by the vault, text nowhere, and gone when the customer looks away.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, WebDriver, in_each_engine, random_pin, traces_in_document};
use serde_json::{Value, json};

/// How many dots of the canvas are drawn on. It is held, so that one that was taken out of the page is looked at, too.
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

in_each_engine!(all);

async fn all(engine: Engine) -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = engine.start().await?;
    let driver = browser.driver();
    let pin = random_pin()?;
    let card = made_card(&sandbox, driver, &pin).await.context("a card is made")?;
    a_pin_is_shown_and_spelt(&sandbox, driver, &card, &pin).await.context("shown")?;
    if engine == Engine::Chromium {
        // The others cannot be told to draw as for a printer.
        a_pin_is_not_printed(driver).await.context("printed")?;
    }
    a_pin_is_hidden_when_the_customer_leaves(&sandbox, driver, &card).await.context("hidden")?;
    a_pin_is_shown_on_the_page_too(&sandbox, driver, &card, &pin).await.context("on the page")?;
    the_hosted_page_asks_first(&sandbox, driver, &card).await.context("the hosted page")?;
    what_cannot_be_viewed_says_so(&sandbox, driver, &card).await.context("refused")
}

/// A card that was made with this PIN.
async fn made_card(sandbox: &Sandbox, driver: &WebDriver, pin: &str) -> Result<String> {
    let card = sandbox.waiting_card().await?;
    driver.open(&sandbox.url("/pin-page/direct.html")).await?;
    let pad = Pad::find(driver).await?;
    pad.start(&card.control_id).await?;
    pad.choose(pin, Hand::Screen).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    sandbox.run_embossing().await?;
    Ok(card.id)
}

async fn open<'a>(sandbox: &Sandbox, driver: &'a WebDriver, page: &str, control_id: &str) -> Result<Pad<'a>> {
    driver.open(&sandbox.url(&format!("/pin-page/{page}"))).await?;
    let pad = Pad::find(driver).await?;
    let provide = "document.querySelector('card-pin').controlIdProvider = async () => argument";
    driver.run::<Value>(provide, json!(control_id)).await?;
    Ok(pad)
}

async fn a_pin_is_shown_and_spelt(
    sandbox: &Sandbox,
    driver: &WebDriver,
    card: &str,
    pin: &str,
) -> Result<()> {
    let before = sandbox.count("/pin-page/view").await?;
    let pad = open(sandbox, driver, "view.html", &sandbox.view_control_id(card).await?).await?;
    pad.wait_for_event("detail.event === 'ready' && detail.isolation === 'worker'").await?;
    ensure!(sandbox.count("/pin-page/view").await? == before, "asked for before the customer did");
    pad.show().await?;
    pad.wait_for_event("detail.event === 'view_pin_success'").await?;
    is_drawn(driver).await?;
    let traces = traces_in_document(driver, "view").await?;
    ensure!(traces.iter().all(|trace| !trace.holds(pin)), "the PIN stands in the page as text");

    ensure!(spelt(driver).await? == pin, "another PIN is spelt than the one that was set");
    let spoken: String = driver
        .run(
            "return document.querySelector('card-pin').shadowRoot.querySelector('[part=spoken]').textContent",
            Value::Null,
        )
        .await?;
    ensure!(spoken.is_empty(), "the last digit stays: {spoken}");
    Ok(())
}

/// The PIN that is shown is seen on the screen, and not on paper.
async fn a_pin_is_not_printed(driver: &WebDriver) -> Result<()> {
    let look = "const digits = document.querySelector('card-pin').shadowRoot.querySelector('[part=digits]');
                return getComputedStyle(digits).visibility";
    for (media, expected) in [("screen", "visible"), ("print", "hidden"), ("", "visible")] {
        driver.devtools("Emulation.setEmulatedMedia", json!({"media": media})).await?;
        let seen: String = driver.run(look, Value::Null).await?;
        ensure!(seen == expected, "{media}: {seen}");
    }
    Ok(())
}

/// What the screen reader is given, digit by digit.
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

async fn a_pin_is_hidden_when_the_customer_leaves(
    sandbox: &Sandbox,
    driver: &WebDriver,
    card: &str,
) -> Result<()> {
    let pad = open(sandbox, driver, "view.html", &sandbox.view_control_id(card).await?).await?;
    pad.show().await?;
    pad.wait_for_event("detail.event === 'view_pin_success'").await?;
    is_drawn(driver).await?;
    // Which windows have the focus is the window manager's, and here there is none.
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

/// Where no worker can be started.
async fn a_pin_is_shown_on_the_page_too(
    sandbox: &Sandbox,
    driver: &WebDriver,
    card: &str,
    pin: &str,
) -> Result<()> {
    let control_id = sandbox.view_control_id(card).await?;
    driver.open(&sandbox.url("/pin-page/view.html")).await?;
    let pad = Pad::find(driver).await?;
    let start = "window.Worker = class { constructor() { throw new Error('no workers here') } };
                 document.querySelector('card-pin').controlIdProvider = async () => argument";
    driver.run::<Value>(start, json!(control_id)).await?;
    pad.wait_for_event("detail.event === 'ready' && detail.isolation === 'page'").await?;
    pad.show().await?;
    pad.wait_for_event("detail.event === 'view_pin_success'").await?;
    is_drawn(driver).await?;
    ensure!(spelt(driver).await? == pin, "another PIN is spelt than the one that was set");
    Ok(())
}

/// Whoever opens the page may not be alone: nothing is fetched before a press.
async fn the_hosted_page_asks_first(sandbox: &Sandbox, driver: &WebDriver, card: &str) -> Result<()> {
    let control_id = sandbox.view_control_id(card).await?;
    let before = sandbox.count("/pin-page/view").await?;
    let pad = sandbox.open_web_view(driver, &control_id).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    ensure!(sandbox.count("/pin-page/view").await? == before, "asked for before the customer did");
    pad.submit(Hand::Screen).await?;
    let shown = "document.querySelector('card-pin').shadowRoot.querySelector('[part=stage]').hasAttribute('data-shown')";
    driver.wait_for(shown, "the PIN").await?;
    is_drawn(driver).await
}

async fn what_cannot_be_viewed_says_so(sandbox: &Sandbox, driver: &WebDriver, card: &str) -> Result<()> {
    let pad = open(sandbox, driver, "view.html", "83fa5f55-3dd7-453a-8233-4242a6bad179").await?;
    pad.submit(Hand::Screen).await?;
    let error = pad.wait_for_event("detail.event === 'view_pin_error'").await?;
    let expected = json!({"event": "view_pin_error", "code": "control_id_expired", "retryable": true});
    ensure!(error == expected, "{error}");

    let used = sandbox.view_control_id(card).await?;
    for event in ["view_pin_success", "view_pin_error"] {
        let pad = open(sandbox, driver, "view.html", &used).await?;
        pad.submit(Hand::Screen).await?;
        let told = pad.wait_for_event("/^view_pin_/.test(detail.event)").await?;
        ensure!(told["event"] == event, "{told}");
        ensure!(event == "view_pin_success" || told["code"] == "already_used", "{told}");
    }
    Ok(())
}

/// What the worker draws is on the page some frames later: WebKit takes more of them than the other engines.
async fn is_drawn(driver: &WebDriver) -> Result<()> {
    driver.wait_for(&format!("(() => {{ {INK} }})() > 1000"), "something to be drawn").await.map(drop)
}
