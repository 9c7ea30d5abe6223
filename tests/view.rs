//! Viewing a PIN, natively: what is sent when, what the page is told, and that nothing stays.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use base64ct::{Base64, Encoding};
use card_pin::{
    error::Error,
    random::SystemRandom,
    session::{ControlIdSource, End, Operation, Session, Stage},
    wire::{ControlId, Endpoint, Reply, Request},
};
use common::{
    Event, KEY, PIN, answer, assert_ended, field, good, key_reply, no_issuer, run, settings, shown_block,
    turn,
};
use serde_json::json;

/// A name for the server's side of one case.
type Answer = Box<dyn Fn(&Request) -> Reply>;

fn open(source: ControlIdSource) -> Session<SystemRandom> {
    Session::open(settings(Operation::View, source), SystemRandom::new())
}

fn given() -> Session<SystemRandom> {
    open(ControlIdSource::Given(ControlId::new("token".to_owned()).unwrap()))
}

#[test]
fn with_a_control_id_nothing_is_sent_before_the_customer_asks() {
    let mut session = given();
    assert_eq!(run(&mut session, good, no_issuer), (vec![Event::Ready], vec![]));
    assert_eq!(session.snapshot().stage, Stage::Entry);
    assert_eq!(turn(&mut session, |session| session.submit().unwrap()), [Event::Submitting]);
    let (events, requests) = run(
        &mut session,
        |request| {
            assert_eq!(field(request, "controlId"), "token");
            good(request)
        },
        no_issuer,
    );
    assert_eq!((events, requests), (vec![Event::Arrived], vec![Endpoint::View]));
}

/// A session whose PIN has arrived.
fn arrived() -> Session<SystemRandom> {
    let mut session = given();
    session.submit().unwrap();
    run(&mut session, good, no_issuer);
    session
}

/// Until then nobody knows that the customer is there to look.
#[test]
fn the_pin_is_shown_when_the_customer_looks() {
    let mut session = arrived();
    assert!(session.shown().is_none());
    assert_eq!(turn(&mut session, Session::reveal), [Event::Shown]);
    assert_eq!(session.shown().unwrap().expose(), PIN);
    assert_eq!(turn(&mut session, Session::reveal), []);
    assert_eq!(session.shown().unwrap().expose(), PIN);
    assert_eq!(turn(&mut session, Session::close), [Event::Hidden]);
    assert_eq!(session.snapshot().end, Some(End { code: None, retryable: false }));
    assert_ended(&mut session);
}

#[test]
fn a_pin_that_nobody_looked_at_was_not_shown() {
    let mut session = arrived();
    assert_eq!(turn(&mut session, Session::close), [Event::Failed(Error::Closed)]);
    assert_ended(&mut session);
}

#[test]
fn a_page_that_is_hidden_ends_the_view() {
    let forget = |session: &mut Session<SystemRandom>| assert_eq!(session.forget(), Ok(()));
    let mut session = arrived();
    assert_eq!(turn(&mut session, forget), [Event::Failed(Error::Closed)]);
    assert_ended(&mut session);

    let mut session = arrived();
    session.reveal();
    assert_eq!(turn(&mut session, forget), [Event::Hidden]);
    assert_ended(&mut session);
}

#[test]
fn before_the_pin_arrives_there_is_nothing_to_reveal_or_forget() {
    let mut session = given();
    session.submit().unwrap();
    assert_eq!(turn(&mut session, Session::reveal), []);
    assert_eq!(session.forget(), Err(Error::Closed));
    assert_eq!(run(&mut session, good, no_issuer).0, [Event::Ready, Event::Arrived]);
    assert!(session.shown().is_none());
}

#[test]
fn with_a_provider_nothing_is_sent_before_the_customer_asks() {
    let mut session = open(ControlIdSource::Provider);
    let (events, _) = run(&mut session, |_| panic!("nobody asked yet"), no_issuer);
    assert_eq!(events, [Event::Ready]);
    assert_eq!(turn(&mut session, |session| session.advance().unwrap()), [Event::Submitting]);
    assert_eq!(turn(&mut session, |session| session.advance().unwrap()), []);
    let (events, requests) = run(&mut session, good, || Some("token".to_owned()));
    assert_eq!((events, requests), (vec![Event::Arrived], vec![Endpoint::View]));
}

#[test]
fn there_is_nothing_to_type() {
    let mut session = open(ControlIdSource::Provider);
    for refused in [session.press(1), session.erase(), session.clear(), session.confirm()] {
        assert_eq!(refused, Err(Error::Closed));
    }
}

#[test]
fn an_expired_token_is_asked_for_once_more() {
    for (expired, end) in [(1, Event::Arrived), (2, Event::Failed(Error::ControlIdExpired))] {
        let mut session = open(ControlIdSource::Provider);
        session.submit().unwrap();
        let mut answers = 0;
        let (events, _) = run(
            &mut session,
            |request| {
                answers += 1;
                if answers <= expired { Some(answer(410, "")) } else { good(request) }
            },
            || Some("token".to_owned()),
        );
        assert_eq!(events.last(), Some(&end));
    }
}

#[test]
fn every_other_answer_has_its_code() {
    let no_block = |request: &Request| key_reply(request, &KEY, json!({}));
    let block = |bytes: &[u8]| {
        let block = Base64::encode_string(bytes);
        move |request: &Request| key_reply(request, &KEY, json!({"pinBlock": block}))
    };
    let mut spoiled = shown_block();
    spoiled[0] ^= 1;
    let cases: [(Answer, Error); 9] = [
        (Box::new(no_block), Error::BadResponse),
        (Box::new(block(&[])), Error::BadResponse),
        (Box::new(block(&[7; 16])), Error::BadResponse),
        (Box::new(block(&spoiled)), Error::BadResponse),
        (Box::new(|request| key_reply(request, &KEY, json!({"pinBlock": "*"}))), Error::BadResponse),
        (Box::new(|request| key_reply(request, &[7; 16], json!({"pinBlock": ""}))), Error::TzpkInvalid),
        (Box::new(|_| answer(409, "")), Error::AlreadyUsed),
        (Box::new(|_| answer(503, "")), Error::ServerError),
        (Box::new(|_| Reply::TimedOut), Error::Timeout),
    ];
    for (reply, error) in cases {
        let mut session = given();
        session.submit().unwrap();
        let (events, _) = run(&mut session, |request| Some(reply(request)), no_issuer);
        assert_eq!(events.last(), Some(&Event::Failed(error)));
        assert!(session.shown().is_none());
        assert_ended(&mut session);
    }
}
