//! The one error type: a code and nothing else, so that no message can carry a secret.

use core::fmt;
use serde::{Serialize, Serializer};

/// Everything that can go wrong between opening a session and a PIN that is set.
///
/// A variant holds no data: what is reported to a page, a log or a person is its [`code`](Error::code) alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// No control id was given, or an empty one.
    ControlIdMissing,
    /// The page's control id provider failed, or returned something that is not a control id.
    ControlIdUnavailable,
    /// The server does not know the control id any more (410, or 404 with a JSON body).
    ControlIdExpired,
    /// The customer is not signed in any more (401, 403).
    NotAllowed,
    /// The server takes no more requests for now (408, 424, 425, 429; 503 with `Retry-After` before the PIN was sent).
    Busy,
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
    /// The wrapped TZPK is not usable. Padding, hash, the key's length and key checks all end here, so that an
    /// attacker who sends altered keys learns nothing from the answer.
    TzpkInvalid,
    /// The system's random source failed or is absent.
    EntropyUnavailable,
    /// The page wants the PIN kept in a worker, and none can be started here.
    IsolationUnavailable,
    /// The worker or the core was not found, has the wrong type, or is blocked.
    VaultMissing,
    /// WebAssembly is absent or turned off.
    WasmUnavailable,
    /// The session takes no more input: it is submitting, has ended, or was closed.
    Closed,
    /// Fewer digits than the least allowed.
    TooShort,
    /// More digits than allowed.
    TooLong,
    /// Something that is not a whole number from 0 to 9.
    NotDigits,
    /// A PIN that is easily guessed.
    WeakPin,
    /// The two entries differ.
    Mismatch,
}

impl Error {
    /// Every error.
    pub const ALL: [Self; 23] = [
        Self::ControlIdMissing,
        Self::ControlIdUnavailable,
        Self::ControlIdExpired,
        Self::NotAllowed,
        Self::Busy,
        Self::AlreadyUsed,
        Self::Network,
        Self::Timeout,
        Self::OutcomeUnknown,
        Self::ServerError,
        Self::Rejected,
        Self::BadResponse,
        Self::TzpkInvalid,
        Self::EntropyUnavailable,
        Self::IsolationUnavailable,
        Self::VaultMissing,
        Self::WasmUnavailable,
        Self::Closed,
        Self::TooShort,
        Self::TooLong,
        Self::NotDigits,
        Self::WeakPin,
        Self::Mismatch,
    ];

    /// The stable name of the error, part of the public interface.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ControlIdMissing => "control_id_missing",
            Self::ControlIdUnavailable => "control_id_unavailable",
            Self::ControlIdExpired => "control_id_expired",
            Self::NotAllowed => "not_allowed",
            Self::Busy => "busy",
            Self::AlreadyUsed => "already_used",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::ServerError => "server_error",
            Self::Rejected => "rejected",
            Self::BadResponse => "bad_response",
            Self::TzpkInvalid => "tzpk_invalid",
            Self::EntropyUnavailable => "entropy_unavailable",
            Self::IsolationUnavailable => "isolation_unavailable",
            Self::VaultMissing => "vault_missing",
            Self::WasmUnavailable => "wasm_unavailable",
            Self::Closed => "closed",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::NotDigits => "not_digits",
            Self::WeakPin => "weak_pin",
            Self::Mismatch => "mismatch",
        }
    }

    /// Whether the same customer may succeed with a new control id, without anybody looking into it first.
    ///
    /// After [`OutcomeUnknown`](Error::OutcomeUnknown) not: the PIN may be set already.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        !matches!(
            self,
            Self::OutcomeUnknown
                | Self::Rejected
                | Self::EntropyUnavailable
                | Self::NotAllowed
                | Self::IsolationUnavailable
                | Self::VaultMissing
                | Self::WasmUnavailable
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl core::error::Error for Error {}

/// As its code.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// The union of all codes.
#[cfg(all(test, not(target_arch = "wasm32")))]
impl ts_rs::TS for Error {
    type WithoutGenerics = Self;
    type OptionInnerType = Self;

    fn name(_: &ts_rs::Config) -> String {
        "ErrorCode".to_owned()
    }

    fn inline(_: &ts_rs::Config) -> String {
        Self::ALL.map(|error| format!("\"{error}\"")).join(" | ")
    }

    fn decl(config: &ts_rs::Config) -> String {
        format!("type {} = {};", Self::name(config), Self::inline(config))
    }

    fn output_path() -> Option<std::path::PathBuf> {
        Some("protocol.d.ts".into())
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::Error;
    use std::collections::BTreeSet;
    use ts_rs::TS;

    /// Lists the variants; one that is not listed does not compile, because the match has no arm for it.
    macro_rules! variants {
        ($($variant:ident),*) => {{
            let _ = |error| match error { $(Error::$variant => ()),* };
            [$(Error::$variant),*]
        }};
    }

    #[test]
    fn all_is_complete_and_without_repeats() {
        let variants = variants![
            ControlIdMissing,
            ControlIdUnavailable,
            ControlIdExpired,
            NotAllowed,
            Busy,
            AlreadyUsed,
            Network,
            Timeout,
            OutcomeUnknown,
            ServerError,
            Rejected,
            BadResponse,
            TzpkInvalid,
            EntropyUnavailable,
            IsolationUnavailable,
            VaultMissing,
            WasmUnavailable,
            Closed,
            TooShort,
            TooLong,
            NotDigits,
            WeakPin,
            Mismatch
        ];
        assert_eq!(Error::ALL, variants);
        assert_eq!(Error::ALL.map(Error::code).iter().collect::<BTreeSet<_>>().len(), variants.len());
    }

    #[test]
    fn an_error_is_written_as_its_code() {
        for error in Error::ALL {
            assert_eq!(serde_json::to_string(&error).unwrap(), format!("\"{error}\""));
        }
        let union = Error::inline(&ts_rs::Config::default());
        assert!(union.starts_with(r#""control_id_missing" | "control_id_unavailable" | "#), "{union}");
        assert_eq!(union.split(" | ").count(), Error::ALL.len());
    }
}
