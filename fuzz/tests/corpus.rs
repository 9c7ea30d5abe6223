//! Runs each target with the files of its corpus: the seeds, the inputs that fuzzing has kept, and every input that was once
//! a finding.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "which file it was is seen where a test fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use card_pin_fuzz::{TARGETS, session_events};

/// The events of each seed of `session`.
const SESSIONS: [(&str, &str); 32] = [
    ("closed", "Failed(Closed)"),
    ("long-control-id", "Submitting Ready Failed(ControlIdUnavailable)"),
    ("no-control-id", "Submitting Ready Failed(ControlIdUnavailable)"),
    ("no-entropy", "Submitting Failed(EntropyUnavailable)"),
    ("no-entropy-2", "Submitting Failed(EntropyUnavailable)"),
    ("set", "Submitting Ready Success"),
    ("set-all-control-ids", "Submitting Ready Waits(15) Waits(15) Waits(15) Success"),
    ("set-busy", "Submitting Waits(1) Waits(2) Ready Success"),
    ("set-busy-provider", "Ready Submitting Waits(15) Success"),
    ("set-busy-too-long", "Submitting Failed(Busy)"),
    ("set-confirmed", "Ready Submitting Success"),
    ("set-doubt-closed", "Submitting Ready Failed(OutcomeUnknown)"),
    ("set-expired-once", "Submitting Ready Failed(OutcomeUnknown)"),
    ("set-format-not-allowed", "Submitting Failed(BadResponse)"),
    ("set-looked-up", "Submitting Ready Success"),
    ("set-looked-up-in-vain", "Submitting Ready Failed(Network)"),
    ("set-looked-up-unreadable", "Submitting Ready Failed(OutcomeUnknown)"),
    ("set-mismatch", "Refused(Mismatch)"),
    ("set-network-once", "Submitting Ready Failed(OutcomeUnknown)"),
    ("set-provider", "Submitting Ready Success"),
    ("set-refused", "Submitting Ready Failed(Rejected)"),
    ("set-twelve", "Submitting Ready Success"),
    (
        "set-weak",
        "Refused(WeakPin) Refused(WeakPin) Refused(NotDigits) Refused(NotDigits) Refused(NotDigits)",
    ),
    ("set-weak-key", "Submitting Failed(TzpkInvalid)"),
    ("suggested", "Refused(TooShort) Submitting"),
    ("suggested-no-entropy", "Failed(EntropyUnavailable)"),
    ("unasked", ""),
    ("view", "Ready Submitting Arrived Failed(Closed)"),
    ("view-asked-early", "Submitting"),
    ("view-hidden-unseen", "Ready Submitting Arrived Failed(Closed)"),
    ("view-provider", "Ready Submitting Arrived"),
    ("view-revealed", "Ready Submitting Arrived Shown Hidden"),
];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names_in(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(path(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A target without a binary is never fuzzed, and one without a corpus is not tested here.
#[test]
fn every_target_has_a_binary_and_a_corpus() {
    let names: BTreeSet<_> = TARGETS.map(|(name, _)| name.to_owned()).into();
    assert_eq!(names_in("corpus"), names);
    assert_eq!(names_in("fuzz_targets"), names.iter().map(|name| format!("{name}.rs")).collect());
}

/// A seed that has come to end early tries nothing of what its name says.
#[test]
fn each_session_gets_to_what_its_seed_is_for() {
    let is_seed = |name: &String| !(name.len() == 40 && name.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let seeds: BTreeSet<_> = names_in("corpus/session").into_iter().filter(is_seed).collect();
    assert_eq!(seeds, SESSIONS.map(|(seed, _)| seed.to_owned()).into());
    for (seed, events) in SESSIONS {
        assert_eq!(session_events(&fs::read(path("corpus/session").join(seed)).unwrap()), events, "{seed}");
    }
}

fn replay(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(target, _)| *target == name).unwrap();
    let folder = format!("corpus/{name}");
    let files = names_in(&folder);
    assert!(!files.is_empty());
    target(&[]);
    for file in files {
        println!("{folder}/{file}");
        target(&fs::read(path(&folder).join(file)).unwrap());
    }
}

macro_rules! replay {
    ($($name:ident),*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*
    };
}

replay!(reply, base64, spki, pin_block, tzpk, session, hsm, sandbox_http, relay_wire, relay_config);
