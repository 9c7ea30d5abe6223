//! The licences of what ships.

use crate::{
    graph::{self, Crate, Id},
    project::Project,
};
use anyhow::{Context, Result};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

const FILE: &str = "LICENSES.txt";
/// Every crate in the wasm may be used under the MIT licence, which requires its text with every copy.
const LICENCE: &str = "LICENSE-MIT";
/// The licence for a crate whose manifest names the MIT licence, but which comes without its text.
const OF_OTHERS: &str = "supply-chain/licences";

/// Writes the licences of the files that ship, and of the crates that are linked into them.
pub(crate) fn write(project: &Project, dist: &Path, crates: &[Crate]) -> Result<()> {
    let own = read(&project.root().join(LICENCE))?;
    let folders = graph::sources(project)?;
    let mut texts: BTreeMap<String, Vec<Id>> = BTreeMap::new();
    for each in crates.iter().filter(|each| each.linked && each.checksum.is_some()) {
        let folder = folders.get(&each.id).with_context(|| format!("{} has no sources", each.id.name))?;
        let kept = project.root().join(OF_OTHERS).join(&each.id.name);
        let file = if kept.exists() { kept } else { folder.join(LICENCE) };
        texts.entry(read(&file)?).or_default().push(each.id.clone());
    }
    fs::write(dist.join(FILE), notices(&own, &texts)?)
        .with_context(|| format!("dist/{FILE} cannot be written"))
}

fn read(file: &Path) -> Result<String> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read: which licence goes with it?", file.display()))?;
    Ok(text.replace("\r\n", "\n").trim().to_owned())
}

/// Each text is written once, however many crates have it.
fn notices(own: &str, texts: &BTreeMap<String, Vec<Id>>) -> Result<String> {
    let mut all = format!(
        "card-pin is under the MIT licence or the Apache License 2.0, as you choose.\n\n{own}\n\n\
         Its WebAssembly also holds Rust's standard library, by The Rust Project Contributors, under\n\
         the same two licences, and these crates, each used under the MIT licence:\n"
    );
    for (text, crates) in texts {
        let names: Vec<_> = crates.iter().map(|id| format!("{} {}", id.name, id.version)).collect();
        write!(all, "\n{}\n{}\n\n{text}\n", "-".repeat(72), names.join("\n"))?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{Id, notices};
    use std::collections::BTreeMap;

    #[test]
    fn each_text_stands_once_with_all_that_have_it() {
        let id = |name: &str| Id { name: name.to_owned(), version: "1.0.0".to_owned() };
        let texts = BTreeMap::from([
            ("terms".to_owned(), vec![id("a"), id("b")]),
            ("others".to_owned(), vec![id("c")]),
        ]);
        let all = notices("ours", &texts).unwrap();
        assert!(
            all.contains("\na 1.0.0\nb 1.0.0\n\nterms\n") && all.contains("\nc 1.0.0\n\nothers\n"),
            "{all}"
        );
        assert_eq!(all.matches("terms").count(), 1);
    }
}
