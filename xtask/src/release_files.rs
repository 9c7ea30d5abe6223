use crate::{integrity, package::VERSION, project::Project, run::run};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What goes out beside the package, so that it can be had without unpacking.
const BESIDE: [&str; 2] = ["integrity.json", "sbom.cdx.json"];

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// Makes them in `target/release-files/`, from `dist/` as it is.
pub(crate) fn make(project: &Project) -> Result<()> {
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
    let sums: String = integrity::all_files(&folder)?
        .iter()
        .map(|(name, contents)| format!("{}  {name}\n", integrity::sha256_of(contents)))
        .collect();
    fs::write(folder.join("SHA256SUMS"), &sums).context("SHA256SUMS cannot be written")?;
    print!("{sums}");
    println!("release: {} is ready", folder.display());
    Ok(())
}

/// Packs `dist/` twice: npm writes no times into it, and that is to stay so.
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
        serde_json::from_slice(&package).context("dist/package.json is no package's")?;
    ensure!(
        version == VERSION,
        "dist/ is of version {version}, and Cargo.toml of {VERSION}: `cargo xtask build`"
    );
    Ok(folder.join(format!("{name}-{version}.tgz")))
}
