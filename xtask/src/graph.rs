//! The crates that the wasm is made of.

use crate::{
    package::metadata,
    project::Project,
    run::{cargo, output},
};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

/// A crate that is linked into a program or used to build it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crate {
    pub(crate) id: Id,
    /// An SPDX expression.
    pub(crate) license: String,
    pub(crate) repository: String,
    /// SHA-256 of the file on crates.io, in hexadecimal; our own crate has none.
    pub(crate) checksum: Option<String>,
    /// Whether it is linked into the program; the others only run during the build.
    pub(crate) linked: bool,
    pub(crate) uses: BTreeSet<Id>,
}

/// Name and version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// A line of `cargo tree`.
struct Line {
    depth: usize,
    id: Id,
    license: String,
    repository: String,
}

/// Every crate of the wasm, by name, `card-pin` itself among them.
pub(crate) fn crates_of_wasm(project: &Project) -> Result<Vec<Crate>> {
    crates_of(project, "card-pin", "wasm32-unknown-unknown")
}

/// Every crate of a package that is built for a target.
pub(crate) fn crates_of(project: &Project, package: &str, target: &str) -> Result<Vec<Crate>> {
    let tree = |edges| tree(project, package, target, edges);
    let lock = fs::read_to_string(project.root().join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    let checksums = checksums(&lock)?;
    let linked = crates(&tree("normal,no-proc-macro")?)?;
    let mut crates = crates(&tree("normal,build")?)?;
    for each in &mut crates {
        each.linked = linked.iter().any(|linked| linked.id == each.id);
        each.checksum = checksums.get(&each.id).cloned();
    }
    Ok(crates)
}

/// The folders in which Cargo has unpacked each crate that it fetched.
pub(crate) fn sources(project: &Project) -> Result<BTreeMap<Id, PathBuf>> {
    let packages: Vec<Package> =
        metadata(project, &["--locked", "--filter-platform=wasm32-unknown-unknown"])?;
    let fetched = packages.into_iter().filter(|package| package.source.is_some());
    let folder = |package: Package| {
        let folder = package.manifest_path.parent()?.to_owned();
        Some((Id { name: package.name, version: package.version }, folder))
    };
    Ok(fetched.filter_map(folder).collect())
}

/// The folders in which Cargo unpacks the sources of crates.
pub(crate) fn source_folders(project: &Project) -> Result<BTreeSet<PathBuf>> {
    Ok(sources(project)?.values().filter_map(|folder| folder.parent().map(PathBuf::from)).collect())
}

fn tree(project: &Project, package: &str, target: &str, edges: &str) -> Result<String> {
    let what = ["--target", target, "--package", package, "--edges", edges];
    let form = ["--prefix=depth", "--format={p}\t{l}\t{r}"];
    output(cargo(project.root()).args(["tree", "--locked"]).args(what).args(form))
}

/// Reads the output of `cargo tree` as a graph. The dependencies of a crate are only printed at its first appearance.
///
/// `cargo tree` resolves features for one package and one target, like the build. `cargo metadata`, which guppy and cargo_metadata
/// read, also lists what other members and tests ask for.
fn crates(printed: &str) -> Result<Vec<Crate>> {
    let mut found: BTreeMap<Id, Crate> = BTreeMap::new();
    let mut path: Vec<Id> = Vec::new();
    for line in printed.lines().filter(|line| !line.is_empty()) {
        let Line { depth, id, license, repository } =
            parsed(line).with_context(|| format!("`cargo tree` printed `{line}`"))?;
        path.truncate(depth);
        if let Some(user) = path.last().and_then(|user| found.get_mut(user)) {
            user.uses.insert(id.clone());
        }
        path.push(id.clone());
        found.entry(id.clone()).or_insert_with(|| Crate {
            id,
            license,
            repository,
            checksum: None,
            linked: false,
            uses: BTreeSet::new(),
        });
    }
    Ok(found.into_values().collect())
}

/// `2serde_derive v1.0.229 (proc-macro)`, tab, licence, tab, repository, and perhaps ` (*)`.
fn parsed(line: &str) -> Option<Line> {
    let (depth, rest) = line.split_at(line.find(|mark: char| !mark.is_ascii_digit())?);
    let mut parts = rest.split('\t');
    let mut package = parts.next()?.split(' ');
    let id = Id { name: package.next()?.to_owned(), version: package.next()?.strip_prefix('v')?.to_owned() };
    // Older manifests separate alternatives by a stroke, which is not SPDX.
    let license = parts.next()?.replace('/', " OR ");
    let repository = parts.next()?.trim_end_matches(" (*)").to_owned();
    Some(Line { depth: depth.parse().ok()?, id, license, repository })
}

fn checksums(lock: &str) -> Result<BTreeMap<Id, String>> {
    let lock: Lock = toml::from_str(lock).context("Cargo.lock cannot be understood")?;
    let with_checksum =
        |locked: Locked| Some((Id { name: locked.name, version: locked.version }, locked.checksum?));
    Ok(lock.package.into_iter().filter_map(with_checksum).collect())
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    manifest_path: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::{Crate, Id, checksums, crates};

    const TREE: &str = "0own v0.1.0 (/home/a b/own)\tMIT\t\n\
                        1serde v1.0.2\tMIT/Apache-2.0\thttps://example.org/serde\n\
                        2serde_derive v1.0.2 (proc-macro)\tMIT\t\n\
                        3quote v2.0.0\tMIT\t\n\
                        1other v3.0.0\tMIT\t\n\
                        2serde v1.0.2\tMIT/Apache-2.0\thttps://example.org/serde (*)\n";

    fn id(name: &str, version: &str) -> Id {
        Id { name: name.to_owned(), version: version.to_owned() }
    }

    #[test]
    fn a_tree_becomes_a_graph() {
        let crates = crates(TREE).unwrap();
        let uses = |name: &str| {
            let found: Vec<&Crate> = crates.iter().filter(|each| each.id.name == name).collect();
            assert_eq!(found.len(), 1, "{name}");
            found[0].uses.iter().map(|id| &*id.name).collect::<Vec<_>>()
        };
        assert_eq!(crates.len(), 5);
        assert_eq!(uses("own"), ["other", "serde"]);
        assert_eq!(uses("serde"), ["serde_derive"]);
        assert_eq!(uses("serde_derive"), ["quote"]);
        assert_eq!(uses("other"), ["serde"]);
        let serde = crates.iter().find(|each| each.id == id("serde", "1.0.2")).unwrap();
        assert_eq!(serde.license, "MIT OR Apache-2.0");
        assert_eq!(serde.repository, "https://example.org/serde");
    }

    #[test]
    fn another_form_is_an_error() {
        crates("serde").unwrap_err();
        crates("1serde 1.0\tMIT\t").unwrap_err();
    }

    #[test]
    fn checksums_are_those_of_exactly_that_version() {
        let lock = "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\n\
                    [[package]]\nname = \"syn\"\nversion = \"2.0.0\"\nchecksum = \"02\"\n\n\
                    [[package]]\nname = \"syn\"\nversion = \"3.0.0\"\nchecksum = \"03\"\n";
        let checksums = checksums(lock).unwrap();
        assert_eq!(checksums.len(), 2);
        assert_eq!(checksums[&id("syn", "3.0.0")], "03");
    }
}
