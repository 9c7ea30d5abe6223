//! What a session is opened with, and what it asks its caller to do.

use crate::{
    entry::PinRules,
    key_pair::KeySize,
    weak_pin::Personal,
    wire::{ControlId, Formats, Request},
};

/// What a session is opened with.
#[derive(Debug)]
pub struct Settings {
    /// What it is for.
    pub operation: Operation,
    /// What is known of the customer, so that no PIN is made of it.
    pub personal: Personal,
    /// How large its key pair is.
    pub key_size: KeySize,
    /// Where its control id comes from.
    pub control_id_source: ControlIdSource,
    /// The PIN block formats that the server may ask for.
    pub formats: Formats,
    /// Whether there is an address at which an unknown outcome can be looked up.
    pub can_look_up: bool,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The customer chooses a PIN.
    Set(PinRules),
    /// The customer looks at the PIN that the card has.
    View,
}

/// Where the control id comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum ControlIdSource {
    /// It is known from the start: the TZPK is asked for as soon as there is a key pair.
    Given(ControlId),
    /// It is asked for by [`Action::AskControlId`] once the customer has submitted.
    Provider,
}

/// What the caller has to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Call [`Session::search_key_pair`](super::Session::search_key_pair) until it returns `false`, and let other input
    /// through in between.
    SearchKeyPair,
    /// Get a control id and pass it to [`Session::control_id`](super::Session::control_id).
    AskControlId,
    /// Make the request and pass its outcome to [`Session::reply`](super::Session::reply).
    Post(Request),
    /// Wait for as many seconds, and then call [`Session::waited`](super::Session::waited).
    Wait(u16),
}
