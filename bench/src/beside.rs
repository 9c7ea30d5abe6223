//! Another build of card-pin, to be measured in turn with this one.

use crate::{
    results::{Keys, Results, Sessions},
    sessions::{PADS, Pad},
    tables::ratio,
};
use anyhow::{Context, Result, ensure};
use card_pin_e2e::Sandbox;
use std::{fmt::Write as _, fs, path::Path, process::Command};

/// What another build is called in the report, among the ways to make keys and among the pads.
const BESIDE: &str = "the build beside";
/// Where the sandbox serves it.
const FOLDER: &str = "beside";
/// The files of the page with its pad.
const PAGES: [&str; 3] = ["pad-card-pin.html", "pad-card-pin.js", "customer.js"];
/// The files that make its keys.
const KEYS: [&str; 2] = ["card_pin_bench.js", "card_pin_bench_bg.wasm"];

/// What is measured: this build, and perhaps another.
pub(crate) struct Beside {
    pub(crate) pads: Vec<Pad>,
    /// The page that makes keys.
    pub(crate) keys: &'static str,
    /// The other's commit.
    pub(crate) commit: Option<String>,
}

impl Beside {
    /// Makes the sandbox serve another tree's `dist/`, and the files from its `target/bench/` that make keys.
    pub(crate) fn add(sandbox: &Sandbox, bench: &Path, tree: Option<&Path>) -> Result<Self> {
        let (mut pads, keys) = (PADS.to_vec(), "/pin-page/keys.html");
        let Some(tree) = tree else { return Ok(Self { pads, keys, commit: None }) };
        let keys_of_tree = tree.join("target/bench");
        ensure!(
            keys_of_tree.join(KEYS[0]).is_file(),
            "{} makes no keys: run `cargo xtask bench --quick` there",
            keys_of_tree.display()
        );
        let folder = sandbox.add_build(&tree.join("dist"), FOLDER)?;
        for (from, names) in [(bench, &PAGES[..]), (&keys_of_tree, &KEYS[..])] {
            for name in names {
                fs::copy(from.join(name), folder.join(name))
                    .with_context(|| format!("{} has no {name}", from.display()))?;
            }
        }
        pads.push((BESIDE, "beside/pad-card-pin.html"));
        Ok(Self { pads, keys: "/pin-page/keys.html?beside", commit: Some(commit(tree)?) })
    }
}

fn commit(tree: &Path) -> Result<String> {
    let mut log = Command::new("git");
    log.arg("-C").arg(tree).args(["log", "-1", "--format=%h"]);
    let output = log.output().context("git cannot be run")?;
    ensure!(output.status.success(), "{} has no commit", tree.display());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// This build's figures as multiples of the other's, if there was another.
pub(crate) fn section(results: &Results) -> String {
    let Some(commit) = &results.beside else { return String::new() };
    let mut text = format!(
        "## Beside another build\n\nThis build's means as multiples of those of commit `{commit}`, measured in turn with it.\n\n\
         | | | ÷ the build beside |\n| --- | --- | --: |\n"
    );
    for theirs in results.keys.iter().filter(|keys| keys.contender == BESIDE) {
        let same = |keys: &&Keys| {
            (&keys.engine, keys.slower, keys.bits, keys.contender.as_str())
                == (&theirs.engine, theirs.slower, theirs.bits, "card-pin")
        };
        let ours = results.keys.iter().find(same).map_or(&[][..], |keys| &keys.times);
        let what = format!("key pair of {} bits, {}", theirs.bits, results.speed(theirs.slower));
        let _ = writeln!(text, "| {} | {what} | {} |", theirs.engine, ratio("card-pin", ours, &theirs.times));
    }
    for theirs in results.sessions.iter().filter(|sessions| sessions.pad == BESIDE) {
        let same = |sessions: &&Sessions| {
            (&sessions.engine, sessions.slower, sessions.pad.as_str())
                == (&theirs.engine, theirs.slower, "card-pin")
        };
        let times =
            |sessions: &Sessions| -> Vec<f64> { sessions.runs.iter().map(|marks| marks.accepted).collect() };
        let ours = results.sessions.iter().find(same).map(times).unwrap_or_default();
        let what = format!("session, {}", results.speed(theirs.slower));
        let ratio = ratio("card-pin", &ours, &times(theirs));
        let _ = writeln!(text, "| {} | {what} | {ratio} |", theirs.engine);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::samples::{keys_of, sessions_of};

    #[test]
    fn another_build_has_its_commit_and_a_table_where_there_is_one() {
        let mut results = Results {
            keys: vec![keys_of("card-pin", &[40.0; 6]), keys_of(BESIDE, &[50.0; 6])],
            sessions: vec![sessions_of("card-pin", 90.0), sessions_of(BESIDE, 100.0)],
            ..Results::default()
        };
        assert_eq!(section(&results), "");
        results.beside = Some("8da0863".to_owned());
        let text = section(&results);
        let lines = "| Chromium | key pair of 2048 bits, at full speed | **0.80** (0.80–0.80) |\n\
                     | Chromium | session, at full speed | **0.90** (0.90–0.90) |\n";
        assert!(text.contains(" those of commit `8da0863`, ") && text.ends_with(lines), "{text}");
    }
}
