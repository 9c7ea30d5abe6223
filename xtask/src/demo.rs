//! Builds `dist/` and starts the sandbox on it.

use crate::{dist, identity, project::Project, run, setup};
use anyhow::Result;
use std::{ffi::OsString, path::PathBuf};

/// How the sandbox is started.
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) database: Option<PathBuf>,
    /// Options that are passed on to the sandbox, which checks them.
    pub(crate) passed_on: Vec<OsString>,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 8080, database: None, passed_on: Vec::new() }
    }
}

pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    setup::install(project, setup::BUILD)?;
    let sandbox = ["--package", "card-pin-sandbox"];
    run::both(
        || dist::build(project),
        || {
            run::run(
                run::cargo(project.root())
                    .arg("build")
                    .args(sandbox)
                    .env(identity::COMMIT, identity::commit(project)),
            )
        },
    )?;
    let database = options.database.clone().unwrap_or_else(|| project.work("sandbox.sqlite"));
    run::run(
        run::cargo(project.root())
            .arg("run")
            .args(sandbox)
            .arg("--")
            .args(["--port", &options.port.to_string()])
            .arg("--db")
            .arg(database)
            .arg("--dist")
            .arg(project.dist())
            .args(&options.passed_on)
            .env(identity::COMMIT, identity::commit(project)),
    )
}
