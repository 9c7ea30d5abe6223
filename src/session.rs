//! `Session`: one PIN, from an empty pad to the server's answer. The only file that knows the whole order.
//!
//! To set a PIN, two tracks run side by side until the customer submits; then one request ends them both:
//!
//! ```text
//! key:  Searching ──→ KeyReady ──control id──→ Requested ⇄ Waiting ──reply──→ Unwrapped ─┐
//! pin:  Entering ──submit──→ Chosen ─────────────────────────────────────────────────────┴─→ Setting ──reply──→ Ended
//!                                                                                               └→ LookingUp ─┘
//! ```
//!
//! To view one, the customer only asks for it, and the reply brings key and block together:
//!
//! ```text
//! key:  Searching ──→ KeyReady ──control id──→ Requested ⇄ Waiting ──reply──┐
//! pin:  Idle ──submit──→ Requested ─────────────────────────────────────────┴─→ Arrived ──reveal──→ Showing ──close──→ Ended
//! ```
//!
//! Every arrow consumes what it starts from, so no key, PIN or block outlives its step, and there is no way back
//! to a used key. `Setting` holds no secret at all and is reached once. Any error ends the session from where it
//! is, and ending drops (and so wipes) whatever is held. Errors of the entry alone end nothing: the customer
//! types again.
//!
//! The session does no input or output of its own. Its caller passes on what happens (a digit, a reply), carries out the
//! actions that [`next_action`](crate::session::Session::next_action) hands out, in order, and tells the page the
//! [`snapshot`](crate::session::Session::snapshot).

/// What a session is opened with, and what it asks its caller to do.
mod action;
/// How often a session tries again before it gives up.
mod attempts;
/// Where a session is, and what it holds there.
mod phase;
/// Where a session is, as it is told.
mod snapshot;

use crate::{
    digits::Digits,
    entry::{Entry, Step},
    error::Error,
    key_pair::{KeyPair, KeyPairSearch},
    pin::Pin,
    tzpk::Tzpk,
    weak_pin::WeakReason,
    wire::{self, ControlId, Endpoint, KeyReply, Reply},
};
use alloc::{collections::VecDeque, string::String};
use core::mem;
use rand_core::TryCryptoRng;

use attempts::{Attempts, next_look_up};
use phase::{KeyTrack, Phase, PinTrack};

pub use action::{Action, ControlIdSource, Operation, Settings};
pub use snapshot::{End, Snapshot, Stage};

/// One session of setting or viewing a PIN.
#[derive(Debug)]
pub struct Session<R> {
    random: R,
    operation: Operation,
    control_id_source: ControlIdSource,
    formats: wire::Formats,
    can_look_up: bool,
    phase: Phase,
    attempts: Attempts,
    actions: VecDeque<Action>,
    ready: bool,
    refusals: u32,
    refused: Option<Error>,
    reason: Option<WeakReason>,
    /// A PIN that was drawn for the customer. It is wiped as soon as the customer does anything else.
    suggested: Option<Digits>,
    /// The entry as it was when it was submitted.
    submitted: Option<(Step, u8)>,
}

impl<R: TryCryptoRng> Session<R> {
    /// Opens a session; the first action is to search for a key pair.
    pub fn open(settings: Settings, random: R) -> Self {
        let Settings { operation, personal, key_size, control_id_source, formats, can_look_up } = settings;
        let key = KeyTrack::Searching(KeyPairSearch::new(key_size));
        let pin = match operation {
            Operation::Set(rules) => PinTrack::Entering(Entry::of_customer(rules, personal)),
            Operation::View => PinTrack::Idle,
        };
        Self {
            random,
            operation,
            control_id_source,
            formats,
            can_look_up,
            phase: Phase::Open { key, pin },
            attempts: Attempts::default(),
            actions: VecDeque::from([Action::SearchKeyPair]),
            ready: false,
            refusals: 0,
            refused: None,
            reason: None,
            suggested: None,
            submitted: None,
        }
    }

    /// What to do next, in order; `None` when it is the caller's turn to say what happened.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// How far the session is.
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

