//! No secret outlives its step: the vault's memory is searched at every stage and at every end. `--nocapture` shows the
//! tables.

#![allow(clippy::print_stdout, reason = "the tables are what a reviewer reads")]

use anyhow::Result;
use card_pin_e2e::{
    Engine, HIDE_PAGE, Hand, in_each_engine,
    residue::{Asked, Kinds, Opening, PinKey, TappedSession, World},
};
use serde_json::{Value, json};

in_each_engine!(a_pin_is_set);

in_each_engine! { World::new =>
    a_pin_is_set_when_asked_for,
    a_pin_is_set_under_aes,
    a_pin_is_set_on_the_page,
    a_pin_is_viewed,
    a_pin_arrives_while_nobody_looks,
    a_view_is_over,
    a_view_fails,
    the_entries_differ,
    no_control_id_comes,
    the_key_is_refused,
    the_key_is_cut,
    the_key_is_too_late,
    the_answer_has_no_key,
    the_key_is_wrapped_for_another,
    the_key_is_for_single_des,
    the_pin_is_refused,
    the_answer_to_the_pin_is_cut,
    the_answer_to_the_pin_is_too_late,
    closed_in_mid_submit,
    closed_in_mid_entry,
    removed_in_mid_entry,
    started_over_in_mid_entry,
    removed_in_mid_submit,
}

const CONTROL_ID: &str = "provider.resolve('8a4f1c52-6a0e-4d0f-9a37-0b6f6a6f2d11')";

/// Searches everything that was recorded of a session, and prints the findings.
fn search(session: TappedSession<'_>) -> Result<()> {
    let engine = session.engine();
    let report = session.search()?;
    println!("{engine}\n{}\n", report.table());
    report.check()
}

/// It has a browser of its own, because a used one may have heaps of pages that it keeps for the way back.
async fn a_pin_is_set(engine: Engine) -> Result<()> {
    let browser = engine.start().await?;
    let mut world = World::new(&browser).await?;
    let opening = Opening { tap_search: true, ..Opening::SET };
    let mut session = TappedSession::open(&mut world, "set", &opening, PinKey::tdea()?).await?;
    session.tapped("searching", "key searched for", Kinds::SEARCH).await?;
    let (asked, answer) = session.key_asked("tzpk").await?;
    session.tap("TZPK asked for", Kinds::KEY_PAIR).await?;
    session.type_digits(..6).await?;
    session.tap("first digits", Kinds::KEY_PAIR_AND_PIN).await?;
    asked.answer(200, answer)?;
    session.event("ready").await?;
    session.tap("TZPK unwrapped", Kinds::TZPK_AND_PIN).await?;
    session.type_digits(6..).await?;
    session.tap("first entry finished", Kinds::TZPK_AND_PIN).await?;
    session.on_page(HIDE_PAGE).await?;
    session.tap("page hidden", Kinds::TZPK).await?;
    session.type_digits(..).await?;
    session.type_digits(..).await?;
    session.tap("second entry finished", Kinds::TZPK_AND_PIN).await?;
    if engine == Engine::Chromium {
        session.search_heaps("second entry finished").await?;
    }
    session.pad.submit(Hand::Keyboard).await?;
    the_pin_is_sent(&mut session).await?;
    session.event("set_pin_success").await?;
    session.closed().await?;
    if engine == Engine::Chromium {
        session.search_heaps("closed").await?;
    }
    search(session)
}

/// No secret is left from the moment at which the request goes out.
async fn the_pin_is_sent(session: &mut TappedSession<'_>) -> Result<()> {
    let asked = session.asked("set").await?;
    session.tap("PIN sent", Kinds::NONE).await?;
    asked.answer(200, json!({}))
}

