//! The whole order, natively: what is sent when, what the page is told, and that every end is an end.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use base64ct::{Base64, Encoding};
use card_pin::{
    entry::{PinRules, Step},
    error::Error,
    random::SystemRandom,
    session::{Action, ControlIdSource, End, Operation, Session, Settings, Stage},
    weak_pin::WeakPin,
    wire::{Answer, ControlId, Endpoint, Formats, Reply, Request},
};
use common::{
    Event, KEY, PIN, Replay, answer, assert_ended, enter, field, given, good, key_reply, no_issuer, open,
    rules, run, settings, turn, tzpk_reply,
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
    // What was submitted stays in sight until the end.
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
    let mut session = Session::open(settings, Replay(vec![7; 100]));
    assert_eq!(run(&mut session, good, no_issuer).0, [Event::Failed(Error::EntropyUnavailable)]);
    assert!(session.has_ended());
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

    // It is looked up: during the wait, and during the request.
    for waits in [false, true] {
        let mut session = looking_up();
        if !waits {
            session.waited();
        }
        close(&mut session, unknown);
    }
}

#[test]
fn what_nothing_waits_for_changes_nothing() {
    let mut session = given();
    session.reply(answer(200, "{}"));
    session.control_id(Some("unasked".to_owned()));
    session.waited();
    session.reveal();
    enter(&mut session);
    assert_eq!(run(&mut session, good, no_issuer).0.last(), Some(&Event::Success));
}

/// A server that is busy for as many requests as `retry_after` has values, and is good then.
fn busy<'a>(retry_after: &'a [Option<u16>]) -> impl FnMut(&Request) -> Option<Reply> + 'a {
    let mut retry_after = retry_after.iter();
    move |request| match (request.endpoint, retry_after.next()) {
        (Endpoint::Tzpk | Endpoint::View, Some(&seconds)) => Some(busy_reply(seconds)),
        _ => good(request),
    }
}

fn busy_reply(retry_after_seconds: Option<u16>) -> Reply {
    Reply::Answered(Answer { status: 429, is_html: false, retry_after_seconds, body: Some(Vec::new()) })
}

#[test]
fn a_busy_server_is_waited_for() {
    let cases: [(&[Option<u16>], &[u16]); 4] = [
        (&[None], &[1]),
        (&[None, None, None], &[1, 2, 4]),
        (&[Some(0), Some(30), None], &[1, 30, 4]),
        (&[Some(7), Some(7), Some(7)], &[7, 7, 7]),
    ];
    for (retry_after, waits) in cases {
        let mut session = given();
        enter(&mut session);
        let (events, requests) = run(&mut session, busy(retry_after), no_issuer);
        let mut expected: Vec<Event> = waits.iter().copied().map(Event::Waits).collect();
        expected.extend([Event::Ready, Event::Success]);
        assert_eq!(events, expected);
        assert_eq!(requests.len(), retry_after.len() + 2);
    }
}

#[test]
fn a_server_that_stays_busy_is_not_waited_for_any_more() {
    let cases: [(&[Option<u16>], usize); 3] =
        [(&[None; 4], 4), (&[Some(31)], 1), (&[Some(30), Some(u16::MAX)], 2)];
    for (retry_after, asked) in cases {
        let mut session = given();
        enter(&mut session);
        let (events, requests) = run(&mut session, busy(retry_after), no_issuer);
        assert_eq!(events.last(), Some(&Event::Failed(Error::Busy)));
        assert_eq!(requests, vec![Endpoint::Tzpk; asked]);
        assert_ended(&mut session);
    }
}

/// A control id may live for 30 seconds alone, so after half of them another one is asked for.
#[test]
fn after_long_waits_a_new_control_id_is_asked_for() {
    let cases: [(&[Option<u16>], usize); 5] = [
        (&[None, None, None], 1),
        (&[Some(14)], 1),
        (&[Some(15)], 2),
        (&[Some(8), Some(7)], 2),
        (&[Some(15), Some(15), Some(15)], 4),
    ];
    for (retry_after, last) in cases {
        let mut session = open(ControlIdSource::Provider);
        enter(&mut session);
        let (mut tokens, mut server) = (0, busy(retry_after));
        let mut sent = String::new();
        let (events, _) = run(
            &mut session,
            |request| {
                sent = field(request, "controlId");
                server(request)
            },
            || {
                tokens += 1;
                Some(format!("token{tokens}"))
            },
        );
        assert_eq!(events.last(), Some(&Event::Success));
        assert_eq!((tokens, sent), (last, format!("token{last}")));
    }
}

/// A second `set` could set another PIN than the first.
#[test]
fn busy_for_set_is_the_end() {
    for can_look_up in [false, true] {
        let mut session = open_to_look_up(can_look_up);
        let (events, requests) = run(
            &mut session,
            |request| match request.endpoint {
                Endpoint::Set => Some(busy_reply(Some(1))),
                _ => good(request),
            },
            no_issuer,
        );
        assert_eq!(events.last(), Some(&Event::Failed(Error::Busy)));
        assert_eq!(requests, [Endpoint::Tzpk, Endpoint::Set]);
    }
}

