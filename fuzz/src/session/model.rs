//! The output of a session so far, and the output that may come next.

/// What card-pin's own tests check, too; its first lines say why there are two models.
#[path = "../../../tests/common/always.rs"]
mod always;
/// The events that a page derives from a session: the file of card-pin's own tests.
#[path = "../../../tests/common/event.rs"]
mod event;

use base64ct::{Base64, Encoding};
use card_pin::entry::{Entry, PinRules, Step};
use card_pin::error::Error;
use card_pin::session::{Action, Session, Snapshot};
use card_pin::wire::{Endpoint, Request};
use card_pin_sandbox::fuzzing::Key;
use serde_json::Value;

use crate::device::{Dice, ascii, key_pair};
use always::{LONGEST_WAIT, LOOK_UPS, WAITS, check_change};
pub(super) use event::Event;
use event::events;

/// The first control id, one for one that has expired, one for another key pair, and one after each wait that was too long for it.
const MAX_CONTROL_IDS: usize = 3 + WAITS.len();

/// The input that came just before.
#[derive(Clone, Copy)]
pub(super) enum Input {
    Press(u8),
    Suggest,
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
    /// Of the PIN to be set; `None` to view one.
    rules: Option<PinRules>,
    given: bool,
    formats: &'static [u8],
    /// The state that the page knows.
    snapshot: Snapshot,
    /// Every event so far.
    pub(super) events: Vec<Event>,
    first: Vec<u8>,
    second: Option<Vec<u8>>,
    is_submitted: bool,
    is_ready: bool,
    has_arrived: bool,
    is_shown: bool,
    /// The last state that was reported to the page.
    end: Option<Event>,
    waits_for: Option<Endpoint>,
    is_waiting: bool,
    waits: usize,
    look_ups: usize,
    key_requests: usize,
    control_ids: usize,
    is_set: bool,
    handed_out: Option<HandedOut>,
}

impl Model {
    pub(super) fn new(
        rules: Option<PinRules>,
        given: bool,
        formats: &'static [u8],
        snapshot: Snapshot,
    ) -> Self {
        Self {
            rules,
            given,
            formats,
            snapshot,
            events: Vec::new(),
            first: Vec::new(),
            second: None,
            is_submitted: false,
            is_ready: false,
            has_arrived: false,
            is_shown: false,
            end: None,
            waits_for: None,
            is_waiting: false,
            waits: 0,
            look_ups: 0,
            key_requests: 0,
            control_ids: 0,
            is_set: false,
            handed_out: None,
        }
    }

    fn views(&self) -> bool {
        self.rules.is_none()
    }

    pub(super) fn takes_digits(&self) -> bool {
        !self.views() && !self.is_submitted && !self.has_ended()
    }

