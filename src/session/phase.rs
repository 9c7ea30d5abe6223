//! Where a session is, and what it holds there: the rows of the picture in `session.rs`.

use crate::{
    digits::Digits,
    entry::Entry,
    key_pair::{KeyPair, KeyPairSearch},
    pin::Pin,
    tzpk::Tzpk,
    wire::ControlId,
};

#[derive(Debug)]
pub(super) enum Phase {
    Open {
        key: KeyRow,
        pin: PinRow,
    },
    /// The encrypted block is on its way.
    Setting,
    /// The customer looks at the PIN.
    Showing(Digits),
    Ended,
}

#[derive(Debug)]
pub(super) enum KeyRow {
    Searching(KeyPairSearch),
    /// Waits for the customer's submit, on which a control id is asked for.
    Made(KeyPair),
    /// A control id was asked for.
    AwaitingControlId {
        key_pair: KeyPair,
        attempt: u8,
    },
    Requested {
        key_pair: KeyPair,
        control_id: ControlId,
        attempt: u8,
        control_id_attempt: u8,
    },
    Unwrapped {
        tzpk: Tzpk,
        control_id: ControlId,
    },
}

#[derive(Debug)]
pub(super) enum PinRow {
    Entering(Entry),
    /// Submitted, and waiting for the TZPK.
    Chosen(Pin),
    /// To be viewed, once the customer asks for it.
    Unasked,
    /// To be viewed, and waited for.
    Asked,
}