async fn a_pin_is_set_when_asked_for(world: &mut World<'_>) -> Result<()> {
    let opening = Opening { control_id: false, ..Opening::SET };
    let mut session =
        TappedSession::open(world, "set, control id asked for", &opening, PinKey::tdea()?).await?;
    session.event("ready").await?;
    session.tap("key made", Kinds::KEY_PAIR).await?;
    session.choose().await?;
    session.provider().await?;
    session.tap("control id asked for", Kinds::KEY_PAIR_AND_PIN).await?;
    session.on_page(CONTROL_ID).await?;
    let (asked, answer) = session.key_asked("tzpk").await?;
    session.tap("TZPK asked for", Kinds::KEY_PAIR_AND_PIN).await?;
    asked.answer(200, answer)?;
    the_pin_is_sent(&mut session).await?;
    session.closed().await?;
    search(session)
}

async fn a_pin_is_set_under_aes(world: &mut World<'_>) -> Result<()> {
    let mut session = TappedSession::open(world, "set, AES", &Opening::SET, PinKey::aes()?).await?;
    let (asked, answer) = session.key_asked("tzpk").await?;
    session.tap("TZPK asked for", Kinds::KEY_PAIR).await?;
    asked.answer(200, answer)?;
    session.event("ready").await?;
    session.type_digits(..).await?;
    session.type_digits(..).await?;
    session.tap("TZPK unwrapped, entered", Kinds::TZPK_AND_PIN).await?;
    session.pad.submit(Hand::Keyboard).await?;
    the_pin_is_sent(&mut session).await?;
    session.closed().await?;
    search(session)
}

async fn a_pin_is_set_on_the_page(world: &mut World<'_>) -> Result<()> {
    let opening = Opening { on_page: true, ..Opening::SET };
    let mut session = TappedSession::open(world, "set, on the page", &opening, PinKey::tdea()?).await?;
    let (asked, answer) = everything_is_there(&mut session).await?;
    asked.answer(200, answer)?;
    the_pin_is_sent(&mut session).await?;
    session.closed().await?;
    search(session)
}

async fn the_pin_is_shown(session: &mut TappedSession<'_>) -> Result<()> {
    let (asked, answer) = session.key_asked("view").await?;
    session.tap("PIN asked for", Kinds::KEY_PAIR).await?;
    asked.answer(200, answer)?;
    session.event("view_pin_success").await?;
    session.tap("PIN shown", Kinds::PIN).await
}

/// A PIN is only drawn when the customer looks.
async fn a_pin_arrives_while_nobody_looks(world: &mut World<'_>) -> Result<()> {
    let mut session =
        TappedSession::open(world, "view, nobody looks", &Opening::VIEW, PinKey::tdea()?).await?;
    let (asked, answer) = session.key_asked("view").await?;
    session.tap("PIN asked for", Kinds::KEY_PAIR).await?;
    session.on_page("document.hasFocus = () => false").await?;
    asked.answer(200, answer)?;
    session.arrived().await?;
    session.tap("PIN arrived", Kinds::PIN).await?;
    session.on_page(HIDE_PAGE).await?;
    session.fails_with("closed").await?;
    session.closed().await?;
    search(session)
}

async fn a_pin_is_viewed(world: &mut World<'_>) -> Result<()> {
    let mut session = TappedSession::open(world, "view, left", &Opening::VIEW, PinKey::tdea()?).await?;
    the_pin_is_shown(&mut session).await?;
    // The window manager decides which windows have the focus, and there is none here.
    session.on_page("document.hasFocus = () => false; dispatchEvent(new Event('blur'))").await?;
    session.closed().await?;
    search(session)
}

async fn a_view_is_over(world: &mut World<'_>) -> Result<()> {
    let mut session = TappedSession::open(world, "view, to the end", &Opening::VIEW, PinKey::tdea()?).await?;
    the_pin_is_shown(&mut session).await?;
    session.wait_no_longer().await?;
    session.closed().await?;
    search(session)
}

