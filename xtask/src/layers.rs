/// The lists in `docs/architecture.md`.
mod list;
/// The modules of a crate, in the order that its root declares.
mod crates;
/// Scripts, in the order that `docs/architecture.md` lists.
mod scripts;
/// Finds the modules of the crate that a source names.
mod uses;
/// The crates of the workspace, in the order that `docs/architecture.md` lists.
mod workspace;

use crate::project::Project;
use anyhow::{Result, bail};

/// Fails if a crate, a module or a script uses one that is listed below it, or if files of one folder use each other in a circle.
pub(crate) fn check(project: &Project) -> Result<()> {
    let violations =
        [workspace::violations(project)?, crates::violations(project)?, scripts::violations(project)?]
            .concat();
    for violation in &violations {
        println!("{violation}");
    }
    if !violations.is_empty() {
        bail!("{} uses break the order: move the code, or change the order", violations.len());
    }
    Ok(())
}