    /// Where the session is now.
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

    /// Ends the search with a key pair that is there already.
    #[cfg(feature = "fuzzing")]
    pub fn end_search(&mut self, key_pair: KeyPair) {
        if let Phase::Open { key: KeyTrack::Searching(_), .. } = self.phase {
            self.key_pair_found(key_pair);
        }
    }

    /// The customer pressed a digit, 0 to 9.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end. A digit that is refused is told by the snapshot.
    pub fn press(&mut self, digit: u8) -> Result<(), Error> {
        self.edit(|entry| entry.press(digit))
    }

    /// The customer took the last digit back.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end.
    pub fn erase(&mut self) -> Result<(), Error> {
        self.edit(|entry| {
            entry.erase();
            Ok(())
        })
    }

    /// The customer emptied the entry.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end.
    pub fn clear(&mut self) -> Result<(), Error> {
        self.edit(|entry| {
            entry.clear();
            Ok(())
        })
    }

    /// Nobody looks at the page any more: both entries are emptied, and a PIN that is there to be looked at is wiped.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end.
    pub fn forget(&mut self) -> Result<(), Error> {
        if let Phase::Arrived(_) | Phase::Showing(_) = self.phase {
            self.close();
            return Ok(());
        }
        self.edit(|entry| {
            entry.forget();
            Ok(())
        })
    }

    /// The customer goes on to the second entry.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end. An entry that is refused is told by the snapshot.
    pub fn confirm(&mut self) -> Result<(), Error> {
        self.edit(Entry::confirm)
    }

    /// The customer wants a PIN to be drawn: it is shown, in place of one that was drawn before, until the customer does
    /// anything else. The entry begins anew.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end.
    pub fn suggest(&mut self) -> Result<(), Error> {
        let Phase::Open { pin: PinTrack::Entering(entry), .. } = &mut self.phase else {
            return Err(Error::Closed);
        };
        entry.forget();
        match entry.suggest(&mut self.random) {
            Ok(digits) => self.suggested = Some(digits),
            Err(error) => self.fail(error),
        }
        Ok(())
    }

    /// The customer submits: the PIN is sent as soon as the TZPK is there; or asks for the PIN to be shown.
    /// Submitting again changes nothing.
    ///
    /// # Errors
    /// [`Error::Closed`] after the end. An entry that is refused is told by the snapshot.
    pub fn submit(&mut self) -> Result<(), Error> {
        self.suggested = None;
        match self.take_phase() {
            Phase::Open { key, pin: PinTrack::Entering(entry) } => {
                let submitted = (entry.step(), entry.digits());
                match Pin::from_entry(entry) {
                    Ok(pin) => {
                        self.submitted = Some(submitted);
                        self.advance_tracks(key, PinTrack::Chosen(pin));
                    }
                    Err((entry, error)) => {
                        self.refuse(error, entry.weak_reason());
                        self.phase = Phase::Open { key, pin: PinTrack::Entering(entry) };
                    }
                }
            }
            Phase::Open { key, pin: PinTrack::Idle } => self.advance_tracks(key, PinTrack::Requested),
            ended @ Phase::Ended(_) => {
                self.phase = ended;
                return Err(Error::Closed);
            }
            submitted => self.phase = submitted,
        }
        Ok(())
    }

    /// The customer goes to whatever comes next: to the second entry, or to the submit. Without digits there is
    /// nothing to do.
    ///
    /// # Errors
    /// Those of [`confirm`](Self::confirm) or [`submit`](Self::submit).
    pub fn advance(&mut self) -> Result<(), Error> {
        match &self.phase {
            Phase::Open { pin: PinTrack::Entering(entry), .. } if entry.digits() == 0 => Ok(()),
            Phase::Open { pin: PinTrack::Entering(entry), .. } if entry.awaits_confirm() => self.confirm(),
            _ => self.submit(),
        }
    }

