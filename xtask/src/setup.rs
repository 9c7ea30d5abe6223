/// Chromium, Firefox and WebKit with their drivers.
mod browsers;
/// Tools that Cargo installs.
mod cargo_tools;
/// Node.js and the npm packages that the build runs.
mod node;
/// Packages of the operating system.
mod packages;
/// Python and the packages that the tests run.
mod python;
/// Parts of the Rust toolchain.
mod toolchain;

use crate::project::Project;
use anyhow::{Result, ensure};
use packages::Needed;
pub(crate) use packages::agree;
use std::path::Path;

/// Whether the browsers are to be there: the tests need them, a build does not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Browsers {
    Wanted,
    NotWanted,
}

/// Installs what is missing, and nothing else: where all is there, it only looks.
pub(crate) fn install_missing(project: &Project, browsers: Browsers) -> Result<()> {
    let mut needed = Needed::default();
    node::note_missing(&mut needed);
    if browsers == Browsers::Wanted {
        browsers::note_missing(&mut needed);
        python::note_missing(&mut needed);
        // The tests use it as a second opinion on keys and ciphertexts.
        needed.program(&["openssl"], &["openssl"]);
        // Copies of the relay take turns through it. Debian 12 has no Valkey yet, and the relay speaks to both alike.
        needed.program(&["valkey-server", "redis-server"], &["redis-server"]);
    }
    needed.install()?;

    toolchain::install_missing(project)?;
    if browsers == Browsers::Wanted {
        // It runs the tests that are themselves WebAssembly. What makes `dist/` is in Cargo.lock.
        let version = project.locked_version("wasm-bindgen")?;
        cargo_tools::install_exact("wasm-bindgen-cli", "wasm-bindgen", &version, &[])?;
        cargo_tools::install_any("wasm-pack", "0.15.1")?;
        cargo_tools::install_any("geckodriver", "0.37.1")?;
        python::install_packages(project)?;
    }
    node::check_version()?;
    node::install_tools(project)?;
    if browsers == Browsers::Wanted {
        node::install_consumers(project)?;
    }
    Ok(())
}

/// Fails where the tools for the scripts are missing: what gives a quick answer installs nothing.
pub(crate) fn need_tools(project: &Project) -> Result<()> {
    ensure!(
        project.npm_tool("tsc").exists(),
        "the tools for the scripts are missing: `cargo xtask setup --no-browsers` installs them"
    );
    Ok(())
}

/// What `cargo xtask bench` needs besides all that the tests need.
pub(crate) fn install_rivals(project: &Project) -> Result<()> {
    install_missing(project, Browsers::Wanted)?;
    node::install_rivals(project)
}

/// What `cargo xtask screen-reader` needs besides all that the tests need.
pub(crate) fn install_screen_reader(project: &Project) -> Result<()> {
    let mut needed = Needed::default();
    needed.program(&["orca"], &["orca", "at-spi2-core", "speech-dispatcher"]);
    needed.program(&["dbus-daemon"], &["dbus"]);
    needed.program(&["xdotool"], &["xdotool"]);
    needed.program(&["openbox"], &["openbox"]);
    needed.install()?;
    install_missing(project, Browsers::Wanted)
}

/// What `cargo xtask memcheck` needs.
pub(crate) fn install_valgrind() -> Result<()> {
    let mut needed = Needed::default();
    needed.program(&["valgrind"], &["valgrind"]);
    needed.install()
}

/// Where Debian has it: on root's `PATH` alone.
const NGINX: &str = "/usr/sbin/nginx";

/// What the check `deployment` needs besides all that the tests need.
pub(crate) fn install_deployment_tools() -> Result<()> {
    let mut needed = Needed::default();
    // Reads the unit.
    needed.program(&["systemd-analyze"], &["systemd"]);
    // Reads the alerts, and tries them.
    needed.program(&["promtool"], &["prometheus"]);
    // Stands before two copies of the relay.
    if !Path::new(NGINX).is_file() {
        needed.program(&["nginx"], &["nginx"]);
    }
    needed.install()
}

/// What `cargo xtask relay-image` needs besides the toolchain.
pub(crate) fn install_musl(project: &Project, target: &str) -> Result<()> {
    let mut needed = Needed::default();
    // Compiles the C of aws-lc; the C library itself comes with Rust's target.
    needed.program(&["musl-gcc"], &["musl-tools"]);
    needed.install()?;
    toolchain::add_target(project, target)
}

/// The judge of licences, sources and advisories. Unoptimised, it is there in two minutes, and fast enough.
pub(crate) fn install_cargo_deny() -> Result<()> {
    cargo_tools::install_exact("cargo-deny", "cargo-deny", "0.20.2", &["--debug", "--no-default-features"])
}

/// What `cargo xtask fuzz` needs besides the toolchain: `cargo fuzz`, and a compiler of C++ for libFuzzer.
pub(crate) fn install_cargo_fuzz() -> Result<()> {
    let mut needed = Needed::default();
    needed.program(&["c++", "g++", "clang++"], &["g++"]);
    needed.install()?;
    cargo_tools::install_any("cargo-fuzz", "0.13.1")
}

/// The one line about each step that is really taken.
fn say(what: &str) {
    println!("setup: {what}");
}