async fn a_view_fails(world: &mut World<'_>) -> Result<()> {
    let mut session =
        TappedSession::open(world, "view, wrong block", &Opening::VIEW, PinKey::tdea()?).await?;
    let (asked, mut answer) = session.key_asked("view").await?;
    session.tap("PIN asked for", Kinds::KEY_PAIR).await?;
    answer["pinBlock"] = json!(session.secrets.make_wrong_block()?);
    asked.answer(200, answer)?;
    session.fails_with("bad_response").await?;
    session.closed().await?;
    search(session)
}

async fn the_entries_differ(world: &mut World<'_>) -> Result<()> {
    let mut session =
        TappedSession::open(world, "set, entries differ", &Opening::SET, PinKey::tdea()?).await?;
    let (_asked, _) = session.key_asked("tzpk").await?;
    session.type_digits(..).await?;
    session.type_digits(..6).await?;
    session.tap("first entry finished", Kinds::KEY_PAIR_AND_PIN).await?;
    session.type_digits(..6).await?;
    session.pad.submit(Hand::Keyboard).await?;
    session.fails_with("mismatch").await?;
    session.tap("entries differed", Kinds::KEY_PAIR).await?;
    session.type_digits(..).await?;
    session.tap("entered again", Kinds::KEY_PAIR_AND_PIN).await?;
    session.on_page("pad.close()").await?;
    session.closed().await?;
    search(session)
}

async fn no_control_id_comes(world: &mut World<'_>) -> Result<()> {
    let opening = Opening { control_id: false, ..Opening::SET };
    let mut session = TappedSession::open(world, "set, no control id", &opening, PinKey::tdea()?).await?;
    session.event("ready").await?;
    session.tap("key made", Kinds::KEY_PAIR).await?;
    session.choose().await?;
    session.provider().await?;
    session.on_page("provider.reject()").await?;
    session.fails_with("control_id_unavailable").await?;
    session.closed().await?;
    search(session)
}

/// Holds the request for the key back until the customer has submitted, so that everything is there that has to be wiped.
async fn everything_is_there(session: &mut TappedSession<'_>) -> Result<(Asked, Value)> {
    let held = session.key_asked("tzpk").await?;
    session.choose().await?;
    session.submitted().await?;
    session.tap("submitted, all there", Kinds::KEY_PAIR_AND_PIN).await?;
    Ok(held)
}

/// The fault of an answer.
#[derive(Clone, Copy)]
enum Fault {
    Status(u16),
    /// 200, with a key that was wrapped for another device.
    Anothers,
    /// A key that is wrapped correctly, but is not a valid one.
    SingleDes,
    Cut,
    TimeOut,
}

/// 256 bytes, as long as a wrapped key, but not wrapped for any device.
fn anothers() -> String {
    format!("{}QQ==", "QUFB".repeat(85))
}

async fn the_key_is_refused(world: &mut World<'_>) -> Result<()> {
    the_key_does_not_come(world, "tzpk: refused", "control_id_expired", Fault::Status(404)).await
}

async fn the_key_is_cut(world: &mut World<'_>) -> Result<()> {
    the_key_does_not_come(world, "tzpk: cut", "network", Fault::Cut).await
}

async fn the_key_is_too_late(world: &mut World<'_>) -> Result<()> {
    the_key_does_not_come(world, "tzpk: timed out", "timeout", Fault::TimeOut).await
}

async fn the_answer_has_no_key(world: &mut World<'_>) -> Result<()> {
    the_key_does_not_come(world, "tzpk: none in the answer", "bad_response", Fault::Status(200)).await
}

async fn the_key_is_wrapped_for_another(world: &mut World<'_>) -> Result<()> {
    the_key_does_not_come(world, "tzpk: wrapped for another", "tzpk_invalid", Fault::Anothers).await
}

async fn the_key_is_for_single_des(world: &mut World<'_>) -> Result<()> {
    the_key_does_not_come(world, "tzpk: single DES", "tzpk_invalid", Fault::SingleDes).await
}

