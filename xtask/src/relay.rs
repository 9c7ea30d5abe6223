//! The relay as one binary that needs nothing of its system, and as an image.

mod oci;

use crate::{
    graph, identity, package,
    project::Project,
    run::{self, cargo, output},
    sbom,
    setup::MUSL,
};
use anyhow::{Context, Result, ensure};
use base64ct::{Base64, Encoding};
use oci::{File, Image};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

pub(crate) const NAME: &str = "card-pin-relay";
const IMAGE: &str = "card-pin-relay.oci.tar";
/// Its bill of materials.
pub(crate) const BILL: &str = "card-pin-relay.cdx.json";
/// The crate that has the list of authorities.
const AUTHORITIES_CRATE: &str = "webpki-root-certs";
/// The path at which the relay looks for the authorities that it trusts.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";
/// Nobody has this user id, so no file of the host is theirs.
const USER: &str = "65532:65532";

/// Makes the relay's binary, an image with it, and their bill of materials, in `target/relay-image/`; returns the path of the image.
pub(crate) fn make(project: &Project) -> Result<PathBuf> {
    println!("relay: the binary");
    run::run(
        cargo(project.root())
            .args(["build", "--locked", "--profile=relay", "--target", MUSL, "--package", NAME])
            .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(project)?)
            .env(identity::COMMIT, identity::commit(project))
            .env("CC_x86_64_unknown_linux_musl", "musl-gcc"),
    )?;
    let folder = project.work("relay-image");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let (binary_file, image_file) = (folder.join(NAME), folder.join(IMAGE));
    let built = project.binary(MUSL, "relay", NAME);
    fs::copy(&built, &binary_file).with_context(|| format!("{} cannot be copied", built.display()))?;
    let binary = fs::read(&binary_file)?;
    for folder in graph::source_folders(project)? {
        let name = folder.to_string_lossy();
        ensure!(!contains(&binary, name.as_bytes()), "the binary names a folder of this machine: {name}");
    }

    let image = oci::archive(&Image {
        name: NAME,
        version: package::VERSION,
        license: package::LICENSE,
        source: package::REPOSITORY,
        user: USER,
        entry_point: &["/card-pin-relay"],
        arguments: &["--config", "/etc/card-pin-relay/relay.toml"],
        ports: &["8081/tcp", "9081/tcp"],
        files: &[
            File { path: NAME, mode: 0o755, contents: binary.clone() },
            File { path: AUTHORITIES, mode: 0o644, contents: authorities().into_bytes() },
        ],
    })?;
    fs::write(&image_file, &image).with_context(|| format!("{} cannot be written", image_file.display()))?;
    let bill = folder.join(BILL);
    sbom::write_for_relay(project, MUSL, (NAME, &binary), (IMAGE, &image), AUTHORITIES_CRATE, &bill)?;
    for path in [&binary_file, &image_file] {
        println!("relay: {}: {} KiB", shown(project, path), fs::metadata(path)?.len() / 1024);
    }
    Ok(image_file)
}

/// Makes the paths of sources, which panics contain, start at the crate, as in the wasm. Those of the standard library are the
/// ones of a toolchain without its sources.
fn rust_flags(project: &Project) -> Result<OsString> {
    let mut flags = OsString::from("-Ctarget-feature=+crt-static");
    for folder in graph::source_folders(project)? {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(folder);
        flags.push("/=");
    }
    let rustc =
        |arguments: &[&str]| output(Command::new("rustc").current_dir(project.root()).args(arguments));
    let version = rustc(&["-vV"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "));
    let commit = commit.context("`rustc -vV` names no commit")?;
    let sources = format!("{}/lib/rustlib/src/rust", rustc(&["--print", "sysroot"])?.trim());
    flags.push(format!("\u{1f}--remap-path-prefix={sources}=/rustc/{commit}"));
    Ok(flags)
}

/// Mozilla's list, in PEM.
fn authorities() -> String {
    let mut text = String::new();
    for authority in TLS_SERVER_ROOT_CERTS {
        let encoded = Base64::encode_string(authority);
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for start in (0..encoded.len()).step_by(64) {
            text.push_str(&encoded[start..encoded.len().min(start + 64)]);
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn shown(project: &Project, path: &Path) -> String {
    path.strip_prefix(project.root()).unwrap_or(path).display().to_string()
}
