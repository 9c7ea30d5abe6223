//! The order of the modules and of the scripts.

mod list;
mod sources;
mod uses;
mod workspace;
mod crates;
mod scripts;

use crate::project::Project;
use anyhow::{Result, bail};

/// Fails if a crate, a module or a script uses one that is listed below it, or if files of one folder use each other in a circle.
pub(crate) fn check(project: &Project) -> Result<()> {
    let crates = sources::crates(project)?;
    let violations = [
        workspace::violations(project, &crates)?,
        crates::violations(&crates)?,
        scripts::violations(project)?,
    ]
    .concat();
    for violation in &violations {
        println!("{violation}");
    }
    if !violations.is_empty() {
        bail!("{} uses break the order: move the code, or change the order", violations.len());
    }
    Ok(())
}
