//! The examples, built from the package, and a PIN set in each.

use crate::{
    dist,
    project::Project,
    run::{self, cargo},
};
use anyhow::Result;
use std::process::Command;

/// The stacks that find most faults within a minute: no bundler, a development server and a production build, a bundler that copies
/// nothing, and an app's own tests.
const QUICK: [&str; 4] = ["html", "react", "esbuild", "jest"];

/// Builds `dist/`, and the examples from it: all, or those that are named.
pub(crate) fn build_and_run(project: &Project, names: &[String]) -> Result<()> {
    dist::build(project)?;
    run(project, names)
}

/// Runs the few that are part of `cargo xtask test`, from the current `dist/`.
pub(crate) fn run_quick(project: &Project) -> Result<()> {
    run(project, &QUICK.map(str::to_owned))
}

fn run(project: &Project, names: &[String]) -> Result<()> {
    run::run(cargo(project.root()).args(["build", "--package", "card-pin-sandbox"]))?;
    run::run(Command::new("node").current_dir(project.root()).arg("stacks/run.js").args(names))
}
