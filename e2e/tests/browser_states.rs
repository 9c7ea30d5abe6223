//! Tests what a browser can do to a page: hide it, freeze it, keep it for the way back, take it offline, end its worker. The
//! session continues or ends as documented, the PIN is sent at most once, and a new control id works on the same page.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{HIDE_PAGE, Hand, Pad, Stage, Way, each, ends_once_with, in_each_engine, random_pin};
use serde_json::{Value, json};

in_each_engine! { Stage::open =>
    hiding_the_page_empties_the_entry,
    an_answer_to_a_hidden_page_counts,
    // The others have no command for it.
    freezing_the_page_empties_the_entry [Chromium],
    going_away_and_back_ends_the_session,
    a_page_kept_in_mid_entry_ends_its_session,
    a_page_kept_in_mid_submit_does_not_know_the_outcome,
    a_page_that_is_left_for_good_ends_its_worker,
    offline_before_the_key,
    offline_before_the_pin,
    offline_with_the_pin_on_its_way,
    offline_from_the_start,
    a_worker_that_breaks_in_mid_entry_is_replaced_once,
    a_worker_that_breaks_in_mid_submit_leaves_the_outcome_unknown,
    a_worker_that_vanishes_is_replaced,
    a_core_that_traps_each_time_ends_the_session,
    a_core_that_traps_once_costs_what_was_typed,
    a_worker_that_has_the_canvas_is_replaced_with_another_canvas,
    a_given_control_id_is_not_used_for_a_second_key,
    a_worker_that_does_not_load_loses_no_submit,
    a_device_clock_that_jumps_changes_nothing,
    a_control_id_that_expires_after_the_key_is_told,
    a_page_that_loads_in_part_starts_nothing,
}

/// The event after which the customer has to enter the lost digits again.
const DIGITS_LOST: &str = "detail.event === 'set_pin_validation_error' && detail.code === 'too_short'";
const SET: &str = "/pin-page/set";

async fn is_empty_again(stage: &Stage<'_>) -> Result<()> {
    let last = "window.padEvents.findLast((detail) => detail.event === 'pin_valid')";
    let is_empty = format!("(({last}).step === 'entry' && ({last}).digits === 0)");
    stage.driver.wait_for(&is_empty, "an empty pad").await.map(drop)
}

async fn enter_twice(pad: &Pad<'_>, pin: &str) -> Result<()> {
    pad.enter(pin, Hand::Keyboard).await?;
    pad.enter(pin, Hand::Keyboard).await
}

/// The pad forgets the digits when the customer looks elsewhere.
async fn hiding_the_page_empties_the_entry(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    stage.on_pad("window.wasHidden = false; addEventListener('visibilitychange', () => (window.wasHidden ||= document.hidden))").await?;
    pad.start(&card.control_id).await?;
    pad.enter(&pin, Hand::Keyboard).await?;
    pad.enter(&pin[..2], Hand::Keyboard).await?;
    stage.driver.behind_another_tab(async { Ok(()) }).await?;
    // To WebKitGTK a page is hidden when the window manager says so, and there is none here.
    if stage.on_pad("return window.wasHidden").await? == false {
        stage.on_pad(HIDE_PAGE).await?;
    }
    is_empty_again(stage).await?;
    enter_twice(&pad, &pin).await?;
    pad.submit(Hand::Keyboard).await?;
    stage.is_set(&pad, &card, &pin).await
}

async fn an_answer_to_a_hidden_page_counts(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    pad.start(&card.control_id).await?;
    enter_twice(&pad, &pin).await?;
    let held = stage.network.hold(SET, Way::Back);
    stage.on_pad("pad.setPin().catch(() => {})").await?;
    let answer = async {
        held.came().await?;
        held.go_on().await
    };
    stage.driver.behind_another_tab(answer).await?;
    stage.is_set(&pad, &card, &pin).await
}

