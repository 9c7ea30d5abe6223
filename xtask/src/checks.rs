//! Everything that decides whether a change is good, in order.

use crate::{
    check::{BUILD, Check, built, named, run_each, run_in_order, source},
    dist::{self, Simd},
    layers,
    project::Project,
    release_files, reproduce,
    run::{self, cargo},
    sbom,
    setup::{self, Part::*, STACKS},
    site, size, stacks, supply_chain,
};
use anyhow::{Context, Result, ensure};
use std::{fs, num::NonZero, path::PathBuf, process::Command, thread};

/// All checks, the cheap ones first.
pub(crate) const CHECKS: [Check; 21] = [
    source("format", "how the code is laid out", &[], format),
    source(
        "layers",
        "which crate, module and script uses which, and why each secret is exposed",
        &[Scripts],
        layers::check,
    ),
    source("workflows", "the hosted CI's files", &[Python], workflows),
    source(
        "supply-chain",
        "records and licences of the crates in the wasm",
        &[CargoDeny],
        supply_chain::check,
    ),
    source("clippy", "lints", &[], clippy),
    source("clippy-wasm", "lints of the core as wasm", &[], clippy_wasm),
    source("native", "tests without a browser", &[Servers], native_tests),
    source("docs", "the documentation of the crates", &[], documentation),
    source(BUILD, "dist/", &[Scripts], dist::build),
    built("sbom", "the bill of materials", &[Python], sbom::check),
    built("reproduce", "the same bytes from another build", &[], reproduce::check),
    built("size", "what a page loads", &[], size::check),
    built("package", "the package, as bundlers and TypeScript look for its parts", &[Consumers], package),
    built("release", "the files of a release", &[], release_files::check),
    built("site", "the documents as a site, and its links", &[Consumers, Browsers], site::check),
    source("types", "types of the scripts", &[Scripts], types),
    source("page", "the page's scripts, in Node", &[Scripts, NewerNode], page_tests),
    source("wasm-chromium", "wasm tests in Chromium, with SIMD", &[Browsers, WasmTests], |project| {
        wasm_tests(project, "--chrome", Simd::With)
    }),
    source("wasm-firefox", "wasm tests in Firefox, without SIMD", &[Browsers, WasmTests], |project| {
        wasm_tests(project, "--firefox", Simd::Without)
    }),
    built("stacks", "a few of the examples in their own bundlers and frameworks", STACKS, stacks::run_quick),
    built("e2e", "end to end, in Chromium, Firefox and WebKit", &[Consumers, Python, Browsers], |project| {
        end_to_end(project, &[])
    }),
];

/// Parts of `e2e`, for a machine that tests one engine.
pub(crate) const ENGINES: [Check; 3] = [
    built("e2e-chromium", "end to end, in Chromium and in none", &[Consumers, Python, Browsers], |project| {
        end_to_end(project, &["--skip", "in_firefox", "--skip", "in_webkit"])
    }),
    built("e2e-firefox", "end to end, in Firefox", &[Consumers, Browsers], |project| {
        end_to_end(project, &["in_firefox"])
    }),
    built("e2e-webkit", "end to end, in WebKit", &[Consumers, Browsers], |project| {
        end_to_end(project, &["in_webkit"])
    }),
];

/// The checks of `cargo xtask check`, apart from the quick tests. They need no browser and install nothing.
const QUICK: [&str; 5] = ["format", "layers", "clippy", "types", "page"];
const QUICK_TESTS: Check =
    source("quick", "tests without a browser, but for the longest", &[Servers], quick_tests);

/// Whether there is a check of this name.
pub(crate) fn is_known(name: &str) -> bool {
    CHECKS.iter().chain(&ENGINES).any(|check| check.name == name)
}

/// Runs every check, or the named ones, and lists those that failed at the end.
pub(crate) fn run_all(project: &Project, names: &[String]) -> Result<()> {
    let engines = ENGINES.iter().filter(|check| names.iter().any(|name| name == check.name));
    let checks: Vec<_> = CHECKS.iter().chain(engines).collect();
    run_each(project, &named(&checks, names)?)
}

