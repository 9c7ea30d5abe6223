//! A page whose first script is hostile: it has patched everything that can be patched, and has added properties to every object.
//! It sees what docs/security/threat-model.md says, each press as the customer makes it, and nothing in the vault.

use anyhow::{Result, ensure};
use card_pin_e2e::{Hand, Pad, Stage, in_each_engine, random_pin};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The places where a script that runs first hears each press, as docs/security/threat-model.md says.
const HEARS_PRESSES: [&str; 2] = ["keys", "Worker.postMessage"];

in_each_engine! { Stage::open =>
    a_hostile_script_sees_taps_and_nothing_else,
    a_hostile_script_sees_keys_and_nothing_else,
    options_on_every_object_are_not_taken,
}

async fn a_hostile_script_sees_taps_and_nothing_else(stage: &Stage<'_>) -> Result<()> {
    a_hostile_script_sees_presses_and_nothing_else(stage, Hand::Screen).await
}

async fn a_hostile_script_sees_keys_and_nothing_else(stage: &Stage<'_>) -> Result<()> {
    a_hostile_script_sees_presses_and_nothing_else(stage, Hand::Keyboard).await
}

async fn a_hostile_script_sees_presses_and_nothing_else(
    Stage { sandbox, network, driver, .. }: &Stage<'_>,
    hand: Hand,
) -> Result<()> {
    driver.open(&network.url("/pin-page/hostile.html")).await?;
    let pad = Pad::find(driver).await?;
    let card = sandbox.waiting_card().await?;
    pad.start(&card.control_id).await?;
    let ready = pad.wait_for_event("detail.event === 'ready'").await?;
    ensure!(ready["isolation"] == "worker", "the vault was driven out of its worker: {ready}");
    // The PIN is so long that it does not occur anywhere by chance. A polluted `weakPin` or `minLength` changes nothing.
    let pin = random_pin()? + &random_pin()? + &random_pin()?;
    pad.enter("123456789012", hand).await?;
    pad.wait_for_event("detail.code === 'weak_pin'").await?;
    pad.choose(&pin, hand).await?;
    let end = pad.end().await?;
    ensure!(end["event"] == "set_pin_success", "it ended with {end}");
    ensure!(
        sandbox.pin_of(&card.id).await?.as_ref() == Some(&pin),
        "another PIN is set than the one that was entered"
    );
    ensure!(network.seen("/pin-page/set").len() == 1, "the PIN is sent once");
    for stolen in ["stolen.worker.js", "stolen.wasm", "stolen-tzpk", "stolen-set", "stolen-status"] {
        ensure!(network.seen(&format!("/pin-page/{stolen}")).is_empty(), "{stolen} was asked for");
    }

    let seen: Vec<(String, String)> = driver.run("return window.testify()", Value::Null).await?;
    let mut streams: BTreeMap<(&str, String), String> = BTreeMap::new();
    for (place, text) in &seen {
        ensure!(!holds(text, &pin), "{place} saw the PIN at once: {text}");
        ensure!(!text.contains("bytes:"), "bytes passed through {place}: {text}");
        // Texts that only differ in their digits may be presses.
        let shape = text.replace(|character: char| character.is_ascii_digit(), "#");
        let digits = text.chars().filter(char::is_ascii_digit);
        streams.entry((place, shape)).or_default().extend(digits);
    }
    let hear: BTreeSet<&str> =
        streams.iter().filter(|(_, digits)| digits.contains(&pin)).map(|((place, _), _)| *place).collect();
    let more: Vec<_> = hear.iter().filter(|place| !HEARS_PRESSES.contains(place)).collect();
    ensure!(more.is_empty(), "presses are heard by {more:?}, too");
    // The search works: it finds the presses where they are heard.
    let expected: &[&str] = if hand == Hand::Screen { &["Worker.postMessage"] } else { &HEARS_PRESSES };
    for place in expected {
        ensure!(hear.contains(place), "the search found no presses in {place}: {hear:?}");
    }
    ensure!(
        seen.iter().any(|(place, _)| place == "taps") == (hand == Hand::Screen),
        "taps are heard without their keys"
    );
    // The vault works where no patch of the page can reach.
    let idle = [
        "window.fetch",
        "XMLHttpRequest",
        "TextEncoder",
        "TextDecoder",
        "WebAssembly",
        "crypto.",
        "subtle.",
        "Storage",
    ];
    for (place, text) in &seen {
        ensure!(!idle.iter().any(|idle| place.starts_with(idle)), "{place} was called with {text}");
    }
    from_the_vault_come_counts_and_names(&seen)
}

/// Each message of the vault is one of those that `src/protocol.rs` lists, with counts and names, and without a digit.
fn from_the_vault_come_counts_and_names(seen: &[(String, String)]) -> Result<()> {
    let told: BTreeSet<_> =
        seen.iter().filter(|(place, _)| place == "from the vault").map(|(_, text)| text.as_str()).collect();
    ensure!(told.len() > 20, "the search found no messages of the vault's: {told:?}");
    for text in told {
        let mut fields = text.split([',', ';']).filter(|field| !field.is_empty());
        ensure!(fields.all(is_count_or_name), "the vault told {text}");
    }
    Ok(())
}

/// `field` is one field of a message, after the names of the objects that begin with it.
fn is_count_or_name(field: &str) -> bool {
    let Some((name, value)) = field.rsplit_once(':') else { return false };
    let is_up_to = |most: u32| value.parse::<u32>().is_ok_and(|count| count <= most);
    match name {
        "state:taken" => is_up_to(100),
        "session:stage" => ["entry", "submitting", "ended"].contains(&value),
        "ready" | "valid" | "requested" | "sent" | "checking" | "suggested" => {
            ["true", "false"].contains(&value)
        }
        "step" => ["entry", "confirm"].contains(&value),
        "digits" => is_up_to(12),
        "refusals" => is_up_to(1),
        "refused" => ["null", "weak_pin"].contains(&value),
        "reason" => ["null", "run", "repeat"].contains(&value),
        "waitsSeconds" | "end" | "end:code" | "closed:code" => value == "null",
        "retryable" => value == "false",
        _ => false,
    }
}

async fn options_on_every_object_are_not_taken(Stage { network, driver, .. }: &Stage<'_>) -> Result<()> {
    driver.open(&network.url("/pin-page/hostile.html")).await?;
    driver.wait_for("window.failure", "the session's module").await?;
    let script = "
        const urls = { tzpkUrl: './tzpk', setUrl: './set' };
        return Promise.all([
          failure(() => new PinSession({})),
          failure(() => new PinSession({ ...urls })),
          failure(() => new PinSession({ controlId: 'mine' })),
          failure(() => new PinSession({ ...urls, controlId: 'mine' }).viewPin()),
        ])";
    let outcome: Value = driver.run(script, Value::Null).await?;
    let expected = json!([
        "CardPinError: control_id_missing",
        "CardPinError: control_id_missing",
        "TypeError: tzpkUrl has to be an http or https address",
        "CardPinError: closed",
    ]);
    ensure!(outcome == expected, "{outcome} instead of {expected}");
    Ok(())
}

/// Whether `text` contains these digits, as a text or as a list.
fn holds(text: &str, digits: &str) -> bool {
    let digits: Vec<_> = digits.chars().map(String::from).collect();
    ["", ",", " ", ";"].iter().any(|separator| text.contains(&digits.join(separator)))
}
