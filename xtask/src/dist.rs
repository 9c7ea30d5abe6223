//! Builds `dist/`.

mod names;
mod scripts;

pub(crate) use scripts::{VAULT, VAULTS};

use crate::{
    graph, integrity, notices, package,
    project::Project,
    run::{self, run},
    sbom,
};
use anyhow::{Context, Result, bail};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use wasm_bindgen_cli_support::Bindgen;

/// Files that ship unchanged, and their names in the package.
const COPIED: [(&str, &str); 10] = [
    ("page.html", "page.html"),
    ("page-error.html", "page-error.html"),
    ("page.css", "page.css"),
    ("card-pin.d.ts", "card-pin.d.ts"),
    // Beside `session.js`, which is another file, TypeScript would use it as the types of that file.
    ("session-entry.d.ts", "session.d.ts"),
    ("standalone.d.ts", "standalone.d.ts"),
    ("mock.d.ts", "mock.d.ts"),
    ("mock.d.cts", "mock.d.cts"),
    ("custom-elements.json", "custom-elements.json"),
    ("cli.mjs", "cli.mjs"),
];

/// Folders that ship unchanged, in `www/` and in `dist/`: the types that `card-pin.d.ts` builds on, and the themes.
const FOLDERS: [&str; 2] = ["types", "themes"];

/// The target of the core, and its profile in `Cargo.toml`.
const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm";

/// The core, and the core for devices without SIMD.
const WASM: &str = "card_pin_bg.wasm";
const SCALAR_WASM: &str = "card_pin_scalar_bg.wasm";

/// The scripts that call the core.
const GLUE: &str = "card_pin.js";

/// Whether the compiler may use WebAssembly's SIMD instructions, which not all devices have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Simd {
    With,
    Without,
}

/// Whether the functions of a module have their names in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Kept,
    Removed,
}

/// The ciphers' small variants: a key encrypts two blocks at most, and one message is hashed. And `crypto-bigint` computes
/// in 32 bits, because a product of two words fits into WebAssembly's 64: the module is smaller, and the private operation faster
/// (`docs/adr/0006-crates-in-the-wasm.md`).
const SMALL: [&str; 3] =
    ["--cfg=aes_backend_soft=\"compact\"", "--cfg=sha2_backend_soft=\"compact\"", "--cfg=cpubits=\"32\""];

/// Makes `dist/` from `src/` and `www/`. If a step fails, the old `dist/` is not changed.
pub(crate) fn build(project: &Project) -> Result<()> {
    let staging = project.work("dist");
    empty(&staging)?;

    println!("build: wasm");
    let glue = project.work("wasm-bindgen");
    let scalar = project.work("wasm-bindgen-scalar");
    // Each uses one processor core: the optimisation of a whole module is not parallel.
    run::both(
        || bind(project, "card-pin", Simd::With, &glue),
        || bind(project, "card-pin", Simd::Without, &scalar),
    )?;
    for (folder, name) in [(&glue, WASM), (&scalar, SCALAR_WASM)] {
        names::shorten(&folder.join(WASM), &folder.join(GLUE))?;
        fs::copy(folder.join(WASM), staging.join(name))
            .with_context(|| format!("{name} cannot be copied"))?;
    }
    // The worker has one glue, for either.
    if code(&glue.join(GLUE))? != code(&scalar.join(GLUE))? {
        bail!("the builds with and without SIMD have different JavaScript");
    }

    println!("build: scripts");
    scripts::bundle_all(project, &staging, &glue.join(GLUE))?;
    page_words(project, &staging)?;

    let mut folders = Vec::new();
    for folder in FOLDERS {
        fs::create_dir(staging.join(folder)).with_context(|| format!("dist/{folder} cannot be made"))?;
        folders.extend(names_in(project, folder)?);
    }
    let folders = folders.iter().map(|path| (path.as_str(), path.as_str()));
    for (from, to) in COPIED.into_iter().chain(folders) {
        let path = project.www().join(from);
        fs::copy(path, staging.join(to)).with_context(|| format!("www/{from} cannot be copied"))?;
    }
    npm_manifest(project, &staging)?;
    let crates = graph::crates_of_wasm(project)?;
    notices::write(project, &staging, &crates)?;
    sbom::write(project, &staging, &crates)?;
    integrity::write(&staging)?;

    let dist = project.dist();
    empty(&dist)?;
    fs::rename(&staging, &dist).context("dist/ cannot be replaced")?;
    println!("build: dist/ is ready");
    Ok(())
}

