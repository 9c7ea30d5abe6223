//! The scripts and their entries.

use super::{SCALAR_WASM, WASM, empty};
use crate::{identity, integrity, project::Project, run::run};
use anyhow::{Context, Result};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of the languages, in `www/` and in `dist/`.
const LANGUAGES: &str = "languages";
/// The vault's script.
const WORKER: &str = "card-pin.worker.js";
/// The language that is part of `card-pin.js` itself.
const BUILT_IN: &str = "en.js";

/// The name with which the scripts import the source of a vault.
pub(crate) const VAULT: &str = "card-pin-vault";
/// The files that replace it: in the package, with checksums, in the standalone, and in the mock.
pub(crate) const VAULTS: [&str; 4] =
    ["vault-files.js", "vault-checked.js", "vault-inlined.js", "mock-vault.js"];

/// The output is an ES module, which is UTF-8 by definition (HTML, 8.1.5.2).
const MODULE: [&str; 2] = ["--format=esm", "--charset=utf8"];

/// The source maps, which a browser only loads for its developer tools.
const MAP: &str = "--sourcemap=linked";

/// A prefix for the scripts that load another by its address, so that bundlers leave the import alone. The comments tell that to webpack,
/// Turbopack and Vite, and would not survive the minifying. The Turbopack of Next 14 does not know them, and fails at an
/// import that it cannot follow, unless it is in a `try`.
const IMPORT_AS_IS: &str = "--banner:js=var importAsIs=async url=>{try{return await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */url)}catch(e){throw e}};";

/// The entries that are `card-pin` with the types of one framework's markup: `card-pin/react` and the like.
const FRAMEWORKS: [&str; 4] = ["preact", "react", "solid", "vue"];

/// The entry `card-pin/standalone` for tools that look for a file of that name.
const STANDALONE_ENTRY: &str = "import \"./card-pin.standalone.js\";\n";

/// Bundles the scripts of `www/` into those of the package.
pub(super) fn bundle_all(project: &Project, staging: &Path, glue: &Path) -> Result<()> {
    let sheet = style_sheet(project);
    run(esbuild(project).args(["www/card-pin.css", "--minify"]).arg(outfile(&sheet)))?;
    let style = fs::read_to_string(&sheet).context("the style sheet cannot be read")?;
    fs::write(&sheet, shorten_properties(&style)).context("the style sheet cannot be written")?;
    let with_glue = alias("card-pin-wasm", glue);
    let [files, with_sums, inlined, mock] = VAULTS.map(|file| alias(VAULT, &project.www().join(file)));

    // Scripts that are loaded on demand.
    let mut later: Vec<OsString> =
        ["hints.js", "describe-view.js"].map(|name| format!("--external:./{name}").into()).into();
    for language in languages(project)? {
        let path = format!("{LANGUAGES}/{language}");
        later.push(format!("--external:./{path}").into());
        bundle(project, &path, &staging.join(&path), &module(&[]))?;
    }
    later.extend([files, IMPORT_AS_IS.into(), MAP.into()]);
    let common_js = ["--format=cjs".into(), mock.clone()];
    for (script, name, options) in [
        ("card-pin.js", "card-pin.js", module(&later)),
        ("pin-session.js", "session.js", module(&later)),
        ("hints.js", "hints.js", module(&[MAP.into()])),
        ("describe-view.js", "describe-view.js", module(&[MAP.into()])),
        ("vault.worker.js", WORKER, module(&[with_glue.clone(), MAP.into()])),
        ("page.js", "page.js", module(&["--external:./card-pin.js".into(), MAP.into()])),
        ("mock.js", "mock.js", module(&[mock])),
        ("mock.js", "mock.cjs", common_js.to_vec()),
    ] {
        bundle(project, script, &staging.join(name), &options)?;
    }
    // Separate files, because older tools look for an entry by its file name.
    for name in FRAMEWORKS {
        for (extension, from) in [("js", "./card-pin.js".to_owned()), ("d.ts", format!("./types/{name}.js"))]
        {
            fs::write(staging.join(format!("{name}.{extension}")), format!("export * from \"{from}\";\n"))
                .with_context(|| format!("{name}.{extension} cannot be written"))?;
        }
    }
    checked(project, staging, with_sums)?;
    standalone(project, staging, with_glue, inlined)
}