/// A page is hidden before it is frozen.
async fn freezing_the_page_empties_the_entry(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    pad.start(&card.control_id).await?;
    pad.enter(&pin, Hand::Keyboard).await?;
    let tell = "document.addEventListener('freeze', () => navigator.sendBeacon('./frozen'))";
    stage.on_pad(tell).await?;
    stage.driver.devtools("Page.setWebLifecycleState", json!({"state": "frozen"})).await?;
    stage.network.until_seen("/pin-page/frozen").await?;
    stage.driver.devtools("Page.setWebLifecycleState", json!({"state": "active"})).await?;
    is_empty_again(stage).await?;
    enter_twice(&pad, &pin).await?;
    pad.submit(Hand::Keyboard).await?;
    stage.is_set(&pad, &card, &pin).await
}

/// This is the same whether or not the browser kept the page.
async fn going_away_and_back_ends_the_session(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    pad.start(&card.control_id).await?;
    pad.enter(&pin[..3], Hand::Keyboard).await?;
    // WebKit cancels what is still under way before the page knows that it is left, and the session ends with `network`.
    pad.wait_for_event("detail.event === 'ready'").await?;
    let is_kept = stage.go_away_and_back().await?;
    let pad = Pad::find(stage.driver).await?;
    if is_kept {
        stage.fails_with(&pad, "closed").await
    } else {
        ensure!(pad.dots().await? == 0, "there are digits left");
        stage.a_new_control_id_works(&pad).await
    }
}

/// Dispatches the events that a page gets when a browser keeps it for the way back, so that every engine can be tested.
const KEEP: &str = "for (const name of ['pagehide', 'pageshow']) dispatchEvent(new PageTransitionEvent(name, { persisted: true }))";

async fn a_page_kept_in_mid_entry_ends_its_session(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    pad.start(&card.control_id).await?;
    pad.enter(&pin[..3], Hand::Keyboard).await?;
    stage.on_pad(KEEP).await?;
    stage.fails_with(&pad, "closed").await
}

async fn a_page_kept_in_mid_submit_does_not_know_the_outcome(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    let held = stage.network.hold(SET, Way::There);
    pad.start(&card.control_id).await?;
    pad.choose(&pin, Hand::Keyboard).await?;
    held.came().await?;
    stage.on_pad(KEEP).await?;
    stage.fails_with(&pad, "outcome_unknown").await
}

/// It gets the time to wipe itself first.
async fn a_page_that_is_left_for_good_ends_its_worker(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    let note = "window.calls = [];
                const { postMessage, terminate } = Worker.prototype;
                Worker.prototype.postMessage = function (message, ...more) {
                  if (message === 'close') window.calls.push(message);
                  postMessage.call(this, message, ...more);
                };
                Worker.prototype.terminate = function () {
                  window.calls.push('terminate');
                  terminate.call(this);
                };";
    stage.on_pad(note).await?;
    pad.start(&card.control_id).await?;
    pad.enter(&pin[..3], Hand::Keyboard).await?;
    let leave = "window.calls.length = 0; dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false })); return window.calls";
    let calls = stage.on_pad(leave).await?;
    ensure!(calls == json!(["close", "terminate"]), "{calls}");
    Ok(())
}

async fn offline_before_the_key(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    stage.on_pad(&format!("pad.controlIdProvider = async () => '{}'", card.control_id)).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    stage.network.go_away();
    pad.choose(&pin, Hand::Keyboard).await?;
    ends_once_with(&pad, "network").await?;
    stage.network.come_back().await?;
    stage.on_pad("pad.controlIdProvider = undefined").await?;
    stage.a_new_control_id_works(&pad).await
}

async fn offline_before_the_pin(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    pad.start(&card.control_id).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    stage.network.go_away();
    pad.choose(&pin, Hand::Keyboard).await?;
    ends_once_with(&pad, "outcome_unknown").await?;
    stage.network.come_back().await?;
    ensure!(stage.sandbox.pin_of(&card.id).await?.is_none(), "a PIN was set that was never sent");
    stage.a_new_control_id_works(&pad).await
}

