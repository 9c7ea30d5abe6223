//! One check, and a report of several.

use crate::{
    project::Project,
    setup::{self, Part},
};
use anyhow::{Result, bail};
use std::time::Instant;

/// One check.
#[derive(Debug)]
pub(crate) struct Check {
    /// Its name in `cargo xtask test NAME`.
    pub(crate) name: &'static str,
    what: &'static str,
    /// What it needs on this machine.
    needs: &'static [Part],
    /// Whether it uses `dist/`, which the check `build` makes.
    needs_dist: bool,
    run: fn(&Project) -> Result<()>,
}

pub(crate) const fn source(
    name: &'static str,
    what: &'static str,
    needs: &'static [Part],
    run: fn(&Project) -> Result<()>,
) -> Check {
    Check { name, what, needs, needs_dist: false, run }
}

pub(crate) const fn built(
    name: &'static str,
    what: &'static str,
    needs: &'static [Part],
    run: fn(&Project) -> Result<()>,
) -> Check {
    Check { name, what, needs, needs_dist: true, run }
}

/// The check that makes `dist/`.
pub(crate) const BUILD: &str = "build";

/// All of these checks, or the named ones. If one of them uses `dist/`, the check `build` is added, because an old `dist/` could
/// pass.
pub(crate) fn named<'a>(checks: &[&'a Check], names: &[String]) -> Result<Vec<&'a Check>> {
    let unknown = names.iter().find(|name| checks.iter().all(|check| check.name != name.as_str()));
    if let Some(unknown) = unknown {
        let known: Vec<_> = checks.iter().map(|check| check.name).collect();
        bail!("there is no check `{unknown}`; there are: {}", known.join(", "));
    }
    let is_named = |check: &Check| names.is_empty() || names.iter().any(|name| name == check.name);
    let needs_dist = checks.iter().any(|check| check.needs_dist && is_named(check));
    let is_wanted = |check: &&Check| is_named(check) || needs_dist && check.name == BUILD;
    Ok(checks.iter().copied().filter(is_wanted).collect())
}

/// Installs everything that these checks need, and then runs them.
pub(crate) fn run_each(project: &Project, checks: &[&Check]) -> Result<()> {
    let needs: Vec<_> = checks.iter().flat_map(|check| check.needs).copied().collect();
    setup::install(project, &needs)?;
    run_in_order(project, checks)
}

pub(crate) fn run_in_order(project: &Project, checks: &[&Check]) -> Result<()> {
    let mut failed = Vec::new();
    for (number, Check { name, what, needs_dist, run, .. }) in (1..).zip(checks) {
        println!("\n== {number}/{} {name}: {what}", checks.len());
        if *needs_dist && failed.iter().any(|(name, _)| *name == BUILD) {
            println!("== {name}: skipped, because dist/ was not built");
            continue;
        }
        let start = Instant::now();
        match run(project) {
            Ok(()) => println!("== {name}: passed in {:.1} s", start.elapsed().as_secs_f32()),
            Err(error) => {
                println!("== {name}: FAILED after {:.1} s: {error:#}", start.elapsed().as_secs_f32());
                failed.push((*name, error));
            }
        }
    }
    if failed.is_empty() {
        println!("\nall {} checks passed", checks.len());
        return Ok(());
    }
    let list: Vec<_> = failed.iter().map(|(name, error)| format!("  {name}: {error:#}")).collect();
    bail!("{} of {} checks FAILED:\n{}", failed.len(), checks.len(), list.join("\n"))
}
