use crate::{
    deployment,
    dist::{self, Simd},
    fuzz, layers,
    project::Project,
    release_files, reproduce,
    run::{self, cargo},
    sbom,
    setup::{self, Part},
    site, size, soak, stacks, supply_chain,
};
use anyhow::{Context, Result, bail, ensure};
use setup::Part::*;
use std::{fs, num::NonZero, path::PathBuf, process::Command, thread, time::Instant};

/// One check.
#[derive(Debug)]
struct Check {
    /// By which `cargo xtask test NAME` runs it alone.
    name: &'static str,
    what: &'static str,
    /// What it cannot do without on this machine.
    needs: &'static [Part],
    /// Whether it looks at `dist/`, which `build` makes.
    needs_dist: bool,
    run: fn(&Project) -> Result<()>,
}

const fn source(
    name: &'static str,
    what: &'static str,
    needs: &'static [Part],
    run: fn(&Project) -> Result<()>,
) -> Check {
    Check { name, what, needs, needs_dist: false, run }
}

const fn built(
    name: &'static str,
    what: &'static str,
    needs: &'static [Part],
    run: fn(&Project) -> Result<()>,
) -> Check {
    Check { name, what, needs, needs_dist: true, run }
}

/// Cheap ones first; a browser sees what passed everything else.
const CHECKS: [Check; 21] = [
    source("format", "how the code is laid out", &[], format),
    source("layers", "which crate, module and script uses which", &[Scripts], layers::check),
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
    source("page", "the page's scripts, in Node", &[Scripts], page_tests),
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

/// Parts of the last one, for a machine that tries one engine.
const ENGINES: [Check; 3] = [
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

const BUILD: &str = "build";

/// What `cargo xtask check` runs, beside the quick tests: it needs no browser, and installs nothing.
const QUICK: [&str; 5] = ["format", "layers", "clippy", "types", "page"];
const QUICK_TESTS: Check =
    source("quick", "tests without a browser, but for the longest", &[Servers], quick_tests);

/// Runs every check, or those that are named, and tells at the end which of them failed.
pub(crate) fn run_all(project: &Project, names: &[String]) -> Result<()> {
    let engines = ENGINES.iter().filter(|check| names.iter().any(|name| name == check.name));
    let checks: Vec<_> = CHECKS.iter().chain(engines).collect();
    run_each(project, &named(&checks, names)?)
}

/// A browser, and the Python that an example is written in.
pub(crate) const STACKS: &[Part] = &[Consumers, Python, Browsers];

/// All of these checks, or those with these names, and what makes the `dist/` that one of those looks at: an old one would pass.
fn named<'a>(checks: &[&'a Check], names: &[String]) -> Result<Vec<&'a Check>> {
    let unknown = names.iter().find(|name| checks.iter().all(|check| check.name != name.as_str()));
    if let Some(unknown) = unknown {
        let known: Vec<_> = checks.iter().map(|check| check.name).collect();
        bail!("there is no check `{unknown}`; there are: {}", known.join(", "));
    }
    let is_named = |check: &Check| names.is_empty() || names.iter().any(|name| name == check.name);
    let needs_dist = checks.iter().any(|check| check.needs_dist && is_named(check));
    let is_wanted = |check: &&Check| is_named(check) || needs_dist && check.name == BUILD;
    Ok(checks.iter().copied().filter(is_wanted).collect())
}

/// Runs what tells within minutes whether a change is good so far.
pub(crate) fn run_quick(project: &Project) -> Result<()> {
    setup::need_tools(project)?;
    let quick = CHECKS.iter().filter(|check| QUICK.contains(&check.name));
    judge(project, &quick.chain([&QUICK_TESTS]).collect::<Vec<_>>())
}

/// Installs what these checks need, all of it first, and runs them.
fn run_each(project: &Project, checks: &[&Check]) -> Result<()> {
    let needs: Vec<_> = checks.iter().flat_map(|check| check.needs).copied().collect();
    setup::install(project, &needs)?;
    judge(project, checks)
}

