use crate::{
    project::Project,
    run::{cargo, run},
};
use anyhow::Result;

/// How much of each.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// Pairs of primes of 1024 bits, each number tested by OpenSSL.
    pub(crate) pairs: u32,
    /// Operands for each width and kind of lanes, compared with `num-bigint`.
    pub(crate) operands: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { pairs: 100_000, operands: 1_000_000 }
    }
}

/// Runs the tests of the search for primes that are too long for every day, and longer.
pub(crate) fn run_all(project: &Project, options: Options) -> Result<()> {
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