    /// The control id that [`Action::AskControlId`] asked for, or that there is none. Unasked, it is ignored.
    pub fn control_id(&mut self, control_id: Option<String>) {
        match self.take_phase() {
            Phase::Open { key: KeyTrack::AwaitingControlId(key_pair), pin } => {
                match control_id.map(ControlId::new) {
                    Some(Ok(control_id)) => {
                        let key = self.request_key(key_pair, control_id);
                        self.phase = Phase::Open { key, pin };
                    }
                    _ => self.fail(Error::ControlIdUnavailable),
                }
            }
            other => self.phase = other,
        }
    }

    /// How the request under way ended. A reply that nothing waits for is ignored.
    pub fn reply(&mut self, reply: Reply) {
        match self.take_phase() {
            Phase::Open { key: KeyTrack::Requested { key_pair, control_id }, pin } => {
                let retry_after = reply.retry_after_seconds();
                match wire::read_key(self.key_endpoint(), self.formats, reply) {
                    Ok(reply) => self.key_received(reply, key_pair, control_id, pin),
                    Err(error) => match self.request_again(error, retry_after, key_pair, control_id) {
                        Some(key) => self.phase = Phase::Open { key, pin },
                        None => self.fail(error),
                    },
                }
            }
            Phase::Setting { control_id } => match wire::read_set(&reply) {
                Ok(()) => self.succeed(),
                Err(Error::OutcomeUnknown) if self.can_look_up => {
                    self.look_up(control_id, wire::cause_of_doubt(&reply), 0, Error::OutcomeUnknown);
                }
                Err(error) => self.fail(error),
            },
            Phase::LookingUp { control_id, cause, attempts, waits: false } => match wire::read_status(&reply)
            {
                Ok(true) => self.succeed(),
                // It was not set: what kept it from being set is the reason.
                Ok(false) => self.look_up(control_id, cause, attempts, cause),
                Err(_) => self.look_up(control_id, cause, attempts, Error::OutcomeUnknown),
            },
            other => self.phase = other,
        }
    }

    /// The wait that [`Action::Wait`] asked for is over. A wait that nothing asked for is ignored.
    pub fn waited(&mut self) {
        match self.take_phase() {
            Phase::Open { key: KeyTrack::Waiting { key_pair, control_id, .. }, pin } => {
                let key = if self.control_id_source == ControlIdSource::Provider
                    && self.attempts.is_control_id_old()
                {
                    self.ask_control_id(key_pair)
                } else {
                    self.request_key(key_pair, control_id)
                };
                self.phase = Phase::Open { key, pin };
            }
            Phase::LookingUp { control_id, cause, attempts, waits: true } => {
                self.actions.push_back(Action::Post(wire::status_request(&control_id)));
                self.phase = Phase::LookingUp { control_id, cause, attempts: attempts + 1, waits: false };
            }
            other => self.phase = other,
        }
    }

    /// The customer looks at the page: a PIN that has arrived is shown. At any other time it changes nothing.
    pub fn reveal(&mut self) {
        self.phase = match self.take_phase() {
            Phase::Arrived(digits) => Phase::Showing(digits),
            other => other,
        };
    }

    /// The digits that the customer looks at: of a PIN that is viewed, or was drawn.
    pub fn shown(&self) -> Option<&Digits> {
        match &self.phase {
            Phase::Showing(digits) => Some(digits),
            _ => self.suggested.as_ref(),
        }
    }

    /// Ends the session and wipes what it holds; what is still to be done is forgotten.
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

    /// Whether the session has ended and holds nothing any more.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    /// Takes the phase out to consume it. Where nothing is put back, the session has ended: no early return can
    /// leave a secret behind.
    fn take_phase(&mut self) -> Phase {
        mem::replace(&mut self.phase, Phase::Ended(End::of(Some(Error::Closed))))
    }

    fn key_pair_found(&mut self, key_pair: KeyPair) {
        let Phase::Open { pin, .. } = self.take_phase() else { return };
        let key = match (&self.control_id_source, self.operation) {
            (ControlIdSource::Given(control_id), Operation::Set(_)) => {
                let control_id = control_id.clone();
                self.request_key(key_pair, control_id)
            }
            // The answer to a request for viewing brings the PIN: nobody is sent one before the customer asks.
            (ControlIdSource::Given(_), Operation::View) | (ControlIdSource::Provider, _) => {
                self.ready = true;
                KeyTrack::KeyReady(key_pair)
            }
        };
        self.advance_tracks(key, pin);
    }

