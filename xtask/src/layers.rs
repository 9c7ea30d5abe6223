//! The order of the modules and of the scripts, and the comments beside what exposes a secret.

mod list;
mod sources;
mod uses;
mod workspace;
mod crates;
mod exposures;
mod scripts;

use crate::project::Project;
use anyhow::{Result, bail};

/// Fails if a crate, a module or a script uses one that is listed below it, if files of one folder use each other in a circle, or if
/// a secret is exposed without a comment that says why.
pub(crate) fn check(project: &Project) -> Result<()> {
    let crates = sources::crates(project)?;
    let violations = [
        workspace::violations(project, &crates)?,
        crates::violations(&crates)?,
        exposures::violations(&crates),
        scripts::violations(project)?,
    ]
    .concat();
    for violation in &violations {
        println!("{violation}");
    }
    if !violations.is_empty() {
        bail!("{} violations: move the code, change the order, or write the comment", violations.len());
    }
    Ok(())
}