    pub(super) fn is_there_to_look_at(&self) -> bool {
        self.has_arrived && !self.has_ended()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn waits_for(&self) -> Option<Endpoint> {
        self.waits_for.filter(|_| !self.has_ended())
    }

    pub(super) fn hand_out(&mut self, handed_out: HandedOut) {
        self.handed_out = Some(handed_out);
    }

    /// Takes an answer; one that nothing waits for changes nothing.
    pub(super) fn replied(&mut self, session: &mut Session<Dice>) {
        if self.waits_for().is_some() {
            self.waits_for = None;
            self.drain(session, Input::Other);
        } else {
            self.assert_unchanged(session);
        }
    }

    /// Ends a wait; one that nothing asked for changes nothing.
    pub(super) fn waited(&mut self, session: &mut Session<Dice>) {
        if self.is_waiting && !self.has_ended() {
            self.is_waiting = false;
            self.drain(session, Input::Other);
        } else {
            self.assert_unchanged(session);
        }
    }

    fn assert_unchanged(&self, session: &mut Session<Dice>) {
        assert_eq!(session.next_action(), None);
        assert_eq!(session.snapshot(), self.snapshot);
    }

    /// Takes every event and every action, and checks each.
    pub(super) fn drain(&mut self, session: &mut Session<Dice>, input: Input) {
        let before = std::mem::replace(&mut self.snapshot, session.snapshot());
        check_change(before, self.snapshot);
        for event in events(before, self.snapshot) {
            assert!(!self.has_ended(), "{event:?} after the end");
            self.told(event, input);
            self.events.push(event);
        }
        match input {
            Input::Press(_) => assert!(!self.snapshot.suggested),
            Input::Suggest => assert_eq!(self.snapshot.suggested, self.takes_digits()),
            Input::Other => assert!(before.suggested || !self.snapshot.suggested),
        }
        while let Some(action) = session.next_action() {
            assert!(!self.has_ended(), "{action:?} after the end");
            match action {
                Action::SearchKeyPair => {}
                Action::AskControlId => {
                    assert!(self.is_submitted && !self.given && !self.is_set);
                    self.control_ids += 1;
                    assert!(self.control_ids <= MAX_CONTROL_IDS);
                }
                Action::Post(request) => self.posted(&request),
                Action::Wait(seconds) => {
                    assert!(self.waits_for.is_none() && !self.is_waiting);
                    self.is_waiting = true;
                    if self.is_set {
                        assert_eq!(Some(&seconds), LOOK_UPS.get(self.look_ups));
                    } else {
                        assert_eq!(self.snapshot.waits_seconds, Some(seconds));
                    }
                }
            }
        }
        assert_eq!(session.snapshot().end.is_some(), self.has_ended());
        match session.shown() {
            Some(digits) if self.snapshot.suggested => self.suggested(digits.expose()),
            Some(digits) => {
                let handed_out = self.handed_out.as_ref().unwrap();
                assert!(self.is_shown && !self.has_ended());
                assert_eq!(digits.expose(), handed_out.shown);
            }
            None => assert!(!self.snapshot.suggested && (!self.is_shown || self.has_ended())),
        }
    }

    /// Types a PIN that was drawn for the customer: it would be accepted.
    fn suggested(&self, pin: &[u8]) {
        assert!(self.takes_digits());
        assert_eq!((self.snapshot.step, self.snapshot.digits), (Step::Entry, 0));
        let mut entry = Entry::new(self.rules.unwrap());
        pin.iter().for_each(|&digit| entry.press(digit).unwrap());
        entry.confirm().unwrap();
        if entry.step() == Step::Confirm {
            pin.iter().for_each(|&digit| entry.press(digit).unwrap());
        }
        assert!(entry.is_valid());
    }

    fn told(&mut self, event: Event, input: Input) {
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
            Event::Refused(error) => {
                let codes =
                    [Error::TooShort, Error::TooLong, Error::NotDigits, Error::WeakPin, Error::Mismatch];
                assert!(self.takes_digits() && codes.contains(&error), "{error}");
            }
            Event::Waits(seconds) => {
                self.waits += 1;
                assert!(!self.is_set && self.waits <= WAITS.len() && (1..=LONGEST_WAIT).contains(&seconds));
            }
            Event::Arrived => {
                assert!(self.views() && self.is_submitted && !self.has_arrived);
                self.has_arrived = true;
            }
            Event::Shown => {
                assert!(self.has_arrived && !self.is_shown);
                self.is_shown = true;
            }
            Event::Hidden => {
                assert!(self.is_shown);
                self.end = Some(event);
            }
            Event::Success => {
                assert!(self.is_set);
                self.end = Some(event);
            }
            Event::Failed(error) => {
                assert!(!self.is_shown);
                // Before `set` the outcome is known. After it a failure leaves it unknown, unless it was looked up.
                let failures = [Error::Network, Error::Timeout, Error::ServerError, Error::BadResponse];
                let is_known = !self.is_set || self.look_ups == LOOK_UPS.len();
                assert!(is_known || !failures.contains(&error), "{error}");
                assert!(self.is_set || error != Error::OutcomeUnknown);
                assert!(!self.is_set || error != Error::Closed, "a PIN that is on its way may be set");
                self.end = Some(event);
            }
        }
    }

    /// Follows the entry by the events: how many digits, in which step.
    fn entered(&mut self, digits: u8, step: Step, input: Input) {
        let pressed = match input {
            Input::Press(digit) => Some(digit),
            Input::Suggest | Input::Other => None,
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
        assert_eq!(self.is_set, request.endpoint == Endpoint::Status, "{:?}", request.endpoint);
        assert!(!self.is_waiting);
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let members = body.as_object().unwrap();
        assert_eq!(members.len(), if request.endpoint == Endpoint::Status { 1 } else { 2 });
        assert!(members["controlId"].as_str().is_some_and(|id| !id.is_empty()));
        match request.endpoint {
            Endpoint::Set => {
                assert!(self.is_submitted && !self.views());
                let HandedOut { key, format, pan, .. } = self.handed_out.as_ref().unwrap();
                let block = Base64::decode_vec(members["pinBlock"].as_str().unwrap()).unwrap();
                assert_eq!(key.read_block(*format, pan, &block), Some(ascii(&self.first)));
                assert!(self.second.as_ref().is_none_or(|second| *second == self.first));
                assert!(self.formats.contains(format));
                self.is_set = true;
            }
            Endpoint::Status => {
                self.look_ups += 1;
                assert!(self.look_ups <= LOOK_UPS.len());
            }
            endpoint => {
                assert_eq!(endpoint == Endpoint::View, self.views());
                // Only the key for a PIN that is set with a given control id is fetched while the customer types.
                assert!((self.given && !self.views()) || self.is_submitted);
                assert_eq!(members["publicKey"], key_pair().to_spki_base64());
                self.key_requests += 1;
                // Twice with each control id, and twice after each wait.
                assert!(self.key_requests <= 2 * (1 + self.waits + self.control_ids));
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
