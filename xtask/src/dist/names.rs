//! Short names in place of wasm-bindgen's.

use anyhow::{Context, Result, ensure};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use wasmparser::{Parser, Payload};

/// The sections with the names of imports and exports (WebAssembly core specification, 5.5.2).
const IMPORTS: u8 = 2;
const EXPORTS: u8 = 7;

/// Gives short names to the functions that a module and its glue call in each other: most of wasm-bindgen's names are a path and
/// a hash, which do not compress. A page loads 2400 bytes less. wasm-bindgen has no option for it, and neither `wasm-opt` nor walrus
/// also renames them in the glue.
pub(super) fn shorten(wasm: &Path, glue: &Path) -> Result<()> {
    let module = fs::read(wasm).with_context(|| format!("{} cannot be read", wasm.display()))?;
    let script = fs::read_to_string(glue).with_context(|| format!("{} cannot be read", glue.display()))?;
    let names = short_names(&module)?;
    ensure!(!names.values().any(|short| words(&script).any(|word| word == short)), "a short name is taken");
    fs::write(wasm, rename_in_module(&module, &names)?)?;
    fs::write(glue, rename_in_script(&script, &names))?;
    Ok(())
}

/// A short name for each name that wasm-bindgen made. They are in alphabetical order, so that two builds with the same names get
/// the same short ones.
fn short_names(module: &[u8]) -> Result<BTreeMap<String, String>> {
    let mut names = BTreeSet::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload.context("this is not WebAssembly")? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    names.insert(import?.name.to_owned());
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    names.insert(export?.name.to_owned());
                }
            }
            _ => {}
        }
    }
    // `memory`, and what `src/web.rs` exports, keep their names.
    names.retain(|name| name.contains("__"));
    Ok(names.into_iter().enumerate().map(|(place, name)| (name, format!("${place}"))).collect())
}

fn rename_in_module(module: &[u8], names: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    let mut renamed = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::Version { range, .. } = &payload {
            renamed.extend(bytes(module, range)?);
        }
        let Some((id, range)) = payload.as_section() else { continue };
        let mut section = bytes(module, &range)?.to_vec();
        if matches!(id, IMPORTS | EXPORTS) {
            for (name, short) in names {
                section = replace(&section, &counted(name)?, &counted(short)?);
            }
        }
        renamed.push(id);
        renamed.extend(leb128(section.len()));
        renamed.extend(section);
    }
    Ok(renamed)
}

fn rename_in_script(script: &str, names: &BTreeMap<String, String>) -> String {
    words(script).map(|word| names.get(word).map_or(word, String::as_str)).collect()
}

/// A text in pieces: each is a name, a number or a keyword, or the text between two of them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_in_word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '$');
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = is_in_word(rest.chars().next()?);
        let end = rest.find(|character| is_in_word(character) != first).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

fn bytes<'a>(module: &'a [u8], range: &std::ops::Range<usize>) -> Result<&'a [u8]> {
    module.get(range.clone()).context("a section lies outside of the module")
}

/// A name in the encoding of a module, with its length before it.
fn counted(name: &str) -> Result<Vec<u8>> {
    ensure!(name.len() < 128, "{name} is longer than one byte can say");
    Ok([&[name.len() as u8], name.as_bytes()].concat())
}

fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    match bytes.windows(old.len()).position(|window| window == old) {
        Some(at) => {
            let (before, after) = bytes.split_at(at);
            [before, new, after.get(old.len()..).unwrap_or_default()].concat()
        }
        None => bytes.to_vec(),
    }
}

/// A length (WebAssembly core specification, 5.2.2).
fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 & 0x7f | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::{leb128, rename_in_script, shorten, words};
    use std::{collections::BTreeMap, fs};

    fn section(id: u8, contents: &[u8]) -> Vec<u8> {
        [&[id], leb128(contents.len()).as_slice(), contents].concat()
    }

    fn text(text: &str) -> Vec<u8> {
        [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
    }

    /// One function imported, which is exported under another name, and a memory that is exported. A custom section has the
    /// names of both, too.
    fn module(import: &str, export: &str) -> Vec<u8> {
        let imports = [&[1], &*text("./glue.js"), &text(import), &[0, 0]].concat();
        let exports = [&[2], &*text("memory"), &[2, 0], &text(export), &[0, 0]].concat();
        let custom = [text("custom"), text("__wbg_f_0123"), text("a__b")].concat();
        [
            b"\0asm\x01\0\0\0".to_vec(),
            section(1, &[1, 0x60, 0, 0]),
            section(2, &imports),
            section(5, &[1, 0, 1]),
            section(7, &exports),
            section(0, &custom),
        ]
        .concat()
    }

    #[test]
    fn both_sides_have_the_same_short_names() {
        let folder = tempfile::tempdir().unwrap();
        let [wasm, glue] = ["glue.wasm", "glue.js"].map(|name| folder.path().join(name));
        fs::write(&wasm, module("__wbg_f_0123", "a__b")).unwrap();
        fs::write(&glue, "{ __wbg_f_0123: () => wasm.a__b(wasm.memory), a__b2: 0 }").unwrap();
        shorten(&wasm, &glue).unwrap();
        assert_eq!(fs::read(&wasm).unwrap(), module("$0", "$1"));
        assert_eq!(fs::read_to_string(&glue).unwrap(), "{ $0: () => wasm.$1(wasm.memory), a__b2: 0 }");

        fs::write(&wasm, module("__wbg_f_0123", "a__b")).unwrap();
        fs::write(&glue, "$1").unwrap();
        shorten(&wasm, &glue).unwrap_err();
        fs::write(&wasm, "<!doctype html>").unwrap();
        shorten(&wasm, &glue).unwrap_err();
    }

    #[test]
    fn only_whole_words_are_renamed() {
        let names = BTreeMap::from([("a_b".to_owned(), "$0".to_owned())]);
        for text in ["a_b2", "$a_b", "a", "", "éa_b"] {
            assert_eq!(rename_in_script(text, &names), text);
        }
        assert_eq!(rename_in_script("a_b;(a_b)", &names), "$0;($0)");
        assert_eq!(words("a.b  (c)").collect::<Vec<_>>(), ["a", ".", "b", "  (", "c", ")"]);
    }

    #[test]
    fn lengths_are_written_in_as_few_bytes_as_they_need() {
        assert_eq!(leb128(0), [0]);
        assert_eq!(leb128(127), [127]);
        assert_eq!(leb128(128), [0x80, 1]);
        assert_eq!(leb128(624_485), [0xe5, 0x8e, 0x26]);
    }
}
