//! Installs what is missing.

mod browsers;
mod cargo_tools;
mod node;
mod packages;
mod python;
mod toolchain;

use crate::project::Project;
use anyhow::{Result, ensure};
use packages::Needed;
pub(crate) use packages::agree;
use std::path::Path;
pub(crate) use toolchain::MUSL;

/// What can be missing on a machine. A command names the parts that it needs, and gets no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Node.js and what makes `dist/` and checks the scripts.
    Scripts,
    /// A Node.js that also runs the tests of the scripts and makes the site.
    NewerNode,
    /// What the tests bundle the package with, and what they look at pages with.
    Consumers,
    /// Python and the tools that are written in it.
    Python,
    /// The programs that native tests start or ask for a second opinion.
    Servers,
    Browsers,
    /// What runs the tests that are themselves WebAssembly.
    WasmTests,
    /// cargo-deny, which checks licences, sources and advisories.
    CargoDeny,
    /// The programs that check the files for operators of the relay.
    Deployment,
    /// What compiles the relay as a static binary.
    Musl,
    Fuzz,
    Valgrind,
    ScreenReader,
    /// The libraries that the benchmark runs beside card-pin.
    Rivals,
}

/// For `dist/`.
pub(crate) const BUILD: &[Part] = &[Part::Scripts];
/// For a page in a browser.
pub(crate) const PAGES: &[Part] = &[Part::Scripts, Part::Consumers, Part::Browsers];
/// For the examples: one of them is written in Python.
pub(crate) const STACKS: &[Part] = &[Part::Consumers, Part::Python, Part::Browsers];
/// For whatever runs without a browser.
pub(crate) const NATIVE: &[Part] = &[Part::Scripts, Part::Consumers, Part::Python, Part::Servers];
/// For every test.
pub(crate) const TESTS: &[Part] = &[
    Part::Scripts,
    Part::Consumers,
    Part::Python,
    Part::Servers,
    Part::Browsers,
    Part::WasmTests,
    Part::CargoDeny,
];

/// Debian's path, which is only on root's `PATH`.
const NGINX: &str = "/usr/sbin/nginx";

/// Installs the missing parts, and does nothing if none is missing. The system's packages come first and all together, so that
/// the user is asked once.
pub(crate) fn install(project: &Project, parts: &[Part]) -> Result<()> {
    let mut wanted = Vec::new();
    for part in parts {
        if !wanted.contains(part) {
            wanted.push(*part);
        }
    }
    let mut needed = Needed::default();
    for part in &wanted {
        part.note_missing(&mut needed);
    }
    needed.install()?;
    toolchain::install_missing(project)?;
    wanted.iter().try_for_each(|part| part.install(project))
}

/// Fails if the tools for the scripts are missing, because the quick check installs nothing.
pub(crate) fn need_tools(project: &Project) -> Result<()> {
    ensure!(
        project.npm_tool("tsc").exists() && node::is_there()?,
        "the tools for the scripts are missing, or Node.js is too old: `cargo xtask setup --no-browsers` installs them"
    );
    Ok(())
}

impl Part {
    /// The system's programs.
    fn note_missing(self, needed: &mut Needed) {
        match self {
            Self::Scripts | Self::NewerNode | Self::Consumers | Self::Rivals => node::note_missing(needed),
            Self::Python => python::note_missing(needed),
            Self::Servers => {
                needed.program(&["node"], &["nodejs"]);
                needed.program(&["openssl"], &["openssl"]);
                // Debian 12 has no Valkey yet, and the relay speaks to both alike.
                needed.program(&["valkey-server", "redis-server"], &["redis-server"]);
            }
            Self::Browsers => browsers::note_missing(needed),
            Self::Deployment => {
                needed.program(&["systemd-analyze"], &["systemd"]);
                needed.program(&["promtool"], &["prometheus"]);
                if !Path::new(NGINX).is_file() {
                    needed.program(&["nginx"], &["nginx"]);
                }
            }
            // Compiles the C of aws-lc; the C library itself comes with Rust's target.
            Self::Musl => needed.program(&["musl-gcc"], &["musl-tools"]),
            // libFuzzer is written in C++.
            Self::Fuzz => needed.program(&["c++", "g++", "clang++"], &["g++"]),
            Self::Valgrind => needed.program(&["valgrind"], &["valgrind"]),
            Self::ScreenReader => {
                needed.program(&["orca"], &["orca", "at-spi2-core", "speech-dispatcher"]);
                needed.program(&["dbus-daemon"], &["dbus"]);
                needed.program(&["xdotool"], &["xdotool"]);
                needed.program(&["openbox"], &["openbox"]);
            }
            Self::WasmTests | Self::CargoDeny => {}
        }
    }

    /// What does not come from the system.
    fn install(self, project: &Project) -> Result<()> {
        match self {
            Self::Scripts => node::install_tools(project),
            Self::NewerNode => node::install_newer(project),
            Self::Consumers => {
                node::install_newer(project)?;
                node::install_consumers(project)
            }
            Self::Rivals => node::install_rivals(project),
            Self::Python => python::install_packages(project),
            // Debian does not package it.
            Self::Browsers => cargo_tools::install("geckodriver", "geckodriver", "0.37.1", &[]),
            Self::WasmTests => {
                // The version has to be the library's. `dist/` is made with the library from Cargo.lock, not with this tool.
                let version = project.locked_version("wasm-bindgen")?;
                cargo_tools::install("wasm-bindgen-cli", "wasm-bindgen", &version, &[])?;
                cargo_tools::install("wasm-pack", "wasm-pack", "0.15.1", &[])
            }
            // Without optimisation it is built in two minutes, and it is fast enough.
            Self::CargoDeny => cargo_tools::install(
                "cargo-deny",
                "cargo-deny",
                "0.20.2",
                &["--debug", "--no-default-features"],
            ),
            Self::Musl => toolchain::add_target(project, MUSL),
            Self::Fuzz => cargo_tools::install("cargo-fuzz", "cargo-fuzz", "0.13.1", &[]),
            Self::Servers | Self::Deployment | Self::Valgrind | Self::ScreenReader => Ok(()),
        }
    }
}

/// Prints one line about each step that is taken.
fn say(what: &str) {
    println!("setup: {what}");
}
