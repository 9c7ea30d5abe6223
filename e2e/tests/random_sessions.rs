//! Random customers on random networks. `CARD_PIN_SEED` repeats the sessions of a seed, and `CARD_PIN_SESSIONS` sets their
//! number.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Stage, WaitingCard, in_each_engine, random_pin};
use rand::{
    RngExt as _, SeedableRng as _, TryRng as _,
    rngs::{SmallRng, SysRng},
};
use serde_json::{Value, json};
use std::env;

const SESSIONS: usize = 20;
const AT_A_TIME: usize = 4;
/// The time-outs for an answer that never comes, and for all others, which may take any time.
const STALLED_MS: u32 = 5000;
const PATIENT_MS: u32 = 600_000;

const FAULTS: [&str; 20] = [
    "cut",
    "reset",
    "stall",
    "cut_after",
    "reset_after",
    "cut_body",
    "reset_body",
    "slow",
    "gzip",
    "type",
    "redirect_302",
    "big",
    "status_304",
    "status_404",
    "status_409",
    "status_418",
    "status_503",
    "json",
    "more",
    "reset&once",
];

/// Codes after which the PIN was surely not sent.
const NOT_SENT: [&str; 8] = [
    "network",
    "timeout",
    "server_error",
    "bad_response",
    "tzpk_invalid",
    "control_id_unavailable",
    "vault_missing",
    "closed",
];

in_each_engine! { Stage::open => each_session_ends_as_documented }

async fn each_session_ends_as_documented(stage: &Stage<'_>) -> Result<()> {
    let number = |name| env::var(name).ok().map(|value| value.parse::<u64>()).transpose().context(name);
    let seed = number("CARD_PIN_SEED")?.map_or_else(|| SysRng.try_next_u64(), Ok)?;
    let sessions = number("CARD_PIN_SESSIONS")?.map_or(Ok(SESSIONS), usize::try_from)?;
    play(stage, seed, sessions).await.with_context(|| format!("CARD_PIN_SEED={seed}"))
}

async fn play(stage: &Stage<'_>, seed: u64, sessions: usize) -> Result<()> {
    let mut dice = Dice(SmallRng::seed_from_u64(seed));
    let Stage { sandbox, network, driver, .. } = stage;
    let mut set = 0;
    driver.open(&network.url("/pin-page/faults.html")).await?;
    driver.wait_for("window.play", "the page").await?;
    for first in (0..sessions).step_by(AT_A_TIME) {
        let mut playing = Vec::new();
        for number in first..sessions.min(first + AT_A_TIME) {
            let plan = Plan::roll(&mut dice, number)?;
            let card = sandbox.waiting_card().await?;
            let mut options = plan.options.clone();
            options["controlId"] = json!(card.control_id);
            driver.run::<Value>("window.play(argument).catch((error) => (window.outcomes[argument.name] = { error: String(error) }))", options).await?;
            playing.push((plan, card));
        }
        for (plan, card) in playing {
            let checked = plan.check(stage, &card).await;
            let is_set = checked.with_context(|| format!("session {}", plan.options))?;
            set += usize::from(is_set);
        }
    }
    // There is no fault in the first session.
    ensure!(set > 0, "no session set a PIN");
    Ok(())
}

/// Dice whose throws are the same for the same seed.
struct Dice(SmallRng);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0.random_range(..limit)
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

struct Plan {
    name: String,
    pin: String,
    options: Value,
}

fn digits(pin: &str) -> impl Iterator<Item = Value> + '_ {
    pin.bytes().map(|digit| json!(digit - b'0'))
}

