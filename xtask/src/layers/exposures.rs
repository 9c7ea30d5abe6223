//! The `EXPOSE:` comment beside each call that gives out the bytes of a secret.

use super::sources::{Crate, Source, is_for_tests};
use proc_macro2::{Ident, TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::{
    Block, ExprMethodCall, ExprPath, ImplItemFn, Item, ItemFn, Macro,
    visit::{self, Visit},
};

/// What ships, or stands in for what does. Elsewhere secrets are made up.
const FOLDERS: [&str; 3] = ["src/", "relay/src/", "sandbox/src/"];
const CALLS: [&str; 3] = ["expose", "expose_mut", "expose_secret"];
/// How many lines above its call a comment may begin. One comment may be for several calls.
const FARTHEST: usize = 5;

/// One line for each call outside tests without a comment.
pub(super) fn violations(crates: &[Crate]) -> Vec<String> {
    let sources = crates.iter().flat_map(|each| each.modules.iter().chain([&each.root]));
    let shipping = sources.filter(|source| FOLDERS.iter().any(|folder| source.file.starts_with(folder)));
    let outside_tests = shipping.filter(|source| !source.is_test);
    // Several crates may contain the same file.
    outside_tests.flat_map(in_source).collect::<BTreeSet<_>>().into_iter().collect()
}

fn in_source(source: &Source) -> Vec<String> {
    let mut finder = Finder { function: 1, calls: Vec::new() };
    finder.visit_file(&source.syntax);
    let lines: Vec<_> = source.text.lines().map(str::trim).collect();
    // Lines count from 1. The comment may also end the line of the call.
    let has_comment = |call: &Call| {
        let near = lines[call.function - 1..call.line].iter().rev();
        let mut paragraph = near.take(FARTHEST + 1).take_while(|line| !line.is_empty());
        paragraph.any(|line| line.contains("// EXPOSE: "))
    };
    let without = finder.calls.iter().filter(|call| !has_comment(call));
    without
        .map(|call| {
            format!("{}:{}: {} without a comment `EXPOSE:` that says why", source.file, call.line, call.name)
        })
        .collect()
}

struct Call {
    name: String,
    line: usize,
    /// The line where the body of the innermost function around it begins.
    function: usize,
}

struct Finder {
    function: usize,
    calls: Vec<Call>,
}

impl Finder {
    fn name(&mut self, name: &Ident) {
        if CALLS.iter().any(|call| name == call) {
            let line = name.span().start().line;
            self.calls.push(Call { name: name.to_string(), line, function: self.function });
        }
    }

    fn body(&mut self, body: &Block) {
        let around = std::mem::replace(&mut self.function, body.brace_token.span.open().start().line);
        self.visit_block(body);
        self.function = around;
    }

    /// In a macro's call, which the parser does not read, each of the names counts.
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => self.name(&name),
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => (),
            }
        }
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.body(&item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            self.body(&item.block);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.name(&call.method);
        visit::visit_expr_method_call(self, call);
    }

    /// `Secret::expose`, called or passed on.
    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        if let Some(last) = path.path.segments.last() {
            self.name(&last.ident);
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(call.tokens.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::violations;
    use crate::layers::sources::tests::made_of;

    /// The lines of the calls without a comment.
    fn found(text: &str) -> Vec<usize> {
        let found = violations(&[made_of("core", &[("src/lib.rs", "mod pin;"), ("src/pin.rs", text)])]);
        found.iter().map(|violation| violation.split(':').nth(1).unwrap().parse().unwrap()).collect()
    }

    #[test]
    fn a_comment_stands_above_the_calls_or_beside_one() {
        assert_eq!(
            found("fn f() {\n// EXPOSE: compared here.\na(p.expose());\nb(q.expose_mut());\n}"),
            [0; 0]
        );
        assert_eq!(found("fn f() {\na(p.expose_secret()); // EXPOSE: only its length.\n}"), [0; 0]);
        let violations = violations(&[made_of("core", &[("src/lib.rs", "fn f() { g(p.expose()) }")])]);
        assert_eq!(violations, ["src/lib.rs:1: expose without a comment `EXPOSE:` that says why"]);
    }

    #[test]
    fn a_call_hides_neither_in_a_macro_nor_in_a_closure_nor_behind_a_path() {
        assert_eq!(found("fn f() {\nformat!(\"{}\", [p.expose()]);\n}"), [2]);
        assert_eq!(found("impl A { fn f() {\nmap(|p| p.expose());\n} }"), [2]);
        assert_eq!(found("fn f() {\nmap(Secret::expose);\n}"), [2]);
        assert_eq!(found("mod inner { const A: u8 = B\n.expose(); }"), [2]);
    }

    #[test]
    fn a_comment_of_another_function_or_paragraph_or_far_away_does_not_count() {
        let comment = "// EXPOSE: compared here.";
        assert_eq!(found(&format!("fn f() {{ {comment}\n}}\nfn g() {{\np.expose();\n}}")), [4]);
        assert_eq!(found(&format!("fn f() {{\n{comment}\n\np.expose();\n}}")), [4]);
        assert_eq!(found(&format!("fn f() {{\n{comment}\na();\nb();\nc();\nd();\np.expose();\n}}")), [0; 0]);
        assert_eq!(
            found(&format!("fn f() {{\n{comment}\na();\nb();\nc();\nd();\ne();\np.expose();\n}}")),
            [8]
        );
    }

    #[test]
    fn tests_and_the_functions_themselves_need_none() {
        assert_eq!(found("impl A { pub fn expose(&self) -> &[u8] {\n&self.0\n} }"), [0; 0]);
        assert_eq!(found("#[cfg(test)] mod tests { fn f() {\np.expose();\n} }"), [0; 0]);
        assert_eq!(found("#[test] fn f() {\np.expose();\n}"), [0; 0]);
        let files = [("src/lib.rs", "#[cfg(test)] mod tests;"), ("src/tests.rs", "fn f() { p.expose(); }")];
        assert_eq!(violations(&[made_of("core", &files)]), [""; 0]);
        assert_eq!(violations(&[made_of("e2e", &[("e2e/src/lib.rs", "fn f() { p.expose(); }")])]), [""; 0]);
    }
}
