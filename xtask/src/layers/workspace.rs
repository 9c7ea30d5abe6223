//! The crates of the workspace, in the order that `docs/architecture.md` lists.

use super::list::{DOCUMENT, document, order};
use crate::{package::metadata, project::Project};
use anyhow::Result;
use serde::Deserialize;
use std::{fmt, path::PathBuf};

/// What stands before the list of the crates.
const HEADING: &str = "**In the workspace**";

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Dependency {
    name: String,
    kind: Option<Kind>,
    /// The folder. Crates from a registry have none.
    path: Option<PathBuf>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Dev,
    Build,
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match self.kind {
            None => Ok(()),
            Some(Kind::Dev) => f.write_str(" (dev)"),
            Some(Kind::Build) => f.write_str(" (build)"),
        }
    }
}

/// One line for each use against the list, and for each difference between the list and the workspace. Cargo itself allows a circle
/// through `[dev-dependencies]`; an order has none.
pub(super) fn violations(project: &Project) -> Result<Vec<String>> {
    let packages = normalized(metadata(project, &["--no-deps"])?);
    let document = document(project)?;
    Ok(against(&order(&document, HEADING)?, &packages))
}

/// The crates of the workspace, by name, with those of ours that each uses.
fn normalized(mut packages: Vec<Package>) -> Vec<Package> {
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    for package in &mut packages {
        package.dependencies.retain(|used| used.path.is_some());
        // A dependency that is named for several platforms is one use.
        package.dependencies.sort();
        package.dependencies.dedup();
    }
    packages
}

fn against(order: &[&str], packages: &[Package]) -> Vec<String> {
    let rank = |name: &str| order.iter().position(|listed| *listed == name);
    let mut violations = Vec::new();
    for package in packages {
        let own = &package.name;
        let Some(place) = rank(own) else {
            violations.push(format!("{own}: is not in the list of {DOCUMENT}"));
            continue;
        };
        for used in &package.dependencies {
            if rank(&used.name).is_none_or(|used| used >= place) {
                violations.push(format!("{own}: uses {used}, which {DOCUMENT} does not list above it"));
            }
        }
    }
    for (place, listed) in order.iter().enumerate() {
        if !packages.iter().any(|package| package.name == *listed) {
            violations.push(format!("{DOCUMENT}: lists {listed}, which is not in the workspace"));
        }
        if rank(listed) != Some(place) {
            violations.push(format!("{DOCUMENT}: lists {listed} of the workspace twice"));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::{Package, against, normalized};
    use serde_json::{from_value, json};

    /// Crates of ours, each with what it uses, as `cargo metadata` prints them.
    fn workspace(crates: &[(&str, &[&str])]) -> Vec<Package> {
        let uses = |used: &&str| {
            let (name, kind) = used.split_once(' ').unzip();
            let kind = kind.map(|kind| kind.trim_matches(['(', ')']));
            json!({"name": name.unwrap_or(used), "kind": kind, "path": "/a/folder"})
        };
        let package = |(name, used): &(&str, &[&str])| {
            let serde = json!({"name": "serde", "kind": null, "source": "registry"});
            json!({"name": name, "dependencies": used.iter().map(uses).chain([serde]).collect::<Vec<_>>()})
        };
        normalized(crates.iter().map(|each| from_value(package(each)).unwrap()).collect())
    }

    #[test]
    fn crates_above_may_be_used_for_tests_and_builds_too() {
        let crates = workspace(&[
            ("sandbox", &["relay", "core (dev)", "core (dev)"]),
            ("relay", &[]),
            ("core", &["testing (dev)", "testing (build)"]),
            ("testing", &[]),
        ]);
        assert_eq!(against(&["testing", "core", "relay", "sandbox"], &crates), [""; 0]);
    }

    #[test]
    fn a_circle_through_a_dev_dependency_is_found() {
        let crates = workspace(&[
            ("e2e", &["relay", "sandbox"]),
            ("relay", &["sandbox (dev)"]),
            ("sandbox", &["relay"]),
        ]);
        assert_eq!(
            against(&["relay", "sandbox", "e2e"], &crates),
            ["relay: uses sandbox (dev), which docs/architecture.md does not list above it"]
        );
    }

    #[test]
    fn a_list_that_differs_from_the_workspace_is_a_violation() {
        let crates = workspace(&[("core", &["elsewhere"]), ("new", &["core"])]);
        assert_eq!(
            against(&["gone", "core", "core"], &crates),
            [
                "core: uses elsewhere, which docs/architecture.md does not list above it",
                "new: is not in the list of docs/architecture.md",
                "docs/architecture.md: lists gone, which is not in the workspace",
                "docs/architecture.md: lists core of the workspace twice",
            ]
        );
    }
}
