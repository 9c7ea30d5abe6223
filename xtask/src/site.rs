//! The documents as a site.

use crate::{project::Project, run::run};
use anyhow::{Result, ensure};
use std::process::Command;

/// Makes `target/site/`. The playground uses the mock of `dist/`.
pub(crate) fn build(project: &Project) -> Result<()> {
    run_script(project, "site/build.js")
}

/// Makes it, follows each of its links, and opens it in Chromium.
pub(crate) fn check(project: &Project) -> Result<()> {
    run_script(project, "site/check.js")
}

fn run_script(project: &Project, script: &str) -> Result<()> {
    ensure!(project.dist().join("mock.js").exists(), "the site needs dist/: `cargo xtask build` makes it");
    run(Command::new("node").current_dir(project.root()).arg(script))
}
