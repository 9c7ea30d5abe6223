//! Whatever goes wrong on the way, the session ends with the right code, the PIN is sent at most once, and a new control id on
//! the same page sets it.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Hand, Pad, Sandbox, Stage, each, in_each_engine, random_pin, until};
use serde_json::{Value, json};

/// What happens when a request goes wrong.
#[derive(Debug)]
struct Case {
    on: &'static str,
    fault: Value,
    times: u16,
    end: End,
}

/// How a session may end.
#[derive(Debug)]
enum End {
    /// With `set_pin_error` and this code.
    Error(&'static str),
    /// With a PIN that is set nevertheless.
    Success,
}

fn case(on: &'static str, fault: impl Into<Value>, code: &'static str) -> Case {
    // A TZPK that is lost on the way is requested again, so the fault has to last until the session gives up.
    let times = if on == "tzpk" { 10 } else { 1 };
    Case { on, fault: fault.into(), times, end: End::Error(code) }
}

/// These cases depend on an engine's own network code, so they run in each engine.
fn network_cases() -> Vec<Case> {
    vec![
        case("tzpk", "redirect", "network"),
        case("tzpk", "stall", "timeout"),
        case("tzpk", "cut", "network"),
        case("tzpk", "cut_body", "network"),
        Case { times: 1, end: End::Success, ..case("tzpk", "cut_body", "") },
        case("set", "redirect", "outcome_unknown"),
        case("set", "stall", "outcome_unknown"),
        case("set", "cut", "outcome_unknown"),
        case("set", "cut_after", "outcome_unknown"),
        case("set", "cut_body", "outcome_unknown"),
    ]
}

/// These cases depend only on our own code, so they run in one engine.
fn other_cases() -> Vec<Case> {
    let status = |code: u16| json!({"status": code});
    let key_bytes = |length: u8| json!({"key_bytes": length});
    vec![
        case("tzpk", "cut_after", "network"),
        case("tzpk", "html", "bad_response"),
        case("tzpk", "not_json", "bad_response"),
        case("tzpk", "too_large", "bad_response"),
        case("tzpk", status(400), "rejected"),
        case("tzpk", status(401), "not_allowed"),
        case("tzpk", status(403), "not_allowed"),
        case("tzpk", status(404), "control_id_expired"),
        case("tzpk", status(409), "already_used"),
        case("tzpk", status(410), "control_id_expired"),
        case("tzpk", status(429), "busy"),
        Case { times: 1, end: End::Success, ..case("tzpk", status(429), "") },
        case("tzpk", status(500), "server_error"),
        case("tzpk", status(503), "server_error"),
        case("tzpk", "truncated", "bad_response"),
        case("tzpk", "flipped", "tzpk_invalid"),
        case("tzpk", "sha1", "tzpk_invalid"),
        case("tzpk", "not_base64", "bad_response"),
        case("tzpk", "single_des", "tzpk_invalid"),
        case("tzpk", "weak", "tzpk_invalid"),
        case("tzpk", key_bytes(8), "tzpk_invalid"),
        case("tzpk", key_bytes(15), "tzpk_invalid"),
        case("tzpk", key_bytes(33), "tzpk_invalid"),
        Case { end: End::Success, ..case("tzpk", key_bytes(16), "") },
        Case { end: End::Success, ..case("tzpk", key_bytes(24), "") },
        case("set", "too_large", "outcome_unknown"),
        case("set", "html", "outcome_unknown"),
        case("set", status(400), "rejected"),
        case("set", status(401), "not_allowed"),
        case("set", status(424), "busy"),
        case("set", status(429), "busy"),
        case("set", status(404), "control_id_expired"),
        case("set", status(409), "already_used"),
        case("set", status(410), "control_id_expired"),
        case("set", status(500), "outcome_unknown"),
        case("set", status(503), "outcome_unknown"),
    ]
}

in_each_engine! { Stage::open =>
    faults_of_the_network_end_as_documented,
    // The same in each engine.
    faults_in_answers_end_as_documented [Chromium],
}

async fn faults_of_the_network_end_as_documented(stage: &Stage<'_>) -> Result<()> {
    each_ends_as_documented(stage, network_cases()).await
}

async fn faults_in_answers_end_as_documented(stage: &Stage<'_>) -> Result<()> {
    each_ends_as_documented(stage, other_cases()).await
}

async fn each_ends_as_documented(stage: &Stage<'_>, cases: Vec<Case>) -> Result<()> {
    let Stage { sandbox, driver, .. } = stage;
    driver.open(&sandbox.url("/pin-page/direct.html")).await?;
    let pad = Pad::find(driver).await?;
    // If a request gets no answer, the test makes its time-out expire. Everything else may take any time.
    stage.on_pad("pad.timeoutMs = 600_000").await?;
    each(cases, async |case| {
        let worker = if case.fault == "stall" { json!("./timed.worker.js") } else { Value::Null };
        stage.on_pad_with("pad.workerUrl = argument ?? undefined", worker).await?;
        ends_as_it_should(stage, &pad, case).await?;
        stage.on_pad("pad.workerUrl = undefined").await?;
        a_new_control_id_sets_the_pin(sandbox, &pad).await.context("and then, with a new control id")
    })
    .await
}

async fn ends_as_it_should(stage: &Stage<'_>, pad: &Pad<'_>, case: &Case) -> Result<()> {
    let Stage { sandbox, driver, .. } = stage;
    sandbox.reset().await?;
    let card = sandbox.waiting_card().await?;
    sandbox.plan_fault(case.on, &case.fault, case.times).await?;
    pad.start(&card.control_id).await?;
    let pin = random_pin()?;
    let fails_early = case.on == "tzpk" && matches!(case.end, End::Error(_));
    if !fails_early {
        pad.choose(&pin, Hand::Keyboard).await?;
    }
    if case.fault == "stall" {
        let path = format!("/pin-page/{}", case.on);
        let is_asked = async || Ok((sandbox.count(&path).await? > 0).then_some(()));
        until("the request that is never answered", is_asked).await?;
        Pad::wait_no_longer(driver, "").await?;
    }
    let end = pad.end().await?;
    let is_set = sandbox.pin_of(&card.id).await? == Some(pin);
    let sent = sandbox.count("/pin-page/set").await?;
    match case.end {
        End::Error(code) => {
            ensure!(end["code"] == code, "it ended with {end} instead of {code}");
            ensure!(sent == usize::from(!fails_early), "the PIN was sent {sent} times");
        }
        End::Success => {
            ensure!(end["event"] == "set_pin_success" && is_set, "it ended with {end} instead of success");
            ensure!(sent == 1, "the PIN was sent {sent} times");
        }
    }
    Ok(())
}

async fn a_new_control_id_sets_the_pin(sandbox: &Sandbox, pad: &Pad<'_>) -> Result<()> {
    sandbox.reset().await?;
    let card = sandbox.waiting_card().await?;
    let pin = random_pin()?;
    pad.start(&card.control_id).await?;
    pad.choose(&pin, Hand::Keyboard).await?;
    let end = pad.end().await?;
    ensure!(end["event"] == "set_pin_success", "it ended with {end}");
    let decrypted = sandbox.pin_of(&card.id).await?;
    ensure!(decrypted.as_deref() == Some(&*pin), "{pin} was tapped, and the HSM decrypted {decrypted:?}");
    Ok(())
}
