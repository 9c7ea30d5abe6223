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
    session::{ControlIdSource, Event, Session},
    weak_pin::WeakPin,
    wire::{ControlId, Endpoint, MAX_REPLY_BYTES, Reply, Request},
};
use common::{KEY, Replay, answer, field, run, tzpk_reply, wrap};
use des::{
    TdesEde2,
    cipher::{BlockCipherDecrypt, KeyInit},
};
use proptest::prelude::*;
use serde_json::json;

const PIN: [u8; 4] = [4, 8, 2, 6];

fn given() -> Session<SystemRandom> {
    let control_id = ControlId::new("83fa5f55-3dd7-453a-8233-4242a6bad179".to_owned()).unwrap();
    open(ControlIdSource::Given(control_id))
}

fn open(source: ControlIdSource) -> Session<SystemRandom> {
    Session::open(PinRules::default(), KeySize::Rsa2048, source, SystemRandom)
}

fn enter(session: &mut Session<SystemRandom>) {
    PIN.iter().chain(&PIN).for_each(|&digit| session.press(digit).unwrap());
    session.submit().unwrap();
}

/// A server that does as it should.
fn good(request: &Request) -> Option<Reply> {
    Some(match request.endpoint {
        Endpoint::Tzpk => tzpk_reply(request, &KEY),
        Endpoint::Set => answer(200, "{}"),
    })
}

fn no_issuer() -> Option<String> {
    panic!("no control id should have been asked for")
}

/// What is left after the end: nothing is taken, nothing comes out.
fn assert_ended(session: &mut Session<SystemRandom>) {
    assert!(session.has_ended());
    for refused in [session.press(1), session.erase(), session.clear(), session.confirm(), session.submit()] {
        assert_eq!(refused, Err(Error::Closed));
    }
    session.control_id(Some("another".to_owned()));
    session.reply(Endpoint::Tzpk, answer(200, "{}"));
    session.reply(Endpoint::Set, answer(200, "{}"));
    assert!(!session.search_key_pair());
    assert_eq!(session.next_action(), None);
}

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
    let mut session = Session::open(rules, KeySize::Rsa2048, ControlIdSource::Provider, SystemRandom);
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

/// Runs a session in which `tzpk` is answered by `reply`, and gives how it ended.
fn end_after_tzpk(reply: impl Fn(&Request) -> Reply) -> (Event, usize) {
    let mut session = given();
    enter(&mut session);
    let (events, requests) = run(
        &mut session,
        |request| {
            assert_eq!(request.endpoint, Endpoint::Tzpk, "nothing is set without a TZPK");
            Some(reply(request))
        },
        no_issuer,
    );
    assert_ended(&mut session);
    (*events.last().unwrap(), requests.len())
}

#[test]
fn answers_to_tzpk_have_their_codes() {
    let cases: [(u16, Error); 14] = [
        (401, Error::ControlIdExpired),
        (403, Error::ControlIdExpired),
        (404, Error::ControlIdExpired),
        (410, Error::ControlIdExpired),
        (409, Error::AlreadyUsed),
        (400, Error::Rejected),
        (415, Error::Rejected),
        (429, Error::Rejected),
        (500, Error::ServerError),
        (503, Error::ServerError),
        (599, Error::ServerError),
        (199, Error::BadResponse),
        (304, Error::BadResponse),
        (600, Error::BadResponse),
    ];
    for (status, error) in cases {
        assert_eq!(end_after_tzpk(|_| answer(status, "{}")), (Event::Failed(error), 1), "{status}");
    }
    assert_eq!(end_after_tzpk(|_| Reply::TimedOut), (Event::Failed(Error::Timeout), 1));
    assert_eq!(end_after_tzpk(|_| Reply::Failed), (Event::Failed(Error::Network), 2), "asked once more");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    /// Whatever comes, the session ends with a code of its own, and holds nothing.
    #[test]
    fn any_answer_ends_with_a_code(status: u16, body: Vec<u8>, tzpk: String, as_json: bool) {
        let body = if as_json { json!({"tzpk": tzpk}).to_string().into_bytes() } else { body };
        let (end, _) = end_after_tzpk(|_| answer(status, body.clone()));
        prop_assert!(matches!(end, Event::Failed(error) if error != Error::OutcomeUnknown), "{:?}", end);
    }
}

#[test]
fn answers_that_are_no_json_are_bad_responses() {
    let deep = "[".repeat(10_000);
    let bodies: [&[u8]; 10] = [
        b"",
        b"<!doctype html><title>Log in</title>",
        b"{}",
        b"[]",
        b"null",
        b"{\"tzpk\":7}",
        b"{\"tzpk\":\"AAAA\"",
        b"{\"tzpk\":\"AAAA\",\"tzpk\":\"AAAA\"}",
        b"{\"tzpk\":\"\xff\"}",
        deep.as_bytes(),
    ];
    for body in bodies {
        assert_eq!(end_after_tzpk(|_| answer(200, body)), (Event::Failed(Error::BadResponse), 1));
    }
    let too_large = |_: &Request| Reply::Answered { status: 200, body: None };
    assert_eq!(end_after_tzpk(too_large), (Event::Failed(Error::BadResponse), 1));
    assert_eq!(MAX_REPLY_BYTES, 65_536);
}

