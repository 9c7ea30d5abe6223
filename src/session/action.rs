//! The settings of a session, and the actions that it asks its caller for.

use crate::{
    entry::PinRules,
    key_pair::KeySize,
    weak_pin::Personal,
    wire::{ControlId, Formats, Request},
};

/// The settings of a session.
#[derive(Debug)]
pub struct Settings {
    /// The purpose of the session.
    pub operation: Operation,
    /// Facts about the customer, of which no PIN may be made.
    pub personal: Personal,
    /// The size of its key pair.
    pub key_size: KeySize,
    /// The source of its control id.
    pub control_id_source: ControlIdSource,
    /// The PIN block formats that the server may ask for.
    pub formats: Formats,
    /// Whether there is an address at which an unknown outcome can be looked up.
    pub can_look_up: bool,
}

/// The purpose of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The customer chooses a PIN.
    Set(PinRules),
    /// The customer looks at the PIN that the card has.
    View,
}

/// The source of the control id.
#[derive(Debug, PartialEq, Eq)]
pub enum ControlIdSource {
    /// It is known from the start: the TZPK is asked for as soon as there is a key pair.
    Given(ControlId),
    /// It is asked for by [`Action::AskControlId`] once the customer has submitted.
    Provider,
}

/// An action that the caller has to carry out.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Call [`Session::search_key_pair`](super::Session::search_key_pair) until it returns `false`, and pass other input
    /// on in between.
    SearchKeyPair,
    /// Get a control id and pass it to [`Session::control_id`](super::Session::control_id).
    AskControlId,
    /// Make the request and pass its outcome to [`Session::reply`](super::Session::reply).
    Post(Request),
    /// Wait for this many seconds, and then call [`Session::waited`](super::Session::waited).
    Wait(u16),
}
