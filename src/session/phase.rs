//! Where a session is, and what it holds there: the two tracks of the picture in `session.rs`.

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
    /// Whether the block arrived is not known, and is looked up.
    LookingUp {
        control_id: ControlId,
        /// Why it is not known.
        cause: Error,
        /// How often it was looked up.
        attempts: u8,
        /// Whether the wait before the next look-up goes on; otherwise the look-up is under way.
        waits: bool,
    },
    /// The PIN to be shown is there, and the page has not said yet that the customer looks.
    Arrived(Digits),
    /// The customer looks at the PIN.
    Showing(Digits),
    Ended(End),
}

#[derive(Debug)]
pub(super) enum KeyTrack {
    Searching(Box<KeyPairSearch>),
    /// Waits for the customer's submit, on which a control id is asked for.
    KeyReady(KeyPair),
    /// A control id was asked for.
    AwaitingControlId(KeyPair),
    Requested {
        key_pair: KeyPair,
        control_id: ControlId,
    },
    /// The server is busy, and is left alone for some seconds.
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
    /// Submitted, and waiting for the TZPK.
    Chosen(Pin),
    /// To be viewed, once the customer asks for it.
    Idle,
    /// To be viewed, and waited for.
    Requested,
}