/// Submitted.
fn open_to_look_up(can_look_up: bool) -> Session<SystemRandom> {
    let settings = settings(Operation::Set(rules()), common::given_source());
    let mut session = Session::open(Settings { can_look_up, ..settings }, SystemRandom::new());
    enter(&mut session);
    session
}

/// A session whose `set` timed out, and which waits to look up what came of it.
fn looking_up() -> Session<SystemRandom> {
    let mut session = open_to_look_up(true);
    run(&mut session, |request| good(request).filter(|_| request.endpoint == Endpoint::Tzpk), no_issuer);
    assert_eq!(turn(&mut session, |session| session.reply(Reply::TimedOut)), []);
    assert_eq!((session.snapshot().stage, session.snapshot().waits_seconds), (Stage::Submitting, None));
    session
}

fn pin_status(status: &str) -> Reply {
    answer(200, json!({"pinStatus": status}).to_string())
}

/// Runs a session in which `set` is answered by `cause`, and the look-ups by `answers`; gives how it ended, and how many
/// look-ups were made.
fn end_after_look_ups(cause: Reply, answers: [Reply; 3]) -> (Event, usize) {
    let mut session = open_to_look_up(true);
    let (mut cause, mut answers) = (Some(cause), answers.into_iter());
    let (events, requests) = run(
        &mut session,
        |request| match request.endpoint {
            Endpoint::Tzpk => good(request),
            Endpoint::Set => cause.take(),
            _ => answers.next(),
        },
        no_issuer,
    );
    assert_eq!(requests[..2], [Endpoint::Tzpk, Endpoint::Set]);
    assert!(requests[2..].iter().all(|&endpoint| endpoint == Endpoint::Status));
    assert_ended(&mut session);
    (*events.last().unwrap(), requests.len() - 2)
}

#[test]
fn an_unknown_outcome_is_looked_up() {
    let not_set = Event::Failed(Error::Timeout);
    let unknown = Event::Failed(Error::OutcomeUnknown);
    let unreadable = || answer(200, "<html>");
    let cases: [([Reply; 3], (Event, usize)); 8] = [
        (["S", "-", "-"].map(pin_status), (Event::Success, 1)),
        (["W", "D", "SET"].map(pin_status), (Event::Success, 3)),
        (["W", "W", "W"].map(pin_status), (not_set, 3)),
        (["W", "GENERATED", "WAITING"].map(pin_status), (not_set, 3)),
        ([unreadable(), Reply::Failed, pin_status("S")], (Event::Success, 3)),
        ([unreadable(), unreadable(), unreadable()], (unknown, 3)),
        ([pin_status("W"), pin_status("W"), Reply::TimedOut], (unknown, 3)),
        ([answer(503, ""), answer(410, ""), pin_status("W")], (not_set, 3)),
    ];
    for (answers, end) in cases {
        let shown = format!("{answers:?}");
        assert_eq!(end_after_look_ups(Reply::TimedOut, answers), end, "{shown}");
    }
}

/// What kept the PIN from being set is the reason that the page gets.
#[test]
fn a_pin_that_is_not_set_has_the_code_of_its_cause() {
    let causes = [
        (Reply::Failed, Error::Network),
        (answer(502, ""), Error::ServerError),
        (answer(202, "{}"), Error::BadResponse),
    ];
    for (cause, code) in causes {
        let end = end_after_look_ups(cause, ["W", "W", "W"].map(pin_status));
        assert_eq!(end, (Event::Failed(code), 3));
    }
}

#[test]
fn looking_up_is_not_done_at_once() {
    let mut session = looking_up();
    for seconds in [1, 2, 4] {
        assert_eq!(session.next_action(), Some(Action::Wait(seconds)));
        // Neither an answer nor the end of a wait is taken where nobody waits for it.
        session.reply(pin_status("S"));
        assert_eq!(session.next_action(), None);
        session.waited();
        session.waited();
        let Some(Action::Post(request)) = session.next_action() else { panic!("nothing is looked up") };
        assert_eq!(request.endpoint, Endpoint::Status);
        assert_eq!(request.body, r#"{"controlId":"83fa5f55-3dd7-453a-8233-4242a6bad179"}"#);
        assert_eq!(session.next_action(), None);
        session.reply(pin_status("W"));
    }
    assert_eq!(session.snapshot().end, Some(End { code: Some(Error::Timeout), retryable: true }));
    assert_ended(&mut session);
}

/// A 4xx says that the PIN is not set: there is nothing to look up.
#[test]
fn a_known_outcome_is_not_looked_up() {
    let outcomes = [(200, Event::Success), (409, Event::Failed(Error::AlreadyUsed))];
    for (status, end) in outcomes {
        let mut session = open_to_look_up(true);
        let (events, requests) = run(
            &mut session,
            |request| match request.endpoint {
                Endpoint::Set => Some(answer(status, "{}")),
                _ => good(request),
            },
            no_issuer,
        );
        assert_eq!(events.last(), Some(&end));
        assert_eq!(requests, [Endpoint::Tzpk, Endpoint::Set]);
    }
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
