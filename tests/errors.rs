//! The error codes are part of the interface: this table changes with it, and with nothing else.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use card_pin::error::Error;

const TABLE: [(Error, &str, bool); 18] = [
    (Error::ControlIdMissing, "control_id_missing", true),
    (Error::ControlIdUnavailable, "control_id_unavailable", true),
    (Error::ControlIdExpired, "control_id_expired", true),
    (Error::AlreadyUsed, "already_used", true),
    (Error::Network, "network", true),
    (Error::Timeout, "timeout", true),
    (Error::OutcomeUnknown, "outcome_unknown", false),
    (Error::ServerError, "server_error", true),
    (Error::Rejected, "rejected", false),
    (Error::BadResponse, "bad_response", true),
    (Error::TzpkInvalid, "tzpk_invalid", true),
    (Error::EntropyUnavailable, "entropy_unavailable", false),
    (Error::Closed, "closed", true),
    (Error::TooShort, "too_short", true),
    (Error::TooLong, "too_long", true),
    (Error::NotDigits, "not_digits", true),
    (Error::WeakPin, "weak_pin", true),
    (Error::Mismatch, "mismatch", true),
];

#[test]
fn codes_are_stable() {
    for (error, code, retryable) in TABLE {
        assert_eq!(error.code(), code);
        assert_eq!(error.is_retryable(), retryable, "{code}");
        assert_eq!(error.to_string(), code, "nothing but the code is shown");
    }
}

/// The typings list every code, so that a program can tell them apart.
#[test]
fn the_typings_name_every_code() {
    let typings = include_str!("../www/card-pin.d.ts");
    for (_, code, _) in TABLE {
        assert!(typings.contains(&format!("\"{code}\"")), "{code} is missing in www/card-pin.d.ts");
    }
}

/// So do the words on the pad.
#[test]
fn the_pad_has_words_for_every_code() {
    let words = include_str!("../www/messages/en.js");
    for (_, code, _) in TABLE {
        assert!(words.contains(&format!("    {code}: \"")), "{code} is missing in www/messages/en.js");
    }
}
