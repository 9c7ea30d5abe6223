//! The same bytes from another build.

use crate::{identity, integrity, project::Project, run::run};
use anyhow::{Context, Result, bail};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

/// The results of builds, and files that are not sources.
const NOT_COPIED: [&str; 4] = ["target", "dist", "node_modules", ".git"];

/// SHA-256 of each file that ships, by name.
type Sums = BTreeMap<String, String>;

/// The folder of the second build.
const TIME_ZONE: &str = "Asia/Kathmandu";

/// Builds once more, from nothing: in a deeper folder with another name, with Cargo's home in another place, and in another time
/// zone. Prints the checksums, and fails if they differ from the current `dist/`.
pub(crate) fn check(project: &Project) -> Result<()> {
    compare(&sums(&project.dist())?, &build_copy(project)?)
}

/// Copies the sources, and builds the copy by itself.
fn build_copy(project: &Project) -> Result<Sums> {
    let folder = project.work("reproduce").join("another/and deeper");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be emptied", folder.display()))?;
    }
    let sources = folder.join("sources");
    copy(project.root(), &sources)
        .with_context(|| format!("the sources cannot be copied to {}", sources.display()))?;
    println!("reproduce: building in {}", sources.display());
    run(Command::new(this_program()?)
        .arg("build")
        .current_dir(&sources)
        .env("CARGO_MANIFEST_DIR", sources.join("xtask"))
        .env("CARGO_HOME", cargo_home_in(&folder)?)
        .env_remove("CARGO_TARGET_DIR")
        .env(identity::COMMIT, identity::commit(project))
        .env("TZ", TIME_ZONE))?;
    let sums = sums(&sources.join("dist"))?;
    // Removed, because it takes half a gigabyte and is not used again.
    fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    Ok(sums)
}

/// Building the workspace's tests may have replaced the file of the program that is running. Linux still has that
/// program under this name, whatever has become of its file.
fn this_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { env::current_exe() }
}

/// Cargo's home under another name, with all that is in the real one, so that nothing is fetched again.
fn cargo_home_in(folder: &Path) -> Result<PathBuf> {
    let real = match env::var_os("CARGO_HOME") {
        Some(home) => home.into(),
        None => Path::new(&env::var_os("HOME").context("HOME is not set")?).join(".cargo"),
    };
    let home = folder.join("cargo-home");
    fs::create_dir_all(&home)?;
    let entries = fs::read_dir(&real).with_context(|| format!("{} cannot be read", real.display()))?;
    for entry in entries {
        let entry = entry?;
        symlink(entry.path(), home.join(entry.file_name()))?;
    }
    Ok(home)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if NOT_COPIED.iter().any(|skipped| name == *skipped) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}

fn sums(dist: &Path) -> Result<Sums> {
    Ok(integrity::all_files(dist)?
        .into_iter()
        .map(|(name, contents)| (name, integrity::sha256_of(&contents)))
        .collect())
}

fn compare(one: &Sums, two: &Sums) -> Result<()> {
    for (name, sum) in one {
        println!("{sum}  {name}");
    }
    let different = different(one, two);
    if !different.is_empty() {
        bail!("another build gives other bytes: {}", different.join(", "));
    }
    println!("reproduce: both builds are the same, byte for byte");
    Ok(())
}

/// The files that are not the same in both, or are in one only.
fn different<'a>(one: &'a Sums, two: &'a Sums) -> Vec<&'a str> {
    let names: BTreeSet<_> = one.keys().chain(two.keys()).collect();
    names.into_iter().filter(|name| one.get(*name) != two.get(*name)).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::{Sums, compare, different};

    fn sums<const N: usize>(files: [(&str, &str); N]) -> Sums {
        files.map(|(name, sum)| (name.to_owned(), sum.to_owned())).into()
    }

    #[test]
    fn a_changed_and_a_missing_file_are_named() {
        let one = sums([("a.js", "01"), ("b.js", "02"), ("c.js", "03")]);
        let two = sums([("a.js", "01"), ("b.js", "ff"), ("d.js", "04")]);
        assert_eq!(different(&one, &two), ["b.js", "c.js", "d.js"]);
        compare(&one, &two).unwrap_err();
        compare(&one, &one).unwrap();
    }
}
