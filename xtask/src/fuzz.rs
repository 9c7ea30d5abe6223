//! Fuzzing with the pinned toolchain. `cargo fuzz` needs another one, only for its sanitizers, which find nothing in code without
//! `unsafe`.

use crate::{
    project::Project,
    run::{cargo, output},
    setup::{self, Part},
};
use anyhow::{Result, bail};
use std::{ffi::OsString, fs, process::Output};

/// `cargo fuzz build` and `run` for our binaries.
const FLAGS: [&str; 4] = ["--sanitizer", "none", "--features", "libfuzzer"];

/// How long to fuzz, and which targets.
pub(crate) struct Options {
    /// The seconds for each target.
    pub(crate) seconds: u32,
    /// The runs for each target; 0 for no limit.
    pub(crate) runs: u64,
    /// The targets; all if none is named.
    pub(crate) targets: Vec<OsString>,
}

impl Default for Options {
    fn default() -> Self {
        Self { seconds: 60, runs: 0, targets: Vec::new() }
    }
}

/// Fuzzes one target after the other, and fails at the first finding.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    setup::install(project, &[Part::Fuzz])?;
    let listed = output(cargo(project.root()).args(["fuzz", "list"]))?;
    let listed: Vec<&str> = listed.lines().collect();
    let named: Vec<_> = options.targets.iter().map(|target| target.to_string_lossy()).collect();
    if let Some(unknown) = named.iter().find(|target| !listed.contains(&&***target)) {
        bail!("there is no target `{unknown}`: they are {}", listed.join(", "));
    }
    crate::run::run(cargo(project.root()).args(["fuzz", "build"]).args(FLAGS))?;
    for target in
        listed.into_iter().filter(|target| named.is_empty() || named.iter().any(|name| name == target))
    {
        println!("{target} …");
        fuzz(project, options, target)?;
    }
    Ok(())
}

fn fuzz(project: &Project, options: &Options, target: &str) -> Result<()> {
    // It writes new inputs to the first folder; the corpus in the tree is only read.
    let found = project.work("fuzz").join(target);
    fs::create_dir_all(&found)?;
    let mut command = cargo(project.root());
    command.args(["fuzz", "run"]).args(FLAGS).arg(target).arg(found).arg(format!("fuzz/corpus/{target}"));
    command.args(["--", "-dict=fuzz/dictionary", "-print_final_stats=1", "-timeout=60"]);
    command.arg(format!("-max_total_time={}", options.seconds));
    if options.runs > 0 {
        command.arg(format!("-runs={}", options.runs));
    }
    let Output { status, stderr, .. } = command.output()?;
    let report = String::from_utf8_lossy(&stderr);
    if !status.success() {
        bail!(
            "{target} has a finding:\n{report}\nWhen it is fixed, add the failing input to fuzz/corpus/{target}/: `cargo test` tries it \
             from then on"
        );
    }
    println!(
        "{target}: {} runs, {} a second, {} places covered",
        figure(&report, "stat::number_of_executed_units:"),
        figure(&report, "stat::average_exec_per_sec:"),
        figure(&report, "cov:"),
    );
    Ok(())
}

/// The number after the last occurrence of a name.
fn figure<'a>(report: &'a str, name: &str) -> &'a str {
    let behind = report.rsplit_once(name).map(|(_, behind)| behind);
    behind.and_then(|behind| behind.split_whitespace().next()).unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::figure;

    const REPORT: &str = "#2 INITED cov: 40 ft: 41\n#900 DONE   cov: 77 ft: 90 corp: 3/9b\nDone 900 runs in 1 second(s)\n\
                          stat::number_of_executed_units: 900\nstat::average_exec_per_sec:     450\n";

    #[test]
    fn the_last_figures_are_read() {
        assert_eq!(figure(REPORT, "cov:"), "77");
        assert_eq!(figure(REPORT, "stat::number_of_executed_units:"), "900");
        assert_eq!(figure(REPORT, "stat::average_exec_per_sec:"), "450");
        assert_eq!(figure(REPORT, "stat::peak_rss_mb:"), "?");
    }
}
