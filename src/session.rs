//! `Session`: one PIN, from an empty pad to the server's answer. The only file that knows the whole order.
//!
//! To set a PIN, two rows run side by side until the customer submits; then one request ends them both:
//!
//! ```text
//! key:  Searching ──→ Made ──control id──→ Requested ──reply──→ Unwrapped ─┐
//! pin:  Entering ──submit──→ Chosen ───────────────────────────────────────┴─→ Setting ──reply──→ Ended
//! ```
//!
//! To view one, the customer only asks for it, and the reply brings key and block together:
//!
//! ```text
//! key:  Searching ──→ Made ──control id──→ Requested ──reply──┐
//! pin:  Unasked ──submit──→ Asked ────────────────────────────┴─→ Showing ──close──→ Ended
//! ```
//!
//! Every arrow consumes what it starts from, so no key, PIN or block outlives its step, and there is no way back
//! to a used key. `Setting` holds no secret at all and is reached once. Any error ends the session from where it
//! is, and ending drops (and so wipes) whatever is held. Errors of the entry alone end nothing: the customer
//! types again.
//!
//! The session does no input or output of its own. Its caller passes on what happens (a digit, a reply) and then
//! carries out the actions that [`next_action`](crate::session::Session::next_action) hands out, in order.

/// What a session and its caller tell each other.
mod outside;
/// Where a session is, and what it holds there.
mod phase;

use crate::{
    digits::Digits,
    entry::Entry,
    error::Error,
    key_pair::{KeyPair, KeyPairSearch, KeySize},
    pin::Pin,
    tzpk::Tzpk,
    wire::{self, ControlId, Endpoint, Formats, KeyReply, Reply},
};
use alloc::{collections::VecDeque, string::String};
use core::mem;
use rand_core::TryCryptoRng;

use phase::{KeyRow, Phase, PinRow};

pub use outside::{Action, ControlIdSource, Event, Operation};

/// How often a public key may be sent: once more after a network failure. `set` is never repeated.
const KEY_ATTEMPTS: u8 = 2;
/// How often a control id may be asked for: once more when the first has expired.
const CONTROL_ID_ATTEMPTS: u8 = 2;

/// One session of setting or viewing a PIN.
#[derive(Debug)]
pub struct Session<R> {
    random: R,
    operation: Operation,
    control_id_source: ControlIdSource,
    phase: Phase,
    actions: VecDeque<Action>,
}

impl<R: TryCryptoRng> Session<R> {
    /// Opens a session; the first action is to search for a key pair.
    ///
    /// To view a PIN with a control id that is given is to have asked for it.
    pub fn open(
        operation: Operation,
        key_size: KeySize,
        control_id_source: ControlIdSource,
        random: R,
    ) -> Self {
        let key = KeyRow::Searching(KeyPairSearch::new(key_size));
        let mut actions = VecDeque::from([Action::SearchKeyPair]);
        let pin = match (operation, &control_id_source) {
            (Operation::Set(rules), _) => PinRow::Entering(Entry::new(rules)),
            (Operation::View, ControlIdSource::Provider) => PinRow::Unasked,
            (Operation::View, ControlIdSource::Given(_)) => {
                actions.push_back(Action::Emit(Event::Submitting));
                PinRow::Asked
            }
        };
        Self { random, operation, control_id_source, phase: Phase::Open { key, pin }, actions }
    }

