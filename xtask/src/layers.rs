/// The modules of a crate, in the order that its root declares.
mod crates;
/// Scripts, in the order that `docs/architecture.md` lists.
mod scripts;
/// Finds the modules of the crate that a source names.
mod uses;

use crate::project::Project;
use anyhow::{Result, bail};

/// Fails if a module or a script uses one that is listed below it.
pub(crate) fn check(project: &Project) -> Result<()> {
    let violations = [crates::violations(project)?, scripts::violations(project)?].concat();
    for violation in &violations {
        println!("{violation}");
    }
    if !violations.is_empty() {
        bail!(
            "{} uses against the order of the modules: move the use, or the line of the module",
            violations.len()
        );
    }
    Ok(())
}
