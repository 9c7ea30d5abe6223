//! A PIN that the vault suggests: it would be taken, and it is shown only until the customer goes on.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use card_pin::{
    entry::{PinRules, Step},
    error::Error,
    random::SystemRandom,
    session::{ControlIdSource, End, Operation, Session},
    weak_pin::WeakPin,
};
use card_pin_testing::replay;
use common::{enter, open, rules, settings};

#[test]
fn a_pin_is_drawn_for_the_customer_and_hidden_when_they_go_on() {
    type Act = fn(&mut Session<SystemRandom>) -> Result<(), Error>;
    let acts: [Act; 7] = [
        |session| session.press(4),
        Session::erase,
        Session::clear,
        Session::forget,
        Session::confirm,
        Session::submit,
        |session| {
            session.close();
            Ok(())
        },
    ];
    for act in acts {
        let mut session = open(ControlIdSource::Provider);
        session.press(7).unwrap();
        session.suggest().unwrap();
        let snapshot = session.snapshot();
        assert_eq!((snapshot.suggested, snapshot.digits, snapshot.step), (true, 0, Step::Entry));
        assert_eq!(session.shown().unwrap().count(), 4);
        act(&mut session).unwrap();
        assert!(!session.snapshot().suggested && session.shown().is_none());
    }
}

#[test]
fn the_pin_that_is_drawn_is_one_that_is_taken() {
    let rules = PinRules::new(4, 6, true, WeakPin::Reject).unwrap();
    let mut session =
        Session::open(settings(Operation::Set(rules), ControlIdSource::Provider), SystemRandom::new());
    let mut drawn = std::collections::HashSet::new();
    for _ in 0..300 {
        session.suggest().unwrap();
        let pin = session.shown().unwrap().expose().to_vec();
        for _ in ["entry", "confirm"] {
            pin.iter().for_each(|&digit| session.press(digit).unwrap());
            session.confirm().unwrap();
        }
        assert!(session.snapshot().valid);
        session.forget().unwrap();
        drawn.insert(pin);
    }
    assert_eq!(session.snapshot().refusals, 0);
    assert!(drawn.len() > 250, "{} different PINs in 300", drawn.len());
}

#[test]
fn nothing_is_drawn_after_the_submit_or_without_random_numbers() {
    let mut session = open(ControlIdSource::Provider);
    enter(&mut session);
    session.submit().unwrap();
    assert_eq!((session.suggest(), session.shown().is_none()), (Err(Error::Closed), true));

    let settings = settings(Operation::Set(rules()), ControlIdSource::Provider);
    let mut session = Session::open(settings, replay(Vec::new()));
    session.suggest().unwrap();
    let snapshot = session.snapshot();
    assert_eq!(snapshot.end, Some(End { code: Some(Error::EntropyUnavailable), retryable: false }));
    assert!(!snapshot.suggested);
}
