//! The crates of the workspace, each with the files of its modules.

use crate::{package::metadata, project::Project};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    fs,
    path::{Component, Path, PathBuf},
    slice::from_ref,
};
use syn::{Attribute, Expr, File, Item, ItemMod, Lit, Meta};

/// A library, a program, a test or an example.
pub(super) struct Crate {
    /// The package that it belongs to.
    pub(super) package: String,
    pub(super) root: Source,
    /// The files of its modules. One that a `#[path]` names may belong to another package.
    pub(super) modules: Vec<Source>,
}

/// A source file as a module of a crate.
pub(super) struct Source {
    /// Its path in the repository.
    pub(super) file: String,
    /// `["pin_block", "iso1"]` for `src/pin_block/iso1.rs`.
    pub(super) module: Vec<String>,
    /// Whether only tests contain the module.
    pub(super) is_test: bool,
    pub(super) text: String,
    pub(super) syntax: File,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

/// Every crate of the workspace.
pub(super) fn crates(project: &Project) -> Result<Vec<Crate>> {
    let read = |file: &Path| fs::read_to_string(project.root().join(file)).ok();
    let mut crates = Vec::new();
    for package in metadata::<Package>(project, &["--no-deps"])? {
        for target in package.targets {
            let root = target.src_path.strip_prefix(project.root())?;
            let is_test = target.kind.iter().any(|kind| kind == "test");
            crates.push(walk(&package.name, root, is_test, &read)?);
        }
    }
    Ok(crates)
}

/// Reads a crate from its root. `read` returns the text of a file that exists.
fn walk(package: &str, root: &Path, is_test: bool, read: &dyn Fn(&Path) -> Option<String>) -> Result<Crate> {
    let text = read(root).with_context(|| format!("{} cannot be read", root.display()))?;
    let root_source = source(root, Vec::new(), is_test, text)?;
    let folder = root.parent().context("the root of a crate lies in a folder")?;
    let mut walk = Walk { read, modules: Vec::new() };
    walk.items(&root_source.syntax.items, &At { file: root, folder, module: &[], is_test })?;
    Ok(Crate { package: package.to_owned(), root: root_source, modules: walk.modules })
}

fn source(path: &Path, module: Vec<String>, is_test: bool, text: String) -> Result<Source> {
    let file = path.to_string_lossy().into_owned();
    let syntax = syn::parse_file(&text).with_context(|| format!("{file} cannot be parsed"))?;
    Ok(Source { file, module, is_test, text, syntax })
}

struct Walk<'a> {
    read: &'a dyn Fn(&Path) -> Option<String>,
    modules: Vec<Source>,
}

/// Where a module is declared.
struct At<'a> {
    file: &'a Path,
    /// The folder of the modules below it.
    folder: &'a Path,
    module: &'a [String],
    is_test: bool,
}

impl Walk<'_> {
    fn items(&mut self, items: &[Item], at: &At<'_>) -> Result<()> {
        items.iter().try_for_each(|item| match item {
            Item::Mod(item) => self.module(item, at),
            _ => Ok(()),
        })
    }

    fn module(&mut self, item: &ItemMod, at: &At<'_>) -> Result<()> {
        let name = item.ident.to_string();
        let module = [at.module, from_ref(&name)].concat();
        let is_test = at.is_test || is_for_tests(&item.attrs);
        let below = at.folder.join(&name);
        if let Some((_, items)) = &item.content {
            return self.items(items, &At { file: at.file, folder: &below, module: &module, is_test });
        }
        let given = path(&item.attrs).map(|path| at.file.with_file_name(path));
        let candidates = match &given {
            Some(given) => vec![normalized(given)],
            None => vec![below.with_extension("rs"), below.join("mod.rs")],
        };
        let found = candidates.into_iter().find_map(|file| Some(((self.read)(&file)?, file)));
        let (text, file) = found.with_context(|| format!("{}: {name} has no file", at.file.display()))?;
        let folder = if given.is_some() { file.with_file_name("") } else { below };
        let source = source(&file, module, is_test, text)?;
        self.items(
            &source.syntax.items,
            &At { file: &file, folder: &folder, module: &source.module, is_test },
        )?;
        self.modules.push(source);
        Ok(())
    }
}

/// The file that `#[path = "…"]` names.
fn path(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(value) => match &value.lit {
                Lit::Str(path) => Some(path.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}

/// Whether an item is under `#[cfg(test)]` or is a `#[test]`.
pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        meta => meta.path().segments.last().is_some_and(|last| last.ident == "test"),
    })
}

/// The same path without `..`.
fn normalized(path: &Path) -> PathBuf {
    let mut normalized = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = normalized.pop(),
            part => normalized.push(part),
        }
    }
    normalized
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Crate, walk};
    use std::path::Path;

    /// A crate of these files; the first is its root.
    pub(in crate::layers) fn made_of(package: &str, files: &[(&str, &str)]) -> Crate {
        let read = |path: &Path| {
            let (_, text) = files.iter().find(|(name, _)| Path::new(name) == path)?;
            Some((*text).to_owned())
        };
        walk(package, Path::new(files[0].0), false, &read).unwrap()
    }

    #[test]
    fn modules_are_found_in_their_files_and_by_their_paths() {
        let found = made_of(
            "relay",
            &[
                ("relay/src/lib.rs", "mod admission; mod inline { mod deep; } mod none {}"),
                ("relay/src/admission.rs", "mod store; #[cfg(test)] mod tests;"),
                ("relay/src/admission/store/mod.rs", "mod file;"),
                ("relay/src/admission/store/file.rs", ""),
                ("relay/src/admission/tests.rs", "#[path = \"../../tests/valkey.rs\"] mod shared;"),
                ("relay/tests/valkey.rs", "mod beside;"),
                ("relay/tests/beside.rs", ""),
                ("relay/src/inline/deep.rs", ""),
                ("relay/src/nobody.rs", "declares this"),
            ],
        );
        let modules: Vec<_> = found
            .modules
            .iter()
            .map(|module| (&*module.file, module.module.join("::"), module.is_test))
            .collect();
        assert_eq!(
            modules,
            [
                ("relay/src/admission/store/file.rs", "admission::store::file".to_owned(), false),
                ("relay/src/admission/store/mod.rs", "admission::store".to_owned(), false),
                ("relay/tests/beside.rs", "admission::tests::shared::beside".to_owned(), true),
                ("relay/tests/valkey.rs", "admission::tests::shared".to_owned(), true),
                ("relay/src/admission/tests.rs", "admission::tests".to_owned(), true),
                ("relay/src/admission.rs", "admission".to_owned(), false),
                ("relay/src/inline/deep.rs", "inline::deep".to_owned(), false),
            ]
        );
    }

    #[test]
    fn a_module_without_a_file_is_an_error() {
        let read = |path: &Path| (path == Path::new("src/lib.rs")).then(|| "mod gone;".to_owned());
        let error = walk("core", Path::new("src/lib.rs"), false, &read).err().unwrap();
        assert_eq!(error.to_string(), "src/lib.rs: gone has no file");
    }
}
