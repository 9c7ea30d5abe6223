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

pub(super) fn check_version() -> Result<()> {
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

/// The tools of `xtask/npm/`, installed under `target/` so that no `node_modules` lies among the sources.
pub(super) fn install_packages(project: &Project) -> Result<()> {
    let from = project.root().join("xtask/npm");
    let to = project.work("npm");
    let lock =
        fs::read(from.join("package-lock.json")).context("xtask/npm/package-lock.json cannot be read")?;
    // Written last, so that an installation that broke off is done again.
    let installed = to.join("installed-lock.json");
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    say("npm ci (esbuild, typescript)");
    fs::create_dir_all(&to).context("target/npm cannot be made")?;
    for name in FILES {
        fs::copy(from.join(name), to.join(name))
            .with_context(|| format!("xtask/npm/{name} cannot be copied"))?;
    }
    run(Command::new("npm").current_dir(&to).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    fs::write(&installed, lock).context("target/npm cannot be written to")
}
