//! Runs each target with the files of its corpus: the seeds, the inputs that fuzzing has kept, and every input that was once
//! a finding.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "which file it was is seen where a test fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use card_pin_fuzz::TARGETS;

fn names_in(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A target without a binary is never fuzzed, and one without a corpus is not tested here.
#[test]
fn every_target_has_a_binary_and_a_corpus() {
    let names: BTreeSet<_> = TARGETS.map(|(name, _)| name.to_owned()).into();
    assert_eq!(names_in("corpus"), names);
    assert_eq!(names_in("fuzz_targets"), names.iter().map(|name| format!("{name}.rs")).collect());
}

fn replay(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(target, _)| *target == name).unwrap();
    let folder = format!("corpus/{name}");
    let files = names_in(&folder);
    assert!(!files.is_empty());
    target(&[]);
    for file in files {
        println!("{folder}/{file}");
        target(&fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder).join(file)).unwrap());
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