fn npm_manifest(project: &Project, staging: &Path) -> Result<()> {
    let written =
        fs::read_to_string(project.www().join("package.json")).context("www/package.json cannot be read")?;
    let manifest = package::npm_manifest(&written).context("www/package.json")?;
    fs::write(staging.join("package.json"), manifest).context("package.json cannot be written")
}

/// The files of a folder in `www/`, by their paths from there.
fn names_in(project: &Project, folder: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let entries =
        fs::read_dir(project.www().join(folder)).with_context(|| format!("www/{folder} cannot be read"))?;
    for entry in entries {
        names.push(format!("{folder}/{}", entry?.file_name().to_string_lossy()));
    }
    names.sort();
    Ok(names)
}

/// The words of the hosted page itself, as JSON for a server.
fn page_words(project: &Project, staging: &Path) -> Result<()> {
    run(Command::new("node")
        .current_dir(project.root())
        .arg("www/page-words.mjs")
        .arg(staging.join("page-words.json")))
}

/// The lines of a script without comments, which contain places in the module's tables.
fn code(script: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(script).with_context(|| format!("{} cannot be read", script.display()))?;
    Ok(text.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned).collect())
}

/// Empties the folder, so that a file that no longer ships does not stay.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} cannot be emptied", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))
}

/// Compiles a package to WebAssembly and generates its JavaScript glue into `folder`.
///
/// There is no `wasm-opt` after it (`docs/adr/0005-no-wasm-opt.md`).
pub(crate) fn bind(project: &Project, package: &str, simd: Simd, folder: &Path) -> Result<()> {
    bind_as(project, package, simd, folder, Names::Removed)
}

/// The same, with the names of the functions left in.
pub(crate) fn bind_with_names(project: &Project, package: &str, folder: &Path) -> Result<()> {
    bind_as(project, package, Simd::With, folder, Names::Kept)
}

fn bind_as(project: &Project, package: &str, simd: Simd, folder: &Path, names: Names) -> Result<()> {
    compile(project, package, simd)?;
    let library = package.replace('-', "_");
    let is_removed = names == Names::Removed;
    Bindgen::new()
        .web(true)?
        .input_path(target_folder(project, simd).join(format!("{TARGET}/{PROFILE}/{library}.wasm")))
        .out_name(&library)
        .typescript(true)
        // `www/vault.js` says what the state is reset for.
        .reset_state_function(true)
        .remove_name_section(is_removed)
        .remove_producers_section(is_removed)
        .generate(folder)
        .with_context(|| format!("the glue of {package} cannot be made"))
}

/// The folder in which Cargo builds it. With one folder for both, each build would start from the beginning.
fn target_folder(project: &Project, simd: Simd) -> PathBuf {
    project.cargo_target().join(match simd {
        Simd::With => "wasm-simd",
        Simd::Without => "wasm-scalar",
    })
}

/// Builds only a module: an optimiser cannot leave out the parts that a library has to keep for other crates.
fn compile(project: &Project, package: &str, simd: Simd) -> Result<()> {
    let mut cargo = run::cargo(project.root());
    cargo
        .args(["rustc", "--locked", "--profile", PROFILE, "--target", TARGET, "--lib"])
        .args(["--crate-type=cdylib", "--package", package])
        .arg("--target-dir")
        .arg(target_folder(project, simd))
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(project, simd)?)
        .env("CARGO_INCREMENTAL", "0");
    if package == "card-pin" {
        cargo.arg("--features=shipped");
    }
    run(&mut cargo)
}

/// The flags for small ciphers, and for the same module from every folder on every machine: the paths of sources, which
/// panics carry, begin where the crate begins (`rsa-0.10.0/src/…`). A user's own configuration is ignored.
///
/// The form is that of `CARGO_ENCODED_RUSTFLAGS`.
pub(crate) fn rust_flags(project: &Project, simd: Simd) -> Result<OsString> {
    // LLVM's strength reduction of loops takes the offsets out of the loads, and the search for primes then takes a tenth
    // longer. A function is copied into its callers where that saves bytes, in the standard library's code, too.
    let mut flags = OsString::from("-Cllvm-args=-disable-lsr -inline-threshold=5");
    for small in SMALL {
        flags.push("\u{1f}");
        flags.push(small);
    }
    if simd == Simd::With {
        flags.push("\u{1f}--cfg=simd");
    }
    for folder in graph::source_folders(project)? {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(folder);
        flags.push("/=");
    }
    Ok(flags)
}
