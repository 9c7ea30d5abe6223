//! The parts of a module, by crate and by function.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// A part of a module, with its size in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) bytes: usize,
}

/// The parts of a module, the largest first.
#[derive(Debug)]
pub(super) struct Items {
    /// The code of each crate; data and the rest are items of their own.
    pub(super) crates: Vec<Item>,
    pub(super) functions: Vec<Item>,
}

impl Items {
    /// Reads a module that has names for its functions. Without names, all functions count as one crate.
    pub(super) fn of(wasm: &[u8]) -> Result<Self> {
        let mut bodies = Vec::new();
        let mut names = BTreeMap::new();
        let (mut imported, mut data, mut custom) = (0, 0, 0);
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.context("this is not WebAssembly")? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let is_function = matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
                        imported += u32::from(is_function);
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes().len()),
                Payload::DataSection(section) => {
                    data = section.range().len();
                }
                Payload::CustomSection(section) => {
                    custom += section.data().len();
                    let KnownCustom::Name(subsections) = section.as_known() else { continue };
                    for subsection in subsections {
                        let Name::Function(functions) = subsection? else { continue };
                        for function in functions {
                            let function = function?;
                            names.insert(function.index, function.name.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
        let code: usize = bodies.iter().sum();
        let functions: Vec<Item> = (imported..)
            .zip(bodies)
            .map(|(index, bytes)| Item { name: names.remove(&index).unwrap_or_default(), bytes })
            .collect();
        let mut crates: BTreeMap<&str, usize> = BTreeMap::new();
        for item in &functions {
            *crates.entry(crate_of(&item.name)).or_default() += item.bytes;
        }
        crates.insert("(data)", data);
        crates.insert("(imports, exports, tables, types)", wasm.len() - code - data - custom);
        let crates = crates.into_iter().map(|(name, bytes)| Item { name: name.to_owned(), bytes });
        Ok(Self { crates: biggest_first(crates.collect()), functions: biggest_first(functions) })
    }
}

fn biggest_first(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.name.cmp(&other.name)));
    items
}

/// The crate whose code a function is, as far as its name says: the first path in it begins with a crate. An
/// implementation of a foreign trait (`<T as digest::Digest>::…`) counts for the trait where the type names no crate.
fn crate_of(function: &str) -> &str {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    for (at, _) in function.match_indices("::") {
        let path = function.get(..at).unwrap_or_default();
        // `core[c5930c85a12de822]::fmt`: the hash tells apart crates of one name.
        let path =
            path.rsplit_once('[').filter(|(_, hash)| hash.ends_with(']')).map_or(path, |(path, _)| path);
        let start = path.rfind(|character| !is_word(character)).map_or(0, |at| at + 1);
        if let Some(name @ [_, ..]) = path.get(start..).map(str::as_bytes) {
            return std::str::from_utf8(name).unwrap_or_default();
        }
    }
    "(glue)"
}

#[cfg(test)]
mod tests {
    use super::{Item, Items, crate_of};

    fn item(name: &str, bytes: usize) -> Item {
        Item { name: name.to_owned(), bytes }
    }

    /// A length and that many bytes.
    fn counted(bytes: &[u8]) -> Vec<u8> {
        [&[u8::try_from(bytes.len()).unwrap()], bytes].concat()
    }

    fn section(id: u8, contents: &[u8]) -> Vec<u8> {
        [vec![id], counted(contents)].concat()
    }

    /// One imported function, two of its own, eight bytes of data.
    fn module(names: &[(u8, &str)]) -> Vec<u8> {
        let mut map = vec![u8::try_from(names.len()).unwrap()];
        for (index, name) in names {
            map.push(*index);
            map.extend(counted(name.as_bytes()));
        }
        let custom = [counted(b"name"), section(1, &map)].concat();
        [
            b"\0asm\x01\0\0\0".to_vec(),
            section(1, &[1, 0x60, 0, 0]),
            section(2, &[&[1], &*counted(b"m"), &counted(b"f"), &[0, 0]].concat()),
            section(3, &[2, 0, 0]),
            section(5, &[1, 0, 1]),
            section(10, &[&[2], &*counted(&[0, 0x0b]), &counted(&[0, 1, 1, 1, 0x0b])].concat()),
            section(11, &[&[1, 0, 0x41, 0, 0x0b], &*counted(&[7; 8])].concat()),
            section(0, &custom),
        ]
        .concat()
    }

    #[test]
    fn functions_are_counted_behind_the_imported_ones() {
        let wasm = module(&[(0, "js::imported"), (1, "small::f"), (2, "<&big::T as core::fmt::Debug>::fmt")]);
        let items = Items::of(&wasm).unwrap();
        assert_eq!(items.functions, [item("<&big::T as core::fmt::Debug>::fmt", 5), item("small::f", 2)]);
        assert_eq!(items.crates[1..], [item("(data)", 14), item("big", 5), item("small", 2)]);
        assert!(items.crates[0].name.starts_with("(imports"));
        let sum: usize = items.crates.iter().map(|each| each.bytes).sum();
        assert!(sum < wasm.len() && sum > 40);
    }

    #[test]
    fn without_names_all_is_one() {
        let items = Items::of(&module(&[])).unwrap();
        assert_eq!(items.functions, [item("", 5), item("", 2)]);
        assert!(items.crates.contains(&item("(glue)", 7)));
    }

    #[test]
    fn bytes_that_are_not_a_module_are_an_error() {
        Items::of(b"").unwrap_err();
        Items::of(b"<!doctype html>").unwrap_err();
        Items::of(&module(&[])[..40]).unwrap_err();
    }

    #[test]
    fn names_begin_with_their_crate() {
        for (function, expected) in [
            ("card_pin::web::Vault::open::he4721047a711f7bd", "card_pin"),
            ("core[c5930c85a12de822]::fmt::write", "core"),
            ("<core[c5930c85a12de822]::fmt::Formatter>::pad", "core"),
            ("<T as base64ct::encoding::Encoding>::encode::h4fea", "base64ct"),
            ("<&mut R as rand_core::Rng>::fill", "rand_core"),
            ("<[T] as ctutils::traits::CtAssign>::ct_assign", "ctutils"),
            ("rsa::key::<impl rsa::Key>::new", "rsa"),
            ("vault_open", "(glue)"),
            ("", "(glue)"),
        ] {
            assert_eq!(crate_of(function), expected, "{function}");
        }
    }
}
