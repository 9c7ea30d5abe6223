//! What a session and its caller tell each other.

use crate::{
    entry::{PinRules, Step},
    error::Error,
    wire::{ControlId, Request},
};

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
