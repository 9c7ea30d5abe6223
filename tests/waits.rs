//! What a session waits for before it gives up: a busy server, and an unknown outcome that is looked up.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use card_pin::{
    error::Error,
    random::SystemRandom,
    session::{Action, ControlIdSource, End, Operation, Session, Settings, Stage},
    wire::{Answer, Endpoint, Reply, Request},
};
use common::{
    Event, answer, assert_ended, enter, field, given, given_source, good, no_issuer, open, rules, run,
    settings, turn,
};
use serde_json::json;

/// Busy for the first `retry_after.len()` requests, then answers.
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

/// A control id may live for only 30 seconds, so after half of them another one is asked for.
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
    let settings = settings(Operation::Set(rules()), given_source());
    let mut session = Session::open(Settings { can_look_up, ..settings }, SystemRandom::new());
    enter(&mut session);
    session
}

/// A session whose `set` timed out, and which waits to look up its outcome.
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
        assert!(session.snapshot().checking);
        assert_eq!(session.next_action(), Some(Action::Wait(seconds)));
        // Neither an answer nor the end of a wait is taken where nobody waits for it.
        session.reply(pin_status("S"));
        assert_eq!(session.next_action(), None);
        session.waited();
        session.waited();
        let Some(Action::Post(request)) = session.next_action() else { panic!("nothing is looked up") };
        assert_eq!(request.endpoint, Endpoint::Status);
        assert!(session.snapshot().checking);
        assert_eq!(request.body, r#"{"controlId":"83fa5f55-3dd7-453a-8233-4242a6bad179"}"#);
        assert_eq!(session.next_action(), None);
        session.reply(pin_status("W"));
    }
    assert!(!session.snapshot().checking);
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

/// During the wait, and during the request.
#[test]
fn closing_while_it_is_looked_up_leaves_the_outcome_unknown() {
    for waits in [true, false] {
        let mut session = looking_up();
        if !waits {
            session.waited();
        }
        assert_eq!(turn(&mut session, Session::close), [Event::Failed(Error::OutcomeUnknown)]);
        assert_ended(&mut session);
    }
}
