//! Why there is no answer for the device: a kind, which decides the status, and a cause, which is for the operator alone.

use axum::http::StatusCode;

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There was no connection, so nothing was sent.
    Unreachable,
    /// There was no access token, so nothing was sent.
    NoToken,
    /// Enfuce refuses the relay, whatever the device sent.
    RelayRefused,
    /// Enfuce takes no more requests; with the seconds after which it may again.
    Busy(Option<u64>),
    /// The relay itself takes no more requests; with the seconds after which it may again.
    Overloaded(u64),
    /// Enfuce refuses what the device sent.
    Refused(StatusCode),
    /// Enfuce failed, or redirected.
    Failed,
    /// The answer was cut, too large, or not of the documented shape.
    BadAnswer,
    /// There was no whole answer in time.
    TimedOut,
}

impl Kind {
    /// Whether it is sure that Enfuce did nothing.
    pub(crate) fn left_undone(self) -> bool {
        match self {
            Self::Unreachable
            | Self::NoToken
            | Self::RelayRefused
            | Self::Busy(_)
            | Self::Overloaded(_)
            | Self::Refused(_) => true,
            Self::Failed | Self::BadAnswer | Self::TimedOut => false,
        }
    }
}

/// A failure, and its cause in one word of a closed list. A cause is never made of text that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) cause: &'static str,
}

/// The cause where a call has no turn in time.
pub(crate) const NO_TURN: &str = "quota_queue";

impl Failure {
    pub(crate) const fn new(kind: Kind, cause: &'static str) -> Self {
        Self { kind, cause }
    }
}
