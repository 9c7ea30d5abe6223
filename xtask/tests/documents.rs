//! The documents name files, headings and folders. Each of them has to exist, because nothing else notices stale prose.
//!
//! Links are found here and not with a Markdown parser, because the paths in code spans are checked by the same code, and the
//! check has to run without the built site. `site/check.js` checks the links of the rendered pages.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Folders without files of ours.
const SKIPPED: [&str; 4] = [".git", "dist", "node_modules", "target"];
/// The benchmark copies it into `docs/benchmark.md`, where its links are right.
const PART_OF_ANOTHER: &str = "bench/src/method.md";
/// The files whose comments and messages may name a command.
const CODE: [&str; 12] = ["cjs", "css", "html", "js", "json", "md", "mjs", "rs", "toml", "ts", "yaml", "yml"];

#[test]
fn every_link_and_every_path_in_a_document_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let documents = documents(root);
    assert!(documents.contains(&root.join("README.md")), "the documents were not found");
    let faults: Vec<_> = documents.iter().flat_map(|document| faults(root, document)).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_command_and_every_check_that_a_file_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let main = fs::read_to_string(root.join("xtask/src/main.rs")).unwrap();
    let arms = main.lines().filter_map(|line| line.split_once("=> Self::")).map(|(names, _)| names);
    // Each name stands between two quotation marks.
    let known: BTreeSet<_> = arms.flat_map(|names| names.split('"').skip(1).step_by(2)).collect();
    assert!(known.contains("test"), "the commands were not found");
    // A test in `main.rs` sees to it that all checks are among these words.
    let checks = |command: &str, next: &str| -> BTreeSet<&str> {
        let (_, usage) = main.split_once(&format!("\n  {command} ")).unwrap();
        let (usage, _) = usage.split_once(&format!("\n  {next} ")).unwrap();
        usage.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect()
    };
    let (tests, nightly) = (checks("test", "nightly"), checks("nightly", "NAME"));
    let is_known = |words: &[&str]| match words {
        ["test", names @ ..] => names.iter().all(|name| tests.contains(name)),
        ["nightly", names @ ..] => names.iter().all(|name| nightly.contains(name)),
        words => words.first().is_none_or(|command| known.contains(command)),
    };
    assert!(!is_known(&["test", "deployment"]) && is_known(&["nightly", "deployment"]));
    let mut found = 0;
    for path in files_named(root, &CODE) {
        let text = fs::read_to_string(&path).unwrap();
        for words in commands(&text) {
            assert!(is_known(&words), "{}: there is no `cargo xtask {}`", path.display(), words.join(" "));
            found += 1;
        }
    }
    assert!(found > 100, "the commands in the files were not found");
}

#[test]
fn the_reference_has_every_attribute_and_every_event() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path| fs::read_to_string(root.join(path)).unwrap();
    let reference = read("docs/reference.md");
    let manifest: serde_json::Value = serde_json::from_str(&read("www/custom-elements.json")).unwrap();
    let element = &manifest["modules"][0]["declarations"][0];
    let names_of = |list: &str| -> Vec<_> {
        let list = element[list].as_array().unwrap();
        list.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    };
    let names = [names_of("attributes"), names_of("events")].concat();
    assert!(
        ["expires-in", "hidden"].iter().all(|name| names.iter().any(|found| found == name)),
        "the names were not found: {names:?}"
    );
    let missing: Vec<_> =
        names.into_iter().filter(|name| !reference.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/reference.md says nothing of {}", missing.join(", "));
}

#[test]
fn the_table_of_placeholders_has_those_of_each_template() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let document = fs::read_to_string(root.join("docs/integration.md")).unwrap();
    let rows = document.lines().filter(|line| line.starts_with("| `{{"));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(" | ").collect()).collect();
    for (column, path) in [(1, "www/page.html"), (2, "www/page-error.html")] {
        let template = fs::read_to_string(root.join(path)).unwrap();
        let in_table = rows.iter().filter(|cells| !cells[column].starts_with('–'));
        let in_table: BTreeSet<_> = in_table.flat_map(|cells| placeholders(cells[0])).collect();
        assert_eq!(in_table, placeholders(&template).collect(), "{path}");
    }
}

/// The names between `{{` and `}}`.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(name, _)| name)
}

