//! Checksums of `dist/` in the form of Subresource Integrity.

use anyhow::{Context, Result};
use base64ct::{Base64, Encoding};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384};
use std::{fs, path::Path};

const FILE: &str = "integrity.json";

/// Writes `integrity.json` beside the files that it describes, so that a page can pin them without computing a checksum.
pub(crate) fn write(dist: &Path) -> Result<()> {
    fs::write(dist.join(FILE), to_json(files(dist)?)?).context("dist/integrity.json cannot be written")
}

/// The same for some of the files.
pub(crate) fn of_files(dist: &Path, names: &[&str]) -> Result<String> {
    let read = |name: &&str| {
        let contents = fs::read(dist.join(name)).with_context(|| format!("{name} cannot be read"))?;
        Ok(((*name).to_owned(), contents))
    };
    to_json(names.iter().map(read).collect::<Result<_>>()?)
}

fn to_json(files: Vec<(String, Vec<u8>)>) -> Result<String> {
    let sums: Map<_, _> =
        files.into_iter().map(|(name, contents)| (name, Value::String(integrity_of(&contents)))).collect();
    Ok(serde_json::to_string_pretty(&sums)? + "\n")
}

/// Every file that ships except `integrity.json`, in the order of the names.
pub(crate) fn files(dist: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = all_files(dist)?;
    files.retain(|(name, _)| name != FILE);
    Ok(files)
}

/// Every file that ships, by its path in `dist/`, in the order of the paths.
pub(crate) fn all_files(dist: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    collect(dist, "", &mut files).context("dist/ cannot be read: run `cargo xtask build`")?;
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push((name, fs::read(entry.path())?));
        }
    }
    Ok(())
}

/// SHA-256 in hexadecimal, as `sha256sum` prints it.
pub(crate) fn sha256_of(contents: &[u8]) -> String {
    Sha256::digest(contents).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The checksum in the form of an `integrity` attribute (W3C Subresource Integrity, 3.5).
fn integrity_of(contents: &[u8]) -> String {
    format!("sha384-{}", Base64::encode_string(&Sha384::digest(contents)))
}

#[cfg(test)]
mod tests {
    use super::{all_files, files, integrity_of, of_files, sha256_of, write};
    use serde_json::{Value, json};
    use std::fs;

    #[test]
    fn every_file_but_itself_is_described() {
        let dist = tempfile::tempdir().unwrap();
        fs::write(dist.path().join("b.js"), "alert('Hello, world.');").unwrap();
        fs::write(dist.path().join("a.js"), "").unwrap();
        fs::create_dir(dist.path().join("c")).unwrap();
        fs::write(dist.path().join("c/d.js"), "").unwrap();
        write(dist.path()).unwrap();
        // A second run must not list its own file.
        write(dist.path()).unwrap();
        let described: Value =
            serde_json::from_slice(&fs::read(dist.path().join("integrity.json")).unwrap()).unwrap();
        assert_eq!(
            described,
            json!({
                "a.js": "sha384-OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLlb",
                "b.js": "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO",
                "c/d.js": "sha384-OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLlb",
            })
        );
        let some: Value = serde_json::from_str(&of_files(dist.path(), &["b.js"]).unwrap()).unwrap();
        assert_eq!(some, json!({ "b.js": described["b.js"] }));
        of_files(dist.path(), &["gone.js"]).unwrap_err();
        let names =
            |files: Vec<(String, Vec<u8>)>| files.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(files(dist.path()).unwrap()), ["a.js", "b.js", "c/d.js"]);
        assert_eq!(names(all_files(dist.path()).unwrap()), ["a.js", "b.js", "c/d.js", "integrity.json"]);
    }

    #[test]
    fn sha256_is_that_of_the_standard() {
        // FIPS 180-4's example of one block.
        assert_eq!(sha256_of(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn agrees_with_the_example_of_the_recommendation() {
        // W3C Subresource Integrity, 3.2.
        assert_eq!(
            integrity_of(b"alert('Hello, world.');"),
            "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO"
        );
    }
}
