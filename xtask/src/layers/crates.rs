//! The modules of a crate, in the order that its root declares.

use super::uses;
use crate::project::Project;
use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A source file and the module that it belongs to.
struct Source {
    /// Its path, for the report.
    file: String,
    /// `["pin_block", "iso1"]` for `src/pin_block/iso1.rs`.
    module: Vec<String>,
    text: String,
}

/// The roots of the crates that have more than one module. Each declares its modules in an order.
const ROOTS: [&str; 8] = [
    "src/lib.rs",
    "relay/src/lib.rs",
    "sandbox/src/lib.rs",
    "e2e/src/lib.rs",
    "bench/src/main.rs",
    "fuzz/src/lib.rs",
    "timing/src/main.rs",
    "xtask/src/main.rs",
];

/// One line for each use of a module that the crate's root declares below.
pub(super) fn violations(project: &Project) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for root in ROOTS {
        let path = project.root().join(root);
        let text = fs::read_to_string(&path).with_context(|| format!("{root} cannot be read"))?;
        let sources = sources(root, &path)?;
        violations.extend(against(root, &text, &sources)?);
        violations.extend(circles(&sources)?);
    }
    Ok(violations)
}

/// The sources in the folder of a crate's root. A file there that is the root of another crate is not a module of this one, so it
/// has no place in the order.
fn sources(root: &str, path: &Path) -> Result<Vec<Source>> {
    let (name, _) = root.rsplit_once('/').context("the root of a crate lies in a folder")?;
    let src = path.parent().context("the root of a crate lies in a folder")?;
    let mut sources = Vec::new();
    let mut folders = vec![src.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
            let found = entry?.path();
            if found.is_dir() {
                folders.push(found);
            } else if found.extension().is_some_and(|extension| extension == "rs") && found != path {
                sources.push(source(name, src, &found)?);
            }
        }
    }
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(sources)
}

fn source(name: &str, src: &Path, path: &Path) -> Result<Source> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let below: PathBuf = path.strip_prefix(src)?.with_extension("");
    let mut module: Vec<_> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    // `http/mod.rs` is the module `http`.
    module.pop_if(|last| last == "mod");
    Ok(Source { file: format!("{name}/{}.rs", below.display()), module, text })
}

fn against(root: &str, text: &str, sources: &[Source]) -> Result<Vec<String>> {
    let parsed = syn::parse_file(text).with_context(|| format!("{root} cannot be parsed"))?;
    let order = uses::declared(&parsed);
    let re_exports = uses::re_exports(&parsed, &order).with_context(|| root.to_owned())?;
    let root = root.rsplit('/').next().unwrap_or(root);
    let rank = |module: &str| order.iter().position(|declared| declared == module);
    let mut violations = Vec::new();
    for source in sources {
        let Some(own) = source.module.first() else { continue };
        let file =
            syn::parse_file(&source.text).with_context(|| format!("{} cannot be parsed", source.file))?;
        for found in uses::uses(&file, source.module.len(), 0) {
            // A use of all modules also uses the last.
            let Some(name) = found.name.as_ref().or(order.last()) else { continue };
            let used = re_exports.get(name).unwrap_or(name);
            if rank(used) > rank(own) && rank(own).is_some() {
                violations.push(format!(
                    "{}:{}: module {own} uses {used}, which {root} declares below it",
                    source.file, found.line
                ));
            }
        }
    }
    // Several names from one module are one violation.
    violations.dedup();
    Ok(violations)
}

/// One line for each use of a module in the same folder that itself uses this file, directly or through other modules there.
fn circles(sources: &[Source]) -> Result<Vec<String>> {
    let mut edges = Vec::new();
    for source in sources {
        let Some((own, folder)) = source.module.split_last().filter(|(_, folder)| !folder.is_empty()) else {
            continue;
        };
        let parse = |source: &Source| {
            syn::parse_file(&source.text).with_context(|| format!("{} cannot be parsed", source.file))
        };
        let Some(parent) = sources.iter().find(|parent| parent.module == folder) else { continue };
        let parent = parse(parent)?;
        let neighbours = uses::declared(&parent);
        let re_exports = uses::re_exports(&parent, &neighbours).with_context(|| source.file.clone())?;
        for found in uses::uses(&parse(source)?, source.module.len(), folder.len()) {
            let Some(name) = found.name else { continue };
            let used = re_exports.get(&name).unwrap_or(&name);
            if used != own && neighbours.contains(used) {
                edges.push((folder, own, used.clone(), &source.file, found.line));
            }
        }
    }
    let reaches = |folder: &[String], from: &String, to: &String| {
        let (mut seen, mut next) = (vec![from], vec![from]);
        while let Some(at) = next.pop() {
            for (_, _, used, ..) in edges.iter().filter(|edge| edge.0 == folder && edge.1 == at) {
                if !seen.contains(&used) {
                    seen.push(used);
                    next.push(used);
                }
            }
        }
        seen.contains(&to)
    };
    let in_circle = edges.iter().filter(|(folder, own, used, ..)| reaches(folder, used, own));
    let mut circles: Vec<_> = in_circle
        .map(|(_, own, used, file, line)| {
            format!("{file}:{line}: module {own} uses {used}, which uses {own}")
        })
        .collect();
    circles.dedup();
    Ok(circles)
}

