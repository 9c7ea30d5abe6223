//! A commit as a release.

use crate::{
    checks, dist,
    package::VERSION,
    project::Project,
    release_files,
    run::output,
    setup::{self, Part},
};
use anyhow::{Context, Result, ensure};
use std::{fs, process::Command};

/// What the files of a release need.
const RELEASE: [Part; 3] = [Part::Scripts, Part::Python, Part::Musl];

/// Makes what a release consists of, from the commit of a release that passes every check. Publishes nothing.
pub(crate) fn make(project: &Project) -> Result<()> {
    ready(project)?;
    checks::run_all(project, &[])?;
    // What was built is what was committed.
    ready(project)?;
    setup::install(project, &RELEASE)?;
    release_files::make(project)?;
    println!("RELEASING.md says what comes next");
    Ok(())
}

/// Makes the same of whatever is checked out, without the checks, and says what is missing for a release.
pub(crate) fn rehearse(project: &Project) -> Result<()> {
    setup::install(project, &RELEASE)?;
    dist::build(project)?;
    release_files::make(project)?;
    for hindrance in hindrances(project)? {
        println!("not yet a release: {hindrance}");
    }
    Ok(())
}

fn ready(project: &Project) -> Result<()> {
    let hindrances = hindrances(project)?;
    ensure!(hindrances.is_empty(), "this is not a release:\n  {}", hindrances.join("\n  "));
    Ok(())
}

/// Why the commit that is checked out is not the release of the version in `Cargo.toml`.
fn hindrances(project: &Project) -> Result<Vec<String>> {
    let git = |args: &[&str]| output(Command::new("git").current_dir(project.root()).args(args));
    let changelog =
        fs::read_to_string(project.root().join("CHANGELOG.md")).context("CHANGELOG.md cannot be read")?;
    let (changed, tags) = (git(&["status", "--porcelain"])?, git(&["tag", "--points-at", "HEAD"])?);
    Ok(found(VERSION, &changed, &tags, &changelog))
}

fn found(version: &str, changed: &str, tags: &str, changelog: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !changed.is_empty() {
        found.push(format!("this is not committed:\n{}", changed.trim_end()));
    }
    let tag = format!("v{version}");
    if tags.lines().all(|there| there != tag) {
        found.push(format!("Cargo.toml has version {version}, and the commit has no tag {tag}"));
    }
    match newest_title(changelog) {
        Some((newest, date)) if newest == version => {
            if !is_date(date) {
                found.push(format!("the section of {version} in CHANGELOG.md has no date"));
            }
        }
        newest => found.push(format!(
            "the newest entries of CHANGELOG.md stand under {}, and not under {version}",
            newest.map_or("nothing", |(name, _)| name)
        )),
    }
    found
}

/// `0.2.0` and `2026-11-29` of the title `[0.2.0] - 2026-11-29`, if that is the first section with entries.
fn newest_title(changelog: &str) -> Option<(&str, &str)> {
    let section = changelog.split("\n## ").skip(1).find(|section| section.contains("\n- "))?;
    let title = section.lines().next()?;
    let (name, date) = title.split_once(" - ").unwrap_or((title, ""));
    Some((name.trim_matches(['[', ']']), date))
}

/// Such as `2026-11-29`.
fn is_date(text: &str) -> bool {
    let parts: Vec<_> =
        text.split('-').map(|part| (part.len(), part.bytes().all(|byte| byte.is_ascii_digit()))).collect();
    parts == [(4, true), (2, true), (2, true)]
}

#[cfg(test)]
mod tests {
    use super::found;

    const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n## [0.2.0] - 2026-11-29\n\n### Added\n\n- A pad.\n\n\
                             ## [0.1.0] - 2026-10-01\n\n- The first.\n";

    #[test]
    fn the_tagged_commit_of_the_newest_section_is_a_release() {
        assert_eq!(found("0.2.0", "", "nightly\nv0.2.0\n", CHANGELOG), [""; 0]);
        assert_eq!(found("0.2.0", "", "v0.2.0", &CHANGELOG.replace("[0.2.0]", "0.2.0")), [""; 0]);
    }

    #[test]
    fn each_hindrance_is_named() {
        assert_eq!(
            found("0.2.0", " M src/pin.rs\n", "v0.2.0", CHANGELOG),
            ["this is not committed:\n M src/pin.rs"]
        );
        assert_eq!(
            found("0.2.0", "", "v0.2.1\nv0.2.0-rc.1", CHANGELOG),
            ["Cargo.toml has version 0.2.0, and the commit has no tag v0.2.0"]
        );
        assert_eq!(
            found("0.1.0", "", "v0.1.0", CHANGELOG),
            ["the newest entries of CHANGELOG.md stand under 0.2.0, and not under 0.1.0"]
        );
        let undated = CHANGELOG.replace("2026-11-29", "in preparation");
        assert_eq!(
            found("0.2.0", "", "v0.2.0", &undated),
            ["the section of 0.2.0 in CHANGELOG.md has no date"]
        );
        let unreleased = CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n- More.\n");
        assert_eq!(
            found("0.2.0", "", "v0.2.0", &unreleased),
            ["the newest entries of CHANGELOG.md stand under Unreleased, and not under 0.2.0"]
        );
        assert_eq!(found("0.2.0", "", "v0.2.0", "# Changelog\n").len(), 1);
    }
}
