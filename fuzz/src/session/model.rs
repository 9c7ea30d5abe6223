//! What has come out of a session so far, and what may come next.

use base64ct::{Base64, Encoding};
use card_pin::entry::Step;
use card_pin::error::Error;
use card_pin::session::{Action, Event, Operation, Session};
use card_pin::wire::{Endpoint, Request};
use card_pin_sandbox::fuzzing::Key;
use serde_json::Value;

use crate::device::{Dice, ascii, key_pair};

/// The input that came just before.
#[derive(Clone, Copy)]
pub(super) enum Input {
    Press(u8),
    Other,
}

/// The key of the last answer that had one.
pub(super) struct HandedOut {
    pub(super) key: Key,
    pub(super) format: u8,
    pub(super) pan: Vec<u8>,
    /// The PIN to be shown.
    pub(super) shown: Vec<u8>,
}

pub(super) struct Model {
    views: bool,
    first: Vec<u8>,
    second: Option<Vec<u8>>,
    is_submitted: bool,
    is_ready: bool,
    is_shown: bool,
    is_closed: bool,
    /// `Success`, or a failure.
    end: Option<Event>,
    waits_for: Option<Endpoint>,
    key_requests: usize,
    control_ids: usize,
    is_set: bool,
    handed_out: Option<HandedOut>,
    given: bool,
}

impl Model {
    pub(super) fn new(operation: Operation, given: bool) -> Self {
        Self {
            views: operation == Operation::View,
            first: Vec::new(),
            second: None,
            is_submitted: false,
            is_ready: false,
            is_shown: false,
            is_closed: false,
            end: None,
            waits_for: None,
            key_requests: 0,
            control_ids: 0,
            is_set: false,
            handed_out: None,
            given,
        }
    }

    pub(super) fn takes_digits(&self) -> bool {
        !self.views && !self.is_submitted && !self.has_ended()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.is_closed || self.end.is_some()
    }

    pub(super) fn waits_for(&self) -> Option<Endpoint> {
        self.waits_for.filter(|_| !self.has_ended())
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    pub(super) fn hand_out(&mut self, handed_out: HandedOut) {
        self.handed_out = Some(handed_out);
    }

    /// An answer came; to one that nothing waits for the session says nothing.
    pub(super) fn replied(&mut self, endpoint: Endpoint, session: &mut Session<Dice>) {
        if self.waits_for() == Some(endpoint) {
            self.waits_for = None;
            self.drain(session, Input::Other);
        } else {
            assert_eq!(session.next_action(), None);
        }
    }

    /// Takes every action, and checks each.
    pub(super) fn drain(&mut self, session: &mut Session<Dice>, mut input: Input) {
        while let Some(action) = session.next_action() {
            assert!(!self.has_ended(), "{action:?} after the end");
            match action {
                Action::SearchKeyPair => {}
                Action::AskControlId => {
                    assert!(self.is_submitted && !self.given);
                    self.control_ids += 1;
                    assert!(self.control_ids <= 2);
                }
                Action::Post(request) => self.posted(&request),
                Action::Emit(event) => self.told(event, &mut input),
            }
        }
        assert_eq!(session.has_ended(), self.has_ended());
        match session.shown() {
            Some(digits) => {
                let handed_out = self.handed_out.as_ref().unwrap();
                assert!(self.is_shown && !self.has_ended());
                assert_eq!(digits.expose(), handed_out.shown);
            }
            None => assert!(!self.is_shown || self.has_ended()),
        }
    }

    fn told(&mut self, event: Event, input: &mut Input) {
        match event {
            Event::Ready => {
                assert!(!self.is_ready);
                self.is_ready = true;
            }
            Event::PinValid { valid, digits, step } => {
                assert!(self.takes_digits());
                self.entered(digits, step, input);
                assert!(!valid || self.second.as_ref().is_none_or(|second| *second == self.first));
            }
            Event::Submitting => {
                assert!(!self.is_submitted);
                self.is_submitted = true;
            }
            Event::EntryRefused(error) => {
                let codes = [Error::TooShort, Error::TooLong, Error::NotDigits, Error::WeakPin];
                assert!(self.takes_digits() && codes.contains(&error), "{error}");
            }
            Event::SubmitRefused(error) => {
                let codes = [Error::TooShort, Error::WeakPin, Error::Mismatch];
                assert!(self.takes_digits() && codes.contains(&error), "{error}");
            }
            Event::Success => {
                assert!(self.is_set);
                self.end = Some(event);
            }
            Event::Shown => {
                assert!(self.views && self.is_submitted && !self.is_shown);
                self.is_shown = true;
            }
            Event::Failed(error) => {
                assert!(!self.views);
                // Before `set` the outcome is known, and after it a failure of the server leaves it unknown.
                let sent = self.is_set;
                assert!(!sent || !matches!(error, Error::Network | Error::Timeout | Error::ServerError));
                assert!(sent || error != Error::OutcomeUnknown);
                self.end = Some(event);
            }
            Event::ViewFailed(error) => {
                assert!(self.views && !self.is_shown && error != Error::OutcomeUnknown);
                self.end = Some(event);
            }
        }
    }

    /// Follows the entry by what the page is told: how many digits, in which step.
    fn entered(&mut self, digits: u8, step: Step, input: &mut Input) {
        let pressed = match std::mem::replace(input, Input::Other) {
            Input::Press(digit) => Some(digit),
            Input::Other => None,
        };
        match (step, &mut self.second) {
            (Step::Entry, Some(_)) => {
                assert_eq!(digits, 0, "both entries start over");
                (self.first, self.second) = (Vec::new(), None);
            }
            (Step::Entry, None) => follow(&mut self.first, digits, pressed),
            (Step::Confirm, None) => {
                assert_eq!(digits, 0, "the second entry starts empty");
                self.first.extend(pressed);
                self.second = Some(Vec::new());
            }
            (Step::Confirm, Some(second)) => follow(second, digits, pressed),
        }
    }

    fn posted(&mut self, request: &Request) {
        assert!(!self.is_set, "{:?} after set", request.endpoint);
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let members = body.as_object().unwrap();
        assert_eq!(members.len(), 2);
        assert!(members["controlId"].as_str().is_some_and(|id| !id.is_empty()));
        match request.endpoint {
            Endpoint::Set => {
                assert!(self.is_submitted && !self.views);
                let HandedOut { key, format, pan, .. } = self.handed_out.as_ref().unwrap();
                let block = Base64::decode_vec(members["pinBlock"].as_str().unwrap()).unwrap();
                assert_eq!(key.read_block(*format, pan, &block), Some(ascii(&self.first)));
                assert!(self.second.as_ref().is_none_or(|second| *second == self.first));
                self.is_set = true;
            }
            endpoint => {
                assert_eq!(endpoint == Endpoint::View, self.views);
                assert!(self.given || self.is_submitted);
                assert_eq!(members["publicKey"], key_pair().to_spki_base64());
                self.key_requests += 1;
                assert!(self.key_requests <= if self.given { 2 } else { 4 });
            }
        }
        self.waits_for = Some(request.endpoint);
    }
}

/// One digit more, or some less.
fn follow(entry: &mut Vec<u8>, digits: u8, pressed: Option<u8>) {
    if usize::from(digits) > entry.len() {
        entry.extend(pressed);
    } else {
        entry.truncate(digits.into());
    }
    assert_eq!(entry.len(), usize::from(digits));
}
