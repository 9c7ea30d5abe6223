//! The one error type: a code and nothing else, so that no message can carry a secret.

use core::fmt;
use serde::{Serialize, Serializer};

/// The errors and their codes, written down once.
macro_rules! errors {
    ($($(#[$doc:meta])* $error:ident = $code:literal,)*) => {
        /// Everything that can go wrong between opening a session and a PIN that is set.
        ///
        /// A variant holds no data: a page, a log or a person only gets its [`code`](Error::code).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Error {
            $($(#[$doc])* $error,)*
        }

        impl Error {
            /// Every error.
            pub const ALL: &[Self] = &[$(Self::$error,)*];

            /// The stable name of the error, part of the public interface.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$error => $code,)*
                }
            }
        }
    };
}

errors! {
    /// No control id was given, or an empty one.
    ControlIdMissing = "control_id_missing",
    /// The page's control id provider failed, or returned something that is not a control id.
    ControlIdUnavailable = "control_id_unavailable",
    /// The server does not know the control id any more (410, or 404 with a JSON body).
    ControlIdExpired = "control_id_expired",
    /// The customer is not signed in any more (401, 403).
    NotAllowed = "not_allowed",
    /// The server takes no more requests for now (408, 424, 425, 429; 503 with `Retry-After` before the PIN was sent).
    Busy = "busy",
    /// The control id was used before (409).
    AlreadyUsed = "already_used",
    /// No answer: refused, cut, redirected, or offline.
    Network = "network",
    /// No answer within the time allowed.
    Timeout = "timeout",
    /// `set` was sent, and whether the PIN is set cannot be known; the issuer has to look at `pinStatus`.
    OutcomeUnknown = "outcome_unknown",
    /// The server failed (5xx) before the PIN was sent.
    ServerError = "server_error",
    /// The server refused the request (a 4xx that has no code of its own).
    Rejected = "rejected",
    /// The answer was not the JSON expected, or larger than 64 KiB.
    BadResponse = "bad_response",
    /// The wrapped TZPK is not usable. Padding, hash, the key's length and key checks all end here, so that an
    /// attacker who sends altered keys learns nothing from the answer.
    TzpkInvalid = "tzpk_invalid",
    /// The system's random source failed or is absent.
    EntropyUnavailable = "entropy_unavailable",
    /// The page wants the PIN kept in a worker, and none can be started here.
    IsolationUnavailable = "isolation_unavailable",
    /// The worker or the core was not found, has the wrong type, or is blocked.
    VaultMissing = "vault_missing",
    /// WebAssembly is absent or turned off.
    WasmUnavailable = "wasm_unavailable",
    /// The session takes no more input: it is submitting, has ended, or was closed.
    Closed = "closed",
    /// Fewer digits than the least allowed.
    TooShort = "too_short",
    /// More digits than allowed.
    TooLong = "too_long",
    /// Something that is not a whole number from 0 to 9.
    NotDigits = "not_digits",
    /// A PIN that is easily guessed.
    WeakPin = "weak_pin",
    /// The two entries differ.
    Mismatch = "mismatch",
}

impl Error {
    /// Whether the same customer may succeed with a new control id, without anybody looking into it first.
    ///
    /// After [`OutcomeUnknown`](Error::OutcomeUnknown) this is not so, because the PIN may already be set.
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

/// Written as its code.
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
        Self::ALL.iter().map(|error| format!("\"{error}\"")).collect::<Vec<_>>().join(" | ")
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

    #[test]
    fn codes_are_words_of_their_own() {
        let codes: BTreeSet<_> = Error::ALL.iter().map(|error| error.code()).collect();
        assert_eq!(codes.len(), Error::ALL.len());
        assert!(codes.iter().all(|code| code.chars().all(|character| matches!(character, 'a'..='z' | '_'))));
    }

    /// The page ends a session itself if the vault cannot, so its list of final codes has to be the same.
    #[test]
    fn the_page_takes_the_same_codes_for_final() {
        let script = include_str!("../www/session-state.js");
        let (_, list) = script.split_once("const FINAL = [").expect("the page has a list of final codes");
        let (list, _) = list.split_once(']').unwrap();
        let of_page: BTreeSet<_> = list.split(',').map(|code| code.trim().trim_matches('"')).collect();
        let finals = Error::ALL.iter().filter(|error| !error.is_retryable());
        assert_eq!(of_page, finals.map(|error| error.code()).collect());
    }

    #[test]
    fn an_error_is_written_as_its_code() {
        for error in Error::ALL {
            assert_eq!(serde_json::to_string(error).unwrap(), format!("\"{error}\""));
        }
        let union = Error::inline(&ts_rs::Config::default());
        assert!(union.starts_with(r#""control_id_missing" | "control_id_unavailable" | "#), "{union}");
        assert_eq!(union.split(" | ").count(), Error::ALL.len());
    }
}
