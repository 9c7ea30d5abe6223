//! The files of a release.

use crate::{integrity, package::VERSION, project::Project, relay, run::run, sbom};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Files of the package that are also published beside it, so that nobody has to unpack it for them.
const BESIDE: [&str; 2] = ["integrity.json", "sbom.cdx.json"];
/// Files that are published with the relay, from `relay/deploy/`.
const DEPLOY: [&str; 5] =
    ["alerts.yaml", "card-pin-relay.service", "dashboard.json", "kubernetes.yaml", "nginx.conf"];

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// Makes all of them in `target/release-files/`: the package from `dist/` as it is, and the relay.
pub(crate) fn make(project: &Project) -> Result<()> {
    let folder = emptied(project, "release-files")?;
    package_files(project, &folder)?;
    relay_files(project, &folder)?;
    sum_up(&folder)?;
    println!("release: {} is ready", folder.display());
    Ok(())
}

/// Makes only those of the package, which needs no further build. The folder is not that of a release.
pub(crate) fn check(project: &Project) -> Result<()> {
    let folder = emptied(project, "release-check")?;
    package_files(project, &folder)?;
    sum_up(&folder)
}

fn emptied(project: &Project, name: &str) -> Result<PathBuf> {
    let folder = project.work(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be emptied", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    Ok(folder)
}

/// The package, and the files beside it.
fn package_files(project: &Project, folder: &Path) -> Result<()> {
    pack(project, folder)?;
    for name in BESIDE {
        fs::copy(project.dist().join(name), folder.join(name))
            .with_context(|| format!("dist/{name} cannot be copied"))?;
    }
    Ok(())
}

/// The relay's binary, image and bill of materials, and the files for operators. All files of a release are in one folder, so a file
/// whose name does not contain the relay's gets that name as a prefix.
fn relay_files(project: &Project, folder: &Path) -> Result<()> {
    let image = relay::make(project)?;
    let bill = image.with_file_name(relay::BILL);
    sbom::check_file(project, &bill)?;
    let deploy = DEPLOY.map(|name| project.root().join("relay/deploy").join(name));
    for from in [image.with_file_name(relay::NAME), image, bill].into_iter().chain(deploy) {
        let name = from.file_name().and_then(OsStr::to_str).context("a file of the relay has no name")?;
        let name =
            if name.starts_with(relay::NAME) { name.to_owned() } else { format!("{}-{name}", relay::NAME) };
        fs::copy(&from, folder.join(name)).with_context(|| format!("{} cannot be copied", from.display()))?;
    }
    Ok(())
}

fn sum_up(folder: &Path) -> Result<()> {
    let sums: String = integrity::all_files(folder)?
        .iter()
        .map(|(name, contents)| format!("{}  {name}\n", integrity::sha256_of(contents)))
        .collect();
    fs::write(folder.join("SHA256SUMS"), &sums).context("SHA256SUMS cannot be written")?;
    print!("{sums}");
    Ok(())
}

/// Packs `dist/` twice. The two archives have to be identical: npm writes no timestamps.
fn pack(project: &Project, folder: &Path) -> Result<()> {
    let first = packed(project, folder)?;
    let contents = fs::read(&first)?;
    fs::remove_file(&first)?;
    let second = packed(project, folder)?;
    ensure!(fs::read(&second)? == contents, "`npm pack` gave other bytes the second time");
    Ok(())
}

fn packed(project: &Project, folder: &Path) -> Result<PathBuf> {
    run(Command::new("npm")
        .args(["pack", "--silent", "--pack-destination"])
        .arg(folder)
        .arg(project.dist()))?;
    let package =
        fs::read(project.dist().join("package.json")).context("dist/package.json cannot be read")?;
    let Package { name, version } =
        serde_json::from_slice(&package).context("dist/package.json is not that of a package")?;
    ensure!(
        version == VERSION,
        "dist/ is of version {version}, and Cargo.toml of {VERSION}: `cargo xtask build`"
    );
    Ok(folder.join(format!("{name}-{version}.tgz")))
}