#[test]
fn every_manifest_and_every_document_has_the_address_that_cargo_toml_defines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let workspace: toml::Table = read("Cargo.toml").parse().unwrap();
    let members = workspace["workspace"]["members"].as_array().unwrap().iter();
    let members = members.map(|member| format!("{}/Cargo.toml", member.as_str().unwrap()));
    for path in members.chain(["Cargo.toml".to_owned()]) {
        let manifest: toml::Table = read(&path).parse().unwrap();
        for key in ["version", "license", "repository"] {
            let inherited = manifest["package"][key].get("workspace").and_then(toml::Value::as_bool);
            assert_eq!(inherited, Some(true), "{path}: `{key}.workspace = true` is missing");
        }
    }
    let npm: serde_json::Value = serde_json::from_str(&read("www/package.json")).unwrap();
    for key in ["name", "description"] {
        assert_eq!(npm[key].as_str(), workspace["package"][key].as_str(), "www/package.json: {key}");
    }

    let repository = env!("CARGO_PKG_REPOSITORY").strip_prefix("https://github.com/").unwrap();
    assert!(read("RELEASING.md").contains(&format!(" --repo {repository} ")), "RELEASING.md: {repository}");
    let owner = format!("@{}", repository.split('/').next().unwrap());
    let owners = read(".github/CODEOWNERS");
    for line in owners.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert!(line.contains(&owner), ".github/CODEOWNERS: {line}: the owner is not {owner}");
    }
}

#[test]
fn every_crate_has_its_reason_beside_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut manifests = files_named(root, &["toml"]);
    manifests.retain(|path| path.ends_with("Cargo.toml"));
    let faults: Vec<_> = manifests.iter().flat_map(|path| without_reason(root, path)).collect();
    assert!(manifests.len() > 5, "the manifests were not found");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The lines of a manifest that name a crate of others without a comment there or above.
fn without_reason(root: &Path, manifest: &Path) -> Vec<String> {
    let text = fs::read_to_string(manifest).unwrap();
    // The crates of the wasm have theirs in `supply-chain/crates.toml`, which has a check of its own.
    let kind = if *manifest == root.join("Cargo.toml") { "dev-dependencies]" } else { "dependencies]" };
    let (mut section, mut above) = ("", "");
    let mut faults = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let is_theirs = !line.starts_with('[') && line.contains(" = ") && !line.contains("path = ");
        if section.ends_with(kind) && is_theirs && !line.contains('#') && !above.starts_with('#') {
            faults.push(format!("{}: `{line}` has no reason beside it", manifest.display()));
        }
        above = line;
    }
    faults
}

/// A release changes the version in `Cargo.toml`; this names every other place that has it.
#[test]
fn every_version_in_a_document_or_deployment_is_the_workspaces() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let changes = root.join("CHANGELOG.md");
    let mut found = 0;
    for path in documents(root).into_iter().chain(files(&root.join("relay/deploy"))) {
        // It names earlier versions.
        if path == changes {
            continue;
        }
        for version in versions(&read(&path)) {
            assert_eq!(version, VERSION, "{}", path.display());
            found += 1;
        }
    }
    assert!(found > 5, "the versions were not found");
    assert!(read(&root.join("README.md")).contains(&format!("**Status:** version {VERSION}, ")), "README.md");
    for path in ["relay/openapi.json", "sandbox/openapi.json"] {
        let document: serde_json::Value = serde_json::from_str(&read(&root.join(path))).unwrap();
        assert_eq!(document["info"]["version"], VERSION, "{path}");
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The versions in names of packages, files and images: `card-pin-1.2.3`, `card-pin@1.2.3`, `card-pin-relay:1.2.3`.
fn versions(text: &str) -> Vec<&str> {
    let parts = text.match_indices("card-pin").filter_map(|(place, name)| {
        let rest = &text[place + name.len()..];
        let rest = rest.strip_prefix("-relay:").or_else(|| rest.strip_prefix(['-', '@']))?;
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let version = rest[..end].trim_end_matches('.');
        (version.split('.').filter(|number| !number.is_empty()).count() == 3).then_some(version)
    });
    parts.collect()
}

/// The files in a folder and in those below it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}

/// The words behind each `cargo xtask`: a command, and what follows it.
fn commands(text: &str) -> Vec<Vec<&str>> {
    let is_in_command = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | ' ');
    let commands =
        text.split("cargo xtask ").skip(1).filter_map(|rest| rest.split(|c| !is_in_command(c)).next());
    commands.map(|command| command.split_whitespace().collect()).collect()
}

/// Every Markdown file of the repository.
fn documents(root: &Path) -> Vec<PathBuf> {
    let mut documents = files_named(root, &["md"]);
    documents.retain(|path| !path.ends_with(PART_OF_ANOTHER));
    documents
}

