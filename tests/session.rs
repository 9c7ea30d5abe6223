//! The whole order, natively: what is sent when, what the page is told, and that every end is an end.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use base64ct::{Base64, Encoding};
use card_pin::{
    entry::{PinRules, Step},
    error::Error,
    random::SystemRandom,
    session::{ControlIdSource, End, Operation, Session, Settings},
    weak_pin::{Personal, WeakPin, WeakReason},
    wire::{ControlId, Endpoint, Formats, Reply},
};
use card_pin_testing::replay;
use common::{
    Event, KEY, PIN, answer, assert_ended, enter, field, given, good, key_reply, no_issuer, open, rules, run,
    settings, turn, tzpk_reply,
};
use des::{
    TdesEde2,
    cipher::{BlockCipherDecrypt, KeyInit},
};
use serde_json::json;

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
    let mut told = Vec::new();
    for digit in [4, 8, 2, 6, 4, 8] {
        told.extend(turn(&mut session, |session| session.press(digit).unwrap()));
    }
    told.extend(turn(&mut session, |session| session.erase().unwrap()));
    told.extend(turn(&mut session, |session| session.clear().unwrap()));
    for digit in PIN.into_iter().chain([5, 5]) {
        told.extend(turn(&mut session, |session| session.press(digit).unwrap()));
    }
    told.extend(run(&mut session, |_| panic!("nothing is sent before the submit"), no_issuer).0);
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
            Event::Refused(Error::TooLong),
            Event::Refused(Error::TooLong),
            Event::Ready,
        ]
    );
    assert_eq!(session.snapshot().refusals, 2);
    // The count of submitted digits stays visible until the end.
    assert_eq!(turn(&mut session, |session| session.submit().unwrap()), [Event::Submitting]);
    let snapshot = session.snapshot();
    assert_eq!((snapshot.step, snapshot.digits, snapshot.valid), (Step::Confirm, 4, true));
    session.close();
    let snapshot = session.snapshot();
    assert_eq!((snapshot.step, snapshot.digits, snapshot.valid), (Step::Entry, 0, false));
}

#[test]
fn advancing_goes_to_what_comes_next() {
    let rules = PinRules::new(4, 6, true, WeakPin::Reject).unwrap();
    let mut session =
        Session::open(settings(Operation::Set(rules), ControlIdSource::Provider), SystemRandom::new());
    session.advance().unwrap();
    for _ in ["entry", "confirm"] {
        PIN.iter().for_each(|&digit| session.press(digit).unwrap());
        session.advance().unwrap();
    }
    let (events, _) = run(&mut session, good, || Some("token".to_owned()));
    assert_eq!(events.last(), Some(&Event::Success));
    assert_eq!(session.snapshot().refusals, 0);
    assert_eq!(session.advance(), Err(Error::Closed));
}

#[test]
fn a_refused_submit_ends_nothing() {
    let mut session = given();
    let empty = turn(&mut session, |session| session.submit().unwrap());
    assert_eq!(empty, [Event::Refused(Error::TooShort)]);
    PIN.iter().chain(&[4, 8, 2, 7]).for_each(|&digit| session.press(digit).unwrap());
    let started_over = Event::PinValid { valid: false, digits: 0, step: Step::Entry };
    let different = turn(&mut session, |session| session.submit().unwrap());
    assert_eq!(different, [Event::Refused(Error::Mismatch), started_over]);
    enter(&mut session);
    assert_eq!(run(&mut session, good, no_issuer).0.last(), Some(&Event::Success));
}

#[test]
fn a_weak_pin_is_refused_with_the_rule_that_it_breaks() {
    let personal = Personal::new(Some("19870423"), ["46701740605"].into_iter()).unwrap();
    let mut session = Session::open(
        Settings { personal, ..settings(Operation::Set(rules()), ControlIdSource::Provider) },
        SystemRandom::new(),
    );
    assert_eq!(session.snapshot().reason, None);
    let refused = [
        ([1, 2, 3, 4], WeakReason::Run),
        ([2, 3, 0, 4], WeakReason::Personal),
        ([1, 9, 8, 7], WeakReason::Year),
        ([0, 6, 0, 5], WeakReason::Personal),
    ];
    for (pin, reason) in refused {
        pin.iter().for_each(|&digit| session.press(digit).unwrap());
        let snapshot = session.snapshot();
        assert_eq!((snapshot.refused, snapshot.reason), (Some(Error::WeakPin), Some(reason)));
        assert_eq!((snapshot.step, snapshot.digits), (Step::Entry, 0));
    }
    // Other refusals have no reason.
    session.submit().unwrap();
    assert_eq!((session.snapshot().refused, session.snapshot().reason), (Some(Error::TooShort), None));
    enter(&mut session);
    session.submit().unwrap();
    assert_eq!(run(&mut session, good, || Some("token".to_owned())).0.last(), Some(&Event::Success));
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
    assert_eq!(turn(&mut session, |session| session.reply(answer(204, ""))), [Event::Success]);
    assert_eq!(session.snapshot().end, Some(End { code: None, retryable: false }));
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
                assert_eq!(field(request, "controlId"), "token2");
                good(request)
            },
            || {
                tokens += 1;
                Some(format!("token{tokens}"))
            },
        );
        assert_eq!((events.last(), tokens), (Some(&end), 2));
        assert_ended(&mut session);
    }
}

