//! Node.js and the npm packages that the build runs.

use super::{packages::Needed, say};
use crate::{
    project::Project,
    run::{output, run},
};
use anyhow::{Context, Result, bail};
use std::{fs, process::Command};

const OLDEST: u32 = 18;
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

pub(super) fn note_missing(needed: &mut Needed) {
    needed.program(&["node"], &["nodejs"]);
    needed.program(&["npm"], &["npm"]);
}

fn check_version() -> Result<()> {
    let version = output(Command::new("node").arg("--version"))?;
    let major =
        version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST) {
        bail!(
            "Node.js {OLDEST} or newer is needed, and `node` is {}: please install a newer one",
            version.trim()
        );
    }
    Ok(())
}

/// The tools of the build.
pub(super) fn install_tools(project: &Project) -> Result<()> {
    install(project, "xtask/npm", "npm", "esbuild, jsdom, happy-dom, marked, typescript")
}

/// What the end-to-end tests use the package with.
pub(super) fn install_consumers(project: &Project) -> Result<()> {
    install(project, "e2e/npm", "e2e-npm", "axe-core, vite, publint, attw, a font, types of react-native")
}

/// What the benchmark runs beside card-pin.
pub(super) fn install_rivals(project: &Project) -> Result<()> {
    install(project, "bench/npm", "bench-npm", "node-forge, jsencrypt, jsrsasign")
}

/// Installs under `target/`, so that no `node_modules` lies among the sources.
fn install(project: &Project, from: &str, to: &str, what: &str) -> Result<()> {
    check_version()?;
    let from = project.root().join(from);
    let to = project.work(to);
    let lock = fs::read(from.join("package-lock.json"))
        .with_context(|| format!("{}/package-lock.json cannot be read", from.display()))?;
    // Written last, so that an installation that broke off is done again.
    let installed = to.join("installed-lock.json");
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    say(&format!("npm ci ({what})"));
    fs::create_dir_all(&to).with_context(|| format!("{} cannot be made", to.display()))?;
    for name in FILES {
        fs::copy(from.join(name), to.join(name))
            .with_context(|| format!("{}/{name} cannot be copied", from.display()))?;
    }
    run(Command::new("npm").current_dir(&to).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    fs::write(&installed, lock).with_context(|| format!("{} cannot be written to", to.display()))
}
