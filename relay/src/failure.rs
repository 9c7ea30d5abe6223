//! Why there is no answer for the device: a kind, which decides the status, and a cause, which only the operator sees.

use axum::http::StatusCode;

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There was no connection, so nothing was sent.
    Unreachable,
    /// There was no access token, so nothing was sent.
    NoToken,
    /// Enfuce refuses the relay itself.
    RelayRefused,
    /// Enfuce takes no more requests for now; with the seconds after which it may again.
    Busy(Option<u64>),
    /// The relay itself takes no more requests; with the seconds after which it may again.
    Overloaded(u64),
    /// Enfuce refuses what the device sent.
    Refused(StatusCode),
    /// Enfuce failed (5xx) or redirected.
    Failed,
    /// The answer was cut, too large, or not of the documented shape.
    BadAnswer,
    /// There was no complete answer in time.
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

/// The cause if a call gets no turn in time.
pub(crate) const NO_TURN: &str = "quota_queue";

impl Failure {
    pub(crate) const fn new(kind: Kind, cause: &'static str) -> Self {
        Self { kind, cause }
    }
}
