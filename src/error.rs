//! The one error type: a code and nothing else, so that no message can carry a secret.

use core::fmt;

/// Everything that can go wrong between opening a session and a PIN that is set.
///
/// A variant holds no data: what is reported to a page, a log or a person is its [`code`](Error::code) alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// No control id was given, or an empty one.
    ControlIdMissing,
    /// The page's control id provider failed, or returned something else than a control id.
    ControlIdUnavailable,
    /// The server does not know the control id any more (401, 403, 404, 410).
    ControlIdExpired,
    /// The control id was used before (409).
    AlreadyUsed,
    /// No answer: refused, cut, redirected, or offline.
    Network,
    /// No answer within the time allowed.
    Timeout,
    /// `set` was sent, and whether the PIN is set cannot be known; the issuer has to look at `pinStatus`.
    OutcomeUnknown,
    /// The server failed (5xx) before the PIN was sent.
    ServerError,
    /// The server refused the request (a 4xx that has no code of its own).
    Rejected,
    /// The answer was not the JSON expected, or larger than 64 KiB.
    BadResponse,
    /// The wrapped TZPK is not usable. Length, padding, hash and key checks all end here, so that an
    /// attacker who sends altered keys learns nothing from the answer.
    TzpkInvalid,
    /// The system's random source failed or is absent.
    EntropyUnavailable,
    /// The session takes no more input: it is submitting, has ended, or was closed.
    Closed,
    /// Fewer digits than the least allowed.
    TooShort,
    /// More digits than allowed.
    TooLong,
    /// Something else than a whole number from 0 to 9.
    NotDigits,
    /// A PIN that is easily guessed.
    WeakPin,
    /// The two entries differ.
    Mismatch,
}

impl Error {
    /// The stable name of the error, part of the public interface.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ControlIdMissing => "control_id_missing",
            Self::ControlIdUnavailable => "control_id_unavailable",
            Self::ControlIdExpired => "control_id_expired",
            Self::AlreadyUsed => "already_used",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::ServerError => "server_error",
            Self::Rejected => "rejected",
            Self::BadResponse => "bad_response",
            Self::TzpkInvalid => "tzpk_invalid",
            Self::EntropyUnavailable => "entropy_unavailable",
            Self::Closed => "closed",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::NotDigits => "not_digits",
            Self::WeakPin => "weak_pin",
            Self::Mismatch => "mismatch",
        }
    }

    /// Whether starting again, with a new control id, may succeed without anybody looking into it first.
    ///
    /// After [`OutcomeUnknown`](Error::OutcomeUnknown) it may not: the PIN may be set already.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        !matches!(self, Self::OutcomeUnknown | Self::Rejected | Self::EntropyUnavailable)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl core::error::Error for Error {}
