use super::tokens::Token;
use std::collections::HashMap;

/// A name at the root of the crate that a source uses.
pub(super) struct Use {
    pub(super) name: String,
    pub(super) line: usize,
}

/// The modules that `lib.rs` declares, in order.
pub(super) fn declared(lib: &[Token]) -> Vec<String> {
    let declarations = lib.windows(3).filter(|window| window[0].text == "mod" && window[2].text == ";");
    declarations.map(|window| window[1].text.clone()).collect()
}

/// The names that `lib.rs` re-exports, each with the module that it comes from.
pub(super) fn re_exports(lib: &[Token], modules: &[String]) -> HashMap<String, String> {
    let mut names = HashMap::new();
    let starts = (0..lib.len()).filter(|&at| lib[at].text == "use");
    for start in starts {
        let mut leaves = Vec::new();
        tree(lib, start + 1, &mut Vec::new(), &mut leaves);
        for mut path in leaves {
            if matches!(path.first().map(|token| &*token.text), Some("crate" | "self")) {
                path.remove(0);
            }
            if let [module, .., name] = path.as_slice()
                && modules.contains(&module.text)
            {
                names.insert(name.text.clone(), module.text.clone());
            }
        }
    }
    names
}

/// Each use of a name at the crate's root, in a file that is `depth` modules below that root.
pub(super) fn uses(tokens: &[Token], depth: usize) -> Vec<Use> {
    let mut uses = Vec::new();
    // For each open brace, whether an inline module opened it.
    let mut braces: Vec<bool> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match &*tokens[at].text {
            "{" => braces.push(at >= 2 && tokens[at - 2].text == "mod"),
            "}" => drop(braces.pop()),
            "crate" | "super" => {
                let level = depth + braces.iter().filter(|is_module| **is_module).count();
                let (end, climbs) = climb(tokens, at);
                if climbs.is_none_or(|climbs| climbs == level) && is_mark(tokens, end, "::") {
                    let mut leaves = Vec::new();
                    tree(tokens, end + 1, &mut Vec::new(), &mut leaves);
                    let roots = leaves.iter().filter_map(|path| path.first());
                    uses.extend(roots.map(|token| Use { name: token.text.clone(), line: token.line }));
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    uses
}

/// Where a path's `crate`, or its row of `super`s, ends, and how many modules it climbs; `None` for `crate`.
fn climb(tokens: &[Token], start: usize) -> (usize, Option<usize>) {
    if tokens[start].text == "crate" {
        return (start + 1, None);
    }
    let mut climbs = 1;
    let mut end = start + 1;
    while is_mark(tokens, end, "::") && is_mark(tokens, end + 1, "super") {
        climbs += 1;
        end += 2;
    }
    (end, Some(climbs))
}

/// Collects the paths of a use tree (`a::{b, c::D as E}`), or of a plain path; returns where it ends. A name given with
/// `as` stands at the end of its path.
fn tree<'a>(
    tokens: &'a [Token],
    start: usize,
    path: &mut Vec<&'a Token>,
    leaves: &mut Vec<Vec<&'a Token>>,
) -> usize {
    let length = path.len();
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        if token.text == "{" {
            at += 1;
            while at < tokens.len() && tokens[at].text != "}" {
                at = tree(tokens, at, path, leaves);
                at += usize::from(is_mark(tokens, at, ","));
            }
            path.truncate(length);
            return at + 1;
        }
        path.push(token);
        at += 1;
        if is_mark(tokens, at, "as") {
            path.extend(tokens.get(at + 1));
            at += 2;
        }
        if !is_mark(tokens, at, "::") {
            break;
        }
        at += 1;
    }
    leaves.push(path.clone());
    path.truncate(length);
    at
}

fn is_mark(tokens: &[Token], at: usize, text: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.text == text)
}
