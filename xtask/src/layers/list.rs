//! The lists in `docs/architecture.md`.

use crate::project::Project;
use anyhow::{Context, Result};
use std::fs;

/// The document with the lists.
pub(super) const DOCUMENT: &str = "docs/architecture.md";

pub(super) fn document(project: &Project) -> Result<String> {
    fs::read_to_string(project.root().join(DOCUMENT)).with_context(|| format!("{DOCUMENT} cannot be read"))
}

/// The names in the first column of the list that follows a heading.
pub(super) fn order<'a>(document: &'a str, heading: &str) -> Result<Vec<&'a str>> {
    let list = document
        .split_once(heading)
        .and_then(|(_, rest)| rest.split_once("```text\n"))
        .and_then(|(_, rest)| rest.split_once("```"))
        .with_context(|| format!("{DOCUMENT} has no list after {heading}"))?
        .0;
    let columns = list.lines().filter_map(|line| line.split("  ").next());
    let names = columns.flat_map(|column| column.split(',')).map(str::trim);
    Ok(names.filter(|name| !name.is_empty()).collect())
}
