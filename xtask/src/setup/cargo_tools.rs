//! Tools that Cargo installs.

use super::say;
use crate::run::{find_program, output, run};
use anyhow::{Result, bail, ensure};
use std::process::Command;

/// A tool of exactly this version. These tools test and judge: nothing that ships is made by them.
pub(super) fn install(package: &str, program: &str, version: &str, options: &[&str]) -> Result<()> {
    if installed_version(program).as_deref() == Some(version) {
        return Ok(());
    }
    let options = [&["--version", version], options].concat();
    say(&format!("cargo install {package} {} (takes a few minutes)", options.join(" ")));
    let cargo_install = |lock: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(["install", "--quiet", "--force", package]).args(&options).args(lock);
        command
    };
    if let Err(error) = output(&mut cargo_install(&["--locked"])) {
        // A mirror may lack a dependency of exactly the version that the tool's authors locked. Anything else is an error.
        ensure!(error.to_string().contains("failed to select a version"), error);
        say(&format!("{error}\nonce more, with other versions of {package}'s dependencies"));
        run(&mut cargo_install(&[]))?;
    }
    match (installed_version(program), find_program(&[program])) {
        (Some(found), _) if found == version => Ok(()),
        (_, Some((_, path))) => bail!(
            "{package} {version} is installed, but the PATH has another one first: please remove {}",
            path.display()
        ),
        (_, None) => {
            bail!("{program} is installed, but not on the PATH: please add Cargo's bin folder to it")
        }
    }
}

/// The second word of what `program --version` prints.
fn installed_version(program: &str) -> Option<String> {
    let printed = output(Command::new(program).arg("--version")).ok()?;
    Some(printed.split_whitespace().nth(1)?.to_owned())
}