/// Runs the checks that need only minutes.
pub(crate) fn run_quick(project: &Project) -> Result<()> {
    setup::need_tools(project)?;
    let quick = CHECKS.iter().filter(|check| QUICK.contains(&check.name));
    run_in_order(project, &quick.chain([&QUICK_TESTS]).collect::<Vec<_>>())
}

fn format(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args(["fmt", "--all", "--check"]))
}

/// Checks that actions are pinned by hash, that permissions are minimal, and that no script contains a stranger's input.
fn workflows(project: &Project) -> Result<()> {
    let zizmor = project.work("python").join("bin/zizmor");
    let options = ["--offline", "--quiet", "--strict-collection"];
    run::run(Command::new(zizmor).current_dir(project.root()).args(options).arg(".github"))
}

fn clippy(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args(["clippy", "--workspace", "--all-targets", "--", "-Dwarnings"]))
}

/// With SIMD: without it, the code is the same as in the native tests.
fn clippy_wasm(project: &Project) -> Result<()> {
    let target = "--target=wasm32-unknown-unknown";
    run::run(
        cargo(project.root())
            .args(["clippy", target, "--package", "card-pin", "--all-targets", "--", "-Dwarnings"])
            .env("CARGO_ENCODED_RUSTFLAGS", dist::rust_flags(project, Simd::With)?),
    )
}

/// `cargo test` with more tests at once than there are processors, because most of them wait for another process or a deadline.
fn cargo_test(project: &Project) -> Command {
    let threads = 4 * thread::available_parallelism().map_or(1, NonZero::get);
    let mut command = cargo(project.root());
    command.args(["test", "--no-fail-fast"]).env("RUST_TEST_THREADS", threads.to_string());
    command
}

fn native_tests(project: &Project) -> Result<()> {
    run::run(cargo_test(project).args(["--workspace", "--exclude", "card-pin-e2e"]))
}

fn quick_tests(project: &Project) -> Result<()> {
    let mut others = cargo_test(project);
    others.arg("--workspace");
    for long in ["card-pin", "card-pin-e2e", "card-pin-bench"] {
        others.args(["--exclude", long]);
    }
    let others = run::run(others.args(["--", "--skip", "::long::"]));
    let mut command = cargo_test(project);
    command.args(["--package", "card-pin", "--lib"]);
    for name in suites(project)?.iter().filter_map(|path| path.file_stem()) {
        command.arg("--test").arg(name);
    }
    // Both results are reported, whichever fails.
    let core = run::run(&mut command);
    others.and(core)
}

fn documentation(project: &Project) -> Result<()> {
    run::run(
        cargo(project.root()).args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings"),
    )
}

fn types(project: &Project) -> Result<()> {
    // Those of the core are made with it.
    if !project.work("wasm-bindgen").join("card_pin.d.ts").is_file() {
        dist::build(project)?;
    }
    for scripts in ["www", "sandbox/issuer"] {
        run::run(
            Command::new(project.npm_tool("tsc"))
                .current_dir(project.root())
                .args(["--noEmit", "-p", scripts]),
        )?;
    }
    Ok(())
}

/// Checks that an `import` of each entry finds a script and its types. `require` may also load a module: Node.js has allowed that
/// since 20.19.
fn package(project: &Project) -> Result<()> {
    let dist = project.dist();
    let tool = |name: &str| Command::new(project.work("e2e-npm").join("node_modules/.bin").join(name));
    run::run(tool("publint").arg("--strict").arg(&dist))?;
    run::run(tool("attw").args(["--quiet", "--ignore-rules", "cjs-resolves-to-esm", "--pack"]).arg(&dist))
}

