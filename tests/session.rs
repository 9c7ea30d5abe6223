//! The whole order, natively: what is sent when, what the page is told, and that every end is an end.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use base64ct::{Base64, Encoding};
use card_pin::{
    entry::{PinRules, Step},
    error::Error,
    key_pair::KeySize,
    random::SystemRandom,
    session::{ControlIdSource, Event, Operation, Session},
    weak_pin::WeakPin,
    wire::{ControlId, Endpoint},
};
use common::{
    KEY, PIN, Replay, answer, assert_ended, enter, field, given, good, no_issuer, open, run, tzpk_reply,
};
use des::{
    TdesEde2,
    cipher::{BlockCipherDecrypt, KeyInit},
};

#[test]
fn a_pin_is_set() {
    let mut session = given();
    enter(&mut session);
    let mut pin_block = None;
    let (events, requests) = run(
        &mut session,
        |request| {
            if request.endpoint == Endpoint::Set {
                pin_block = Some(field(request, "pinBlock"));
            }
            assert_eq!(field(request, "controlId"), "83fa5f55-3dd7-453a-8233-4242a6bad179");
            good(request)
        },
        no_issuer,
    );
    assert_eq!(requests, [Endpoint::Tzpk, Endpoint::Set]);
    assert_eq!(events[events.len() - 2..], [Event::Ready, Event::Success]);
    assert_ended(&mut session);

    let mut block: [u8; 8] = Base64::decode_vec(&pin_block.unwrap()).unwrap().try_into().unwrap();
    TdesEde2::new((&KEY).into()).decrypt_block((&mut block).into());
    assert_eq!(block[..3], [0x14, 0x48, 0x26]);
}

#[test]
fn the_page_is_told_of_every_change() {
    let mut session = open(ControlIdSource::Provider);
    for digit in [4, 8, 2, 6, 4, 8] {
        session.press(digit).unwrap();
    }
    session.erase().unwrap();
    session.clear().unwrap();
    for digit in PIN {
        session.press(digit).unwrap();
    }
    session.press(5).unwrap();
    let told: Vec<Event> = run(&mut session, |_| panic!("nothing is sent before the submit"), no_issuer).0;
    let changed = |digits, step, valid| Event::PinValid { valid, digits, step };
    assert_eq!(
        told,
        [
            changed(1, Step::Entry, false),
            changed(2, Step::Entry, false),
            changed(3, Step::Entry, false),
            changed(0, Step::Confirm, false),
            changed(1, Step::Confirm, false),
            changed(2, Step::Confirm, false),
            changed(1, Step::Confirm, false),
            changed(0, Step::Confirm, false),
            changed(1, Step::Confirm, false),
            changed(2, Step::Confirm, false),
            changed(3, Step::Confirm, false),
            changed(4, Step::Confirm, true),
            Event::EntryRefused(Error::TooLong),
            Event::Ready,
        ]
    );
}

#[test]
fn advancing_goes_to_what_comes_next() {
    let rules = PinRules::new(4, 6, true, WeakPin::Reject).unwrap();
    let mut session = Session::open(
        Operation::Set(rules),
        KeySize::Rsa2048,
        ControlIdSource::Provider,
        SystemRandom::new(),
    );
    session.advance().unwrap();
    for _ in ["entry", "confirm"] {
        PIN.iter().for_each(|&digit| session.press(digit).unwrap());
        session.advance().unwrap();
    }
    let (events, _) = run(&mut session, good, || Some("token".to_owned()));
    assert!(!events.iter().any(|event| matches!(event, Event::EntryRefused(_) | Event::SubmitRefused(_))));
    assert_eq!(events.last(), Some(&Event::Success));
    assert_eq!(session.advance(), Err(Error::Closed));
}

#[test]
fn a_refused_submit_ends_nothing() {
    let mut session = given();
    session.submit().unwrap();
    PIN.iter().chain(&[4, 8, 2, 7]).for_each(|&digit| session.press(digit).unwrap());
    session.submit().unwrap();
    enter(&mut session);
    let (events, _) = run(&mut session, good, no_issuer);
    let refused: Vec<_> = events.iter().filter(|event| matches!(event, Event::SubmitRefused(_))).collect();
    assert_eq!(refused, [&Event::SubmitRefused(Error::TooShort), &Event::SubmitRefused(Error::Mismatch)]);
    assert_eq!(events.last(), Some(&Event::Success));
}