    /// What to do next, in order; `None` when it is the outside's turn.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Tests one candidate in the search for a key pair; `true` while there is more to search.
    pub fn search_key_pair(&mut self) -> bool {
        let Phase::Open { key: KeyRow::Searching(search), .. } = &mut self.phase else {
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
        if let Phase::Open { key: KeyRow::Searching(_), .. } = self.phase {
            self.key_pair_found(key_pair);
        }
    }

    /// The customer pressed a digit, 0 to 9.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end. A digit that is refused is told by
    /// [`Event::EntryRefused`].
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

    /// Nobody looks at the pad any more: both entries are emptied.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end.
    pub fn forget(&mut self) -> Result<(), Error> {
        self.edit(|entry| {
            entry.forget();
            Ok(())
        })
    }

    /// The customer goes on to the second entry.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end. An entry that is refused is told by
    /// [`Event::EntryRefused`].
    pub fn confirm(&mut self) -> Result<(), Error> {
        self.edit(Entry::confirm)
    }

    /// The customer submits: the PIN is sent as soon as the TZPK is there; or asks for the PIN to be shown.
    /// Submitting again changes nothing.
    ///
    /// # Errors
    /// [`Error::Closed`] after the end. An entry that is refused is told by [`Event::SubmitRefused`].
    pub fn submit(&mut self) -> Result<(), Error> {
        match self.take_phase() {
            Phase::Open { key, pin: PinRow::Entering(entry) } => match Pin::from_entry(entry) {
                Ok(pin) => {
                    self.emit(Event::Submitting);
                    self.go_on(key, PinRow::Chosen(pin));
                }
                Err((entry, error)) => {
                    self.emit(Event::SubmitRefused(error));
                    if error != Error::TooShort {
                        self.emit(pin_valid(&entry));
                    }
                    self.phase = Phase::Open { key, pin: PinRow::Entering(entry) };
                }
            },
            Phase::Open { key, pin: PinRow::Unasked } => {
                self.emit(Event::Submitting);
                self.go_on(key, PinRow::Asked);
            }
            Phase::Ended => return Err(Error::Closed),
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
            Phase::Open { pin: PinRow::Entering(entry), .. } if entry.digits() == 0 => Ok(()),
            Phase::Open { pin: PinRow::Entering(entry), .. } if entry.awaits_confirm() => self.confirm(),
            _ => self.submit(),
        }
    }

    /// The control id that [`Action::AskControlId`] asked for, or that none can be had. Unasked, it is ignored.
    pub fn control_id(&mut self, control_id: Option<String>) {
        match self.take_phase() {
            Phase::Open { key: KeyRow::AwaitingControlId { key_pair, attempt }, pin } => {
                match control_id.map(ControlId::new) {
                    Some(Ok(control_id)) => {
                        let key = self.request_key(key_pair, control_id, 1, attempt);
                        self.phase = Phase::Open { key, pin };
                    }
                    _ => self.fail(Error::ControlIdUnavailable),
                }
            }
            other => self.phase = other,
        }
    }

    /// How a request ended. A reply that nothing waits for is ignored.
    pub fn reply(&mut self, endpoint: Endpoint, reply: Reply) {
        match (endpoint, self.take_phase()) {
            (
                _,
                Phase::Open {
                    key: KeyRow::Requested { key_pair, control_id, attempt, control_id_attempt },
                    pin,
                },
            ) if endpoint == self.key_endpoint() => match Formats::new(&[0, 1, 3, 4])
                .ok_or(Error::BadResponse)
                .and_then(|formats| wire::read_key(endpoint, formats, reply))
            {
                Ok(reply) => self.key_came(reply, key_pair, control_id, pin),
                Err(Error::Network) if attempt < KEY_ATTEMPTS => {
                    let key = self.request_key(key_pair, control_id, attempt + 1, control_id_attempt);
                    self.phase = Phase::Open { key, pin };
                }
                Err(Error::ControlIdExpired) if control_id_attempt < CONTROL_ID_ATTEMPTS => {
                    let key = self.ask_control_id(key_pair, control_id_attempt + 1);
                    self.phase = Phase::Open { key, pin };
                }
                Err(error) => self.fail(error),
            },
            (Endpoint::Set, Phase::Setting) => match wire::read_set(&reply) {
                Ok(()) => self.emit(Event::Success),
                Err(error) => self.fail(error),
            },
            (_, other) => self.phase = other,
        }
    }

    /// The digits that the customer looks at, until the session is closed.
    pub fn shown(&self) -> Option<&Digits> {
        match &self.phase {
            Phase::Showing(digits) => Some(digits),
            _ => None,
        }
    }

    /// Ends the session and wipes what it holds; what is still to be done is forgotten.
    pub fn close(&mut self) {
        self.phase = Phase::Ended;
        self.actions.clear();
    }

    /// Whether the session has ended and holds nothing any more.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }

    /// Takes the phase out to consume it. Where nothing is put back, the session has ended: no early return can
    /// leave a secret behind.
    fn take_phase(&mut self) -> Phase {
        mem::replace(&mut self.phase, Phase::Ended)
    }

    fn key_pair_found(&mut self, key_pair: KeyPair) {
        let Phase::Open { pin, .. } = self.take_phase() else { return };
        let key = match &self.control_id_source {
            ControlIdSource::Given(control_id) => {
                let control_id = control_id.clone();
                self.request_key(key_pair, control_id, 1, CONTROL_ID_ATTEMPTS)
            }
            ControlIdSource::Provider => {
                self.emit(Event::Ready);
                KeyRow::Made(key_pair)
            }
        };
        self.go_on(key, pin);
    }

    fn edit(&mut self, change: impl FnOnce(&mut Entry) -> Result<(), Error>) -> Result<(), Error> {
        let Phase::Open { pin: PinRow::Entering(entry), .. } = &mut self.phase else {
            return Err(Error::Closed);
        };
        let before = pin_valid(entry);
        let refused = change(entry).err();
        let after = pin_valid(entry);
        if let Some(error) = refused {
            self.emit(Event::EntryRefused(error));
        }
        if after != before {
            self.emit(after);
        }
        Ok(())
    }

    /// Where both rows have come: the next step, once, if all is there that it needs.
    fn go_on(&mut self, key: KeyRow, pin: PinRow) {
        self.phase = match (key, pin) {
            (KeyRow::Unwrapped { tzpk, control_id }, PinRow::Chosen(pin)) => {
                return self.set(tzpk, &control_id, pin);
            }
            (KeyRow::Made(key_pair), pin @ (PinRow::Chosen(_) | PinRow::Asked)) => {
                Phase::Open { key: self.ask_control_id(key_pair, 1), pin }
            }
            (key, pin) => Phase::Open { key, pin },
        };
    }

    fn ask_control_id(&mut self, key_pair: KeyPair, attempt: u8) -> KeyRow {
        self.actions.push_back(Action::AskControlId);
        KeyRow::AwaitingControlId { key_pair, attempt }
    }

    fn request_key(
        &mut self,
        key_pair: KeyPair,
        control_id: ControlId,
        attempt: u8,
        control_id_attempt: u8,
    ) -> KeyRow {
        let request = wire::key_request(self.key_endpoint(), &control_id, key_pair.to_spki_base64());
        self.actions.push_back(Action::Post(request));
        KeyRow::Requested { key_pair, control_id, attempt, control_id_attempt }
    }

    /// The request that brings the key.
    fn key_endpoint(&self) -> Endpoint {
        match self.operation {
            Operation::Set(_) => Endpoint::Tzpk,
            Operation::View => Endpoint::View,
        }
    }

    fn key_came(&mut self, reply: KeyReply, key_pair: KeyPair, control_id: ControlId, pin: PinRow) {
        match (Tzpk::unwrap_key(reply.key, key_pair, &mut self.random), reply.pin_block) {
            (Ok(tzpk), None) => {
                if let ControlIdSource::Given(_) = self.control_id_source {
                    self.emit(Event::Ready);
                }
                self.go_on(KeyRow::Unwrapped { tzpk, control_id }, pin);
            }
            (Ok(tzpk), Some(block)) => match tzpk.decrypt(&block) {
                Ok(digits) => {
                    self.emit(Event::Shown);
                    self.phase = Phase::Showing(digits);
                }
                Err(error) => self.fail(error),
            },
            (Err(error), _) => self.fail(error),
        }
    }

    fn set(&mut self, tzpk: Tzpk, control_id: &ControlId, pin: Pin) {
        match tzpk.encrypt(pin, &mut self.random) {
            Ok(block) => {
                self.actions.push_back(Action::Post(wire::set_request(control_id, &block)));
                self.phase = Phase::Setting;
            }
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: Error) {
        self.phase = Phase::Ended;
        self.emit(match self.operation {
            Operation::Set(_) => Event::Failed(error),
            Operation::View => Event::ViewFailed(error),
        });
    }

    fn emit(&mut self, event: Event) {
        self.actions.push_back(Action::Emit(event));
    }
}

fn pin_valid(entry: &Entry) -> Event {
    Event::PinValid { valid: entry.is_valid(), digits: entry.digits(), step: entry.step() }
}
