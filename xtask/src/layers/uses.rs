//! Finds the modules of the crate that a source names.

use anyhow::{Result, bail};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use std::collections::HashMap;
use syn::{
    File, Item, ItemMod, ItemUse, Lit, MetaList, Path, UseTree,
    visit::{self, Visit},
};

/// A name at the root of the crate that a source uses.
pub(super) struct Use {
    /// `None` stands for every name there: `use crate::*`.
    pub(super) name: Option<String>,
    pub(super) line: usize,
}

/// The modules that a crate's root declares, in order, each in a file of its own.
pub(super) fn declared(lib: &File) -> Vec<String> {
    let modules = lib.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

/// The names that a crate's root re-exports, each with the module that it comes from.
pub(super) fn re_exports(lib: &File, modules: &[String]) -> Result<HashMap<String, String>> {
    let mut names = HashMap::new();
    for item in &lib.items {
        if let Item::Use(item) = item {
            add_names(&item.tree, None, modules, &mut names)?;
        }
    }
    Ok(names)
}

/// Collects the names below `tree`. `module` is the first name of the path so far.
fn add_names(
    tree: &UseTree,
    module: Option<&Ident>,
    modules: &[String],
    names: &mut HashMap<String, String>,
) -> Result<()> {
    let (last, name) = match tree {
        UseTree::Path(path) => {
            let is_root = path.ident == "crate" || path.ident == "self";
            let first = if is_root { module } else { module.or(Some(&path.ident)) };
            return add_names(&path.tree, first, modules, names);
        }
        UseTree::Group(group) => {
            return group.items.iter().try_for_each(|tree| add_names(tree, module, modules, names));
        }
        UseTree::Glob(_) => match module {
            Some(module) if modules.iter().any(|declared| module == declared) => {
                bail!("the re-export of `{module}::*` hides what comes from {module}: name each")
            }
            _ => return Ok(()),
        },
        UseTree::Name(leaf) => (&leaf.ident, &leaf.ident),
        UseTree::Rename(leaf) => (&leaf.ident, &leaf.rename),
    };
    let module = module.unwrap_or(last).to_string();
    if modules.contains(&module) {
        names.insert(name.to_string(), module);
    }
    Ok(())
}

/// Each use of a name in a module that is `level` modules below the crate's root and contains this file, which is `depth` modules below the root.
pub(super) fn uses(file: &File, depth: usize, level: usize) -> Vec<Use> {
    let mut finder = Finder { depth, level, in_attribute: false, uses: Vec::new() };
    finder.visit_file(file);
    finder.uses
}

struct Finder {
    /// How many modules below the root the current code is.
    depth: usize,
    /// The level of the surrounding module in which names are looked for.
    level: usize,
    in_attribute: bool,
    uses: Vec<Use>,
}

/// The place that a path has reached: this many modules below the root; `None` if it does not start with `crate`, `self` or
/// `super`, or has left the modules that these name.
type Place = Option<usize>;

impl Finder {
    /// The place after the next name of a path that is at `place`. A name at the level is a use.
    fn follow(&mut self, place: Place, next: &Ident) -> Place {
        if next == "crate" {
            return Some(0);
        }
        if next == "self" {
            return place.or(Some(self.depth));
        }
        if next == "super" {
            return place.unwrap_or(self.depth).checked_sub(1);
        }
        if place == Some(self.level) {
            self.uses.push(Use { name: Some(next.to_string()), line: next.span().start().line });
        }
        None
    }

    /// A path that is at `place` uses everything there: by `*`, or by giving the place a name.
    fn take_all(&mut self, place: Place, line: usize) {
        if place == Some(self.level) {
            self.uses.push(Use { name: None, line });
        }
    }

    fn tree(&mut self, tree: &UseTree, place: Place) {
        match tree {
            UseTree::Path(path) => {
                let place = self.follow(place, &path.ident);
                self.tree(&path.tree, place);
            }
            UseTree::Name(leaf) => {
                self.follow(place, &leaf.ident);
            }
            UseTree::Rename(leaf) => {
                let place = self.follow(place, &leaf.ident);
                self.take_all(place, leaf.ident.span().start().line);
            }
            UseTree::Glob(glob) => self.take_all(place, glob.star_token.span.start().line),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(tree, place)),
        }
    }

    /// serde names functions in strings: `#[serde(with = "crate::wire::hex")]`.
    fn literal(&mut self, literal: Lit) {
        if let Lit::Str(text) = literal
            && self.in_attribute
            && let Ok(path) = text.parse::<Path>()
        {
            self.visit_path(&path);
        }
    }

    /// Finds uses in the tokens of a macro's call, which the parser does not read. They may contain paths and whole `use` items.
    fn tokens(&mut self, tokens: &TokenStream, start: Place) {
        let mut place = start;
        for token in tokens.clone() {
            place = match token {
                TokenTree::Punct(mark) if mark.as_char() == ':' => place,
                TokenTree::Punct(mark) if mark.as_char() == ',' => start,
                TokenTree::Punct(mark) if mark.as_char() == '*' => {
                    self.take_all(place, mark.span().start().line);
                    None
                }
                TokenTree::Ident(word) if word == "as" => {
                    self.take_all(place, word.span().start().line);
                    None
                }
                TokenTree::Ident(word) => self.follow(place, &word),
                TokenTree::Group(group) => {
                    let continues = group.delimiter() == Delimiter::Brace;
                    self.tokens(&group.stream(), if continues { place } else { None });
                    None
                }
                TokenTree::Literal(literal) => {
                    self.literal(Lit::new(literal));
                    None
                }
                TokenTree::Punct(_) => None,
            };
        }
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let Some((_, items)) = &item.content else { return };
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_visibility(&item.vis);
        self.depth += 1;
        items.iter().for_each(|item| self.visit_item(item));
        self.depth -= 1;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.tree(&item.tree, None);
        }
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_visibility(&item.vis);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() {
            path.segments.iter().fold(None, |place, segment| self.follow(place, &segment.ident));
        }
        visit::visit_path(self, path);
    }

    fn visit_meta_list(&mut self, list: &'ast MetaList) {
        self.in_attribute = true;
        visit::visit_meta_list(self, list);
        self.in_attribute = false;
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.tokens(tokens, None);
    }
}
