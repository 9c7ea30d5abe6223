//! Python and the packages that the tests run.

use super::{packages::Needed, say};
use crate::{
    project::Project,
    run::{output, run},
};
use anyhow::{Context, Result, ensure};
use std::{fs, process::Command};

pub(super) fn note_missing(needed: &mut Needed) {
    needed.program(&["python3"], &["python3", "python3-venv"]);
    // Debian's python3 comes without what makes a virtual environment.
    if output(Command::new("python3").args(["-c", "import ensurepip"])).is_err() {
        needed.missing("Python's venv", &["python3-venv"]);
    }
}

/// Whether this version runs the tools. `requirements.txt` is made for 3.11.
fn is_enough(version: &str) -> bool {
    version.strip_prefix("3.").and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor >= 11)
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
    let version =
        output(Command::new("python3").args(["-c", "import sys; print(*sys.version_info[:2], sep='.')"]))?;
    let version = version.trim();
    ensure!(is_enough(version), "`python3` is {version}, and 3.11 or newer is needed: please install one");
    say("pip install (schemathesis, CycloneDX's and Kubernetes' schemas, zizmor)");
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&to))?;
    run(Command::new(to.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"])
        .arg(&from))?;
    fs::write(&installed, wanted).context("target/python cannot be written to")
}

#[cfg(test)]
mod tests {
    use super::is_enough;

    #[test]
    fn compares_versions_as_numbers() {
        assert!(["3.11", "3.12", "3.100"].into_iter().all(is_enough));
        assert!(!["2.7", "3.9", "3.10", ""].into_iter().any(is_enough));
    }
}
