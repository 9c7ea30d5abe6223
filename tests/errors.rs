//! The error codes are part of the interface: this table only changes with it.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use card_pin::error::Error;
use std::{collections::BTreeSet, process::Command};

const TABLE: [(Error, &str, bool); 23] = [
    (Error::ControlIdMissing, "control_id_missing", true),
    (Error::ControlIdUnavailable, "control_id_unavailable", true),
    (Error::ControlIdExpired, "control_id_expired", true),
    (Error::NotAllowed, "not_allowed", false),
    (Error::Busy, "busy", true),
    (Error::AlreadyUsed, "already_used", true),
    (Error::Network, "network", true),
    (Error::Timeout, "timeout", true),
    (Error::OutcomeUnknown, "outcome_unknown", false),
    (Error::ServerError, "server_error", true),
    (Error::Rejected, "rejected", false),
    (Error::BadResponse, "bad_response", true),
    (Error::TzpkInvalid, "tzpk_invalid", true),
    (Error::EntropyUnavailable, "entropy_unavailable", false),
    (Error::IsolationUnavailable, "isolation_unavailable", false),
    (Error::VaultMissing, "vault_missing", false),
    (Error::WasmUnavailable, "wasm_unavailable", false),
    (Error::Closed, "closed", true),
    (Error::TooShort, "too_short", true),
    (Error::TooLong, "too_long", true),
    (Error::NotDigits, "not_digits", true),
    (Error::WeakPin, "weak_pin", true),
    (Error::Mismatch, "mismatch", true),
];

#[test]
fn codes_are_stable() {
    assert_eq!(TABLE.map(|(error, ..)| error).as_slice(), Error::ALL);
    for (error, code, retryable) in TABLE {
        assert_eq!(error.code(), code);
        assert_eq!(error.is_retryable(), retryable, "{code}");
        assert_eq!(error.to_string(), code, "nothing but the code is shown");
    }
}

fn codes() -> BTreeSet<String> {
    Error::ALL.iter().map(|error| error.code().to_owned()).collect()
}

/// The typings list every code and no other, so that a program can tell them apart.
#[test]
fn the_typings_name_the_codes() {
    let typings = without_comments(include_str!("../www/types/session.d.ts"));
    let session = union(&typings, "SessionErrorCode");
    let validation = union(&typings, "ValidationErrorCode");
    assert_eq!(validation, ["too_short", "too_long", "not_digits", "weak_pin", "mismatch"]);
    assert_eq!(session.len() + validation.len(), Error::ALL.len(), "no code is there twice");
    assert_eq!(session.into_iter().chain(validation).collect::<BTreeSet<_>>(), codes());
}

fn without_comments(typescript: &str) -> String {
    let mut parts = typescript.split("/*");
    let first = parts.next().unwrap();
    let rest = parts.map(|part| part.split_once("*/").unwrap().1);
    [first].into_iter().chain(rest).collect()
}

/// The members of `export type name = "…" | "…";`.
fn union(typescript: &str, name: &str) -> Vec<String> {
    let (_, after) = typescript.split_once(&format!("export type {name} =")).unwrap();
    let (members, _) = after.split_once(';').unwrap();
    let unquoted = |member: &str| member.strip_prefix('"')?.strip_suffix('"').map(str::to_owned);
    members
        .trim()
        .trim_start_matches('|')
        .split('|')
        .map(|member| unquoted(member.trim()).unwrap_or_else(|| panic!("{member} in {name}")))
        .collect()
}

/// So do the words on the pad. A PIN that is viewed has words of its own for some codes.
#[test]
fn the_pad_has_words_for_the_codes() {
    // A plain end only has a title; refusals have their texts in `describe-pad.js`; three codes share one text.
    let other = ["closed", "too_short", "too_long", "not_digits", "weak_pin", "mismatch"];
    let browser = ["isolation_unavailable", "vault_missing", "wasm_unavailable"];
    let mut worded = codes();
    worded.retain(|code| !other.contains(&code.as_str()) && !browser.contains(&code.as_str()));
    worded.insert("browser".to_owned());
    assert_eq!(words("errors"), worded);
    worded.insert("closed".to_owned());
    let view = words("viewErrors");
    assert!(!view.is_empty() && view.is_subset(&worded), "{:?}", view.difference(&worded));
}

/// The names of the texts in `member` of the English words, as the module itself exports them.
fn words(member: &str) -> BTreeSet<String> {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/www/languages/en.js");
    let script = format!(
        "import en from {module:?};
         for (const [name, text] of Object.entries(en.{member})) if (text.trim()) console.log(name);"
    );
    let output = Command::new("node").args(["--input-type=module", "--eval", &script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
