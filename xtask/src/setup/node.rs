//! Node.js and the npm packages that the build runs.

use super::{packages::Needed, say};
use crate::{
    project::Project,
    run::{output, run},
};
use anyhow::{Context, Result, ensure};
use std::{fs, process::Command};

const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

pub(super) fn note_missing(needed: &mut Needed) {
    needed.program(&["node"], &["nodejs"]);
    needed.program(&["npm"], &["npm"]);
}

/// Major and minor.
type Version = (u32, u32);

/// Whether it makes `dist/`.
fn can_build(version: Version) -> bool {
    version >= (18, 0)
}

/// Whether it runs the tests of the scripts, the site and the examples, too. Vite 8 names these versions, and with them Node.js takes
/// a script with imports for a module.
fn can_test(version: Version) -> bool {
    matches!(version, (20, 19..) | (22, 12..) | (23.., _))
}

fn version() -> Result<Version> {
    let printed = output(Command::new("node").arg("--version"))?;
    parse(&printed).with_context(|| format!("`node --version` printed `{}`", printed.trim()))
}

fn parse(printed: &str) -> Option<Version> {
    let mut numbers = printed.strip_prefix('v')?.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// Whether the tests can run.
pub(super) fn is_there() -> Result<bool> {
    Ok(can_test(version()?))
}

/// A Node.js for the tests: the system's, or else one under `target/`. Debian 12 and Ubuntu 24.04 have version 18. It comes with
/// an npm, because Debian's only runs in Debian's Node.js.
pub(super) fn install_newer(project: &Project) -> Result<()> {
    let is_in_npm = cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"));
    if project.own_node().is_dir() || is_in_npm && !is_there()? {
        install(project, "xtask/node", "node", "Node.js: the system's is too old for the tests")?;
    }
    let (major, minor) = version()?;
    ensure!(
        can_test((major, minor)),
        "`node` is {major}.{minor}, and the tests need 20.19+ or 22.12+: please install one from nodejs.org"
    );
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
    let (major, minor) = version()?;
    ensure!(
        can_build((major, minor)),
        "`node` is {major}.{minor}, and 18 or newer is needed: please install one"
    );
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
    // With it goes our own npm, which could not replace itself.
    if to.exists() {
        fs::remove_dir_all(&to).with_context(|| format!("{} cannot be emptied", to.display()))?;
    }
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

#[cfg(test)]
mod tests {
    use super::{can_build, can_test, parse};
    use crate::project::Project;
    use std::fs;

    /// The oldest that runs the tests.
    const OLDEST: &str = "20.19";

    #[test]
    fn reads_major_and_minor_of_a_version() {
        assert_eq!(parse("v20.19.0\n"), Some((20, 19)));
        assert_eq!(parse("v26.0.0-nightly20251016\n"), Some((26, 0)));
        for other in ["", "20.19.0", "v20", "v20.x.0", "deno 2.1.0"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_tests_need_a_newer_version_than_the_build() {
        assert!(!can_build((16, 20)) && can_build((18, 0)));
        assert!(
            [(18, 20), (20, 18), (21, 7), (22, 11)].into_iter().all(|old| can_build(old) && !can_test(old))
        );
        assert!([(20, 19), (22, 12), (23, 0), (24, 0), (100, 0)].into_iter().all(can_test));
    }

    #[test]
    fn the_readme_names_the_oldest_version_and_the_hosted_ci_runs_on_it() {
        assert!(can_test(parse(&format!("v{OLDEST}.0")).unwrap()));
        let read = |file: &str| fs::read_to_string(Project::find().unwrap().root().join(file)).unwrap();
        assert!(read("README.md").contains(OLDEST));
        assert!(read(".github/workflows/check.yml").contains(&format!("node-version: {OLDEST}.0\n")));
    }
}
