use anyhow::{Context, Result};
use base64ct::{Base64, Encoding};
use serde_json::{Map, Value};
use sha2::{Digest, Sha384};
use std::{fs, path::Path};

const FILE: &str = "integrity.json";

/// Writes `integrity.json` beside the files that it describes, so that a page that pins them needs to compute nothing.
pub(crate) fn write(dist: &Path) -> Result<()> {
    let mut sums = Map::new();
    for (name, contents) in files(dist)? {
        sums.insert(name, Value::String(integrity_of(&contents)));
    }
    let text = serde_json::to_string_pretty(&sums)? + "\n";
    fs::write(dist.join(FILE), text).context("dist/integrity.json cannot be written")
}

/// Every file that ships, by name, in the order of the names.
pub(crate) fn files(dist: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(dist).context("dist/ cannot be read: run `cargo xtask build`")?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != FILE {
            files.push((name, fs::read(entry.path())?));
        }
    }
    files.sort();
    Ok(files)
}

/// The form that an `integrity` attribute takes (W3C Subresource Integrity, 3.5).
fn integrity_of(contents: &[u8]) -> String {
    format!("sha384-{}", Base64::encode_string(&Sha384::digest(contents)))
}

#[cfg(test)]
mod tests {
    use super::integrity_of;

    #[test]
    fn agrees_with_the_example_of_the_recommendation() {
        // W3C Subresource Integrity, 3.2.
        assert_eq!(
            integrity_of(b"alert('Hello, world.');"),
            "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO"
        );
    }
}