async fn the_key_does_not_come(
    world: &mut World<'_>,
    name: &'static str,
    code: &str,
    fault: Fault,
) -> Result<()> {
    let key = if let Fault::SingleDes = fault { PinKey::single_des()? } else { PinKey::tdea()? };
    let mut session = TappedSession::open(world, name, &Opening::SET, key).await?;
    let (asked, answer) = everything_is_there(&mut session).await?;
    match fault {
        Fault::Status(status) => asked.answer(status, json!({}))?,
        Fault::Anothers => asked.answer(200, json!({"tzpk": anothers()}))?,
        Fault::SingleDes => asked.answer(200, answer)?,
        Fault::Cut => session.cut(asked),
        Fault::TimeOut => session.wait_no_longer().await?,
    }
    session.fails_with(code).await?;
    session.closed().await?;
    search(session)
}

async fn the_pin_is_refused(world: &mut World<'_>) -> Result<()> {
    the_pin_is_not_set(world, "set: refused", "rejected", Fault::Status(400)).await
}

async fn the_answer_to_the_pin_is_cut(world: &mut World<'_>) -> Result<()> {
    the_pin_is_not_set(world, "set: cut", "outcome_unknown", Fault::Cut).await
}

async fn the_answer_to_the_pin_is_too_late(world: &mut World<'_>) -> Result<()> {
    the_pin_is_not_set(world, "set: timed out", "outcome_unknown", Fault::TimeOut).await
}

async fn the_pin_is_not_set(
    world: &mut World<'_>,
    name: &'static str,
    code: &str,
    fault: Fault,
) -> Result<()> {
    let mut session = TappedSession::open(world, name, &Opening::SET, PinKey::tdea()?).await?;
    let (asked, answer) = everything_is_there(&mut session).await?;
    asked.answer(200, answer)?;
    let asked = session.asked("set").await?;
    match fault {
        Fault::Status(status) => asked.answer(status, json!({}))?,
        Fault::TimeOut => session.wait_no_longer().await?,
        _ => session.cut(asked),
    }
    session.fails_with(code).await?;
    session.closed().await?;
    search(session)
}

async fn closed_in_mid_submit(world: &mut World<'_>) -> Result<()> {
    the_customer_leaves(world, "closed in mid-submit", "pad.close()", true).await
}

async fn closed_in_mid_entry(world: &mut World<'_>) -> Result<()> {
    the_customer_leaves(world, "closed in mid-entry", "pad.close()", false).await
}

async fn removed_in_mid_entry(world: &mut World<'_>) -> Result<()> {
    the_customer_leaves(world, "removed from the page", "pad.remove()", false).await
}

async fn started_over_in_mid_entry(world: &mut World<'_>) -> Result<()> {
    the_customer_leaves(world, "started over", "pad.reset()", false).await
}

/// The customer or the page ends the session in the middle, before or after the PIN is submitted.
async fn the_customer_leaves(
    world: &mut World<'_>,
    name: &'static str,
    leave: &str,
    is_submitted: bool,
) -> Result<()> {
    let mut session = TappedSession::open(world, name, &Opening::SET, PinKey::tdea()?).await?;
    let _held = if is_submitted {
        everything_is_there(&mut session).await?
    } else {
        let held = session.key_asked("tzpk").await?;
        session.type_digits(..).await?;
        session.type_digits(..).await?;
        session.tap("entered, all there", Kinds::KEY_PAIR_AND_PIN).await?;
        held
    };
    session.on_page(leave).await?;
    session.closed().await?;
    search(session)
}

/// A session whose PIN may be on its way continues to its end without its element.
async fn removed_in_mid_submit(world: &mut World<'_>) -> Result<()> {
    let mut session =
        TappedSession::open(world, "removed in mid-submit", &Opening::SET, PinKey::tdea()?).await?;
    let (asked, answer) = everything_is_there(&mut session).await?;
    session.on_page("pad.remove()").await?;
    session.tap("removed, submitted", Kinds::KEY_PAIR_AND_PIN).await?;
    asked.answer(200, answer)?;
    the_pin_is_sent(&mut session).await?;
    session.event("set_pin_success").await?;
    session.closed().await?;
    search(session)
}