/// An answer whose key no key pair unwraps.
fn wrapped_for_nobody() -> Reply {
    answer(200, format!(r#"{{"tzpk":"{}"}}"#, Base64::encode_string(&[7; 256])))
}

/// Another key pair is made without the customer typing again.
#[test]
fn a_key_that_does_not_unwrap_is_asked_for_once_more_with_another_key_pair() {
    for (wrong, end) in [(1, Event::Success), (2, Event::Failed(Error::TzpkInvalid))] {
        let mut session = open(ControlIdSource::Provider);
        enter(&mut session);
        let (mut tokens, mut public_keys) = (0, Vec::new());
        let (events, _) = run(
            &mut session,
            |request| {
                if request.endpoint == Endpoint::Tzpk {
                    public_keys.push(field(request, "publicKey"));
                    if public_keys.len() <= wrong {
                        return Some(wrapped_for_nobody());
                    }
                }
                assert_eq!(field(request, "controlId"), "token2");
                good(request)
            },
            || {
                tokens += 1;
                Some(format!("token{tokens}"))
            },
        );
        assert_eq!((events.last(), tokens), (Some(&end), 2));
        assert_ne!(public_keys[0], public_keys[1]);
        assert_ended(&mut session);
    }
}

/// A control id that has expired is not the fault of the key pair.
#[test]
fn another_key_pair_is_made_although_another_control_id_was_asked_for_before() {
    let mut session = open(ControlIdSource::Provider);
    enter(&mut session);
    let (mut tokens, mut public_keys) = (0, Vec::new());
    let (events, _) = run(
        &mut session,
        |request| {
            if request.endpoint == Endpoint::Tzpk {
                public_keys.push(field(request, "publicKey"));
                match public_keys.len() {
                    1 => return Some(answer(410, String::new())),
                    2 => return Some(wrapped_for_nobody()),
                    _ => {}
                }
            }
            good(request)
        },
        || {
            tokens += 1;
            Some(format!("token{tokens}"))
        },
    );
    assert_eq!((events.last(), tokens), (Some(&Event::Success), 3));
    assert!(public_keys[0] == public_keys[1] && public_keys[1] != public_keys[2]);
    assert_ended(&mut session);
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
    let settings = settings(Operation::Set(rules()), ControlIdSource::Provider);
    let mut session = Session::open(settings, replay(vec![7; 100]));
    assert_eq!(run(&mut session, good, no_issuer).0, [Event::Failed(Error::EntropyUnavailable)]);
    assert!(session.snapshot().end.is_some());
}

/// With the code that says how much is known.
#[test]
fn closing_ends_it_wherever_it_is() {
    let closed = Event::Failed(Error::Closed);
    let unknown = Event::Failed(Error::OutcomeUnknown);
    let close = |session: &mut Session<SystemRandom>, code| {
        assert_eq!(turn(session, Session::close), [code]);
        assert_ended(session);
    };

    let mut session = given();
    close(&mut session, closed);

    let mut session = given();
    enter(&mut session);
    run(&mut session, |_| None, no_issuer);
    close(&mut session, closed);

    let mut session = given();
    enter(&mut session);
    run(&mut session, |_| None, no_issuer);
    session.reply(answer(429, ""));
    assert_eq!(session.snapshot().waits_seconds, Some(1));
    close(&mut session, closed);

    // The PIN is on its way.
    let mut session = given();
    enter(&mut session);
    run(&mut session, |request| good(request).filter(|_| request.endpoint == Endpoint::Tzpk), no_issuer);
    close(&mut session, unknown);
}

#[test]
fn unexpected_input_changes_nothing() {
    let mut session = given();
    session.reply(answer(200, "{}"));
    session.control_id(Some("unasked".to_owned()));
    session.waited();
    session.reveal();
    enter(&mut session);
    assert_eq!(run(&mut session, good, no_issuer).0.last(), Some(&Event::Success));
}

/// A server that asks for another format than the issuer wants weakens nothing.
#[test]
fn a_format_that_is_not_allowed_is_refused() {
    let pan = "5413330089020011";
    let asked = [
        (0, json!({"pinBlockFormat": 0, "pan": pan})),
        (1, json!({})),
        (3, json!({"pinBlockFormat": 3, "pan": pan})),
        (4, json!({"algorithm": "AES", "pan": pan})),
    ];
    for allowed in [&[1][..], &[1, 4], &[0, 3]] {
        for (format, beside) in &asked {
            let settings = settings(Operation::Set(rules()), common::given_source());
            let settings = Settings { formats: Formats::new(allowed).unwrap(), ..settings };
            let mut session = Session::open(settings, SystemRandom::new());
            enter(&mut session);
            let (events, _) = run(
                &mut session,
                |request| match request.endpoint {
                    Endpoint::Tzpk => Some(key_reply(request, &KEY, beside.clone())),
                    _ => good(request),
                },
                no_issuer,
            );
            let end = match allowed.contains(format) {
                true => Event::Success,
                false => Event::Failed(Error::BadResponse),
            };
            assert_eq!(events.last(), Some(&end), "{format} of {allowed:?}");
        }
    }
}

#[test]
fn debug_shows_no_secret() {
    let mut session = given();
    PIN.iter().for_each(|&digit| session.press(digit).unwrap());
    let shown = format!("{session:?}");
    assert!(shown.contains("Digits(4 of …)"), "{shown}");
    assert!(!shown.contains("83fa5f55"), "{shown}");
}