async fn offline_with_the_pin_on_its_way(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    let held = stage.network.hold(SET, Way::Back);
    pad.start(&card.control_id).await?;
    pad.choose(&pin, Hand::Keyboard).await?;
    held.came().await?;
    stage.network.go_away();
    ends_once_with(&pad, "outcome_unknown").await?;
    stage.network.come_back().await?;
    stage.a_new_control_id_works(&pad).await
}

/// Neither the worker's script nor the core can be loaded.
async fn offline_from_the_start(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, _) = stage.open_with_card().await?;
    stage.network.go_away();
    pad.start(&card.control_id).await?;
    ends_once_with(&pad, "network").await?;
    stage.network.come_back().await?;
    stage.a_new_control_id_works(&pad).await
}

/// A second worker replaces the first, and the customer is asked for the digits. No third worker replaces the second.
async fn a_worker_that_breaks_in_mid_entry_is_replaced_once(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, _) = stage.open_with_card().await?;
    stage.on_pad("pad.workerUrl = './crashing.worker.js'").await?;
    stage.on_pad(&format!("pad.controlIdProvider = () => '{}'", card.control_id)).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    pad.enter("480", Hand::Keyboard).await?;
    pad.wait_for_event(DIGITS_LOST).await?;
    // A worker that breaks before its first message has not started, and a vault on the page would replace it.
    pad.enter("4", Hand::Keyboard).await?;
    pad.enter("80", Hand::Keyboard).await?;
    stage.on_pad("pad.controlIdProvider = undefined").await?;
    stage.fails_with(&pad, "closed").await
}

async fn a_worker_that_breaks_in_mid_submit_leaves_the_outcome_unknown(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    // The PIN may or may not have been sent by then.
    stage.on_pad("pad.workerUrl = './crashing.worker.js'; pad.setUrl = './set?fault=stall'").await?;
    pad.start(&card.control_id).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    // The worker would break at a zero as the third digit.
    pad.choose(&pin.replace('0', "5"), Hand::Keyboard).await?;
    stage.fails_with(&pad, "outcome_unknown").await
}

/// No event reports it. The page only gets no answers.
async fn a_worker_that_vanishes_is_replaced(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    stage.on_pad("pad.workerUrl = './vanishing.worker.js'").await?;
    stage.on_pad(&format!("pad.controlIdProvider = () => '{}'", card.control_id)).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    pad.enter("48", Hand::Keyboard).await?;
    // The page asks for a sign of life every five seconds, and counts the questions.
    let hurry = "const { setTimeout } = window;
                 let left = 7;
                 window.setTimeout = (call, ms, ...more) => setTimeout(call, ms === 5000 && (left -= 1) >= 0 ? 1 : ms, ...more);";
    stage.on_pad(hurry).await?;
    pad.enter("0", Hand::Keyboard).await?;
    pad.wait_for_event(DIGITS_LOST).await?;
    pad.choose(&pin.replace('0', "5"), Hand::Keyboard).await?;
    stage.is_set(&pad, &card, &pin.replace('0', "5")).await
}

/// Whether or not somebody waits for the call in which it happens.
async fn a_core_that_traps_each_time_ends_the_session(stage: &Stage<'_>) -> Result<()> {
    each(["search", "answer", "press", "instance", "memory"], async |at| {
        let pad = open_with_a_core_that_traps(stage, at, "").await?;
        pad.start(&stage.sandbox.waiting_card().await?.control_id).await?;
        if *at == "press" {
            // The control id is used up by then, so no other vault can replace this one.
            pad.wait_for_event("detail.event === 'ready'").await?;
            pad.tap("4").await?;
        }
        stage.fails_with(&pad, "closed").await
    })
    .await
}

/// Only the first worker traps. On the page, each core traps once.
const TRAPS_ONCE: [&str; 2] = [
    "const { Worker } = window;
     let isFirst = true;
     window.Worker = function (url, options) {
       const made = new Worker(isFirst ? url : String(url).split('?')[0], options);
       isFirst = false;
       return made;
     };",
    "window.Worker = undefined;",
];