    fn edit(&mut self, change: impl FnOnce(&mut Entry) -> Result<(), Error>) -> Result<(), Error> {
        let Phase::Open { pin: PinTrack::Entering(entry), .. } = &mut self.phase else {
            return Err(Error::Closed);
        };
        self.suggested = None;
        if let Err(error) = change(entry) {
            let weak_reason = entry.weak_reason();
            self.refuse(error, weak_reason);
        }
        Ok(())
    }

    fn refuse(&mut self, error: Error, weak_reason: Option<WeakReason>) {
        self.refusals = self.refusals.saturating_add(1);
        self.refused = Some(error);
        self.reason = weak_reason.filter(|_| error == Error::WeakPin);
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

    fn ask_control_id(&mut self, key_pair: KeyPair) -> KeyTrack {
        self.attempts.control_id_asked();
        self.actions.push_back(Action::AskControlId);
        KeyTrack::AwaitingControlId(key_pair)
    }

    fn request_key(&mut self, key_pair: KeyPair, control_id: ControlId) -> KeyTrack {
        self.attempts.key_requested();
        let request = wire::key_request(self.key_endpoint(), &control_id, key_pair.to_spki_base64());
        self.actions.push_back(Action::Post(request));
        KeyTrack::Requested { key_pair, control_id }
    }

    /// How a request for the key that failed goes on; `None` if it does not.
    fn request_again(
        &mut self,
        error: Error,
        retry_after_seconds: Option<u16>,
        key_pair: KeyPair,
        control_id: ControlId,
    ) -> Option<KeyTrack> {
        match error {
            Error::Network if self.attempts.may_request_key() => Some(self.request_key(key_pair, control_id)),
            Error::ControlIdExpired
                if self.control_id_source == ControlIdSource::Provider
                    && self.attempts.may_ask_control_id() =>
            {
                Some(self.ask_control_id(key_pair))
            }
            Error::Busy => {
                let seconds = self.attempts.next_wait(retry_after_seconds)?;
                self.actions.push_back(Action::Wait(seconds));
                Some(KeyTrack::Waiting { key_pair, control_id, seconds })
            }
            _ => None,
        }
    }

    /// The request that brings the key.
    fn key_endpoint(&self) -> Endpoint {
        match self.operation {
            Operation::Set(_) => Endpoint::Tzpk,
            Operation::View => Endpoint::View,
        }
    }

    fn key_received(&mut self, reply: KeyReply, key_pair: KeyPair, control_id: ControlId, pin: PinTrack) {
        match (Tzpk::unwrap_key(reply.key, key_pair, &mut self.random), reply.pin_block) {
            (Ok(tzpk), None) => {
                self.ready = true;
                self.advance_tracks(KeyTrack::Unwrapped { tzpk, control_id }, pin);
            }
            (Ok(tzpk), Some(block)) => match tzpk.decrypt(&block) {
                Ok(digits) => self.phase = Phase::Arrived(digits),
                Err(error) => self.fail(error),
            },
            (Err(error), _) => self.fail(error),
        }
    }

    fn set(&mut self, tzpk: Tzpk, control_id: ControlId, pin: Pin) {
        match tzpk.encrypt(pin, &mut self.random) {
            Ok(block) => {
                self.actions.push_back(Action::Post(wire::set_request(&control_id, &block)));
                self.phase = Phase::Setting { control_id };
            }
            Err(error) => self.fail(error),
        }
    }

    /// Looks the outcome up once more, or ends with `otherwise` if that was done often enough.
    fn look_up(&mut self, control_id: ControlId, cause: Error, attempts: u8, otherwise: Error) {
        match next_look_up(attempts) {
            Some(seconds) => {
                self.actions.push_back(Action::Wait(seconds));
                self.phase = Phase::LookingUp { control_id, cause, attempts, waits: true };
            }
            None => self.fail(otherwise),
        }
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
