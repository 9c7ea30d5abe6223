//! The phases of a session, and what each contains: the two tracks of the picture in `session.rs`.

use super::snapshot::End;
use crate::{
    digits::Digits,
    entry::Entry,
    error::Error,
    key_pair::{KeyPair, KeyPairSearch},
    pin::Pin,
    tzpk::Tzpk,
    wire::ControlId,
};
use alloc::boxed::Box;

#[derive(Debug)]
pub(super) enum Phase {
    Open {
        key: KeyTrack,
        pin: PinTrack,
    },
    /// The encrypted block is on its way.
    Setting {
        control_id: ControlId,
    },
    /// It is not known whether the block arrived; this is looked up.
    LookingUp {
        control_id: ControlId,
        /// The error that left it unknown.
        cause: Error,
        /// How often it was looked up.
        attempts: u8,
        /// Whether the session waits before the next look-up; otherwise the look-up is under way.
        waits: bool,
    },
    /// The PIN to be shown has arrived, and the page has not said yet that the customer looks.
    Arrived(Digits),
    /// The customer looks at the PIN.
    Showing(Digits),
    Ended(End),
}

#[derive(Debug)]
pub(super) enum KeyTrack {
    Searching(Box<KeyPairSearch>),
    /// The session waits for the customer's submit, and then asks for a control id.
    KeyReady(KeyPair),
    /// A control id was asked for.
    AwaitingControlId(KeyPair),
    Requested {
        key_pair: KeyPair,
        control_id: ControlId,
    },
    /// The server is busy, and the session waits for some seconds.
    Waiting {
        key_pair: KeyPair,
        control_id: ControlId,
        seconds: u16,
    },
    Unwrapped {
        tzpk: Tzpk,
        control_id: ControlId,
    },
}

#[derive(Debug)]
pub(super) enum PinTrack {
    Entering(Entry),
    /// The customer has submitted, and the session waits for the TZPK.
    Chosen(Pin),
    /// The customer may ask to view the PIN.
    Idle,
    /// The customer has asked to view the PIN, and the session waits for it.
    Requested,
}