/// Runs the tests of the scripts of `www/`, without a browser.
fn page_tests(project: &Project) -> Result<()> {
    let tests = fs::read_dir(project.www().join("test")).context("www/test cannot be read")?;
    let tests: Vec<_> = tests.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let tests = tests.iter().filter(|path| path.to_string_lossy().ends_with(".test.js"));
    // By default, Node leaves one processor unused, which is half of a machine with two.
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    run::run(
        Command::new("node")
            .current_dir(project.root())
            .args(["--import", "./www/test/setup.js", "--test"])
            .arg(format!("--test-concurrency={processors}"))
            .args(tests),
    )
}

/// Uses the ciphers of the shipped module. Only suites with wasm tests are compiled, because the others are empty as wasm.
fn wasm_tests(project: &Project, browser: &str, simd: Simd) -> Result<()> {
    let mut command = Command::new("wasm-pack");
    command.current_dir(project.root()).args(["test", "--headless", browser, "--", "--lib"]);
    for suite in suites(project)? {
        let text =
            fs::read_to_string(&suite).with_context(|| format!("{} cannot be read", suite.display()))?;
        if text.contains("wasm_bindgen_test") {
            command.arg("--test").arg(suite.file_stem().context("a suite without a name")?);
        }
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", dist::rust_flags(project, simd)?);
    // The runner gives up after 20 seconds otherwise, which is too short on a busy machine.
    run::run(command.env("WASM_BINDGEN_TEST_TIMEOUT", "600"))
}

/// The core's suites, except the longest one, `model`, which has a folder of its own.
fn suites(project: &Project) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(project.root().join("tests")).context("tests/ cannot be read")?;
    let paths: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect())
}

/// How many tests may be repeated in the whole run because WebKit went wrong (see `e2e/src/lib.rs`).
const REPETITIONS: usize = 3;

fn end_to_end(project: &Project, filter: &[&str]) -> Result<()> {
    let file = project.work("webkit-repetitions");
    fs::write(&file, "").with_context(|| format!("{} cannot be written", file.display()))?;
    run::run(
        cargo(project.root())
            .args(["test", "--no-fail-fast", "--package", "card-pin-e2e", "--"])
            .args(filter)
            .env("CARD_PIN_REPETITIONS", &file),
    )?;
    let repeated = fs::read_to_string(&file).context("the list of repetitions cannot be read")?;
    // The harness also tests itself, under another name.
    let repeated = repeated.lines().filter(|test| test.ends_with("in_webkit")).count();
    println!("WebKit went wrong, and had a test repeated: {repeated} times");
    ensure!(repeated <= REPETITIONS, "WebKit had {repeated} tests repeated, more than {REPETITIONS}");
    Ok(())
}

/// The words of a text that can be the name of a check.
#[cfg(test)]
pub(crate) fn words(text: &str) -> std::collections::BTreeSet<&str> {
    let words = text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-');
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{BUILD, CHECKS, ENGINES, QUICK, words};
    use crate::project::Project;
    use std::{collections::BTreeSet, fs};

    #[test]
    fn the_hosted_ci_runs_every_check_for_each_change_and_no_other() {
        let workflows = Project::find().unwrap().root().join(".github/workflows");
        let read = |name: &str| fs::read_to_string(workflows.join(name)).unwrap();
        let texts = ["check.yml", "browsers.yml", "reproduce.yml"].map(read);
        for text in &texts {
            assert!(text.contains("pull_request:"));
        }
        let lists = texts.iter().flat_map(|text| text.lines()).filter_map(|line| {
            let in_matrix = || line.split_once("checks: [");
            line.split_once("cargo xtask test ").or_else(in_matrix).map(|(_, names)| names)
        });
        let mut run: BTreeSet<_> = lists.filter(|names| !names.contains("matrix.")).flat_map(words).collect();
        run.extend(QUICK);
        // What looks at `dist/` builds it, and each engine has a machine of its own.
        let others = CHECKS.iter().filter(|check| ![BUILD, "e2e"].contains(&check.name));
        let expected: BTreeSet<_> = others.chain(&ENGINES).map(|check| check.name).collect();
        assert_eq!(run, expected);
    }
}
