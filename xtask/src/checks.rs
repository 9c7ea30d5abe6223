use crate::{
    dist::{self, Simd},
    layers,
    project::Project,
    reproduce,
    run::{self, cargo},
    sbom, setup, size, supply_chain,
};
use anyhow::{Context, Result};
use std::{fs, process::Command, time::Instant};

/// One check: its name, and what to do.
type Check = (&'static str, fn(&Project) -> Result<()>);

/// Cheap ones first; a browser sees only what passed everything else.
const CHECKS: [Check; 16] = [
    ("format", format),
    ("layers", layers::check),
    ("supply chain", supply_chain::check),
    ("clippy", clippy),
    ("clippy, wasm", clippy_wasm),
    ("native tests", native_tests),
    ("documentation", documentation),
    ("build", dist::build),
    ("bill of materials", sbom::check),
    ("the same bytes from another build", reproduce::again),
    ("size", size::check),
    ("types of the scripts", types),
    ("the page's scripts, in Node", page_tests),
    ("wasm tests in Chromium, with SIMD", |project| wasm_tests(project, "--chrome", Simd::With)),
    ("wasm tests in Firefox, without", |project| wasm_tests(project, "--firefox", Simd::Without)),
    ("end to end, in Chromium, Firefox and WebKit", end_to_end),
];

/// Runs every check, and stops at the first that fails.
pub(crate) fn run_all(project: &Project) -> Result<()> {
    setup::install_missing(project, setup::Browsers::Wanted)?;
    for (number, (name, check)) in (1..).zip(CHECKS) {
        println!("\n== {number}/{} {name}", CHECKS.len());
        let start = Instant::now();
        check(project).with_context(|| format!("check {number} of {}, {name}, FAILED", CHECKS.len()))?;
        println!("== {name}: passed in {:.1} s", start.elapsed().as_secs_f32());
    }
    println!("\nall {} checks passed", CHECKS.len());
    Ok(())
}

/// Complete sessions under load; fails where one is lost or doubled.
pub(crate) fn load(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args([
        "run",
        "--release",
        "--package",
        "card-pin-relay",
        "--example",
        "load",
    ]))
}

/// Running times of the core's functions for one secret and any; fails where a secret shows that is not known to. No part
/// of the tests: it takes a quiet machine.
pub(crate) fn timing(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args(["run", "--release", "--package", "card-pin-timing"]))
}

/// How the pad looks: it makes pictures, and judges nothing.
pub(crate) fn pictures(project: &Project) -> Result<()> {
    setup::install_missing(project, setup::Browsers::Wanted)?;
    dist::build(project)?;
    run::run(cargo(project.root()).args(["run", "--quiet", "--package", "card-pin-e2e", "--bin", "pictures"]))
}

/// What a screen reader says, in three languages: no part of the tests, as it takes minutes and a screen of its own.
pub(crate) fn screen_reader(project: &Project) -> Result<()> {
    setup::install_screen_reader(project)?;
    dist::build(project)?;
    run::run(cargo(project.root()).args([
        "test",
        "--package",
        "card-pin-e2e",
        "--test",
        "screen_reader",
        "--",
        "--ignored",
        "--nocapture",
    ]))
}

fn format(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args(["fmt", "--all", "--check"]))
}

fn clippy(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args(["clippy", "--workspace", "--all-targets", "--", "-Dwarnings"]))
}

/// With SIMD: without, the core is that of the native tests.
fn clippy_wasm(project: &Project) -> Result<()> {
    let target = "--target=wasm32-unknown-unknown";
    run::run(
        cargo(project.root())
            .args(["clippy", target, "--package", "card-pin", "--all-targets", "--", "-Dwarnings"])
            .env("CARGO_ENCODED_RUSTFLAGS", dist::rust_flags(project, Simd::With)?),
    )
}

fn native_tests(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args(["test", "--workspace", "--exclude", "card-pin-e2e"]))
}

fn documentation(project: &Project) -> Result<()> {
    run::run(
        cargo(project.root()).args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings"),
    )
}

fn types(project: &Project) -> Result<()> {
    for scripts in ["www", "sandbox/issuer"] {
        run::run(
            Command::new(project.npm_tool("tsc"))
                .current_dir(project.root())
                .args(["--noEmit", "-p", scripts]),
        )?;
    }
    Ok(())
}

/// The scripts of `www/`, without a browser.
fn page_tests(project: &Project) -> Result<()> {
    let tests = fs::read_dir(project.www().join("test")).context("www/test cannot be read")?;
    let tests: Vec<_> = tests.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let tests = tests.iter().filter(|path| path.to_string_lossy().ends_with(".test.js"));
    run::run(
        Command::new("node")
            .current_dir(project.root())
            .args(["--import", "./www/test/setup.js", "--test"])
            .args(tests),
    )
}

/// With the ciphers of what ships.
fn wasm_tests(project: &Project, browser: &str, simd: Simd) -> Result<()> {
    run::run(
        Command::new("wasm-pack")
            .current_dir(project.root())
            .args(["test", "--headless", browser])
            .env("CARGO_ENCODED_RUSTFLAGS", dist::rust_flags(project, simd)?),
    )
}

fn end_to_end(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args(["test", "--package", "card-pin-e2e"]))
}
