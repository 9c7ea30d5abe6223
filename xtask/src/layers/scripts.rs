//! Scripts, in the order that `docs/architecture.md` lists.

use super::list::{DOCUMENT, document, order};
use crate::{dist, project::Project, run::run};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Folders with scripts. Each has its list.
const FOLDERS: [&str; 2] = ["www", "sandbox/issuer"];

/// The part of esbuild's report about one script.
#[derive(Deserialize)]
struct Metafile {
    inputs: BTreeMap<String, Input>,
}

#[derive(Deserialize)]
struct Input {
    imports: Vec<Import>,
}

#[derive(Deserialize)]
struct Import {
    path: String,
}

/// One line for each import against the order, and for each difference between a list and its folder.
pub(super) fn violations(project: &Project) -> Result<Vec<String>> {
    let document = document(project)?;
    let mut violations = Vec::new();
    for folder in FOLDERS {
        let metafile = metafile(project, folder)?;
        violations.extend(against(&order(&document, &heading(folder))?, folder, &metafile));
    }
    Ok(violations)
}

/// What stands before the list of a folder.
fn heading(folder: &str) -> String {
    format!("**In `{folder}/`**")
}

/// The imports of the scripts, read by the bundler of the build: a second parser could read them differently.
fn metafile(project: &Project, folder: &str) -> Result<Metafile> {
    let out = project.work("layers").join(folder);
    let path = out.join("metafile.json");
    let option = |name: &str, path: &Path| format!("--{name}={}", path.display());
    run(Command::new(project.npm_tool("esbuild"))
        .current_dir(project.root())
        .args(scripts(project, folder)?)
        .args(["--bundle", "--format=esm", "--packages=external", "--log-level=warning"])
        // The configuration of the type check says which file is `card-pin-vault`.
        .arg("--tsconfig-raw={}")
        .args([option("outdir", &out), option("metafile", &path)]))?;
    let text = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} has another form", path.display()))
}

/// The scripts in a folder without their tests, by their paths from the root.
fn scripts(project: &Project, folder: &str) -> Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(project.root().join(&folder));
        for entry in entries.with_context(|| format!("{} cannot be read", folder.display()))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() && !path.ends_with("test") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "js" || extension == "mjs") {
                scripts.push(path);
            }
        }
    }
    scripts.sort();
    Ok(scripts)
}

/// The name that a script has in the list: its file's without `.js`; all in a folder have the folder's.
fn module<'a>(folder: &str, path: &'a str) -> &'a str {
    let file = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path);
    file.split_once('/').map_or_else(|| file.strip_suffix(".js").unwrap_or(file), |(folder, _)| folder)
}

fn against(order: &[&str], folder: &str, metafile: &Metafile) -> Vec<String> {
    let rank = |module: &str| order.iter().position(|listed| *listed == module);
    let mut violations = Vec::new();
    let mut found = BTreeSet::new();
    for (path, Input { imports }) in &metafile.inputs {
        let own = module(folder, path);
        found.insert(own);
        if rank(own).is_none() {
            violations.push(format!("{path}: is not in the list of {DOCUMENT}"));
            continue;
        }
        for used in imports.iter().flat_map(|import| imported(folder, &import.path)) {
            if rank(used) >= rank(own) {
                violations.push(format!("{path}: imports {used}, which {DOCUMENT} does not list above it"));
            }
        }
    }
    for (place, listed) in order.iter().enumerate() {
        if !found.contains(listed) {
            violations.push(format!("{DOCUMENT}: lists {listed}, which is not in {folder}/"));
        }
        if rank(listed) != Some(place) {
            violations.push(format!("{DOCUMENT}: lists {listed} of {folder}/ twice"));
        }
    }
    violations
}

/// The modules that an import may mean: that of its file, or every one with which the build replaces it.
fn imported<'a>(folder: &str, path: &'a str) -> Vec<&'a str> {
    if path == dist::VAULT {
        return dist::VAULTS.iter().map(|file| module(folder, file)).collect();
    }
    vec![module(folder, path)]
}