fn module(options: &[OsString]) -> Vec<OsString> {
    [MODULE.map(OsString::from).as_slice(), options].concat()
}

/// The names of the languages' files, without the built-in one.
fn languages(project: &Project) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(project.www().join(LANGUAGES)).context("www/languages cannot be read")? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| name != BUILT_IN);
    names.sort();
    Ok(names)
}

/// Bundles all scripts of a page into one, so that one `integrity` covers them. It has the SHA-384 of the worker and the cores.
fn checked(project: &Project, staging: &Path, vault: OsString) -> Result<()> {
    let parts = project.work("checked");
    empty(&parts)?;
    let sums = parts.join("sums.json");
    fs::write(&sums, integrity::of_files(staging, &[WORKER, WASM, SCALAR_WASM])?)
        .context("sums.json cannot be written")?;
    let options = module(&[vault, alias("card-pin-sums", &sums), IMPORT_AS_IS.into(), MAP.into()]);
    bundle(project, "card-pin.js", &staging.join("card-pin.checked.js"), &options)?;
    // A file of its own, like those for the frameworks.
    for (name, from) in [("checked.js", "./card-pin.checked.js"), ("checked.d.ts", "./card-pin.js")] {
        fs::write(staging.join(name), format!("export * from \"{from}\";\n"))
            .with_context(|| format!("{name} cannot be written"))?;
    }
    Ok(())
}

/// Bundles everything into one classic script: the worker, itself a classic script then, as text, the wasm as base64.
fn standalone(project: &Project, staging: &Path, with_glue: OsString, vault: OsString) -> Result<()> {
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
        vault,
    ];
    bundle(
        project,
        "standalone.js",
        &staging.join("card-pin.standalone.js"),
        &[classic.as_slice(), &inlined].concat(),
    )?;
    fs::write(staging.join("standalone.js"), STANDALONE_ENTRY).context("standalone.js cannot be written")
}

/// Gives short names to the properties that are the style sheet's own: `--_surface` and the like.
fn shorten_properties(style: &str) -> String {
    let is_in_name = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let mut parts = style.split("--_");
    let mut short = parts.next().unwrap_or_default().to_owned();
    let mut names: Vec<&str> = Vec::new();
    for part in parts {
        let (name, rest) = part.split_at(part.find(|character| !is_in_name(character)).unwrap_or(part.len()));
        let place = names.iter().position(|known| *known == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        short.push_str(&format!("--_{place:x}{rest}"));
    }
    short
}

/// The file that a bare name in an `import` stands for.
fn alias(name: &str, file: &Path) -> OsString {
    let mut option = OsString::from(format!("--alias:{name}="));
    option.push(file);
    option
}

/// The placeholder for the build's identity in a script.
fn version(project: &Project) -> String {
    format!("--define:CARD_PIN_VERSION={:?}", identity::version(project))
}

/// Bundles one script of `www/` with all that it imports into one file.
fn bundle(project: &Project, script: &str, to: &Path, options: &[OsString]) -> Result<()> {
    run(esbuild(project)
        .arg(format!("www/{script}"))
        .args(["--bundle", "--target=es2022", "--minify", "--legal-comments=none", "--loader:.css=text"])
        .arg(alias("card-pin-style", &style_sheet(project)))
        .arg(version(project))
        .arg(outfile(to))
        .args(options))
}

/// The pad's style sheet, minified: a bundler does not change a file that it imports as text.
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

#[cfg(test)]
mod tests {
    use super::shorten_properties;

    #[test]
    fn a_property_has_the_same_short_name_wherever_it_stands() {
        let style = ":host{--_key: var(--card-pin-key, #fff);--_key-line:red}a{color:var(--_key);outline:var(--_key-line)}";
        let short = ":host{--_0: var(--card-pin-key, #fff);--_1:red}a{color:var(--_0);outline:var(--_1)}";
        assert_eq!(shorten_properties(style), short);
    }
}
