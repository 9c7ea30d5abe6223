//! Contact sheets of the pad.

use crate::{
    dist,
    project::Project,
    run::{cargo, run},
    setup,
};
use anyhow::Result;

/// Makes pictures of the pad in every state. It judges nothing.
pub(crate) fn make(project: &Project) -> Result<()> {
    setup::install(project, setup::PAGES)?;
    dist::build(project)?;
    run(cargo(project.root()).args(["run", "--quiet", "--package", "card-pin-e2e", "--bin", "pictures"]))
}
