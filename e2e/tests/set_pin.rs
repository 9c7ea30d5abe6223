//! A customer sets the PIN through the issuer's app, and it is found only where it belongs.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{
    Hand, Pad, Sandbox, Stage, Trace, WebDriver, in_each_engine, random_pin, traces_in_document,
};

in_each_engine! { Stage::open =>
    taps_set_the_pin_and_leave_no_trace,
    keys_set_the_pin_and_leave_no_trace,
}

async fn taps_set_the_pin_and_leave_no_trace(stage: &Stage<'_>) -> Result<()> {
    sets_the_pin_and_leaves_no_trace(stage, Hand::Screen).await
}

async fn keys_set_the_pin_and_leave_no_trace(stage: &Stage<'_>) -> Result<()> {
    sets_the_pin_and_leaves_no_trace(stage, Hand::Keyboard).await
}

async fn sets_the_pin_and_leaves_no_trace(
    Stage { sandbox, driver, .. }: &Stage<'_>,
    hand: Hand,
) -> Result<()> {
    // Four digits can occur in an id or a port by chance, but a second PIN does not occur in the same place.
    let first = places_that_hold_the_pin(sandbox, driver, hand).await?;
    if !first.is_empty() {
        let second = places_that_hold_the_pin(sandbox, driver, hand).await?;
        let both: Vec<_> = first.iter().filter(|place| second.contains(place)).collect();
        ensure!(both.is_empty(), "the PIN is in {both:?}");
    }
    Ok(())
}

async fn places_that_hold_the_pin(sandbox: &Sandbox, driver: &WebDriver, hand: Hand) -> Result<Vec<String>> {
    sandbox.reset().await?;
    let pin = random_pin()?;
    let traces = through_the_issuer_app(sandbox, driver, &pin, hand).await?;
    Ok(traces.into_iter().filter(|trace| trace.holds(&pin)).map(|trace| trace.place).collect())
}

/// Sets the PIN as a customer does, and returns the traces.
async fn through_the_issuer_app(
    sandbox: &Sandbox,
    driver: &WebDriver,
    pin: &str,
    hand: Hand,
) -> Result<Vec<Trace>> {
    driver.open(&sandbox.url("/")).await?;
    driver.click("#new-card").await?;
    let card = driver
        .wait_for("document.querySelector('article[data-card-id]')?.dataset.cardId", "the card")
        .await?;
    let card = card.as_str().context("the card has an id")?;
    driver.click(".card summary").await?;
    driver.click("button[data-way=\"mobile\"]").await?;

    let frame = driver.element("document.querySelector('iframe[name=\"web-view\"]')", "the web view").await?;
    frame.enter_frame().await?;
    let pad = Pad::find(driver).await?;
    pad.choose(pin, hand).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    let mut traces = traces_in_document(driver, "hosted page").await?;

    driver.leave_frame().await?;
    let is_set = format!("document.querySelector('[data-card-id=\"{card}\"] [data-pin-status=\"S\"]')");
    driver.wait_for(&is_set, "the card to show that its PIN is set").await?;
    traces.extend(traces_in_document(driver, "issuer app").await?);

    let decrypted = sandbox.pin_of(card).await?;
    ensure!(decrypted.as_deref() == Some(pin), "{pin} was tapped, and the HSM decrypted {decrypted:?}");
    ensure!(sandbox.count("/pin-page/tzpk").await? == 1, "exactly one TZPK is asked for");
    ensure!(sandbox.count("/pin-page/set").await? == 1, "the PIN is sent exactly once");
    traces.extend(sandbox.traces_on_the_wire().await?);
    Ok(traces)
}
