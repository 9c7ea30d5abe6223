use super::say;
use crate::{
    project::Project,
    run::{find_program, output, run},
};
use anyhow::{Result, bail};
use std::{path::Path, process::Command};

const TARGET: &str = "wasm32-unknown-unknown";

/// The wasm target and the components that `rust-toolchain.toml` names: rustup adds them by itself only where its
/// automatic installation is on.
pub(super) fn install_missing(project: &Project) -> Result<()> {
    let root = project.root();
    let sysroot = output(Command::new("rustc").current_dir(root).args(["--print", "sysroot"]))?;
    let sysroot = Path::new(sysroot.trim());
    let target = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    if !target.is_dir() {
        rustup(root, &["target", "add", TARGET])?;
        if !target.is_dir() {
            bail!(
                "rustup takes {TARGET} for installed, but its files are gone: `rustup target remove {TARGET}` and try again"
            );
        }
    }
    for (program, component) in [("bin/cargo-clippy", "clippy"), ("bin/rustfmt", "rustfmt")] {
        if !sysroot.join(program).is_file() {
            rustup(root, &["component", "add", component])?;
        }
    }
    Ok(())
}

fn rustup(root: &Path, args: &[&str]) -> Result<()> {
    let line = format!("rustup {}", args.join(" "));
    if find_program(&["rustup"]).is_none() {
        bail!("this Rust toolchain was not installed by rustup; please give it what `{line}` would");
    }
    say(&line);
    run(Command::new("rustup").current_dir(root).args(args))
}
