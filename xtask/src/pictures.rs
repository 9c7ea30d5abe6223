use crate::{
    dist,
    project::Project,
    run::{cargo, run},
    setup,
};
use anyhow::Result;

/// Shows how the pad looks, in every state: it judges nothing.
pub(crate) fn make(project: &Project) -> Result<()> {
    setup::install(project, setup::PAGES)?;
    dist::build(project)?;
    run(cargo(project.root()).args(["run", "--quiet", "--package", "card-pin-e2e", "--bin", "pictures"]))
}
