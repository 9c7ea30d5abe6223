//! `Session`: one PIN, from an empty pad to the server's answer. This is the only file that knows the whole order.
//!
//! To set a PIN, two tracks run side by side until the customer submits; then one request ends them both:
//!
//! ```text
//! key:  Searching ──→ KeyReady ──control id──→ Requested ⇄ Waiting ──reply──→ Unwrapped ─┐
//! pin:  Entering ──submit──→ Chosen ─────────────────────────────────────────────────────┴─→ Setting ──reply──→ Ended
//!                                                                                               └→ LookingUp ─┘
//! ```
//!
//! To view a PIN, the customer only asks for it, and the reply contains both key and block:
//!
//! ```text
//! key:  Searching ──→ KeyReady ──control id──→ Requested ⇄ Waiting ──reply──┐
//! pin:  Idle ──submit──→ Requested ─────────────────────────────────────────┴─→ Arrived ──reveal──→ Showing ──close──→ Ended
//! ```
//!
//! Every arrow consumes what it starts from, so no key, PIN or block outlives its step, and a used key cannot be
//! used again. `Setting` contains no secret and is reached once. Any error ends the session from any
//! phase, and the end drops (and so wipes) everything. Only errors of the entry do not end it: the customer
//! types again.
//!
//! The session does no input or output of its own. Its caller passes on each input (a digit, a reply), carries out the
//! actions that [`next_action`](crate::session::Session::next_action) returns, in order, and sends the
//! [`snapshot`](crate::session::Session::snapshot) to the page.

mod action;
mod attempts;
mod input;
mod phase;
mod requests;
mod snapshot;

use crate::{
    digits::Digits,
    entry::{Entry, Step},
    error::Error,
    key_pair::{KeyPairSearch, KeySize},
    weak_pin::WeakReason,
    wire::{self},
};
use alloc::{boxed::Box, collections::VecDeque};
use core::mem;
use rand_core::TryCryptoRng;

use attempts::Attempts;
use phase::{KeyTrack, Phase, PinTrack};

pub use action::{Action, ControlIdSource, Operation, Settings};
pub use snapshot::{End, Snapshot, Stage};

/// One session of setting or viewing a PIN.
#[derive(Debug)]
pub struct Session<R> {
    random: R,
    operation: Operation,
    key_size: KeySize,
    control_id_source: ControlIdSource,
    formats: wire::Formats,
    can_look_up: bool,
    phase: Phase,
    attempts: Attempts,
    actions: VecDeque<Action>,
    ready: bool,
    requested: bool,
    sent: bool,
    refusals: u32,
    refused: Option<Error>,
    reason: Option<WeakReason>,
    /// A PIN that was drawn for the customer. It is wiped as soon as the customer does anything else.
    suggested: Option<Digits>,
    /// The state of the entry at the submit.
    submitted: Option<(Step, u8)>,
}

impl<R: TryCryptoRng> Session<R> {
    /// Opens a session; the first action is to search for a key pair.
    pub fn open(settings: Settings, random: R) -> Self {
        let Settings { operation, personal, key_size, control_id_source, formats, can_look_up } = settings;
        let key = KeyTrack::Searching(Box::new(KeyPairSearch::new(key_size)));
        let pin = match operation {
            Operation::Set(rules) => PinTrack::Entering(Entry::of_customer(rules, personal)),
            Operation::View => PinTrack::Idle,
        };
        Self {
            random,
            operation,
            key_size,
            control_id_source,
            formats,
            can_look_up,
            phase: Phase::Open { key, pin },
            attempts: Attempts::default(),
            actions: VecDeque::from([Action::SearchKeyPair]),
            ready: false,
            requested: false,
            sent: false,
            refusals: 0,
            refused: None,
            reason: None,
            suggested: None,
            submitted: None,
        }
    }

