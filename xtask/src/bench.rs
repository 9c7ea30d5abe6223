//! Measures key making and whole sessions in browsers, beside other ways to do them.

use crate::{
    dist::{self, Simd},
    project::Project,
    run::{self, cargo},
    setup::{self, Part},
};
use anyhow::{Context, Result};
use std::{
    ffi::OsString,
    fs,
    path::{self, Path, PathBuf},
    process::Command,
};

/// The builds of the bench's wasm, with the names of the files that `bench/pages/keys.js` uses.
const BUILDS: [(&str, Simd); 2] = [("card_pin_bench", Simd::With), ("card_pin_bench_scalar", Simd::Without)];
/// Libraries as their makers publish them for a page's `<script>`.
const LIBRARIES: [&str; 4] = [
    "node-forge/dist/forge.min.js",
    "node-forge/dist/prime.worker.min.js",
    "jsencrypt/bin/jsencrypt.min.js",
    "jsrsasign/lib/jsrsasign-all-min.js",
];
/// Pads written by hand; each is bundled with what it imports.
const PADS: [&str; 2] = ["pad-forge.js", "pad-webcrypto.js"];

#[derive(Default)]
pub(crate) struct Options {
    /// Makes few runs of each, to try it out.
    pub(crate) quick: bool,
    /// How many sessions to run one after the other in one page, instead of the usual number.
    pub(crate) sessions: Option<u32>,
    /// Measures nothing, and writes the report of the last run again.
    pub(crate) report: bool,
    /// Another working tree, in which this command has run: its build and this one are measured in turn.
    pub(crate) beside: Option<PathBuf>,
}

/// Measures in each browser, and writes `docs/benchmark.md`. It has no pass or fail.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    if !options.report {
        prepare(project)?;
    }
    let mut program = cargo(project.root());
    program.args(["run", "--quiet", "--package", "card-pin-bench", "--"]);
    for (chosen, option) in [(options.quick, "--quick"), (options.report, "--report")] {
        if chosen {
            program.arg(option);
        }
    }
    if let Some(sessions) = options.sessions {
        program.args(["--sessions", &sessions.to_string()]);
    }
    if let Some(tree) = &options.beside {
        // The program runs in the root of this tree.
        program.arg("--beside").arg(path::absolute(tree).context("--beside names no folder")?);
    }
    run::run(&mut program)
}

/// Builds everything that is measured, in `target/bench/`.
fn prepare(project: &Project) -> Result<()> {
    setup::install(project, &[setup::PAGES, &[Part::Rivals]].concat())?;
    dist::build(project)?;
    let folder = project.work("bench");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("target/bench cannot be emptied")?;
    }
    for (name, simd) in BUILDS {
        bind(project, name, simd, &folder)?;
    }
    copy_all(&project.root().join("bench/pages"), &folder)?;
    let packages = project.work("bench-npm").join("node_modules");
    for library in LIBRARIES {
        copy(&packages.join(library), &folder)?;
    }
    for pad in PADS {
        bundle(project, pad, &packages, &folder)?;
    }
    Ok(())
}

/// One build of the bench's wasm and its glue, as `NAME.js` and `NAME_bg.wasm`.
fn bind(project: &Project, name: &str, simd: Simd, folder: &Path) -> Result<()> {
    let made = project.work("bench-wasm").join(name);
    dist::bind(project, "card-pin-bench-wasm", simd, &made)?;
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for end in [".js", "_bg.wasm"] {
        fs::copy(made.join(format!("card_pin_bench_wasm{end}")), folder.join(format!("{name}{end}")))
            .context("the bench's wasm cannot be copied")?;
    }
    Ok(())
}

fn bundle(project: &Project, script: &str, packages: &Path, folder: &Path) -> Result<()> {
    let mut outfile = OsString::from("--outfile=");
    outfile.push(folder.join(script));
    run::run(
        Command::new(project.npm_tool("esbuild"))
            .current_dir(project.root())
            .env("NODE_PATH", packages)
            .arg(format!("bench/pages/{script}"))
            .args(["--bundle", "--format=esm", "--target=es2022", "--minify", "--legal-comments=none"])
            .args(["--log-level=warning", "--allow-overwrite", "--external:./customer.js"])
            .arg(outfile),
    )
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("{} cannot be read", from.display()))? {
        copy(&entry?.path(), to)?;
    }
    Ok(())
}

fn copy(file: &Path, to: &Path) -> Result<()> {
    let name = file.file_name().context("the path has no file name")?;
    fs::copy(file, to.join(name)).with_context(|| format!("{} cannot be copied", file.display()))?;
    Ok(())
}
