//! Python and the packages that the tests run.

use super::{packages::Needed, say};
use crate::{
    project::Project,
    run::{output, run},
};
use anyhow::{Context, Result};
use std::{fs, process::Command};

pub(super) fn note_missing(needed: &mut Needed) {
    needed.program(&["python3"], &["python3", "python3-venv"]);
    // Debian's python3 comes without what makes a virtual environment.
    if output(Command::new("python3").args(["-c", "import ensurepip"])).is_err() {
        needed.missing("Python's venv", &["python3-venv"]);
    }
}

/// The tools of `xtask/python/`, each file of them with its hash, in a virtual environment under `target/`.
pub(super) fn install_packages(project: &Project) -> Result<()> {
    let from = project.root().join("xtask/python/requirements.txt");
    let to = project.work("python");
    let wanted = fs::read(&from).context("xtask/python/requirements.txt cannot be read")?;
    // Written last, so that an installation that broke off is done again.
    let installed = to.join("installed-requirements.txt");
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    say("pip install (schemathesis, CycloneDX's and Kubernetes' schemas, zizmor)");
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&to))?;
    run(Command::new(to.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"])
        .arg(&from))?;
    fs::write(&installed, wanted).context("target/python cannot be written to")
}
