use super::say;
use crate::run::{find_program, output, run};
use anyhow::{Result, bail};
use std::process::Command;

/// A tool of exactly this version: generated glue and library must be of one version.
pub(super) fn install_exact(package: &str, program: &str, version: &str, options: &[&str]) -> Result<()> {
    if installed_version(program).as_deref() == Some(version) {
        return Ok(());
    }
    install(package, &[&["--version", version], options].concat())?;
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

/// A tool of whichever version is there, or else of this one.
pub(super) fn install_any(program: &str, version: &str) -> Result<()> {
    if find_program(&[program]).is_some() {
        return Ok(());
    }
    install(program, &["--version", version])
}

fn install(package: &str, options: &[&str]) -> Result<()> {
    say(&format!("cargo install {package} {} (takes a few minutes)", options.join(" ")));
    let cargo_install = |lock: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(["install", "--quiet", "--force", package]).args(options).args(lock);
        command
    };
    if output(&mut cargo_install(&["--locked"])).is_ok() {
        return Ok(());
    }
    // A release can pin a dependency that is not to be had (yet, or any more). Nothing that ships is made by these tools.
    say("once more, with the dependencies that are to be had now");
    run(&mut cargo_install(&[]))
}

/// The second word of what `program --version` prints.
fn installed_version(program: &str) -> Option<String> {
    let printed = output(Command::new(program).arg("--version")).ok()?;
    Some(printed.split_whitespace().nth(1)?.to_owned())
}
