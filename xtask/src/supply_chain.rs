//! Records and licences of the crates in the wasm.

mod records;

use crate::{
    graph,
    project::Project,
    run::run,
    setup::{self, Part},
};
use anyhow::{Context, Result, bail};
use records::Records;
use std::{fs, path::Path, process::Command};

/// Stricter rules, for the crates in the wasm.
const RULES_OF_WASM: &str = "supply-chain/wasm.toml";

/// Checks everything that needs no network: licences, sources, duplicates, build scripts, and the records.
pub(crate) fn check(project: &Project) -> Result<()> {
    let without_network = ["bans", "licenses", "sources"];
    run(deny(project.root()).args(["--workspace", "check"]).args(without_network))?;
    run(deny(project.root()).args(["--config", RULES_OF_WASM, "check"]).args(without_network))?;

    let path = project.root().join(records::FILE);
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", records::FILE))?;
    let records = Records::parse(&text)?;
    let crates = graph::crates_of_wasm(project)?;
    let faults = records.faults(&crates);
    for fault in &faults {
        println!("{fault}");
    }
    if !faults.is_empty() {
        bail!("{} faults in {}: supply-chain/README.md says what a record is", faults.len(), records::FILE);
    }
    println!(
        "{} crates are linked into the wasm, {} run while it is built; each has its record",
        records.linked.len(),
        records.build_time.len()
    );
    println!("known vulnerabilities were NOT looked up: `cargo xtask audit` does, and needs the network");
    Ok(())
}

/// Asks RustSec's database, over the network.
pub(crate) fn audit(project: &Project) -> Result<()> {
    setup::install(project, &[Part::CargoDeny])?;
    run(deny(project.root()).args(["--workspace", "check", "advisories"]))
        .context("there are advisories, or the database cannot be reached and nothing was looked up")
}

fn deny(root: &Path) -> Command {
    let mut command = Command::new("cargo-deny");
    command.current_dir(root).args(["--locked", "--color=never"]);
    command
}
