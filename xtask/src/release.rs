use crate::{
    checks, integrity,
    project::Project,
    relay, reproduce,
    run::{output, run},
    sbom,
};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What goes out beside the package, so that it can be had without unpacking.
const BESIDE: [&str; 2] = ["integrity.json", "sbom.cdx.json"];
/// What goes out with the relay, from `relay/deploy/`.
const DEPLOY: [&str; 5] =
    ["alerts.yaml", "card-pin-relay.service", "dashboard.json", "kubernetes.yaml", "nginx.conf"];

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// Makes what a release consists of in `target/release-files/`, from a clean tree that passes every check. Publishes
/// nothing.
pub(crate) fn make(project: &Project) -> Result<()> {
    clean_tree(project)?;
    checks::run_all(project, &[])?;
    // The last check of the tree: what was built is what was committed.
    clean_tree(project)?;
    reproduce::twice(project)?;

    let folder = project.work("release-files");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be emptied", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    pack(project, &folder)?;
    for name in BESIDE {
        fs::copy(project.dist().join(name), folder.join(name))
            .with_context(|| format!("dist/{name} cannot be copied"))?;
    }
    relay_files(project, &folder)?;
    let sums: String = integrity::all_files(&folder)?
        .iter()
        .map(|(name, contents)| format!("{}  {name}\n", integrity::sha256_of(contents)))
        .collect();
    fs::write(folder.join("SHA256SUMS"), &sums).context("SHA256SUMS cannot be written")?;
    println!(
        "\n{sum}release: {folder} is ready; RELEASING.md says what comes next",
        sum = sums,
        folder = folder.display()
    );
    Ok(())
}

/// The relay's binary, image and bill of materials, and what runs them. All files of a release are in one folder, so that what is not
/// named after the relay gets its name before its own.
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

fn clean_tree(project: &Project) -> Result<()> {
    let changed = output(Command::new("git").current_dir(project.root()).args(["status", "--porcelain"]))?;
    ensure!(changed.is_empty(), "a release is made of what is committed, and this is not:\n{changed}");
    Ok(())
}

/// Packs `dist/` twice: npm writes no times into it, and that is to stay so.
fn pack(project: &Project, folder: &Path) -> Result<()> {
    let first = packed(project, folder)?;
    let contents = fs::read(&first)?;
    fs::remove_file(&first)?;
    let second = packed(project, folder)?;
    if fs::read(&second)? != contents {
        bail!("`npm pack` gave other bytes the second time");
    }
    Ok(())
}

fn packed(project: &Project, folder: &Path) -> Result<PathBuf> {
    run(Command::new("npm")
        .args(["pack", "--silent", "--pack-destination"])
        .arg(folder)
        .arg(project.dist()))?;
    let package =
        fs::read(project.dist().join("package.json")).context("dist/package.json cannot be read")?;
    let package: Package = serde_json::from_slice(&package).context("dist/package.json is no package's")?;
    Ok(folder.join(format!("{}-{}.tgz", package.name, package.version)))
}
