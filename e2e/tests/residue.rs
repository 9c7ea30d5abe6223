//! No secret outlives its step: the vault's memory is searched at every stage and after every end. `--nocapture` shows the
//! table.

use anyhow::{Context, Result};
use card_pin_e2e::{
    Engine, Hand, WebDriver, in_each_engine,
    residue::{Issuer, Kinds, Opening, PinKey, Report, TappedSession},
};
use serde_json::json;

in_each_engine!(all);

async fn all(engine: Engine) -> Result<()> {
    let mut issuer = Issuer::start().await?;
    let browser = engine.start().await?;
    let driver = browser.driver();
    let mut report = Report::default();
    let world = &mut (&mut issuer, driver, &mut report);
    a_pin_is_set(world).await.context("a PIN is set")?;
    println!("{engine}\n{}\n", report.table());
    report.check()
}

type World<'a, 'b> = &'a mut (&'b mut Issuer, &'b WebDriver, &'b mut Report);

async fn a_pin_is_set((issuer, driver, report): World<'_, '_>) -> Result<()> {
    let opening = Opening { tap_search: true, ..Opening::SET };
    let mut session = TappedSession::open("set", &opening, (issuer, driver), PinKey::tdea()?).await?;
    session.tapped("searching", "key searched for", Kinds::SEARCH).await?;
    let (asked, answer) = session.key_asked("tzpk").await?;
    session.tap("TZPK asked for", Kinds::KEY_PAIR).await?;
    session.type_digits(..6).await?;
    session.tap("first digits", Kinds::KEY_PAIR_AND_PIN).await?;
    asked.answer(200, answer)?;
    session.pad.wait_for_event("detail.event === 'ready'").await?;
    session.tap("TZPK unwrapped", Kinds::TZPK_AND_PIN).await?;
    session.type_digits(6..).await?;
    session.tap("first entry finished", Kinds::TZPK_AND_PIN).await?;
    session.type_digits(..).await?;
    session.tap("second entry finished", Kinds::TZPK_AND_PIN).await?;
    session.pad.submit(Hand::Keyboard).await?;
    let asked = session.asked("set").await?;
    session.tap("PIN sent", Kinds::NONE).await?;
    asked.answer(200, json!({}))?;
    session.pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    session.closed().await?;
    session.search(report)
}