/// `{"tzpk": …}` with these bytes.
fn wrapped(bytes: &[u8]) -> Reply {
    answer(200, json!({"tzpk": Base64::encode_string(bytes), "unknown": true}).to_string())
}

#[test]
fn whatever_is_wrong_with_the_tzpk_has_one_code() {
    let invalid = (Event::Failed(Error::TzpkInvalid), 1);
    for len in [0, 8, 15, 17, 23, 25, 32, 33] {
        assert_eq!(
            end_after_tzpk(|request| wrapped(&wrap(request, &vec![0x5b; len]))),
            invalid,
            "{len} bytes"
        );
    }
    let single = [KEY[..8].to_vec(), KEY[..8].to_vec()].concat();
    assert_eq!(end_after_tzpk(|request| wrapped(&wrap(request, &single))), invalid);
    let truncated = |request: &Request| wrapped(&wrap(request, &KEY)[..255]);
    assert_eq!(end_after_tzpk(truncated), invalid);
    let flipped = |request: &Request| {
        let mut ciphertext = wrap(request, &KEY);
        ciphertext[100] ^= 1;
        wrapped(&ciphertext)
    };
    assert_eq!(end_after_tzpk(flipped), invalid);
    assert_eq!(end_after_tzpk(|_| wrapped(&[])), invalid);
    assert_eq!(end_after_tzpk(|_| wrapped(&[0xff; 256])), invalid);
    for no_base64 in ["*", "AAAA=", "AA AA", "-_-_"] {
        assert_eq!(end_after_tzpk(|_| answer(200, json!({"tzpk": no_base64}).to_string())), invalid);
    }
}

/// SHA-1 where SHA-256 belongs. The `rsa` crate makes the ciphertext; OpenSSL's is tried in `openssl.rs`.
#[test]
fn a_key_wrapped_with_sha1_is_refused() {
    use rsa::{PublicKey, pkcs8::DecodePublicKey};
    let sha1 = |request: &Request| {
        let der = Base64::decode_vec(&field(request, "publicKey")).unwrap();
        let public_key = PublicKey::from_public_key_der(&der).unwrap();
        wrapped(&public_key.oaep_encrypt_with_rng::<sha1::Sha1, _>(&mut rand::rngs::SysRng, &KEY).unwrap())
    };
    assert_eq!(end_after_tzpk(sha1), (Event::Failed(Error::TzpkInvalid), 1));
}

#[test]
fn answers_to_set_say_set_not_set_or_unknown() {
    let cases = [
        (answer(200, "{}"), Event::Success),
        (answer(204, ""), Event::Success),
        (answer(299, "<html>"), Event::Success),
        (answer(410, ""), Event::Failed(Error::ControlIdExpired)),
        (answer(401, ""), Event::Failed(Error::ControlIdExpired)),
        (answer(409, ""), Event::Failed(Error::AlreadyUsed)),
        (answer(400, ""), Event::Failed(Error::Rejected)),
        (Reply::Answered { status: 422, body: None }, Event::Failed(Error::Rejected)),
        (Reply::Answered { status: 200, body: None }, Event::Failed(Error::OutcomeUnknown)),
        (answer(100, ""), Event::Failed(Error::OutcomeUnknown)),
        (answer(302, ""), Event::Failed(Error::OutcomeUnknown)),
        (answer(500, ""), Event::Failed(Error::OutcomeUnknown)),
        (answer(504, ""), Event::Failed(Error::OutcomeUnknown)),
        (Reply::Failed, Event::Failed(Error::OutcomeUnknown)),
        (Reply::TimedOut, Event::Failed(Error::OutcomeUnknown)),
    ];
    for (reply, end) in cases {
        let mut session = open(ControlIdSource::Provider);
        enter(&mut session);
        let mut reply = Some(reply);
        let (events, requests) = run(
            &mut session,
            |request| match request.endpoint {
                Endpoint::Tzpk => good(request),
                Endpoint::Set => Some(reply.take().unwrap()),
            },
            || Some("token".to_owned()),
        );
        assert_eq!(events.last(), Some(&end));
        assert_eq!(requests, [Endpoint::Tzpk, Endpoint::Set], "set is sent once, whatever the answer");
        assert_ended(&mut session);
    }
}

#[test]
fn without_randomness_there_is_no_session() {
    let source = ControlIdSource::Provider;
    let mut session = Session::open(PinRules::default(), KeySize::Rsa2048, source, Replay(vec![7; 100]));
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
}

#[test]
fn debug_shows_no_secret() {
    let mut session = given();
    PIN.iter().for_each(|&digit| session.press(digit).unwrap());
    let shown = format!("{session:?}");
    assert!(shown.contains("Digits(4 of …)"), "{shown}");
    assert!(!shown.contains("83fa5f55"), "{shown}");
}
