//! What takes long and finds little.

use crate::{
    check::{Check, named, run_each, source},
    deployment, dist, fuzz,
    project::Project,
    run::{self, cargo},
    setup::{
        Part::{self, *},
        STACKS,
    },
    soak, stacks,
};
use anyhow::{Context, Result};
use std::process::Command;

/// The checks that take long and rarely fail. The soak is a thousandth of the full one. The model runs four times as many cases.
pub(crate) const NIGHTLY: [Check; 9] = [
    source("deployment", "what operators of the relay get", &[Python, Deployment, Musl], deployment::check),
    source("model", "sessions against a model of the documentation, four times as long", &[], |project| {
        run::run(cargo(project.root()).args(["test", "--test", "model"]).env("PROPTEST_CASES", "20000"))
    }),
    source("fuzz", "each fuzz target for a minute", &[Fuzz], |project| {
        fuzz::run(project, &fuzz::Options::default())
    }),
    source("soak", "pairs of primes and products before other implementations", &[Servers], |project| {
        soak::run_all(project, &soak::Options { pairs: 100, operands: 1000, ..Default::default() })
    }),
    source("load", "complete sessions under load", &[], load),
    source("screen-reader", "what a screen reader says, in three languages", SCREEN_READER, screen_reader),
    source("stacks", "the examples in their own bundlers and frameworks", STACKS, |project| {
        stacks::build_and_run(project, &[])
    }),
    source("timing", "does a secret show in how long its code takes?", &[], timing),
    source("memcheck", "does a branch or an address depend on a secret?", &[Valgrind], memcheck),
];

const SCREEN_READER: &[Part] = &[Scripts, Browsers, ScreenReader];

/// Whether there is such a check.
pub(crate) fn is_known(name: &str) -> bool {
    NIGHTLY.iter().any(|check| check.name == name)
}

/// Runs all of these, or the named ones, and lists those that failed at the end.
pub(crate) fn run_all(project: &Project, names: &[String]) -> Result<()> {
    run_each(project, &named(&NIGHTLY.iter().collect::<Vec<_>>(), names)?)
}

/// Runs complete sessions under load, first in virtual time. Fails if one is lost or doubled.
fn load(project: &Project) -> Result<()> {
    let admission = ["test", "--release", "--package", "card-pin-relay", "--lib", "admission::"];
    run::run(cargo(project.root()).args(admission).args(["--", "--nocapture", "--test-threads=1"]))?;
    let sessions = ["run", "--release", "--package", "card-pin-sandbox", "--example", "load"];
    run::run(cargo(project.root()).args(sessions))
}

/// Compares running times of the core's functions for one secret and for random ones. Fails if a secret shows where that is not
/// already known. It is not one of the tests, because it needs a quiet machine.
fn timing(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args(["run", "--release", "--package", "card-pin-timing"]))
}

/// Counts with Valgrind what in the core's functions depends on a secret. Fails like [`timing`]. AES is compiled as for the wasm,
/// without the processor's instructions for it.
fn memcheck(project: &Project) -> Result<()> {
    let build = ["build", "--release", "--package", "card-pin-timing", "--features", "memcheck"];
    let folder = project.work("memcheck");
    run::run(
        cargo(project.root())
            .args(build)
            .arg("--target-dir")
            .arg(&folder)
            .env("RUSTFLAGS", "--cfg aes_backend=\"soft\"")
            // Valgrind names the line of each finding.
            .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only"),
    )?;
    let mut valgrind = Command::new("valgrind");
    // Otherwise it stops counting after many findings.
    valgrind.args(["--quiet", "--error-limit=no"]);
    valgrind.arg(format!("--log-file={}", folder.join("findings.log").display()));
    let counted = run::run(valgrind.arg(folder.join("release/card-pin-timing")));
    counted.context("target/memcheck/findings.log has each finding with its line")
}

/// Tests what a screen reader says, in three languages. It is not one of the tests, because it takes minutes and needs a screen
/// of its own.
fn screen_reader(project: &Project) -> Result<()> {
    dist::build(project)?;
    run::run(cargo(project.root()).args([
        "test",
        "--package",
        "card-pin-e2e",
        "--test",
        "end_to_end",
        "screen_reader::",
        "--",
        "--ignored",
        "--nocapture",
    ]))
}