/// Every file of the repository whose name ends like this.
fn files_named(root: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let is_folder = entry.file_type().unwrap().is_dir();
            let path = entry.path();
            if is_folder && !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
                folders.push(path);
            } else if path.extension().is_some_and(|end| extensions.iter().any(|other| end == *other)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// One line for each link or path without a target.
fn faults(root: &Path, document: &Path) -> Vec<String> {
    let text = fs::read_to_string(document).unwrap();
    let folder = document.parent().unwrap();
    let mut faults = Vec::new();
    for (number, line) in prose(&text) {
        let links = links(line).into_iter().filter_map(|link| fault_of_link(document, &link));
        let paths = paths(line)
            .into_iter()
            .filter(|path| {
                let first = path.split('/').next().unwrap();
                root.join(first).is_dir() && !SKIPPED.contains(&first)
            })
            .filter(|path| !root.join(path).exists() && !folder.join(path).exists())
            .map(|path| format!("there is no `{path}`"));
        for fault in links.chain(paths) {
            faults.push(format!("{}:{number}: {fault}", document.strip_prefix(root).unwrap().display()));
        }
    }
    faults
}

/// Why a link is broken; `None` for one that works, or that leads out of the repository.
fn fault_of_link(document: &Path, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = link.split_once('#').map_or((link, None), |(path, heading)| (path, Some(heading)));
    let target = if path.is_empty() { document.to_owned() } else { document.parent().unwrap().join(path) };
    if !target.exists() || path.starts_with('/') {
        return Some(format!("the link to {link} leads to no file"));
    }
    let heading = heading?;
    let text = fs::read_to_string(&target).unwrap();
    (!anchors(&text).contains(heading)).then(|| format!("the link to {link} leads to no heading"))
}

/// The lines outside of code blocks, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The targets of the links and pictures in a line. A code span contains none, but may be the text of one.
fn links(line: &str) -> Vec<String> {
    let line: String = line.split('`').step_by(2).collect();
    let ends = [("](", ')'), ("src=\"", '"'), ("href=\"", '"')];
    let inline = ends.iter().flat_map(|(start, end)| {
        line.split(start).skip(1).filter_map(move |rest| rest.split_once(*end).map(|(link, _)| link))
    });
    // `[name]: target`
    let definition = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, link)| link);
    inline.chain(definition).map(|link| link.trim().to_owned()).collect()
}

/// The code spans of a line that have the form of a path in the repository.
fn paths(line: &str) -> Vec<&str> {
    let is_path = |span: &&str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        span.contains('/') && !span.starts_with(['/', '.']) && span.chars().all(is_plain)
    };
    line.split('`').skip(1).step_by(2).filter(is_path).collect()
}

/// The names by which the headings of a text can be linked to, as GitHub forms them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(text) {
        let Some(heading) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#')) else { continue };
        let anchor: String = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let numbered = (1..).map(|number| format!("{anchor}-{number}"));
        let free = [anchor.clone()].into_iter().chain(numbered).find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    anchors
}

#[test]
fn commands_are_found() {
    assert_eq!(
        commands(
            "`cargo xtask test e2e`; `cargo xtask`\ncargo xtask soak --pairs 1\ncargo xtask test  # all"
        ),
        [vec!["test", "e2e"], vec!["soak", "--pairs", "1"], vec!["test"]]
    );
}

#[test]
fn versions_are_found() {
    let text = "/card-pin-0.1.0/a card-pin-1.2.3.tgz card-pin@10.20.30. card-pin-relay:4.5.6\n\
                card-pin-relay-0.9 card-pin-relay card-pin/0.1.0 card-pin-1.2";
    assert_eq!(versions(text), ["0.1.0", "1.2.3", "10.20.30", "4.5.6"]);
}

#[test]
fn broken_links_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("docs")).unwrap();
    fs::write(root.join("docs/other.md"), "# One thing\n## And `two`: more\n").unwrap();
    let document = root.join("README.md");
    let text = "[a](docs/other.md#and-two-more) [b](docs/gone.md) [c](docs/other.md#gone)\n\
                ```\n[in code](gone.md) `docs/gone.md`\n```\n\
                `docs/other.md` `docs/gone.rs` `text/html` `src=\"…\"` <img src=\"gone.png\"> [d](https://example.com/gone)\n";
    fs::write(&document, text).unwrap();
    assert_eq!(
        faults(root, &document),
        [
            "README.md:1: the link to docs/gone.md leads to no file",
            "README.md:1: the link to docs/other.md#gone leads to no heading",
            "README.md:5: the link to gone.png leads to no file",
            "README.md:5: there is no `docs/gone.rs`",
        ]
    );
}
