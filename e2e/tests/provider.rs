//! `controlIdProvider`: the pad only asks for a token after the customer has chosen, so that its 30 seconds are enough.

use anyhow::{Result, ensure};
use card_pin_e2e::{Hand, Pad, Sandbox, Stage, WebDriver, in_each_engine, random_pin};
use serde_json::{Value, json};

/// Makes the element ask the test for control ids: each call waits in `window.asked`.
const PROVIDE: &str = "
    window.asked = [];
    document.querySelector('card-pin').controlIdProvider =
      () => new Promise((resolve, reject) => window.asked.push({ resolve, reject }));
";

in_each_engine! { Stage::open =>
    a_token_is_asked_for_when_both_entries_agree,
    an_expired_token_is_asked_for_once_more,
    a_token_that_expires_twice_is_an_error,
    a_provider_that_fails_is_an_error,
}

async fn a_token_is_asked_for_when_both_entries_agree(stage: &Stage<'_>) -> Result<()> {
    let Stage { sandbox, driver, .. } = stage;
    let pad = open(stage).await?;
    let pin = random_pin()?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    pad.enter(&pin, Hand::Screen).await?;
    ensure!(asked(driver).await? == 0, "a token is asked for before the PIN is repeated");
    // Ten times as long as a token lives.
    sandbox.advance_clock(300).await?;
    pad.enter(&pin, Hand::Screen).await?;
    pad.submit(Hand::Screen).await?;
    wait_until_asked(driver, 1).await?;
    ensure!(sandbox.wire().await?.is_empty(), "something is sent before there is a token");
    let card = sandbox.waiting_card().await?;
    provide(driver, &card.control_id).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin), "another PIN is set than the one that was tapped");
    Ok(())
}

async fn an_expired_token_is_asked_for_once_more(stage: &Stage<'_>) -> Result<()> {
    let Stage { sandbox, driver, .. } = stage;
    let pad = open(stage).await?;
    let pin = random_pin()?;
    pad.choose(&pin, Hand::Screen).await?;
    wait_until_asked(driver, 1).await?;
    let card = expired_card(sandbox, driver).await?;
    wait_until_asked(driver, 2).await?;
    provide(driver, &sandbox.control_id(&card).await?).await?;
    // The customer does not have to type a digit again.
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    ensure!(sandbox.pin_of(&card).await? == Some(pin), "another PIN is set than the one that was tapped");
    ensure!(sandbox.count("/pin-page/set").await? == 1, "the PIN is sent exactly once");
    Ok(())
}

async fn a_token_that_expires_twice_is_an_error(stage: &Stage<'_>) -> Result<()> {
    let Stage { sandbox, driver, .. } = stage;
    let pad = open(stage).await?;
    pad.choose(&random_pin()?, Hand::Screen).await?;
    for asked in [1, 2] {
        wait_until_asked(driver, asked).await?;
        expired_card(sandbox, driver).await?;
    }
    let end = pad.wait_for_event("detail.event === 'set_pin_error'").await?;
    ensure!(end["code"] == "control_id_expired", "it ended with {end}");
    ensure!(asked(driver).await? == 2, "a token is asked for twice at most");
    ensure!(sandbox.count("/pin-page/set").await? == 0, "the PIN is not sent without a TZPK");
    Ok(())
}

async fn a_provider_that_fails_is_an_error(stage: &Stage<'_>) -> Result<()> {
    let Stage { sandbox, driver, .. } = stage;
    let pad = open(stage).await?;
    pad.choose(&random_pin()?, Hand::Screen).await?;
    wait_until_asked(driver, 1).await?;
    driver.run::<Value>("window.asked.at(-1).reject(new Error('offline'))", Value::Null).await?;
    let end = pad.wait_for_event("detail.event === 'set_pin_error'").await?;
    ensure!(end["code"] == "control_id_unavailable", "it ended with {end}");
    ensure!(sandbox.count("/pin-page/tzpk").await? == 0, "nothing is sent without a token");
    Ok(())
}

/// Opens a page with only the element, with a provider.
async fn open<'a>(Stage { sandbox, driver, .. }: &Stage<'a>) -> Result<Pad<'a>> {
    driver.open(&sandbox.url("/pin-page/direct.html")).await?;
    let pad = Pad::find(driver).await?;
    driver.run::<Value>(PROVIDE, Value::Null).await?;
    Ok(pad)
}

/// Answers the provider's last call with a token whose 30 seconds are over, and returns the card's id.
async fn expired_card(sandbox: &Sandbox, driver: &WebDriver) -> Result<String> {
    let card = sandbox.waiting_card().await?;
    sandbox.advance_clock(31).await?;
    provide(driver, &card.control_id).await?;
    Ok(card.id)
}

async fn provide(driver: &WebDriver, control_id: &str) -> Result<()> {
    driver.run::<Value>("window.asked.at(-1).resolve(argument)", json!(control_id)).await.map(drop)
}

async fn asked(driver: &WebDriver) -> Result<usize> {
    driver.run("return window.asked.length", Value::Null).await
}

async fn wait_until_asked(driver: &WebDriver, times: usize) -> Result<()> {
    driver
        .wait_for(&format!("window.asked.length === {times}"), "a control id to be asked for")
        .await
        .map(drop)
}
