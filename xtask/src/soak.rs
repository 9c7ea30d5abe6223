//! The search for primes, or whole sessions, for hours.

use crate::{
    dist,
    project::Project,
    run::{cargo, run},
    setup,
};
use anyhow::{Context, Result, ensure};
use std::{
    ffi::OsString,
    path::{self, PathBuf},
};

/// The amount of each kind.
pub(crate) struct Options {
    /// Pairs of primes of 1024 bits, each number tested by OpenSSL.
    pub(crate) pairs: u32,
    /// Operands for each width and kind of lanes, compared with `num-bigint`.
    pub(crate) operands: u32,
    /// Sessions in each browser, instead of the others.
    pub(crate) sessions: Option<u32>,
    /// The only engine to use.
    pub(crate) engine: Option<OsString>,
    /// The folder of another build than this tree's.
    pub(crate) dist: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { pairs: 100_000, operands: 1_000_000, sessions: None, engine: None, dist: None }
    }
}

/// Runs sessions if a number of them is given, and the search for primes otherwise.
pub(crate) fn run_all(project: &Project, options: &Options) -> Result<()> {
    match options.sessions {
        Some(sessions) => run_sessions(project, sessions, options),
        None => {
            let is_plain = options.engine.is_none() && options.dist.is_none();
            ensure!(is_plain, "--engine and --dist need --sessions");
            run_search(project, options)
        }
    }
}

/// Runs whole sessions, each in a freshly loaded page.
fn run_sessions(project: &Project, sessions: u32, options: &Options) -> Result<()> {
    setup::install(project, setup::PAGES)?;
    let mut program = cargo(project.root());
    program.args(["run", "--quiet", "--package", "card-pin-e2e", "--bin", "soak", "--", "--sessions"]);
    program.arg(sessions.to_string());
    if let Some(engine) = &options.engine {
        program.arg("--engine").arg(engine);
    }
    match &options.dist {
        // The program runs in the root of the tree.
        Some(dist) => program.arg("--dist").arg(path::absolute(dist).context("--dist names no folder")?),
        None => {
            dist::build(project)?;
            &mut program
        }
    };
    run(&mut program)
}

/// Runs the long tests of the search for primes, longer than by default.
fn run_search(project: &Project, options: &Options) -> Result<()> {
    let tests = ["prime_search::tests::arithmetic", "prime_search::tests::soak"];
    run(cargo(project.root())
        .args([
            "test",
            "--release",
            "--package",
            "card-pin",
            "--lib",
            "--",
            "--include-ignored",
            "--nocapture",
        ])
        .args(tests)
        .env("CARD_PIN_OPERANDS", options.operands.to_string())
        .env("CARD_PIN_SOAK_PAIRS", options.pairs.to_string()))
}
