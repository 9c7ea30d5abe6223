//! Whatever goes wrong on the way: the right code, the PIN sent at most once, and a new control id on the same page sets it.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, WebDriver, random_pin};
use serde_json::{Value, json};

/// What happens when a request goes wrong.
struct Case {
    on: &'static str,
    fault: Value,
    times: u16,
    end: End,
}

/// How a session may end.
enum End {
    /// With `set_pin_error` and this code.
    Error(&'static str),
    /// With a PIN that is set all the same.
    Success,
}

fn case(on: &'static str, fault: impl Into<Value>, code: &'static str) -> Case {
    // A TZPK that is lost on the way is asked for again, until that is given up.
    let times = if on == "tzpk" { 10 } else { 1 };
    Case { on, fault: fault.into(), times, end: End::Error(code) }
}

/// What an engine's own network code decides: run in each.
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

/// What our own code decides, the same in each engine: run in one.
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

#[tokio::test]
async fn in_chromium() -> Result<()> {
    each_ends_as_it_should(Engine::Chromium, network_cases().into_iter().chain(other_cases())).await
}

#[tokio::test]
async fn in_firefox() -> Result<()> {
    each_ends_as_it_should(Engine::Firefox, network_cases()).await
}

#[tokio::test]
async fn in_webkit() -> Result<()> {
    each_ends_as_it_should(Engine::WebKit, network_cases()).await
}

async fn each_ends_as_it_should(engine: Engine, cases: impl IntoIterator<Item = Case>) -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = engine.start().await?;
    browser.driver().open(&sandbox.url("/pin-page/direct.html")).await?;
    let pad = Pad::find(browser.driver()).await?;
    let mut failures = Vec::new();
    for case in cases {
        let name = format!("{} {}", case.on, case.fault);
        let outcome = async {
            // Only what never answers is given up soon: on a busy machine, an answer may take long.
            limit(browser.driver(), if case.fault == "stall" { 5000 } else { 20_000 }).await?;
            ends_as_it_should(&sandbox, &pad, &case).await?;
            limit(browser.driver(), 20_000).await?;
            a_new_control_id_sets_the_pin(&sandbox, &pad).await.context("and then, with a new control id")
        };
        if let Err(error) = outcome.await {
            failures.push(format!("{name}: {error:#}"));
        }
    }
    ensure!(failures.is_empty(), "{} of the cases fail:\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

/// How long the server may take for an answer, in milliseconds, from the next session on.
async fn limit(driver: &WebDriver, ms: u32) -> Result<()> {
    driver.run::<Value>("document.querySelector('card-pin').timeoutMs = argument", json!(ms)).await.map(drop)
}

async fn ends_as_it_should(sandbox: &Sandbox, pad: &Pad<'_>, case: &Case) -> Result<()> {
    sandbox.reset().await?;
    let card = sandbox.waiting_card().await?;
    sandbox.plan_fault(case.on, &case.fault, case.times).await?;
    pad.start(&card.control_id).await?;
    let pin = random_pin()?;
    let fails_early = case.on == "tzpk" && matches!(case.end, End::Error(_));
    if !fails_early {
        pad.choose(&pin, Hand::Keyboard).await?;
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
