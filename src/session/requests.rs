//! The requests to the server and to the page, and the steps after their answers.

use super::{
    Action, ControlIdSource, Operation, Session,
    attempts::next_look_up,
    phase::{KeyTrack, Phase, PinTrack},
};
use crate::{
    error::Error,
    key_pair::{KeyPair, KeyPairSearch},
    pin::Pin,
    tzpk::Tzpk,
    wire::{self, ControlId, Endpoint, KeyReply, Reply},
};
use alloc::{boxed::Box, string::String};
use rand_core::TryCryptoRng;

impl<R: TryCryptoRng> Session<R> {
    /// Takes the control id that [`Action::AskControlId`] asked for; `None` if there is none. It is ignored if nothing asked for it.
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

    /// Takes the outcome of the request under way. A reply that nothing waits for is ignored.
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
                // The PIN was not set: report why `set` failed.
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

    pub(super) fn key_pair_found(&mut self, key_pair: KeyPair) {
        let Phase::Open { pin, .. } = self.take_phase() else { return };
        self.attempts.key_pair_made();
        let key = match (&self.control_id_source, self.operation) {
            (ControlIdSource::Given(control_id), Operation::Set(_)) => {
                let control_id = control_id.clone();
                self.request_key(key_pair, control_id)
            }
            // The answer to a request for viewing contains the PIN, so the request waits until the customer asks.
            (ControlIdSource::Given(_), Operation::View) | (ControlIdSource::Provider, _) => {
                self.ready = true;
                KeyTrack::KeyReady(key_pair)
            }
        };
        self.advance_tracks(key, pin);
    }

    pub(super) fn ask_control_id(&mut self, key_pair: KeyPair) -> KeyTrack {
        self.attempts.control_id_asked();
        self.actions.push_back(Action::AskControlId);
        KeyTrack::AwaitingControlId(key_pair)
    }

    pub(super) fn request_key(&mut self, key_pair: KeyPair, control_id: ControlId) -> KeyTrack {
        self.attempts.key_requested();
        self.requested = true;
        let request = wire::key_request(self.key_endpoint(), &control_id, key_pair.to_spki_base64());
        self.actions.push_back(Action::Post(request));
        KeyTrack::Requested { key_pair, control_id }
    }

    /// The next step after a failed request for the key; `None` if there is none.
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

    /// The request for the key.
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
            // A device that computed wrongly may succeed with another key pair. This control id is used up.
            (Err(Error::TzpkInvalid), _)
                if self.control_id_source == ControlIdSource::Provider
                    && self.attempts.may_make_key_pair() =>
            {
                self.actions.push_back(Action::SearchKeyPair);
                let key = KeyTrack::Searching(Box::new(KeyPairSearch::new(self.key_size)));
                self.phase = Phase::Open { key, pin };
            }
            (Err(error), _) => self.fail(error),
        }
    }

    pub(super) fn set(&mut self, tzpk: Tzpk, control_id: ControlId, pin: Pin) {
        match tzpk.encrypt(pin, &mut self.random) {
            Ok(block) => {
                self.actions.push_back(Action::Post(wire::set_request(&control_id, &block)));
                self.phase = Phase::Setting { control_id };
                self.sent = true;
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
}
