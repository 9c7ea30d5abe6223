//! Where things are in the working tree.

use anyhow::{Context, Result};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The working tree and the folders that the commands write to.
pub(crate) struct Project {
    root: PathBuf,
    cargo_target: PathBuf,
}

impl Project {
    pub(crate) fn find() -> Result<Self> {
        // Cargo gives the folder of the package at run time; the one that was compiled in could be another working tree with the
        // same target folder.
        let member =
            env::var_os("CARGO_MANIFEST_DIR").context("this runs through Cargo only: `cargo xtask`")?;
        let root = Path::new(&member).parent().context("xtask/ lies in no workspace")?.to_owned();
        let cargo_target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |path| root.join(path));
        Ok(Self { root, cargo_target })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the files that ship.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The folder of the scripts and pages.
    pub(crate) fn www(&self) -> PathBuf {
        self.root.join("www")
    }

    /// The folder of our own intermediate files. It does not move with `CARGO_TARGET_DIR`, because
    /// `www/tsconfig.json` and the tests name them by path.
    pub(crate) fn work(&self, name: &str) -> PathBuf {
        self.root.join("target").join(name)
    }

    /// Cargo's own target folder.
    pub(crate) fn cargo_target(&self) -> &Path {
        &self.cargo_target
    }

    /// A program that Cargo made for a target in a profile.
    pub(crate) fn binary(&self, target: &str, profile: &str, name: &str) -> PathBuf {
        self.cargo_target.join(target).join(profile).join(name)
    }

    /// A command-line tool from `xtask/npm/`.
    pub(crate) fn npm_tool(&self, name: &str) -> PathBuf {
        self.work("npm").join("node_modules/.bin").join(name)
    }

    /// The folder of the programs that `xtask/node/` installs: `node` and `npm`.
    pub(crate) fn own_node(&self) -> PathBuf {
        self.work("node").join("node_modules/.bin")
    }

    /// The version that `Cargo.lock` names for a package.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let lock = fs::read_to_string(self.root.join("Cargo.lock")).context("Cargo.lock cannot be read")?;
        version_in_lock(&lock, package).with_context(|| format!("Cargo.lock does not name `{package}`"))
    }
}

fn version_in_lock(lock: &str, package: &str) -> Option<String> {
    let mut lines = lock.lines();
    lines.find(|line| *line == format!("name = \"{package}\""))?;
    Some(lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::version_in_lock;

    const LOCK: &str = "[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n\n\
                        [[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n";

    #[test]
    fn finds_the_locked_version_of_exactly_that_package() {
        assert_eq!(version_in_lock(LOCK, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in_lock(LOCK, "wasm-bindgen-futures").as_deref(), Some("0.4.80"));
        assert_eq!(version_in_lock(LOCK, "wasm"), None);
    }
}
