//! Packages of the operating system.

use super::say;
use crate::run::{find_program, output, run};
use anyhow::{Result, bail};
use std::{
    env,
    ffi::OsStr,
    fs,
    io::{self, IsTerminal as _},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether `--yes` was given.
static IS_AGREED: AtomicBool = AtomicBool::new(false);

/// Agrees to every question from here on.
pub(crate) fn agree() {
    IS_AGREED.store(true, Ordering::Relaxed);
}

/// Programs that are not there, and the Debian packages that have them.
#[derive(Default)]
pub(super) struct Needed {
    programs: Vec<String>,
    packages: Vec<&'static str>,
    /// Whether one of the packages is only a stub for a snap on Ubuntu. The drivers cannot start a browser inside a snap.
    snap_on_ubuntu: bool,
}

impl Needed {
    /// Needs any one of `programs`. If none is there, `packages` contain it.
    pub(super) fn program(&mut self, programs: &[&str], packages: &[&'static str]) {
        if find_program(programs).is_none() {
            self.missing(&programs.join(" or "), packages);
        }
    }

    /// A browser: as [`Needed::program`].
    pub(super) fn browser(&mut self, programs: &[&str], packages: &[&'static str]) {
        if find_program(programs).is_none() {
            self.missing(&programs.join(" or "), packages);
            self.snap_on_ubuntu = true;
        }
    }

    /// Something that is not a program on the `PATH`.
    pub(super) fn missing(&mut self, what: &str, packages: &[&'static str]) {
        if !self.programs.iter().any(|known| known == what) {
            self.programs.push(what.to_owned());
        }
        self.packages.extend(
            packages.iter().filter(|package| !self.packages.contains(package)).copied().collect::<Vec<_>>(),
        );
    }

    /// Installs the packages with apt-get after the user has agreed. On a system without apt-get, says what to install by hand.
    pub(super) fn install(&self) -> Result<()> {
        if self.packages.is_empty() {
            return Ok(());
        }
        let what = self.programs.join(", ");
        if find_program(&["apt-get"]).is_none() {
            bail!("please install by hand, so that it is on the PATH: {what}");
        }
        if self.snap_on_ubuntu && is_ubuntu() {
            bail!(
                "please install by hand, so that it is on the PATH: {what} \
                 (Ubuntu's own packages of the browsers are snaps, which the drivers cannot start: take Google Chrome \
                 with its chromedriver, and Firefox from Mozilla's package archive)"
            );
        }
        let packages = self.packages.join(" ");
        say(&format!("{what}: apt-get install {packages}"));
        if !may_install()? {
            bail!("nothing was installed: repeat the command with --yes, or run apt-get install {packages}");
        }
        run(apt_get()?.args(["update", "--quiet=2"]))?;
        // dpkg's progress on standard output would hide the important lines. Its errors are on standard error.
        run(apt_get()?
            .args(["install", "--yes", "--quiet=2", "--no-install-recommends"])
            .args(&self.packages)
            .stdout(Stdio::null()))
    }
}

/// Asks at the terminal. Without a terminal the answer is no, except with `--yes`, in CI, and for root: whoever works as root without a
/// terminal builds a container or another machine of its own.
fn may_install() -> Result<bool> {
    if IS_AGREED.load(Ordering::Relaxed) || is_ci(env::var_os("CI").as_deref()) {
        return Ok(true);
    }
    let mut stdin = io::stdin().lock();
    if !stdin.is_terminal() {
        return is_root();
    }
    // On standard error, because standard output may be a file.
    eprint!("Install these packages on this system? [y/N] ");
    let mut answer = String::new();
    io::BufRead::read_line(&mut stdin, &mut answer)?;
    Ok(is_yes(&answer))
}

/// Whether this value of `CI` says yes.
fn is_ci(value: Option<&OsStr>) -> bool {
    value.is_some_and(|value| !["", "0", "false"].iter().any(|no| value == *no))
}

fn is_root() -> Result<bool> {
    Ok(output(Command::new("id").arg("-u"))?.trim() == "0")
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn apt_get() -> Result<Command> {
    let mut command = if is_root()? {
        Command::new("apt-get")
    } else if find_program(&["sudo"]).is_some() {
        let mut sudo = Command::new("sudo");
        sudo.arg("apt-get");
        sudo
    } else {
        bail!(
            "packages can only be installed as root, and `sudo` is not there: run `cargo xtask setup` once as root"
        );
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn is_ubuntu() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=ubuntu"))
}

#[cfg(test)]
mod tests {
    use super::{is_ci, is_yes};
    use std::ffi::OsStr;

    #[test]
    fn only_a_yes_is_one() {
        assert!(["y\n", "Y\n", " yes\n"].into_iter().all(is_yes));
        assert!(!["", "\n", "n\n", "no\n", "yesterday\n"].into_iter().any(is_yes));
    }

    #[test]
    fn ci_can_be_switched_off() {
        assert!(["true", "1", "woodpecker"].into_iter().all(|value| is_ci(Some(OsStr::new(value)))));
        assert!(!["", "0", "false"].into_iter().any(|value| is_ci(Some(OsStr::new(value)))));
        assert!(!is_ci(None));
    }
}
