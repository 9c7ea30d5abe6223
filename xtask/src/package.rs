//! What `Cargo.toml` says of every package.

use crate::{
    project::Project,
    run::{cargo, output},
};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// The version of all members of the workspace.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
pub(crate) const LICENSE: &str = env!("CARGO_PKG_LICENSE");
pub(crate) const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

#[derive(Deserialize)]
struct Metadata<P> {
    packages: Vec<P>,
}

/// What `cargo metadata` prints of each package: those of its fields that `P` has.
pub(crate) fn metadata<P: DeserializeOwned>(project: &Project, options: &[&str]) -> Result<Vec<P>> {
    let printed = output(cargo(project.root()).args(["metadata", "--format-version=1"]).args(options))?;
    let metadata: Metadata<P> =
        serde_json::from_str(&printed).context("`cargo metadata` printed something else")?;
    Ok(metadata.packages)
}

/// The manifest of the npm package: the fields of `www/package.json`, and those that `Cargo.toml` has for every package.
pub(crate) fn npm_manifest(written: &str) -> Result<String> {
    let facts = [
        ("version", json!(VERSION)),
        ("license", json!(LICENSE)),
        ("homepage", json!(format!("{REPOSITORY}#readme"))),
        ("bugs", json!({"url": format!("{REPOSITORY}/issues")})),
        ("repository", json!({"type": "git", "url": format!("git+{REPOSITORY}.git")})),
    ];
    let has: Map<String, Value> = serde_json::from_str(written).context("it is not a JSON object")?;
    for (name, _) in &facts {
        ensure!(!has.contains_key(*name), "`{name}` comes from Cargo.toml: remove it here");
    }
    let lines: String = facts.map(|(name, value)| format!("  \"{name}\": {value},\n")).concat();
    // The order of the rest matters to readers, and `serde_json` would not keep it.
    let rest = written.strip_prefix("{\n").context("its first line is not `{`")?;
    Ok(format!("{{\n{lines}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::{LICENSE, REPOSITORY, VERSION, npm_manifest};
    use serde_json::{Value, json};

    #[test]
    fn the_manifest_has_what_is_written_and_what_cargo_says() {
        let written = include_str!("../../www/package.json");
        let manifest = npm_manifest(written).unwrap();
        let has: Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!(has["name"], "card-pin");
        assert_eq!(has["version"], VERSION);
        assert_eq!(has["license"], LICENSE);
        assert_eq!(has["homepage"], format!("{REPOSITORY}#readme"));
        assert_eq!(has["bugs"], json!({"url": format!("{REPOSITORY}/issues")}));
        assert_eq!(has["repository"], json!({"type": "git", "url": format!("git+{REPOSITORY}.git")}));
        // A tool takes the first condition that it knows.
        assert!(manifest.ends_with(written.strip_prefix("{\n").unwrap()));
    }

    #[test]
    fn fields_from_cargo_are_refused_in_the_written_manifest() {
        let refused = npm_manifest("{\n  \"version\": \"9.9.9\"\n}\n").unwrap_err().to_string();
        assert_eq!(refused, "`version` comes from Cargo.toml: remove it here");
        npm_manifest("[]").unwrap_err();
        npm_manifest("{}").unwrap_err();
    }
}
