//! The issuer's app: each of the three ways to the PIN, the card's life after it, and the messages as the app shows them.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Browser, Hand, Pad, Stage, WebDriver, in_each_engine, random_pin};
use serde_json::{Value, json};

/// A way to the PIN, and the paths at which its key and its PIN block have to arrive.
struct Way {
    name: &'static str,
    is_framed: bool,
    paths: &'static [(&'static str, usize)],
}

const MOBILE: Way = Way {
    name: "mobile",
    is_framed: true,
    paths: &[("/pin-page/mobile", 1), ("/pin-page/tzpk", 1), ("/pin-page/set", 1), ("/relay/set", 0)],
};

const FRAME: Way = Way {
    name: "frame",
    is_framed: true,
    paths: &[("/pin-page/frame", 1), ("/pin-page/tzpk", 1), ("/pin-page/set", 1), ("/relay/set", 0)],
};

const OWN_PAGE: Way = Way {
    name: "own-page",
    is_framed: false,
    paths: &[
        ("/idp/token", 1),
        ("/relay/control-id", 1),
        ("/relay/tzpk", 1),
        ("/pin/v3/set/tzpk", 1),
        ("/relay/set", 1),
        ("/pin/v3/set", 1),
        ("/pin-page/set", 0),
    ],
};

/// The messages that the app shows: for each, whether it is a request, and the marks on its fields.
const SHOWN: &str = "
    return [...document.querySelectorAll('#messages > li')].map((item) => ({
      direction: item.dataset.direction,
      title: item.querySelector('summary').textContent,
      marks: [...item.querySelectorAll('.tag')].map(({ dataset }) => dataset.kind),
    }));
";

in_each_engine! { open =>
    the_mobile_page_leads_to_a_card_with_its_pin,
    the_frame_leads_to_a_card_with_its_pin,
    a_page_of_its_own_leads_to_a_card_with_its_pin,
}

async fn open(browser: &Browser) -> Result<Stage<'_>> {
    // The window of a desktop computer, with cards and messages side by side.
    browser.driver().resize(1280, 1000).await?;
    Stage::open(browser).await
}

async fn the_mobile_page_leads_to_a_card_with_its_pin(stage: &Stage<'_>) -> Result<()> {
    set_and_emboss(stage, &MOBILE).await
}

async fn the_frame_leads_to_a_card_with_its_pin(stage: &Stage<'_>) -> Result<()> {
    set_and_emboss(stage, &FRAME).await
}

async fn a_page_of_its_own_leads_to_a_card_with_its_pin(stage: &Stage<'_>) -> Result<()> {
    set_and_emboss(stage, &OWN_PAGE).await
}

async fn set_and_emboss(Stage { sandbox, driver, .. }: &Stage<'_>, way: &Way) -> Result<()> {
    driver.open(&sandbox.url("/")).await?;
    driver.click("#new-card").await?;
    let card =
        driver.wait_for("document.querySelector('[data-card-id]')?.dataset.cardId", "the card").await?;
    let card = card.as_str().context("the card has an id")?;
    open_pad(driver, "set-pin", way).await?;

    if way.is_framed {
        let frame = "document.querySelector('iframe[name=\"web-view\"]')";
        driver.element(frame, "Enfuce's page").await?.enter_frame().await?;
    }
    let pad = Pad::find(driver).await?;
    let pin = random_pin()?;
    pad.choose(&pin, Hand::Screen).await?;
    if way.is_framed {
        driver.leave_frame().await?;
    }
    let is_set = format!("document.querySelector('[data-card-id=\"{card}\"] [data-pin-status=\"S\"]')");
    driver.wait_for(&is_set, "the card to show that its PIN is set").await?;

    ensure!(sandbox.pin_of(card).await?.as_deref() == Some(&pin), "another PIN was decrypted than chosen");
    for &(path, times) in way.paths {
        let count = sandbox.count(path).await?;
        ensure!(count == times, "{path} was asked {count} times, not {times}");
    }
    check_messages(driver, way).await?;

    driver.click("#pin-done").await?;
    let has_focus = format!("document.activeElement?.dataset.cardId === '{card}'");
    driver.wait_for(&has_focus, "the focus to go back to the card").await?;
    let current = "document.querySelector('[aria-current=\"step\"]')?.textContent";
    let waiting = driver.wait_for(current, "the card's next step").await?;
    ensure!(waiting.as_str().is_some_and(|step| step.contains("Queued for production")), "it is {waiting}");
    driver.click(".operator summary").await?;
    driver.click("[data-control=\"produce\"]").await?;
    let is_active = "document.querySelector('.states').lastElementChild.dataset.progress === 'done'";
    driver.wait_for(is_active, "the card to be active").await?;
    view(driver, way).await.context("viewing")
}

/// The PIN that the card was made with is shown in the same way.
async fn view(driver: &WebDriver, way: &Way) -> Result<()> {
    open_pad(driver, "view-pin", way).await?;
    if way.is_framed {
        let frame = "document.querySelector('iframe[name=\"web-view\"]')";
        driver.element(frame, "Enfuce's page").await?.enter_frame().await?;
    }
    Pad::find(driver).await?.show().await?;
    let shown = "document.querySelector('card-pin')?.shadowRoot.querySelector('[part=stage][data-shown]')";
    driver.wait_for(shown, "the PIN").await?;
    if way.is_framed {
        driver.leave_frame().await?;
    }
    Ok(())
}

/// Checks that the app shows every message of the session with the right marks.
async fn check_messages(driver: &WebDriver, way: &Way) -> Result<()> {
    let last = format!(
        "[...document.querySelectorAll('#messages summary')].some(({{ textContent }}) => textContent.endsWith('POST {}'))
          && document.querySelector('#messages > li:last-child[data-direction=\"answer\"]')",
        if way.is_framed { "/pin-page/set" } else { "/relay/set" }
    );
    driver.wait_for(&last, "the messages").await?;
    let shown: Vec<Value> = driver.run(SHOWN, Value::Null).await?;
    let count = |direction: &str| shown.iter().filter(|message| message["direction"] == direction).count();
    ensure!(count("request") == count("answer"), "a request has no answer: {shown:?}");
    for &(path, times) in
        way.paths.iter().filter(|(path, _)| !path.contains("/mobile") && !path.contains("/frame"))
    {
        let told: Vec<_> = shown
            .iter()
            .filter(|message| message["title"].as_str().unwrap_or_default().contains(&format!("POST {path}")))
            .filter(|message| {
                let rest =
                    message["title"].as_str().unwrap_or_default().split(path).nth(1).unwrap_or_default();
                rest.is_empty() || rest.starts_with('?')
            })
            .collect();
        ensure!(told.len() == times, "{path} is shown {} times, not {times}", told.len());
        let kind = match path {
            "/idp/token" | "/relay/control-id" => "elided",
            _ if path.ends_with("tzpk") => "public",
            _ => "cipher",
        };
        ensure!(
            told.iter()
                .all(|message| message["marks"].as_array().is_some_and(|marks| marks.contains(&json!(kind)))),
            "{path} is not marked: {told:?}"
        );
    }
    Ok(())
}

/// Presses the one button, or opens the list of ways for another one.
async fn open_pad(driver: &WebDriver, operation: &str, way: &Way) -> Result<()> {
    if way.is_framed {
        driver.click(&format!("[id$=\"{operation}-ways\"]")).await?;
    }
    driver.click(&format!("[data-action=\"{operation}\"][data-way=\"{}\"]", way.name)).await
}
