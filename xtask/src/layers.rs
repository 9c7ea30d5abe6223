/// Rust source as words and marks, without comments and literals.
mod tokens;
/// The modules of the crate that a source names.
mod uses;

use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A source file and the module that it belongs to.
struct Source {
    /// As it is printed in a report.
    file: String,
    /// `["pin_block", "iso1"]` for `src/pin_block/iso1.rs`.
    module: Vec<String>,
    text: String,
}

/// The crates of which `lib.rs` names the order of the modules.
const CRATES: [&str; 3] = ["src", "relay/src", "sandbox/src"];

/// Fails where a module uses one that its crate's `lib.rs` declares below it.
pub(crate) fn check(project: &Project) -> Result<()> {
    let mut count = 0;
    for folder in CRATES {
        let src = project.root().join(folder);
        let lib = fs::read_to_string(src.join("lib.rs"))
            .with_context(|| format!("{folder}/lib.rs cannot be read"))?;
        for violation in violations(&lib, &sources(folder, &src)?) {
            println!("{violation}");
            count += 1;
        }
    }
    if count > 0 {
        bail!("{count} uses against the order of the modules: move the use, or the line of the module");
    }
    Ok(())
}

fn sources(name: &str, src: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut folders = vec![src.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path != src.join("lib.rs")
            {
                sources.push(source(name, src, &path)?);
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

/// One line for each use against the order.
fn violations(lib: &str, sources: &[Source]) -> Vec<String> {
    let lib = tokens::tokens(lib);
    let order = uses::declared(&lib);
    let re_exports = uses::re_exports(&lib, &order);
    let rank = |module: &str| order.iter().position(|declared| declared == module);
    let mut violations = Vec::new();
    for source in sources {
        let Some(own) = source.module.first() else { continue };
        for found in uses::uses(&tokens::tokens(&source.text), source.module.len()) {
            let used = re_exports.get(&found.name).unwrap_or(&found.name);
            if rank(used) > rank(own) && rank(own).is_some() {
                violations.push(format!(
                    "{}:{}: module {own} uses {used}, which lib.rs declares below it",
                    source.file, found.line
                ));
            }
        }
    }
    // Several names out of one module are one violation.
    violations.dedup();
    violations
}

#[cfg(test)]
mod tests {
    use super::{Source, violations};

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
    ";

    fn found(module: &str, text: &str) -> Vec<String> {
        let source = Source {
            file: format!("src/{module}.rs"),
            module: module.split('/').map(str::to_owned).collect(),
            text: text.to_owned(),
        };
        violations(LIB, &[source])
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
            fn f<'a>(x: &'a str) -> &'a str { x } // crate::web
        "##;
        assert_eq!(found("error", text), [""; 0]);
        assert_eq!(found("error", "const C: char = '\"'; use crate::web; const D: char = '\"';").len(), 1);
    }
}