fn judge(project: &Project, checks: &[&Check]) -> Result<()> {
    let mut failed = Vec::new();
    for (number, Check { name, what, needs_dist, run, .. }) in (1..).zip(checks) {
        println!("\n== {number}/{} {name}: {what}", checks.len());
        if *needs_dist && failed.iter().any(|(name, _)| *name == BUILD) {
            println!("== {name}: left out, as there is no dist/ to look at");
            continue;
        }
        let start = Instant::now();
        match run(project) {
            Ok(()) => println!("== {name}: passed in {:.1} s", start.elapsed().as_secs_f32()),
            Err(error) => {
                println!("== {name}: FAILED after {:.1} s: {error:#}", start.elapsed().as_secs_f32());
                failed.push((*name, error));
            }
        }
    }
    if failed.is_empty() {
        println!("\nall {} checks passed", checks.len());
        return Ok(());
    }
    let list: Vec<_> = failed.iter().map(|(name, error)| format!("  {name}: {error:#}")).collect();
    bail!("{} of {} checks FAILED:\n{}", failed.len(), checks.len(), list.join("\n"))
}

/// What takes long and finds little. The soak is a thousandth of the whole one, and the model tries each input in each place
/// with four times as many lives.
const NIGHTLY: [Check; 9] = [
    source("deployment", "what operators of the relay get", &[Python, Deployment, Musl], deployment::check),
    source("model", "sessions against a model of the documentation, four times as long", &[], |project| {
        run::run(cargo(project.root()).args(["test", "--test", "model"]).env("PROPTEST_CASES", "20000"))
    }),
    source("fuzz", "each fuzz target for a minute", &[Fuzz], |project| {
        fuzz::run(project, &fuzz::Options::default())
    }),
    source("soak", "pairs of primes and products before other implementations", &[Servers], |project| {
        soak::run_all(project, &soak::Options { pairs: 100, operands: 1000, ..Default::default() })
    }),
    source("load", "complete sessions under load", &[], load),
    source("screen-reader", "what a screen reader says, in three languages", SCREEN_READER, screen_reader),
    source("stacks", "the examples in their own bundlers and frameworks", STACKS, |project| {
        stacks::build_and_run(project, &[])
    }),
    source("timing", "does a secret show in how long its code takes?", &[], timing),
    source("memcheck", "does a branch or an address depend on a secret?", &[Valgrind], memcheck),
];

const SCREEN_READER: &[Part] = &[Scripts, Browsers, ScreenReader];

/// Runs all of that, or what is named of it, and tells at the end what failed.
pub(crate) fn run_nightly(project: &Project, names: &[String]) -> Result<()> {
    run_each(project, &named(&NIGHTLY.iter().collect::<Vec<_>>(), names)?)
}

/// Complete sessions under load, in virtual time first; fails where one is lost or doubled.
fn load(project: &Project) -> Result<()> {
    let admission = ["test", "--release", "--package", "card-pin-relay", "--lib", "admission::"];
    run::run(cargo(project.root()).args(admission).args(["--", "--nocapture", "--test-threads=1"]))?;
    let sessions = ["run", "--release", "--package", "card-pin-sandbox", "--example", "load"];
    run::run(cargo(project.root()).args(sessions))
}

/// Running times of the core's functions for one secret and any; fails where a secret shows that is not known to. No part
/// of the tests: it takes a quiet machine.
fn timing(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args(["run", "--release", "--package", "card-pin-timing"]))
}

/// What of the core's functions depends on a secret, counted by Valgrind; fails as [`timing`] does. AES is the one of the wasm, which
/// has no instructions for it.
fn memcheck(project: &Project) -> Result<()> {
    let build = ["build", "--release", "--package", "card-pin-timing", "--features", "memcheck"];
    let folder = project.work("memcheck");
    run::run(
        cargo(project.root())
            .args(build)
            .arg("--target-dir")
            .arg(&folder)
            .env("RUSTFLAGS", "--cfg aes_backend=\"soft\"")
            // Where something is found, Valgrind names the line.
            .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only"),
    )?;
    let mut valgrind = Command::new("valgrind");
    // After many findings it would stop counting.
    valgrind.args(["--quiet", "--error-limit=no"]);
    valgrind.arg(format!("--log-file={}", folder.join("findings.log").display()));
    let counted = run::run(valgrind.arg(folder.join("release/card-pin-timing")));
    counted.context("target/memcheck/findings.log has each finding with its line")
}

/// How the pad looks: it makes pictures, and judges nothing.
pub(crate) fn pictures(project: &Project) -> Result<()> {
    setup::install(project, setup::PAGES)?;
    dist::build(project)?;
    run::run(cargo(project.root()).args(["run", "--quiet", "--package", "card-pin-e2e", "--bin", "pictures"]))
}

/// What a screen reader says, in three languages: no part of the tests, as it takes minutes and a screen of its own.
fn screen_reader(project: &Project) -> Result<()> {
    dist::build(project)?;
    run::run(cargo(project.root()).args([
        "test",
        "--package",
        "card-pin-e2e",
        "--test",
        "end_to_end",
        "screen_reader::",
        "--",
        "--ignored",
        "--nocapture",
    ]))
}