impl Plan {
    fn roll(dice: &mut Dice, number: usize) -> Result<Self> {
        let name = format!("session={number}");
        let (pin, other) = (random_pin()?, random_pin()?);
        let mut steps = Vec::new();
        for _ in 0..dice.below(5) {
            Self::detour(dice, &mut steps, &pin, &other);
        }
        steps.extend(digits(&pin));
        if dice.one_in(3) {
            steps.extend([json!(dice.below(10)), json!("clear")]);
        }
        steps.extend(digits(&pin));
        let is_first = number == 0;
        let mut stalls = false;
        let mut at = |path: &str, healthy: usize| {
            let fault = dice.pick(&FAULTS);
            if dice.below(10) < healthy || is_first {
                format!("./{path}?{name}")
            } else {
                stalls |= fault == "stall";
                format!("./{path}?{name}&fault={fault}")
            }
        };
        let (tzpk, set, wasm) = (at("tzpk", 7), at("set", 5), at("card_pin_bg.wasm", 9));
        let options = json!({
            "name": name,
            "tzpkUrl": tzpk,
            "setUrl": set,
            "wasmUrl": wasm,
            "steps": steps,
            "provide": if dice.one_in(2) { json!(1 + dice.below(200)) } else { json!(0) },
            "closeAfter": if dice.one_in(5) && !is_first { json!(dice.below(1500)) } else { Value::Null },
            "timeoutMs": if stalls { STALLED_MS } else { PATIENT_MS },
        });
        Ok(Self { name, pin, options })
    }

    /// Adds steps that lead back to an empty first entry.
    fn detour(dice: &mut Dice, steps: &mut Vec<Value>, pin: &str, other: &str) {
        match dice.below(6) {
            0 => {
                steps.extend((0..1 + dice.below(3)).map(|_| json!(dice.below(10))));
                steps.extend([json!("erase"), json!("clear"), json!("erase")]);
            }
            1 => steps.extend(digits("1234")),
            2 if pin != other => {
                steps.extend(digits(pin).chain(digits(other)));
                steps.push(json!({"refused": "mismatch"}));
            }
            3 => {
                steps.extend(digits(&pin[..2]));
                steps.extend([json!({"refused": "too_short"}), json!("clear"), json!("advance")]);
            }
            4 => steps.extend([json!({"junk": 10}), json!({"junk": "4"}), json!({"junk": -1})]),
            _ => steps.push(json!({"pause": dice.below(300)})),
        }
    }

    /// Checks that the session ended as documented; returns whether it set the PIN.
    async fn check(
        &self,
        Stage { sandbox, network, driver, .. }: &Stage<'_>,
        card: &WaitingCard,
    ) -> Result<bool> {
        let outcome = driver.wait_for(&format!("window.outcomes['{}']", self.name), "the end").await?;
        ensure!(outcome["wrong"] == json!([]) && outcome["left"] == 0, "{outcome}");
        let told = outcome["told"].as_array().context("nothing was told")?;
        let ends =
            |detail: &&Value| ["set_pin_success", "set_pin_error"].iter().any(|end| detail["event"] == *end);
        let end = told.iter().find(ends);
        let end = end.with_context(|| format!("the end is missing: {outcome}"))?;
        ensure!(told.iter().filter(ends).count() == 1, "it ends more than once: {outcome}");
        ensure!(told.last() == Some(end), "something comes after the end: {outcome}");
        for once in ["ready", "submitting"] {
            ensure!(
                told.iter().filter(|detail| detail["event"] == once).count() <= 1,
                "{once} comes twice: {outcome}"
            );
        }

        let sent = network.seen("/pin-page/set").iter().filter(|seen| self.is_mine(&seen.query)).count();
        ensure!(sent <= 1, "the PIN was sent {sent} times: {outcome}");
        let decrypted = sandbox.pin_of(&card.id).await?;
        ensure!(
            decrypted.is_none() || decrypted.as_ref() == Some(&self.pin),
            "{decrypted:?} is set: {outcome}"
        );
        let code = end["code"].as_str().unwrap_or("success");
        let settled = if code == "success" { "fulfilled" } else { code };
        let told_alike =
            outcome["settled"].as_array().is_some_and(|all| all.iter().all(|one| one == settled));
        ensure!(told_alike, "the promises say something else: {outcome}");
        ensure!(code != "success" || decrypted.is_some(), "no PIN is set: {outcome}");
        ensure!(!NOT_SENT.contains(&code) || sent == 0, "the PIN was sent, and {code} told: {outcome}");
        Ok(code == "success")
    }

    fn is_mine(&self, query: &str) -> bool {
        query.split('&').any(|field| field == self.name)
    }
}
