//! The state of a session as it is reported: counts and codes, and never a digit.

use crate::{entry::Step, error::Error, weak_pin::WeakReason};
use serde::Serialize;

/// The complete state of a session at one moment. Nothing else is reported about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// The stage of the session.
    pub stage: Stage,
    /// Whether a submit would be sent at once: the key pair is made and, if a PIN is set with a given control id, the TZPK has arrived.
    pub ready: bool,
    /// The entry that the digits go to.
    pub step: Step,
    /// How many digits that entry has.
    pub digits: u8,
    /// Whether a submit now would be sent.
    pub valid: bool,
    /// How many digits, entries and submits were refused so far.
    pub refusals: u32,
    /// Why the last of them was refused.
    pub refused: Option<Error>,
    /// The rule that the PIN broke, if it was refused as easily guessed.
    pub reason: Option<WeakReason>,
    /// How many seconds the session waits before it asks a busy server again.
    pub waits_seconds: Option<u16>,
    /// Whether a public key was passed on to be sent. A control id is for one key. This is reported before the request is made.
    pub requested: bool,
    /// Whether the encrypted PIN was passed on to be sent. This is reported before the request is made.
    pub sent: bool,
    /// Whether the outcome is not known, and is looked up.
    pub checking: bool,
    /// Whether a PIN that was drawn for the customer is shown.
    pub suggested: bool,
    /// How the session ended.
    pub end: Option<End>,
}

/// The stage of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// The customer may type, or ask for the PIN.
    Entry,
    /// A submit was accepted. The next stage is the end, or the PIN that is to be shown.
    Submitting,
    /// The PIN to be shown has arrived. It may be drawn once the page says that the customer looks.
    Arrived,
    /// The PIN is shown.
    Shown,
    /// The session has ended, and contains nothing any more.
    Ended,
}

impl Stage {
    /// Its name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Submitting => "submitting",
            Self::Arrived => "arrived",
            Self::Shown => "shown",
            Self::Ended => "ended",
        }
    }
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct End {
    /// The error; `None` if the PIN was set, or was shown and is hidden again.
    pub code: Option<Error>,
    /// Whether the same customer may succeed with a new control id.
    pub retryable: bool,
}

impl End {
    pub(super) fn of(code: Option<Error>) -> Self {
        Self { code, retryable: code.is_some_and(Error::is_retryable) }
    }
}