fn format(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args(["fmt", "--all", "--check"]))
}

/// Actions pinned by hash, least permissions, and no input of a stranger in a script.
fn workflows(project: &Project) -> Result<()> {
    let zizmor = project.work("python").join("bin/zizmor");
    let options = ["--offline", "--quiet", "--strict-collection"];
    run::run(Command::new(zizmor).current_dir(project.root()).args(options).arg(".github"))
}

fn clippy(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args(["clippy", "--workspace", "--all-targets", "--", "-Dwarnings"]))
}

/// With SIMD: without, the core is that of the native tests.
fn clippy_wasm(project: &Project) -> Result<()> {
    let target = "--target=wasm32-unknown-unknown";
    run::run(
        cargo(project.root())
            .args(["clippy", target, "--package", "card-pin", "--all-targets", "--", "-Dwarnings"])
            .env("CARGO_ENCODED_RUSTFLAGS", dist::rust_flags(project, Simd::With)?),
    )
}

fn native_tests(project: &Project) -> Result<()> {
    run::run(cargo(project.root()).args([
        "test",
        "--no-fail-fast",
        "--workspace",
        "--exclude",
        "card-pin-e2e",
    ]))
}

fn quick_tests(project: &Project) -> Result<()> {
    let mut others = cargo(project.root());
    others.args(["test", "--no-fail-fast", "--workspace"]);
    for long in ["card-pin", "card-pin-e2e", "card-pin-bench"] {
        others.args(["--exclude", long]);
    }
    let others = run::run(&mut others);
    let mut command = cargo(project.root());
    command.args(["test", "--no-fail-fast", "--package", "card-pin", "--lib"]);
    for name in suites(project)?.iter().filter_map(|path| path.file_stem()) {
        command.arg("--test").arg(name);
    }
    // Both are told, whichever fails.
    let core = run::run(&mut command);
    others.and(core)
}

fn documentation(project: &Project) -> Result<()> {
    run::run(
        cargo(project.root()).args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings"),
    )
}

fn types(project: &Project) -> Result<()> {
    for scripts in ["www", "sandbox/issuer"] {
        run::run(
            Command::new(project.npm_tool("tsc"))
                .current_dir(project.root())
                .args(["--noEmit", "-p", scripts]),
        )?;
    }
    Ok(())
}

/// That an `import` of each entry finds a script and its types. What gives a module to `require` is not a mistake: Node.js takes
/// them since 20.19.
fn package(project: &Project) -> Result<()> {
    let dist = project.dist();
    let tool = |name: &str| Command::new(project.work("e2e-npm").join("node_modules/.bin").join(name));
    run::run(tool("publint").arg("--strict").arg(&dist))?;
    run::run(tool("attw").args(["--quiet", "--ignore-rules", "cjs-resolves-to-esm", "--pack"]).arg(&dist))
}

/// The scripts of `www/`, without a browser.
fn page_tests(project: &Project) -> Result<()> {
    let tests = fs::read_dir(project.www().join("test")).context("www/test cannot be read")?;
    let tests: Vec<_> = tests.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let tests = tests.iter().filter(|path| path.to_string_lossy().ends_with(".test.js"));
    // Node's own choice leaves one processor unused, which is half of a machine with two.
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    run::run(
        Command::new("node")
            .current_dir(project.root())
            .args(["--import", "./www/test/setup.js", "--test"])
            .arg(format!("--test-concurrency={processors}"))
            .args(tests),
    )
}

/// With the ciphers of what ships. The other suites are empty as wasm, and would only be compiled.
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
    run::run(command.env("CARGO_ENCODED_RUSTFLAGS", dist::rust_flags(project, simd)?))
}

/// The core's suites, but for the longest, `model`, which has a folder of its own.
fn suites(project: &Project) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(project.root().join("tests")).context("tests/ cannot be read")?;
    let paths: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect())
}

/// How many tests WebKit may run twice in the whole run, because it went wrong: `e2e/src/lib.rs` says when.
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
    // The harness tries itself, too, under another name.
    let repeated = repeated.lines().filter(|test| test.ends_with("in_webkit")).count();
    println!("WebKit went wrong, and had a test repeated: {repeated} times");
    ensure!(repeated <= REPETITIONS, "WebKit had {repeated} tests repeated, more than {REPETITIONS}");
    Ok(())
}
