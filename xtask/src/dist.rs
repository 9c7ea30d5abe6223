/// Short names in place of wasm-bindgen's.
mod names;

use crate::{
    graph, integrity, notices,
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

/// Files that ship as they are written.
const COPIED: [&str; 5] = ["page.html", "page-error.html", "page.css", "card-pin.d.ts", "package.json"];

/// Where the themes are, in `www/` and in `dist/`.
const THEMES: &str = "themes";

/// Where the languages are, in `www/` and in `dist/`.
const LANGUAGES: &str = "languages";
/// The one that is in `card-pin.js` itself.
const BUILT_IN: &str = "en.js";

/// The core, and the core for devices without SIMD.
const WASM: &str = "card_pin_bg.wasm";
const SCALAR_WASM: &str = "card_pin_scalar_bg.wasm";

/// What calls the core.
const GLUE: &str = "card_pin.js";

/// Whether the compiler may use WebAssembly's SIMD instructions, which not all devices have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Simd {
    With,
    Without,
}

/// The ciphers' small variants: a key encrypts two blocks at most, and one message is hashed. And `crypto-bigint` computes
/// in 32 bits: a product of two words fits into WebAssembly's 64, and 1400 bytes with brotli and a quarter of the private
/// key's operation are saved (20 ms in place of 27 for 2048 bits).
const SMALL: [&str; 3] =
    ["--cfg=aes_backend_soft=\"compact\"", "--cfg=sha2_backend_soft=\"compact\"", "--cfg=cpubits=\"32\""];

/// The output is an ES module, which is UTF-8 by definition (HTML, 8.1.5.2).
const MODULE: [&str; 2] = ["--format=esm", "--charset=utf8"];

/// Makes `dist/` from `src/` and `www/`; where a step fails, the old `dist/` stays as it is.
pub(crate) fn build(project: &Project) -> Result<()> {
    let staging = project.work("dist");
    empty(&staging)?;

    println!("build: wasm");
    let glue = project.work("wasm-bindgen");
    bind(project, "card-pin", Simd::With, &glue)?;
    let scalar = project.work("wasm-bindgen-scalar");
    bind(project, "card-pin", Simd::Without, &scalar)?;
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
    run(esbuild(project).args(["www/card-pin.css", "--minify"]).arg(outfile(&style_sheet(project))))?;
    let with_glue = alias("card-pin-wasm", &glue.join(GLUE));
    let from_files = alias("card-pin-vault", &project.www().join("vault-files.js"));
    let module = MODULE.map(OsString::from);
    let mut options = vec![from_files];
    for language in languages(project)? {
        let path = format!("{LANGUAGES}/{language}");
        if language == BUILT_IN {
            continue;
        }
        options.push(format!("--external:./{path}").into());
        bundle(project, &path, &staging.join(&path), &module)?;
    }
    let script = |with: &[OsString]| [module.as_slice(), with].concat();
    bundle(project, "card-pin.js", &staging.join("card-pin.js"), &script(&options))?;
    page_words(project, &staging)?;
    bundle(
        project,
        "vault.worker.js",
        &staging.join("card-pin.worker.js"),
        &script(std::slice::from_ref(&with_glue)),
    )?;
    bundle(project, "page.js", &staging.join("page.js"), &script(&["--external:./card-pin.js".into()]))?;
    standalone(project, &staging, with_glue)?;

    for name in COPIED {
        let from = project.www().join(name);
        fs::copy(from, staging.join(name)).with_context(|| format!("www/{name} cannot be copied"))?;
    }
    copy_themes(project, &staging)?;
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

/// They ship as they are written.
fn copy_themes(project: &Project, staging: &Path) -> Result<()> {
    let to = staging.join(THEMES);
    empty(&to)?;
    for entry in fs::read_dir(project.www().join(THEMES)).context("www/themes cannot be read")? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name())).context("a theme cannot be copied")?;
    }
    Ok(())
}

/// The names of the languages' files.
fn languages(project: &Project) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(project.www().join(LANGUAGES)).context("www/languages cannot be read")? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// What a server needs of the languages: the words of the hosted page itself, as JSON.
fn page_words(project: &Project, staging: &Path) -> Result<()> {
    run(Command::new("node")
        .current_dir(project.root())
        .arg("www/page-words.mjs")
        .arg(staging.join("page-words.json")))
}

/// The lines of a script but for comments, in which places in the module's tables are noted.
fn code(script: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(script).with_context(|| format!("{} cannot be read", script.display()))?;
    Ok(text.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned).collect())
}

