//! The crates of the workspace, in the order that `docs/architecture.md` lists.

use super::{
    list::{DOCUMENT, document, order},
    sources::Crate,
};
use crate::{package::metadata, project::Project};
use anyhow::Result;
use serde::Deserialize;
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// What stands before the list of the crates.
const HEADING: &str = "**In the workspace**";

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
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
    /// A `#[path]` names a file of the package.
    #[serde(skip)]
    File,
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match self.kind {
            None => Ok(()),
            Some(Kind::Dev) => f.write_str(" (dev)"),
            Some(Kind::Build) => f.write_str(" (build)"),
            Some(Kind::File) => f.write_str(" (#[path])"),
        }
    }
}

/// One line for each use against the list, and for each difference between the list and the workspace. Cargo itself allows a circle
/// through `[dev-dependencies]`; an order has none.
pub(super) fn violations(project: &Project, crates: &[Crate]) -> Result<Vec<String>> {
    let mut packages = metadata(project, &["--no-deps"])?;
    add_uses_of_files(&mut packages, project.root(), crates);
    let packages = normalized(packages);
    let document = document(project)?;
    Ok(against(&order(&document, HEADING)?, &packages))
}

/// Adds the packages of which a crate contains files.
fn add_uses_of_files(packages: &mut [Package], root: &Path, crates: &[Crate]) {
    let folder = |package: &Package| package.manifest_path.with_file_name("");
    let folders: Vec<_> = packages.iter().map(|package| (package.name.clone(), folder(package))).collect();
    for package in packages {
        let own = crates.iter().filter(|each| each.package == package.name);
        for file in own.flat_map(|each| &each.modules).map(|module| root.join(&module.file)) {
            let around = folders.iter().filter(|(_, folder)| file.starts_with(folder));
            // The package at the root of the repository is around all others.
            let nearest = around.max_by_key(|(_, folder)| folder.as_os_str().len());
            let Some((name, folder)) = nearest.filter(|(name, _)| *name != package.name) else { continue };
            package.dependencies.push(Dependency {
                name: name.clone(),
                kind: Some(Kind::File),
                path: Some(folder.clone()),
            });
        }
    }
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
    use super::{Package, add_uses_of_files, against, normalized};
    use crate::layers::sources::tests::made_of;
    use serde_json::{from_value, json};
    use std::path::Path;

    /// Crates of ours, each with what it uses, as `cargo metadata` prints them.
    fn workspace(crates: &[(&str, &[&str])]) -> Vec<Package> {
        let uses = |used: &&str| {
            let (name, kind) = used.split_once(' ').unzip();
            let kind = kind.map(|kind| kind.trim_matches(['(', ')']));
            json!({"name": name.unwrap_or(used), "kind": kind, "path": "/a/folder"})
        };
        let package = |(name, used): &(&str, &[&str])| {
            let serde = json!({"name": "serde", "kind": null, "source": "registry"});
            let used: Vec<_> = used.iter().map(uses).chain([serde]).collect();
            json!({"name": name, "manifest_path": format!("/all/{name}/Cargo.toml"), "dependencies": used})
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
    fn a_file_of_another_crate_is_a_use_of_that_crate() {
        let fuzz = made_of(
            "fuzz",
            &[
                ("fuzz/src/lib.rs", "mod own; #[path = \"../../core/tests/event.rs\"] mod event;"),
                ("fuzz/src/own.rs", ""),
                ("core/tests/event.rs", ""),
            ],
        );
        let mut crates = workspace(&[("core", &[]), ("fuzz", &[])]);
        add_uses_of_files(&mut crates, Path::new("/all"), &[fuzz]);
        assert_eq!(against(&["core", "fuzz"], &crates), [""; 0]);
        assert_eq!(
            against(&["fuzz", "core"], &crates),
            ["fuzz: uses core (#[path]), which docs/architecture.md does not list above it"]
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
