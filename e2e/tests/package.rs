//! The npm package as issuers use it: packed, installed, bundled by Vite, served without a bundler, and checked by TypeScript.

use anyhow::{Context, Result, bail, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, Site, WebDriver, each, open_root, random_pin};
use serde_json::{Map, Value};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use tempfile::TempDir;

#[tokio::test]
async fn the_package_can_be_installed_and_used() -> Result<()> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("e2e/ lies in no workspace")?;
    let consumer = install(project)?;
    all_that_is_described_is_packed(consumer.path())?;
    open_root(&consumer.path().join("node_modules/card-pin"))?;
    typescript_knows_the_types(project, consumer.path())?;
    let bundled = bundle(project, consumer.path())?;

    let sandbox = Arc::new(Sandbox::start().await?);
    let bundled = Site::bind().await?.serve(&sandbox, &bundled, "")?;
    let plain = Site::bind().await?.serve(&sandbox, consumer.path(), "")?;
    each(Engine::ALL, async |engine| {
        let browser = engine.start().await?;
        let driver = browser.driver();
        for (what, url) in [("bundled", bundled.url("/")), ("plain", plain.url("/plain.html"))] {
            driver.open(&url).await?;
            a_pin_is_set(&sandbox, driver).await.context(what)?;
        }
        driver.open(&bundled.url("/")).await?;
        without_workers_the_page_holds_it(driver).await.context("without workers")
    })
    .await
}

/// A project with the packed package in it, beside the installed tools so that Node finds them.
fn install(project: &Path) -> Result<TempDir> {
    let tools = project.join("target/e2e-npm");
    let consumer =
        tempfile::tempdir_in(&tools).context("target/e2e-npm is not there: run `cargo xtask setup`")?;
    for file in fs::read_dir(project.join("e2e/consumer"))? {
        let file = file?;
        fs::copy(file.path(), consumer.path().join(file.file_name()))?;
    }
    let dist = project.join("dist");
    let packed = run(consumer.path(), Path::new("npm"), &["pack", "--silent", &dist.display().to_string()])?;
    let tarball = format!("./{}", packed.trim());
    // It is installed offline, because the package has no dependencies.
    let options = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    run(consumer.path(), Path::new("npm"), &[["install", &tarball].as_slice(), &options].concat())?;
    Ok(consumer)
}

/// `integrity.json` names every file of the package, and the allow-list in `package.json` includes exactly these files.
fn all_that_is_described_is_packed(consumer: &Path) -> Result<()> {
    let package = consumer.join("node_modules/card-pin");
    let described: Map<String, Value> = serde_json::from_slice(&fs::read(package.join("integrity.json"))?)?;
    let described: BTreeSet<_> = described.keys().cloned().chain(["integrity.json".to_owned()]).collect();
    let packed: BTreeSet<_> = paths_in(&package, "")?.into_iter().collect();
    ensure!(packed == described, "packed are {packed:?}, described are {described:?}");
    ensure!(packed.contains("card-pin.standalone.js"), "the standalone is missing");
    Ok(())
}

/// The files of a folder, and those of its folders, by their paths.
fn paths_in(folder: &Path, prefix: &str) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            paths.extend(paths_in(&entry.path(), &format!("{path}/"))?);
        } else {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn typescript_knows_the_types(project: &Path, consumer: &Path) -> Result<()> {
    let tsc = project.join("target/npm/node_modules/.bin/tsc");
    for (module, resolution) in [("esnext", "bundler"), ("nodenext", "nodenext")] {
        let options = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2023,dom", "--types", ""];
        let how = ["--module", module, "--moduleResolution", resolution, "main.ts", "mistakes.ts"];
        run(consumer, &tsc, &[options.as_slice(), &how].concat()).context(resolution)?;
    }
    Ok(())
}

/// Builds for production, and returns the folder; workers and cores have to be among the assets.
fn bundle(project: &Path, consumer: &Path) -> Result<PathBuf> {
    let vite = project.join("target/e2e-npm/node_modules/.bin/vite");
    run(consumer, &vite, &["build", "--logLevel", "warn"])?;
    let mut assets = Vec::new();
    for asset in fs::read_dir(consumer.join("dist/assets"))? {
        assets.push(asset?.file_name().to_string_lossy().into_owned());
    }
    for (start, end) in
        [("card-pin.worker-", ".js"), ("card_pin_bg-", ".wasm"), ("card_pin_scalar_bg-", ".wasm")]
    {
        let found = assets.iter().filter(|name| name.starts_with(start) && name.ends_with(end)).count();
        ensure!(found == 1, "Vite brought {found} of {start}*{end} along: {assets:?}");
    }
    Ok(consumer.join("dist"))
}

async fn a_pin_is_set(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    sandbox.reset().await?;
    let pad = Pad::find(driver).await?;
    let pin = random_pin()?;
    start_again(driver, "").await?;
    let ready = pad.wait_for_event("detail.event === 'ready'").await?;
    ensure!(ready["isolation"] == "worker", "the vault runs in the {}", ready["isolation"]);
    pad.choose(&pin, Hand::Screen).await?;
    let end = pad.end().await?;
    ensure!(end["event"] == "set_pin_success", "it ended with {end}");
    let [card] = &*sandbox.cards().await? else { bail!("it asked for a control id more than once") };
    ensure!(sandbox.pin_of(card).await? == Some(pin), "another PIN is set than the one that was tapped");
    Ok(())
}

async fn without_workers_the_page_holds_it(driver: &WebDriver) -> Result<()> {
    let pad = Pad::find(driver).await?;
    start_again(driver, "window.Worker = undefined;").await?;
    let ready = pad.wait_for_event("detail.event === 'ready'").await?;
    ensure!(ready["isolation"] == "page", "the vault runs in the {}", ready["isolation"]);
    Ok(())
}

/// Starts a session whose events are all recorded, from its start.
async fn start_again(driver: &WebDriver, setup: &str) -> Result<()> {
    let script = format!("{setup} document.querySelector('card-pin').reset(); window.padEvents.length = 0;");
    driver.run::<Value>(&script, Value::Null).await.map(drop)
}

/// Runs a program; an error contains its output.
fn run(folder: &Path, program: &Path, args: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .current_dir(folder)
        .args(args)
        .output()
        .with_context(|| format!("{} cannot be started: run `cargo xtask setup`", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{} {}: {said}{}", program.display(), args.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(said)
}
