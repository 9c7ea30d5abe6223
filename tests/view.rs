//! Viewing a PIN, natively: what is sent when, what the page is told, and that nothing stays.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use base64ct::{Base64, Encoding};
use card_pin::{
    error::Error,
    key_pair::KeySize,
    random::SystemRandom,
    session::{ControlIdSource, Event, Operation, Session},
    wire::{ControlId, Endpoint, Reply, Request},
};
use common::{KEY, PIN, answer, assert_ended, field, good, key_reply, no_issuer, run, shown_block};
use serde_json::json;

/// A name for the server's side of one case.
type Answer = Box<dyn Fn(&Request) -> Reply>;

fn open(source: ControlIdSource) -> Session<SystemRandom> {
    Session::open(Operation::View, KeySize::Rsa2048, source, SystemRandom::new())
}

fn given() -> Session<SystemRandom> {
    open(ControlIdSource::Given(ControlId::new("token".to_owned()).unwrap()))
}

#[test]
fn with_a_control_id_the_pin_is_shown_at_once() {
    let mut session = given();
    let (events, requests) = run(
        &mut session,
        |request| {
            assert_eq!(field(request, "controlId"), "token");
            good(request)
        },
        no_issuer,
    );
    assert_eq!(requests, [Endpoint::View]);
    assert_eq!(events, [Event::Submitting, Event::Shown]);
    assert_eq!(session.shown().unwrap().expose(), PIN);
    session.close();
    assert!(session.shown().is_none());
    assert_ended(&mut session);
}

#[test]
fn with_a_provider_nothing_is_sent_before_the_customer_asks() {
    let mut session = open(ControlIdSource::Provider);
    let (events, _) = run(&mut session, |_| panic!("nobody asked yet"), no_issuer);
    assert_eq!(events, [Event::Ready]);
    session.advance().unwrap();
    session.advance().unwrap();
    let (events, requests) = run(&mut session, good, || Some("token".to_owned()));
    assert_eq!(requests, [Endpoint::View]);
    assert_eq!(events, [Event::Submitting, Event::Shown]);
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
    for (expired, end) in [(1, Event::Shown), (2, Event::ViewFailed(Error::ControlIdExpired))] {
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
        let (events, _) = run(&mut session, |request| Some(reply(request)), no_issuer);
        assert_eq!(events.last(), Some(&Event::ViewFailed(error)));
        assert!(session.shown().is_none());
        assert_ended(&mut session);
    }
}
