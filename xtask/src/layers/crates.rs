//! The modules of a crate, in the order that its root declares.

use super::{
    sources::{Crate, Source},
    uses,
};
use anyhow::{Context, Result};
use std::collections::BTreeSet;

/// One line for each use of a module that the crate's root declares below, and for each circle in a folder.
pub(super) fn violations(crates: &[Crate]) -> Result<Vec<String>> {
    // Several crates may contain the same file.
    let mut violations = BTreeSet::new();
    for each in crates {
        violations.extend(against_order(each)?);
        violations.extend(circles(&each.modules)?);
    }
    Ok(violations.into_iter().collect())
}

fn against_order(each: &Crate) -> Result<Vec<String>> {
    let Crate { root, modules, .. } = each;
    let order = uses::declared(&root.syntax);
    let re_exports = uses::re_exports(&root.syntax, &order).with_context(|| root.file.clone())?;
    let root = root.file.rsplit('/').next().unwrap_or(&root.file);
    let rank = |module: &str| order.iter().position(|declared| declared == module);
    let mut violations = Vec::new();
    for source in modules {
        let Some(own) = source.module.first() else { continue };
        for found in uses::uses(&source.syntax, source.module.len(), 0) {
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
        let Some(parent) = sources.iter().find(|parent| parent.module == folder) else { continue };
        let neighbours = uses::declared(&parent.syntax);
        let re_exports =
            uses::re_exports(&parent.syntax, &neighbours).with_context(|| parent.file.clone())?;
        for found in uses::uses(&source.syntax, source.module.len(), folder.len()) {
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
    use super::{against_order, circles, violations};
    use crate::layers::sources::tests::made_of;

    #[test]
    fn neighbours_in_a_folder_form_no_circle() {
        let in_hsm = |[block, key, tzpk]: [&str; 3]| {
            let files = [
                ("src/lib.rs", "mod hsm;"),
                ("src/hsm.rs", "mod block; mod key; mod tzpk; pub use tzpk::Tzpk;"),
                ("src/hsm/block.rs", block),
                ("src/hsm/key.rs", key),
                ("src/hsm/tzpk.rs", tzpk),
            ];
            circles(&made_of("core", &files).modules).unwrap()
        };
        let key = "use super::block::Block;";
        assert_eq!(in_hsm(["use super::tzpk::Tzpk;", key, ""]), [""; 0]);
        assert_eq!(
            in_hsm(["use super::Tzpk;", key, "\nfn f() { super::key::g() }"]),
            [
                "src/hsm/block.rs:1: module block uses tzpk, which uses block",
                "src/hsm/key.rs:1: module key uses block, which uses key",
                "src/hsm/tzpk.rs:2: module tzpk uses key, which uses tzpk",
            ]
        );
    }

    #[test]
    fn a_circle_in_a_test_or_through_a_path_is_found_once() {
        let issuer = "use crate::openapi::assert_documented;";
        let openapi = "use crate::issuer::issuing;";
        let tests = || {
            let files = [
                ("tests/main.rs", "#[path = \"common/issuer.rs\"] mod issuer; mod openapi;"),
                ("tests/common/issuer.rs", issuer),
                ("tests/openapi.rs", openapi),
            ];
            made_of("relay", &files)
        };
        assert_eq!(
            violations(&[tests(), tests()]).unwrap(),
            ["tests/common/issuer.rs:1: module issuer uses openapi, which main.rs declares below it"]
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

    /// The violations if one module of the crate has this text.
    fn found(module: &str, text: &str) -> Vec<String> {
        let file = format!("src/{module}.rs");
        // The first of a name counts.
        let files = [
            ("src/lib.rs", LIB),
            (&file, text),
            ("src/error.rs", ""),
            ("src/secret.rs", ""),
            ("src/pin.rs", "mod iso1;"),
            ("src/pin/iso1.rs", ""),
            ("src/web.rs", ""),
        ];
        against_order(&made_of("core", &files)).unwrap()
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
        let re_exporting = |name: &str| {
            let root = format!("mod pin; pub use {name}::*;");
            against_order(&made_of("core", &[("src/lib.rs", &root), ("src/pin.rs", "")]))
        };
        let refused = format!("{:#}", re_exporting("pin").unwrap_err());
        assert!(refused.starts_with("src/lib.rs: ") && refused.contains("pin::*"), "{refused}");
        assert!(re_exporting("other").is_ok());
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