#[cfg(test)]
mod tests {
    use super::{Source, against, circles};

    #[test]
    fn neighbours_in_a_folder_form_no_circle() {
        let source = |module: &str, text: &str| Source {
            file: format!("src/{module}.rs"),
            module: module.split('/').map(str::to_owned).collect(),
            text: text.to_owned(),
        };
        let hsm = source("hsm", "mod block; mod key; mod tzpk; pub use tzpk::Tzpk;");
        let block = source("hsm/block", "use super::tzpk::Tzpk;");
        let key = source("hsm/key", "use super::block::Block;");
        assert_eq!(circles(&[hsm, block, key]).unwrap(), [""; 0]);
        let hsm = source("hsm", "mod block; mod key; mod tzpk; pub use tzpk::Tzpk;");
        let sources = [
            hsm,
            source("hsm/block", "use super::Tzpk;"),
            source("hsm/key", "use super::block::Block;"),
            source("hsm/tzpk", "\nfn f() { super::key::g() }"),
        ];
        assert_eq!(
            circles(&sources).unwrap(),
            [
                "src/hsm/block.rs:1: module block uses tzpk, which uses block",
                "src/hsm/key.rs:1: module key uses block, which uses key",
                "src/hsm/tzpk.rs:2: module tzpk uses key, which uses tzpk",
            ]
        );
    }

    const LIB: &str = "
        //! mod session; in a comment declares nothing.
        /// Errors.
        pub mod error;
        mod secret;
        pub(crate) mod pin;
        #[cfg(target_arch = \"wasm32\")]
        pub mod web;
        pub use crate::web::Bridge as Span;
        pub use pin::{Pin, make_pin};
        mod tests {}
    ";

    fn found(module: &str, text: &str) -> Vec<String> {
        let source = Source {
            file: format!("src/{module}.rs"),
            module: module.split('/').map(str::to_owned).collect(),
            text: text.to_owned(),
        };
        against("src/lib.rs", LIB, &[source]).unwrap()
    }

    #[test]
    fn modules_above_may_be_used() {
        assert_eq!(
            found("web", "use crate::{error::Error, pin, secret::{self, Secret}}; use super::pin::Pin;"),
            [""; 0]
        );
        assert_eq!(found("pin", "fn f() -> crate::error::Error { crate::pin::g() }"), [""; 0]);
    }

    #[test]
    fn a_module_below_is_a_violation_with_file_and_line() {
        assert_eq!(
            found("secret", "\n\nuse crate::pin::Pin;\n"),
            ["src/secret.rs:3: module secret uses pin, which lib.rs declares below it"]
        );
    }

    #[test]
    fn a_violation_hides_neither_in_groups_nor_in_paths_nor_in_tests() {
        assert_eq!(found("error", "use crate::{\n  secret::{Secret, web},\n  pin::Pin,\n};").len(), 2);
        assert_eq!(found("error", "fn f() { crate::web::g(); }").len(), 1);
        assert_eq!(found("error", "#[cfg(test)] mod tests { use crate::pin::Pin; }").len(), 1);
        assert_eq!(found("error", "use super::{web, secret};").len(), 2);
        assert_eq!(found("pin", "pub(in crate::web) fn f() {}").len(), 1);
        assert_eq!(found("error", "type A = <u8 as crate::pin::A<crate::web::B>>::C;").len(), 2);
        assert_eq!(found("error", "fn f(x: u8) { match x { crate::web::X => (), _ => () } }").len(), 1);
        assert_eq!(found("error", "fn f() { mod inner { fn g() { super::super::web::h() } } }").len(), 1);
    }