/// The customer only loses the typed digits, in a worker and on the page.
async fn a_core_that_traps_once_costs_what_was_typed(stage: &Stage<'_>) -> Result<()> {
    let places = ["search", "answer", "press"];
    let cases = places.into_iter().flat_map(|at| TRAPS_ONCE.map(|change| (at, change)));
    each(cases, async |&(at, change)| {
        let pad = open_with_a_core_that_traps(stage, at, change).await?;
        let (card, pin) = (stage.sandbox.waiting_card().await?, random_pin()?);
        // A control id that was used for a lost key pair cannot be used again: the last one counts.
        let first = stage.sandbox.waiting_card().await?.control_id;
        let ids = json!(if at == "answer" { vec![&first, &card.control_id] } else { vec![&card.control_id] });
        stage.on_pad(&format!("const ids = {ids}; pad.controlIdProvider = async () => ids.shift()")).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        match at {
            "press" => {
                pad.tap("4").await?;
                pad.wait_for_event(DIGITS_LOST).await?;
            }
            "answer" => {
                pad.choose(&pin, Hand::Keyboard).await?;
                pad.wait_for_event(DIGITS_LOST).await?;
            }
            _ => {
                let told = stage.on_pad("return window.padEvents.map(({ event }) => event)").await?;
                ensure!(told == json!(["ready"]), "the customer is told {told}");
            }
        }
        pad.choose(&pin, Hand::Keyboard).await?;
        stage.is_set(&pad, &card, &pin).await
    })
    .await
}

/// A canvas goes to a worker for good, and the customer may want another suggestion.
async fn a_worker_that_has_the_canvas_is_replaced_with_another_canvas(stage: &Stage<'_>) -> Result<()> {
    let count = "const { transferControlToOffscreen: transfer } = HTMLCanvasElement.prototype;
                 window.transfers = 0;
                 HTMLCanvasElement.prototype.transferControlToOffscreen = function () {
                   window.transfers += 1;
                   return transfer.call(this);
                 };";
    let pad = open_with_a_core_that_traps(stage, "press", &format!("{count} {}", TRAPS_ONCE[0])).await?;
    let (card, pin) = (stage.sandbox.waiting_card().await?, random_pin()?);
    stage.on_pad(&format!("pad.controlIdProvider = () => '{}'", card.control_id)).await?;
    let is_shown = "document.querySelector('card-pin').shadowRoot.querySelector('[part=stage][data-shown]')";
    for suggestions in [1, 2] {
        pad.wait_for_event("detail.event === 'ready'").await?;
        pad.forget_events().await?;
        // Without digits, this button is for a suggestion.
        pad.tap("submit").await?;
        stage.driver.wait_for(is_shown, "the suggestion").await?;
        let transfers = stage.on_pad("return window.transfers").await?;
        ensure!(transfers == json!(suggestions), "{transfers} canvases went to workers");
        if suggestions == 1 {
            pad.focus().await?;
            stage.driver.type_keys("4").await?;
            pad.wait_for_event(DIGITS_LOST).await?;
            // Soon after a digit, a press of this button is taken for one of a key.
            stage.on_pad("const now = performance.now(); performance.now = () => now + 5000;").await?;
        }
    }
    pad.focus().await?;
    pad.choose(&pin, Hand::Keyboard).await?;
    stage.is_set(&pad, &card, &pin).await
}

/// The server has bound it to the lost key, and would say that it was used already.
async fn a_given_control_id_is_not_used_for_a_second_key(stage: &Stage<'_>) -> Result<()> {
    each(TRAPS_ONCE, async |change| {
        let pad = open_with_a_core_that_traps(stage, "answer", change).await?;
        let asked = stage.sandbox.count("/pin-page/tzpk").await?;
        pad.start(&stage.sandbox.waiting_card().await?.control_id).await?;
        ends_once_with(&pad, "closed").await?;
        let asked = stage.sandbox.count("/pin-page/tzpk").await? - asked;
        ensure!(asked == 1, "a key was asked for {asked} times");
        stage.a_new_control_id_works(&pad).await
    })
    .await
}

