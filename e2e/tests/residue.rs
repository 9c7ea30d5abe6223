//! No secret outlives its step: the vault's memory is searched at every stage and at every end. `--nocapture` shows the
//! table.

#![allow(clippy::print_stdout, reason = "the table is what a reviewer reads")]

use anyhow::{Context, Result};
use card_pin_e2e::{
    Engine, HIDE_PAGE, Hand, in_each_engine,
    residue::{Asked, Kinds, Opening, PinKey, TappedSession, World},
};
use serde_json::{Value, json};

in_each_engine!(all);

async fn all(engine: Engine) -> Result<()> {
    let browser = engine.start().await?;
    let mut world = World::new(&browser).await?;
    a_pin_is_set(&mut world, engine).await.context("set")?;
    a_pin_is_set_when_asked_for(&mut world).await.context("set, control id asked for")?;
    a_pin_is_set_under_aes(&mut world).await.context("set, AES")?;
    a_pin_is_set_on_the_page(&mut world).await.context("set, on the page")?;
    a_pin_is_viewed(&mut world).await.context("viewed")?;
    a_pin_arrives_while_nobody_looks(&mut world).await.context("arrived")?;
    a_view_is_over(&mut world).await.context("viewed to the end of its time")?;
    a_view_fails(&mut world).await.context("view, a wrong block")?;
    the_entries_differ(&mut world).await.context("entries differ")?;
    no_control_id_comes(&mut world).await.context("no control id")?;
    for (name, code, fault) in KEY_FAULTS {
        the_key_does_not_come(&mut world, name, code, fault).await.context(name)?;
    }
    for (name, code, fault) in SET_FAULTS {
        the_pin_is_not_set(&mut world, name, code, fault).await.context(name)?;
    }
    for (name, leave, is_submitted) in LEAVING {
        the_customer_leaves(&mut world, name, leave, is_submitted).await.context(name)?;
    }
    the_pad_is_removed_in_mid_submit(&mut world).await.context("removed in mid-submit")?;
    println!("{engine}\n{}\n", world.report.table());
    world.report.check()
}

const CONTROL_ID: &str = "provider.resolve('8a4f1c52-6a0e-4d0f-9a37-0b6f6a6f2d11')";

async fn a_pin_is_set(world: &mut World<'_>, engine: Engine) -> Result<()> {
    let opening = Opening { tap_search: true, ..Opening::SET };
    let mut session = TappedSession::open(world, "set", &opening, PinKey::tdea()?).await?;
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
    session.search()
}

/// Nothing is left from the moment in which the request goes out.
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
    session.search()
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
    session.search()
}

async fn a_pin_is_set_on_the_page(world: &mut World<'_>) -> Result<()> {
    let opening = Opening { on_page: true, ..Opening::SET };
    let mut session = TappedSession::open(world, "set, on the page", &opening, PinKey::tdea()?).await?;
    let (asked, answer) = everything_is_there(&mut session).await?;
    asked.answer(200, answer)?;
    the_pin_is_sent(&mut session).await?;
    session.closed().await?;
    session.search()
}

async fn the_pin_is_shown(session: &mut TappedSession<'_>) -> Result<()> {
    let (asked, answer) = session.key_asked("view").await?;
    session.tap("PIN asked for", Kinds::KEY_PAIR).await?;
    asked.answer(200, answer)?;
    session.event("view_pin_success").await?;
    session.tap("PIN shown", Kinds::PIN).await
}

/// It is drawn only when somebody looks.
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
    session.search()
}

async fn a_pin_is_viewed(world: &mut World<'_>) -> Result<()> {
    let mut session = TappedSession::open(world, "view, left", &Opening::VIEW, PinKey::tdea()?).await?;
    the_pin_is_shown(&mut session).await?;
    // Which windows have the focus is the window manager's, and here there is none.
    session.on_page("document.hasFocus = () => false; dispatchEvent(new Event('blur'))").await?;
    session.closed().await?;
    session.search()
}

async fn a_view_is_over(world: &mut World<'_>) -> Result<()> {
    let mut session = TappedSession::open(world, "view, to the end", &Opening::VIEW, PinKey::tdea()?).await?;
    the_pin_is_shown(&mut session).await?;
    session.wait_no_longer().await?;
    session.closed().await?;
    session.search()
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
    session.search()
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
    session.search()
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
    session.search()
}

/// Has the request for the key held back until the customer has submitted: everything is there that has to go.
async fn everything_is_there(session: &mut TappedSession<'_>) -> Result<(Asked, Value)> {
    let held = session.key_asked("tzpk").await?;
    session.choose().await?;
    session.submitted().await?;
    session.tap("submitted, all there", Kinds::KEY_PAIR_AND_PIN).await?;
    Ok(held)
}

/// How an answer fails to come.
#[derive(Clone, Copy)]
enum Fault {
    Status(u16),
    /// 200, with another's key in place of the key.
    Anothers,
    /// The right key, if it were one.
    SingleDes,
    Cut,
    TimeOut,
}

const KEY_FAULTS: [(&str, &str, Fault); 6] = [
    ("tzpk: refused", "control_id_expired", Fault::Status(404)),
    ("tzpk: cut", "network", Fault::Cut),
    ("tzpk: timed out", "timeout", Fault::TimeOut),
    ("tzpk: none in the answer", "bad_response", Fault::Status(200)),
    ("tzpk: wrapped for another", "tzpk_invalid", Fault::Anothers),
    ("tzpk: single DES", "tzpk_invalid", Fault::SingleDes),
];

/// As long as a wrapped key, and wrapped for nobody: 256 bytes.
fn anothers() -> String {
    format!("{}QQ==", "QUFB".repeat(85))
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
    session.search()
}

const SET_FAULTS: [(&str, &str, Fault); 3] = [
    ("set: refused", "rejected", Fault::Status(400)),
    ("set: cut", "outcome_unknown", Fault::Cut),
    ("set: timed out", "outcome_unknown", Fault::TimeOut),
];

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
    session.search()
}

/// What the customer or the page does in the middle, and whether a PIN is submitted by then.
const LEAVING: [(&str, &str, bool); 4] = [
    ("closed in mid-submit", "pad.close()", true),
    ("closed in mid-entry", "pad.close()", false),
    ("removed from the page", "pad.remove()", false),
    ("started over", "pad.reset()", false),
];

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
    session.search()
}

/// A session whose PIN may be on its way goes on to its end without its element.
async fn the_pad_is_removed_in_mid_submit(world: &mut World<'_>) -> Result<()> {
    let mut session =
        TappedSession::open(world, "removed in mid-submit", &Opening::SET, PinKey::tdea()?).await?;
    let (asked, answer) = everything_is_there(&mut session).await?;
    session.on_page("pad.remove()").await?;
    session.tap("removed, submitted", Kinds::KEY_PAIR_AND_PIN).await?;
    asked.answer(200, answer)?;
    the_pin_is_sent(&mut session).await?;
    session.event("set_pin_success").await?;
    session.closed().await?;
    session.search()
}