    #[test]
    fn all_of_the_root_and_the_root_by_another_name_are_a_use_of_the_last_module() {
        let web = ["src/pin.rs:1: module pin uses web, which lib.rs declares below it"];
        for text in [
            "use crate::*;",
            "use super::*;",
            "use crate as root;",
            "use super::{self as root};",
            "m! { use crate::*; }",
            "m! { use crate::{self as root}; }",
        ] {
            assert_eq!(found("pin", text), web, "{text}");
            assert_eq!(found("web", text), [""; 0], "{text}");
        }
        assert_eq!(found("pin", "mod tests { use super::*; use super::{self as pin}; }"), [""; 0]);
        assert_eq!(found("pin", "use crate::secret::*; use crate::secret as s;"), [""; 0]);
    }

    #[test]
    fn a_violation_does_not_hide_in_a_macro() {
        assert_eq!(found("error", "fn f() { g!(\"{}\", crate::web::Y); }").len(), 1);
        assert_eq!(found("error", "m! { (1, [super::web::Y]) }").len(), 1);
        assert_eq!(found("error", "macro_rules! m { ($x:ty) => { $crate::web::f::<$x>() } }").len(), 1);
        assert_eq!(
            found("error", "m! {\n use crate::{\n error::{pin, A},\n secret::{web, B}, pin::C }; }"),
            [
                "src/error.rs:4: module error uses secret, which lib.rs declares below it",
                "src/error.rs:4: module error uses pin, which lib.rs declares below it",
            ]
        );
        assert_eq!(found("error", "mod tests { m!(super::web::f()); }"), [""; 0]);
        assert_eq!(found("error", "mod tests { m!(self::super::super::web::f()); }").len(), 1);
    }

    #[test]
    fn a_violation_does_not_hide_in_an_attribute() {
        assert_eq!(found("error", "#[crate::web::test] fn f() {}").len(), 1);
        assert_eq!(found("error", "#[derive(Debug, crate::web::Derived)] struct A;").len(), 1);
        assert_eq!(
            found("error", "struct A {\n #[serde(default, with = \"crate::web::hex\")]\n a: u8 }"),
            ["src/error.rs:2: module error uses web, which lib.rs declares below it"]
        );
    }

    #[test]
    fn a_re_export_that_names_nothing_is_refused() {
        let refused = against("src/lib.rs", "mod pin; pub use pin::*;", &[]).unwrap_err();
        let refused = format!("{refused:#}");
        assert!(refused.starts_with("src/lib.rs: ") && refused.contains("pin::*"), "{refused}");
        assert!(against("src/lib.rs", "mod pin; pub use other::*;", &[]).is_ok());
    }

    #[test]
    fn super_is_followed_to_where_it_leads() {
        // In the module itself `super` is the crate; in its sub-modules, of files or inline, the module.
        assert_eq!(found("pin", "mod tests { use super::web; }"), [""; 0]);
        assert_eq!(found("pin", "mod tests { use super::super::web::Bridge; }").len(), 1);
        assert_eq!(found("pin", "mod tests { } use super::web::Bridge;").len(), 1);
        assert_eq!(found("pin/iso1", "use super::web;"), [""; 0]);
        assert_eq!(found("pin/iso1", "use super::super::web;").len(), 1);
    }

    #[test]
    fn a_re_export_counts_as_its_module() {
        assert_eq!(
            found("error", "use crate::{Pin, make_pin, Span};"),
            [
                "src/error.rs:1: module error uses pin, which lib.rs declares below it",
                "src/error.rs:1: module error uses web, which lib.rs declares below it",
            ]
        );
        assert_eq!(found("web", "use crate::Pin;"), [""; 0]);
    }

    #[test]
    fn comments_and_literals_use_nothing() {
        let text = r##"
            //! See [`crate::web`].
            /* crate::web /* nested */ crate::web */
            const A: &str = "crate::web \" crate::web";
            const B: &str = r#"crate::web " crate::web"#;
            const C: char = '"';
            fn f<'a>(x: &'a str) -> &'a str { g!("crate::web"); x } // crate::web
            #[doc = "crate::web"] use ::web::A;
        "##;
        assert_eq!(found("error", text), [""; 0]);
        assert_eq!(found("error", "const C: char = '\"'; use crate::web; const D: char = '\"';").len(), 1);
    }
}