/// A file that no longer ships must not linger.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} cannot be emptied", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))
}

/// Compiles a package to WebAssembly and generates its JavaScript glue into `folder`.
///
/// There is no `wasm-opt` after it: compressed, its output is 2 % larger, and WebKit (2.50), once it has optimised that
/// output's loops itself, runs past the end of memory in about one session of 200.
pub(crate) fn bind(project: &Project, package: &str, simd: Simd, folder: &Path) -> Result<()> {
    bind_as(project, package, simd, folder, &["--remove-name-section", "--remove-producers-section"])
}

/// The same, with the names of the functions left in.
pub(crate) fn bind_with_names(project: &Project, package: &str, folder: &Path) -> Result<()> {
    bind_as(project, package, Simd::With, folder, &[])
}

fn bind_as(project: &Project, package: &str, simd: Simd, folder: &Path, options: &[&str]) -> Result<()> {
    compile(project, package, simd)?;
    let library = package.replace('-', "_");
    run(Command::new("wasm-bindgen")
        // `www/vault.js` says what the state is reset for.
        .args(["--target=web", "--experimental-reset-state-function", "--out-name", &library])
        .args(options)
        .arg("--out-dir")
        .arg(folder)
        .arg(project.wasm(&library)))
}

/// As a module and nothing else: what a library has to keep for other crates, an optimiser cannot leave out.
fn compile(project: &Project, package: &str, simd: Simd) -> Result<()> {
    let mut cargo = run::cargo(project.root());
    cargo
        .args(["rustc", "--locked", "--profile=wasm", "--target=wasm32-unknown-unknown", "--lib"])
        .args(["--crate-type=cdylib", "--package", package])
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(project, simd)?)
        .env("CARGO_INCREMENTAL", "0");
    if package == "card-pin" {
        cargo.arg("--features=shipped");
    }
    run(&mut cargo)
}

/// Small ciphers, and what makes the same module come out of every folder of every machine: the paths of sources, which
/// panics carry, begin where the crate begins (`rsa-0.10.0/src/…`). What a user's own configuration adds has no say here.
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

/// Bundles everything into one classic script: the worker, itself a classic script then, as text, the wasm as base64.
fn standalone(project: &Project, staging: &Path, with_glue: OsString) -> Result<()> {
    let parts = project.work("standalone");
    empty(&parts)?;
    let worker = parts.join("worker.txt");
    // The glue's own address of the wasm, never used here: a classic script has no `import.meta`.
    let classic = ["--format=iife".into(), "--define:import.meta.url=undefined".into(), with_glue];
    bundle(project, "vault.worker.js", &worker, &classic)?;
    let inlined = [
        "--loader:.wasm=base64".into(),
        alias("card-pin-worker-inlined", &worker),
        alias("card-pin-wasm-inlined", &staging.join(WASM)),
        alias("card-pin-scalar-wasm-inlined", &staging.join(SCALAR_WASM)),
        alias("card-pin-vault", &project.www().join("vault-inlined.js")),
    ];
    bundle(
        project,
        "standalone.js",
        &staging.join("card-pin.standalone.js"),
        &[classic.as_slice(), &inlined].concat(),
    )
}

/// What a bare name in an `import` stands for.
fn alias(name: &str, file: &Path) -> OsString {
    let mut option = OsString::from(format!("--alias:{name}="));
    option.push(file);
    option
}

/// Bundles one script of `www/` with all that it imports into one file.
fn bundle(project: &Project, script: &str, to: &Path, options: &[OsString]) -> Result<()> {
    run(esbuild(project)
        .arg(format!("www/{script}"))
        .args(["--bundle", "--target=es2022", "--minify", "--legal-comments=none", "--loader:.css=text"])
        .arg(alias("card-pin-style", &style_sheet(project)))
        .arg(outfile(to))
        .args(options))
}

/// What the pad looks like, minified: a bundler takes what it imports as a text as it is.
fn style_sheet(project: &Project) -> PathBuf {
    project.work("style").join("card-pin.css")
}

fn esbuild(project: &Project) -> Command {
    let mut esbuild = Command::new(project.npm_tool("esbuild"));
    esbuild.current_dir(project.root()).arg("--log-level=warning");
    esbuild
}

fn outfile(to: &Path) -> OsString {
    let mut option = OsString::from("--outfile=");
    option.push(to);
    option
}