#[test]
fn submitting_twice_sends_once() {
    let mut session = given();
    enter(&mut session);
    session.submit().unwrap();
    let (_, requests) = run(
        &mut session,
        |request| (request.endpoint == Endpoint::Tzpk).then(|| tzpk_reply(request, &KEY)),
        no_issuer,
    );
    session.submit().unwrap();
    assert_eq!(session.press(1), Err(Error::Closed));
    assert_eq!(session.next_action(), None);
    assert_eq!(requests, [Endpoint::Tzpk, Endpoint::Set]);
    session.reply(Endpoint::Set, answer(204, ""));
    assert_eq!(run(&mut session, good, no_issuer).0, [Event::Success]);
}

#[test]
fn with_a_provider_nothing_is_sent_before_the_submit() {
    let mut session = open(ControlIdSource::Provider);
    let (events, requests) = run(&mut session, good, no_issuer);
    assert_eq!((events, requests), (vec![Event::Ready], vec![]));
    enter(&mut session);
    let (events, requests) = run(&mut session, good, || Some("token".to_owned()));
    assert_eq!(events.last(), Some(&Event::Success));
    assert_eq!(requests, [Endpoint::Tzpk, Endpoint::Set]);
}

#[test]
fn an_expired_token_is_asked_for_once_more() {
    for (expired, end) in [(1, Event::Success), (2, Event::Failed(Error::ControlIdExpired))] {
        let mut session = open(ControlIdSource::Provider);
        enter(&mut session);
        let (mut tokens, mut refusals) = (0, 0);
        let (events, _) = run(
            &mut session,
            |request| {
                if request.endpoint == Endpoint::Tzpk && refusals < expired {
                    refusals += 1;
                    return Some(answer(410, ""));
                }
                assert_eq!(field(request, "controlId"), "token 2");
                good(request)
            },
            || {
                tokens += 1;
                Some(format!("token {tokens}"))
            },
        );
        assert_eq!((events.last(), tokens), (Some(&end), 2));
        assert_ended(&mut session);
    }
}

#[test]
fn a_provider_that_gives_nothing_ends_the_session() {
    for nothing in [None, Some(String::new()), Some("x".repeat(4097))] {
        let mut session = open(ControlIdSource::Provider);
        enter(&mut session);
        let (events, requests) = run(&mut session, good, || nothing.clone());
        assert_eq!(events.last(), Some(&Event::Failed(Error::ControlIdUnavailable)));
        assert!(requests.is_empty());
        assert_ended(&mut session);
    }
}

#[test]
fn a_control_id_that_is_missing_opens_nothing() {
    assert_eq!(ControlId::new(String::new()), Err(Error::ControlIdMissing));
}

#[test]
fn without_randomness_there_is_no_session() {
    let source = ControlIdSource::Provider;
    let mut session =
        Session::open(Operation::Set(PinRules::default()), KeySize::Rsa2048, source, Replay(vec![7; 100]));
    assert_eq!(run(&mut session, good, no_issuer).0, [Event::Failed(Error::EntropyUnavailable)]);
    assert!(session.has_ended());
}

#[test]
fn closing_ends_it_wherever_it_is() {
    let mut session = given();
    enter(&mut session);
    session.close();
    assert_ended(&mut session);

    let mut session = given();
    enter(&mut session);
    run(&mut session, |_| None, no_issuer);
    session.close();
    session.close();
    assert_ended(&mut session);
}

#[test]
fn replies_that_nothing_waits_for_change_nothing() {
    let mut session = given();
    session.reply(Endpoint::Set, answer(200, "{}"));
    session.reply(Endpoint::Tzpk, answer(500, ""));
    session.control_id(Some("unasked".to_owned()));
    enter(&mut session);
    assert_eq!(run(&mut session, good, no_issuer).0.last(), Some(&Event::Success));

    // To set a PIN, no answer to `view` is waited for.
    let mut session = given();
    assert_eq!(run(&mut session, |_| None, no_issuer).1, [Endpoint::Tzpk]);
    session.reply(Endpoint::View, answer(500, ""));
    assert_eq!((session.next_action(), session.has_ended()), (None, false));
}

#[test]
fn debug_shows_no_secret() {
    let mut session = given();
    PIN.iter().for_each(|&digit| session.press(digit).unwrap());
    let shown = format!("{session:?}");
    assert!(shown.contains("Digits(4 of …)"), "{shown}");
    assert!(!shown.contains("83fa5f55"), "{shown}");
}
