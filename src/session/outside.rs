//! What a session and its caller tell each other.

use crate::{
    entry::{PinRules, Step},
    error::Error,
    wire::{
        ControlId, Request,
        json::{Value, write_object},
    },
};
use alloc::string::String;

/// Where the control id comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum ControlIdSource {
    /// It is known from the start: the TZPK is asked for as soon as there is a key pair.
    Given(ControlId),
    /// It is asked for by [`Action::AskControlId`] once the customer has submitted.
    Provider,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The customer chooses a PIN.
    Set(PinRules),
    /// The customer looks at the PIN that the card has.
    View,
}

/// What the caller has to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Call [`Session::search_key_pair`](super::Session::search_key_pair) until it returns `false`, letting other input through in between.
    SearchKeyPair,
    /// Get a control id and pass it to [`Session::control_id`](super::Session::control_id).
    AskControlId,
    /// Make the request and pass its outcome to [`Session::reply`](super::Session::reply).
    Post(Request),
    /// Tell the page.
    Emit(Event),
}

impl Action {
    /// One line for the script that carries it out. What the page is to be told is written as it is told: the messages of
    /// `www/protocol.js`.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::SearchKeyPair => write_object(&[("search", Value::Flag(true))]),
            Self::AskControlId => write_object(&[("ask", Value::Text("controlId"))]),
            Self::Post(Request { endpoint, body }) => {
                write_object(&[("post", Value::Text(endpoint.name())), ("body", Value::Text(body))])
            }
            Self::Emit(event) => event.to_json(),
        }
    }
}

/// What the page is told. Nothing else leaves a session but requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A submit would go out at once.
    Ready,
    /// The entry changed.
    PinValid {
        /// Whether a submit now would be sent.
        valid: bool,
        /// How many digits the current entry holds.
        digits: u8,
        /// Which entry that is.
        step: Step,
    },
    /// A submit was taken: there is a PIN, and no more input.
    Submitting,
    /// A digit or the whole first entry was refused; the customer types on or again.
    EntryRefused(Error),
    /// A submit was refused; the customer types on or again.
    SubmitRefused(Error),
    /// The PIN is set.
    Success,
    /// The PIN can be shown: [`Session::shown`](super::Session::shown) has its digits.
    Shown,
    /// Setting the PIN has failed.
    Failed(Error),
    /// Viewing the PIN has failed.
    ViewFailed(Error),
}

impl Event {
    fn to_json(self) -> String {
        match self {
            Self::Ready => named("ready"),
            Self::PinValid { valid, digits, step } => write_object(&[
                ("event", Value::Text("pin_valid")),
                ("pin_valid", Value::Flag(valid)),
                ("digits", Value::Byte(digits)),
                ("step", Value::Text(step.name())),
            ]),
            Self::Submitting => write_object(&[("submitting", Value::Flag(true))]),
            Self::EntryRefused(error) => refused(error, false),
            Self::SubmitRefused(error) => refused(error, true),
            Self::Success => named("set_pin_success"),
            Self::Shown => named("view_pin_success"),
            Self::Failed(error) => failed("set_pin_error", error),
            Self::ViewFailed(error) => failed("view_pin_error", error),
        }
    }
}

fn named(event: &str) -> String {
    write_object(&[("event", Value::Text(event))])
}

fn failed(event: &str, error: Error) -> String {
    with_code(event, error, ("retryable", error.is_retryable()))
}

/// `submit` tells the page whether its submit was refused, or an earlier digit.
fn refused(error: Error, submit: bool) -> String {
    with_code("set_pin_validation_error", error, ("submit", submit))
}

fn with_code(event: &str, error: Error, (name, flag): (&str, bool)) -> String {
    write_object(&[
        ("event", Value::Text(event)),
        ("code", Value::Text(error.code())),
        (name, Value::Flag(flag)),
    ])
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::{Action, Event};
    use crate::{
        entry::Step,
        error::Error,
        wire::{Endpoint, Request},
    };

    /// The scripts know these lines, character by character.
    #[test]
    fn every_action_is_one_line() {
        let post = |endpoint| Action::Post(Request { endpoint, body: "{\"controlId\":\"a\\n\"}".to_owned() });
        let pin_valid = |valid, digits, step| Event::PinValid { valid, digits, step };
        let body = r#""body":"{\"controlId\":\"a\\n\"}"}"#;
        let lines = [
            (Action::SearchKeyPair, r#"{"search":true}"#.to_owned()),
            (Action::AskControlId, r#"{"ask":"controlId"}"#.to_owned()),
            (post(Endpoint::Tzpk), format!(r#"{{"post":"tzpk",{body}"#)),
            (post(Endpoint::Set), format!(r#"{{"post":"set",{body}"#)),
            (post(Endpoint::View), format!(r#"{{"post":"view",{body}"#)),
        ];
        for (action, line) in lines {
            assert_eq!(action.to_json(), line);
        }
        let lines = [
            (Event::Ready, r#"{"event":"ready"}"#),
            (
                pin_valid(false, 12, Step::Entry),
                r#"{"event":"pin_valid","pin_valid":false,"digits":12,"step":"entry"}"#,
            ),
            (
                pin_valid(true, 4, Step::Confirm),
                r#"{"event":"pin_valid","pin_valid":true,"digits":4,"step":"confirm"}"#,
            ),
            (Event::Submitting, r#"{"submitting":true}"#),
            (
                Event::EntryRefused(Error::WeakPin),
                r#"{"event":"set_pin_validation_error","code":"weak_pin","submit":false}"#,
            ),
            (
                Event::SubmitRefused(Error::Mismatch),
                r#"{"event":"set_pin_validation_error","code":"mismatch","submit":true}"#,
            ),
            (Event::Success, r#"{"event":"set_pin_success"}"#),
            (Event::Shown, r#"{"event":"view_pin_success"}"#),
            (
                Event::Failed(Error::OutcomeUnknown),
                r#"{"event":"set_pin_error","code":"outcome_unknown","retryable":false}"#,
            ),
            (
                Event::ViewFailed(Error::Network),
                r#"{"event":"view_pin_error","code":"network","retryable":true}"#,
            ),
        ];
        for (event, line) in lines {
            assert_eq!(Action::Emit(event).to_json(), line);
        }
    }
}
