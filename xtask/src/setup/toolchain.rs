//! Parts of the Rust toolchain.

use super::say;
use crate::{
    project::Project,
    run::{find_program, output, run},
};
use anyhow::{Result, bail};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

const TARGET: &str = "wasm32-unknown-unknown";
/// With musl the C library is in the binary: it needs nothing of the system that it runs on.
pub(crate) const MUSL: &str = "x86_64-unknown-linux-musl";

/// The wasm target and the components that `rust-toolchain.toml` names: rustup adds them automatically only where its
/// automatic installation is on.
pub(super) fn install_missing(project: &Project) -> Result<()> {
    add_target(project, TARGET)?;
    let sysroot = sysroot(project)?;
    for (program, component) in [("bin/cargo-clippy", "clippy"), ("bin/rustfmt", "rustfmt")] {
        if !sysroot.join(program).is_file() {
            rustup(project.root(), &["component", "add", component])?;
        }
    }
    Ok(())
}

/// A target's standard library.
pub(super) fn add_target(project: &Project, target: &str) -> Result<()> {
    let files = sysroot(project)?.join("lib/rustlib").join(target).join("lib");
    if !files.is_dir() {
        rustup(project.root(), &["target", "add", target])?;
        if !files.is_dir() {
            bail!(
                "rustup lists {target} as installed, but its files are missing: run `rustup target remove {target}`, and try again"
            );
        }
    }
    Ok(())
}

fn sysroot(project: &Project) -> Result<PathBuf> {
    let printed = output(Command::new("rustc").current_dir(project.root()).args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(printed.trim()))
}

fn rustup(root: &Path, args: &[&str]) -> Result<()> {
    let line = format!("rustup {}", args.join(" "));
    if find_program(&["rustup"]).is_none() {
        bail!("this Rust toolchain does not come from rustup: install by hand what `{line}` would install");
    }
    say(&line);
    run(Command::new("rustup").current_dir(root).args(args))
}