#[cfg(test)]
mod tests {
    use super::{Metafile, against, heading, order};

    const LISTS: &str = "
**In `other/`** there is another list:

```text
element
```

**In `www/`** a script imports only what stands above it:

```text
platform, words          leaves: element, too, is a word here
languages
mock-vault, vault-checked,
vault-inlined, vault-files   ways to the vault
options                      from outside
element, page.mjs
```
";

    fn found(scripts: &[(&str, &[&str])]) -> Vec<String> {
        let order = order(LISTS, &heading("www")).unwrap();
        let own: Vec<_> = order.iter().map(|name| file(name)).collect();
        let mut inputs = serde_json::Map::new();
        for path in &own {
            inputs.insert(path.clone(), serde_json::json!({"imports": []}));
        }
        for (path, imports) in scripts {
            let imports: Vec<_> = imports
                .iter()
                .map(|path| serde_json::json!({"path": path, "kind": "dynamic-import"}))
                .collect();
            inputs.insert((*path).to_owned(), serde_json::json!({"imports": imports}));
        }
        let metafile: Metafile = serde_json::from_value(serde_json::json!({"inputs": inputs})).unwrap();
        against(&order, "www", &metafile)
    }

    fn file(name: &str) -> String {
        match name {
            "languages" => "www/languages/en.js".to_owned(),
            "page.mjs" => "www/page.mjs".to_owned(),
            name => format!("www/{name}.js"),
        }
    }

    #[test]
    fn scripts_above_and_packages_may_be_imported() {
        assert_eq!(
            found(&[
                ("www/element.js", &["www/platform.js", "www/languages/en.js", "card-pin-style"]),
                ("www/options.js", &["card-pin-vault"]),
                ("www/page.mjs", &["node:fs", "www/element.js"]),
            ]),
            [""; 0]
        );
    }

    #[test]
    fn an_import_of_what_stands_below_is_a_violation() {
        assert_eq!(
            found(&[("www/platform.js", &["www/words.js"])]),
            ["www/platform.js: imports words, which docs/architecture.md does not list above it"]
        );
        assert_eq!(found(&[("www/languages/en.js", &["www/options.js"])]).len(), 1);
        assert_eq!(found(&[("www/mock-vault.js", &["card-pin-vault"])]).len(), 4);
    }

    #[test]
    fn a_circle_is_a_violation() {
        let circle = [("www/platform.js", &["www/words.js"] as &[_]), ("www/words.js", &["www/platform.js"])];
        assert_eq!(found(&circle).len(), 1);
        assert_eq!(found(&[("www/words.js", &["www/words.js"])]).len(), 1);
        // Also where the list knows only the folder.
        let languages = [
            ("www/languages/de.js", &["www/languages/en.js"] as &[_]),
            ("www/languages/en.js", &["www/languages/de.js"]),
        ];
        assert_eq!(found(&languages).len(), 2);
    }

    #[test]
    fn a_script_that_is_not_in_the_list_is_a_violation() {
        assert_eq!(
            found(&[("www/new.js", &["www/platform.js"]), ("shared/other.js", &[])]),
            [
                "shared/other.js: is not in the list of docs/architecture.md",
                "www/new.js: is not in the list of docs/architecture.md",
            ]
        );
    }

    #[test]
    fn a_list_that_names_what_is_not_there_or_names_it_twice_is_a_violation() {
        let metafile: Metafile =
            serde_json::from_str(r#"{"inputs": {"www/words.js": {"imports": []}}}"#).unwrap();
        assert_eq!(
            against(&["gone", "words", "words"], "www", &metafile),
            [
                "docs/architecture.md: lists gone, which is not in www/",
                "docs/architecture.md: lists words of www/ twice",
            ]
        );
        assert!(order("**In `www/`** nothing is listed.", &heading("www")).is_err());
    }
}