async fn open_with_a_core_that_traps<'a>(stage: &Stage<'a>, at: &str, change: &str) -> Result<Pad<'a>> {
    // If the vault runs on the page, the page's own address says where the core traps.
    let pad = stage.open_pad(&format!("direct.html?{at}")).await?;
    stage.on_pad(&format!("{change} pad.workerUrl = './trapping.worker.js?{at}'")).await?;
    Ok(pad)
}

/// The worker's script fails once: the entered digits are lost with it, the page is told, and the customer begins again.
async fn a_worker_that_does_not_load_loses_no_submit(stage: &Stage<'_>) -> Result<()> {
    stage.driver.open(&stage.network.url("/pin-page/headless.html")).await?;
    stage.driver.wait_for("window.PinSession", "the session's module").await?;
    let card = stage.sandbox.waiting_card().await?;
    let script = "
        const session = open({ controlId: argument, controlIdProvider: undefined, workerUrl: './card-pin.worker.js?fault=status_503&once' });
        enter(session, 4, 8, 2, 6, 4, 8, 2, 6);
        const refused = await failure(() => session.setPin());
        enter(session, 4, 8, 2, 6, 4, 8, 2, 6);
        return [refused, await failure(() => session.setPin()), session.isolation]";
    let outcome: Value = stage.driver.run(script, json!(card.control_id)).await?;
    ensure!(outcome == json!(["CardPinError: too_short", "nothing", "page"]), "{outcome}");
    ensure!(stage.sandbox.pin_of(&card.id).await? == Some("4826".to_owned()), "another PIN is set");
    Ok(())
}

async fn a_device_clock_that_jumps_changes_nothing(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    let jump = "const { now } = Date;
                let years = 1;
                Date.now = () => now() + (years *= -2) * 31536e6;";
    stage.on_pad(jump).await?;
    pad.start(&card.control_id).await?;
    pad.choose(&pin, Hand::Keyboard).await?;
    stage.is_set(&pad, &card, &pin).await
}

async fn a_control_id_that_expires_after_the_key_is_told(stage: &Stage<'_>) -> Result<()> {
    let (pad, card, pin) = stage.open_with_card().await?;
    pad.start(&card.control_id).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    stage.sandbox.advance_clock(3600).await?;
    pad.choose(&pin, Hand::Keyboard).await?;
    stage.fails_with(&pad, "control_id_expired").await
}

/// A page whose script does not arrive shows no pad, and sends nothing. When it is loaded again, it works.
async fn a_page_that_loads_in_part_starts_nothing(stage: &Stage<'_>) -> Result<()> {
    let Stage { driver, network, .. } = stage;
    each(["cut", "reset", "cut_body", "status_503", "type", "json", "garbage"], async |fault| {
        let load = "
            document.body.innerHTML = '';
            const { searchParams } = new URL(`./card-pin.js?fault=${argument}`, location.href);
            return import(`./card-pin.js?${searchParams}`).then(() => 'loaded', () => 'failed')";
        driver.open(&network.url("/pin-page/blank.html")).await?;
        let outcome: Value = driver.run(load, json!(fault)).await?;
        // WebKitGTK treats half a script as the whole one, which does not parse.
        ensure!(outcome == "failed", "{outcome}");
        let defined: bool = driver.run("return !!customElements.get('card-pin')", Value::Null).await?;
        ensure!(!defined, "half a script defined the element");
        Ok(())
    })
    .await?;
    ensure!(network.seen("/pin-page/tzpk").is_empty(), "something was sent");
    let pad = stage.open_pad("direct.html").await?;
    stage.a_new_control_id_works(&pad).await.context("loaded again")
}
