//! Running other programs, and saying which one failed.

use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::{
    env,
    ffi::{OsStr, OsString},
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

/// Runs a program on this terminal; an error names the program.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = name_of(command);
    let status = command.env("PATH", path()?).status().map_err(|error| not_started(&name, &error))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line_of(command));
    }
    Ok(())
}

/// Runs a program and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = name_of(command);
    let output = command.env("PATH", path()?).output().map_err(|error| not_started(&name, &error))?;
    if !output.status.success() {
        bail!("`{}` failed: {}", line_of(command), String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{name}` printed something other than text"))
}

/// Runs both at the same time. If both fail, returns the second error.
pub(crate) fn both<F, S>(first: F, second: S) -> Result<()>
where
    F: FnOnce() -> Result<()> + Send,
    S: FnOnce() -> Result<()>,
{
    thread::scope(|scope| {
        let first = scope.spawn(first);
        second()?;
        first.join().map_err(|_| anyhow::anyhow!("a step broke off: its message stands above"))?
    })
}

/// `cargo`, in the working tree.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// The `PATH` of every program that is run.
fn path() -> Result<OsString> {
    env::join_paths(folders()).context("the folder of the working tree cannot be on the PATH")
}

/// The folders of the `PATH`, after that of our own Node.js, which is only there if the system's was too old.
fn folders() -> Vec<PathBuf> {
    let own =
        Project::find().map(|project| project.own_node()).ok().filter(|folder| folder.join("node").is_file());
    let path = env::var_os("PATH").unwrap_or_default();
    own.into_iter().chain(env::split_paths(&path)).collect()
}

/// The first of these programs that is on the `PATH`.
pub(crate) fn find_program<'a>(names: &[&'a str]) -> Option<(&'a str, PathBuf)> {
    let folders = folders();
    names.iter().find_map(|name| {
        let found = folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file())?;
        Some((*name, found))
    })
}

fn name_of(command: &Command) -> String {
    Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn line_of(command: &Command) -> String {
    let args = command.get_args().map(OsStr::to_string_lossy);
    [name_of(command).into()].into_iter().chain(args).collect::<Vec<_>>().join(" ")
}

fn not_started(name: &str, error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!("`{name}` is not installed: run `cargo xtask setup`"),
        _ => anyhow::anyhow!("`{name}` cannot be started: {error}"),
    }
}