    /// The next action, in order; `None` when the session waits for input.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The stage of the session.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match &self.phase {
            Phase::Open { pin: PinTrack::Entering(_) | PinTrack::Idle, .. } => Stage::Entry,
            Phase::Open { .. } | Phase::Setting { .. } | Phase::LookingUp { .. } => Stage::Submitting,
            Phase::Arrived(_) => Stage::Arrived,
            Phase::Showing(_) => Stage::Shown,
            Phase::Ended(_) => Stage::Ended,
        }
    }

    /// The current state of the session.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let (step, digits, valid) = match &self.phase {
            Phase::Open { pin: PinTrack::Entering(entry), .. } => {
                (entry.step(), entry.digits(), entry.is_valid())
            }
            Phase::Ended(_) => (Step::Entry, 0, false),
            _ => match self.submitted {
                Some((step, digits)) => (step, digits, true),
                None => (Step::Entry, 0, false),
            },
        };
        let end = match &self.phase {
            Phase::Ended(end) => Some(*end),
            _ => None,
        };
        let waits_seconds = match &self.phase {
            Phase::Open { key: KeyTrack::Waiting { seconds, .. }, .. } => Some(*seconds),
            _ => None,
        };
        Snapshot {
            stage: self.stage(),
            ready: self.ready,
            step,
            digits,
            valid,
            refusals: self.refusals,
            refused: self.refused,
            reason: self.reason,
            waits_seconds,
            requested: self.requested,
            sent: self.sent,
            checking: matches!(self.phase, Phase::LookingUp { .. }),
            suggested: self.suggested.is_some(),
            end,
        }
    }

    /// Takes one step of the search for a key pair; `true` while there is more to search.
    pub fn search_key_pair(&mut self) -> bool {
        let Phase::Open { key: KeyTrack::Searching(search), .. } = &mut self.phase else {
            return false;
        };
        match search.step(&mut self.random) {
            Ok(None) => return true,
            Ok(Some(key_pair)) => self.key_pair_found(key_pair),
            Err(error) => self.fail(error),
        }
        false
    }

    /// Ends the search with a key pair that already exists.
    #[cfg(feature = "fuzzing")]
    pub fn end_search(&mut self, key_pair: crate::key_pair::KeyPair) {
        if let Phase::Open { key: KeyTrack::Searching(_), .. } = self.phase {
            self.key_pair_found(key_pair);
        }
    }

    /// The digits that the customer looks at, of a viewed or drawn PIN.
    pub fn shown(&self) -> Option<&Digits> {
        match &self.phase {
            Phase::Showing(digits) => Some(digits),
            _ => self.suggested.as_ref(),
        }
    }

    /// Ends the session and wipes its content; pending actions are dropped.
    pub fn close(&mut self) {
        let code = match &self.phase {
            Phase::Ended(_) => return,
            Phase::Showing(_) => None,
            Phase::Setting { .. } | Phase::LookingUp { .. } => Some(Error::OutcomeUnknown),
            Phase::Open { .. } | Phase::Arrived(_) => Some(Error::Closed),
        };
        self.end(code);
        self.actions.clear();
    }

    /// Takes the phase out to consume it. If no phase is put back, the session has ended: no early return can
    /// leave a secret behind.
    fn take_phase(&mut self) -> Phase {
        mem::replace(&mut self.phase, Phase::Ended(End::of(Some(Error::Closed))))
    }

    /// Takes the next step, once, if both tracks have what it needs.
    fn advance_tracks(&mut self, key: KeyTrack, pin: PinTrack) {
        self.phase = match (key, pin) {
            (KeyTrack::Unwrapped { tzpk, control_id }, PinTrack::Chosen(pin)) => {
                return self.set(tzpk, control_id, pin);
            }
            (KeyTrack::KeyReady(key_pair), pin @ (PinTrack::Chosen(_) | PinTrack::Requested)) => {
                let key = match &self.control_id_source {
                    ControlIdSource::Given(control_id) => {
                        let control_id = control_id.clone();
                        self.request_key(key_pair, control_id)
                    }
                    ControlIdSource::Provider => self.ask_control_id(key_pair),
                };
                Phase::Open { key, pin }
            }
            (key, pin) => Phase::Open { key, pin },
        };
    }

    fn succeed(&mut self) {
        self.end(None);
    }

    fn fail(&mut self, error: Error) {
        self.end(Some(error));
    }

    fn end(&mut self, code: Option<Error>) {
        self.suggested = None;
        self.phase = Phase::Ended(End::of(code));
    }
}
