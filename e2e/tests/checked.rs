//! `card-pin.checked.js`: worker and core run only if they are the files that the script was made with.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Browser, Hand, Pad, Site, Stage, copy_dist, ends_once_with, in_each_engine, random_pin};
use serde_json::json;
use std::{fs, path::Path};
use tempfile::TempDir;

/// The policy that `docs/headers.md` gives for this script.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; \
    style-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types card-pin";

const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>PIN</title>\
    <script type=\"module\" src=\"card-pin.checked.js\"></script>\
    <card-pin tzpk-url=\"/pin/tzpk\" set-url=\"/pin/set\"></card-pin></html>";

in_each_engine! { open =>
    a_pin_is_set_by_the_right_files,
    another_worker_does_not_run,
    another_core_does_not_run,
}

/// A site with the script and its files.
struct Checked<'a> {
    stage: Stage<'a>,
    site: Site,
    folder: TempDir,
}

async fn open(browser: &Browser) -> Result<Checked<'_>> {
    let stage = Stage::open(browser).await?;
    let folder = tempfile::tempdir()?;
    copy_dist(folder.path())?;
    fs::write(folder.path().join("index.html"), PAGE)?;
    let site = Site::bind().await?.serve(&stage.sandbox, folder.path(), POLICY)?;
    Ok(Checked { stage, site, folder })
}

async fn a_pin_is_set_by_the_right_files(checked: &Checked<'_>) -> Result<()> {
    checked.set_a_pin().await
}

async fn another_worker_does_not_run(checked: &Checked<'_>) -> Result<()> {
    checked.does_not_run_when_changed(&["card-pin.worker.js"]).await
}

async fn another_core_does_not_run(checked: &Checked<'_>) -> Result<()> {
    checked.does_not_run_when_changed(&["card_pin_bg.wasm", "card_pin_scalar_bg.wasm"]).await
}

impl<'a> Checked<'a> {
    async fn open_with(&self, control_id: &str) -> Result<Pad<'a>> {
        let driver = self.stage.driver;
        driver.open(&self.site.url("/")).await?;
        let pad = Pad::find(driver).await?;
        let provide = "pad.controlIdProvider = async () => argument";
        self.stage.on_pad_with(provide, json!(control_id)).await?;
        Ok(pad)
    }

    /// Checks that the vault does not run with changed files, and runs again with the original ones.
    async fn does_not_run_when_changed(&self, files: &[&str]) -> Result<()> {
        flip(self.folder.path(), files)?;
        let pad = self.open_with("never asked for").await?;
        ends_once_with(&pad, "vault_missing").await?;
        flip(self.folder.path(), files)?;
        self.set_a_pin().await.context("with the files as they were")
    }

    async fn set_a_pin(&self) -> Result<()> {
        let (card, pin) = (self.stage.sandbox.waiting_card().await?, random_pin()?);
        let pad = self.open_with(&card.control_id).await?;
        let ready = pad.wait_for_event("detail.event === 'ready'").await?;
        ensure!(ready["isolation"] == "worker", "the vault runs in the {}", ready["isolation"]);
        pad.choose(&pin, Hand::Screen).await?;
        ends_once_with(&pad, "success").await?;
        let is_set = self.stage.sandbox.pin_of(&card.id).await? == Some(pin);
        ensure!(is_set, "another PIN is set than the one that was tapped");
        Ok(())
    }
}

/// Changes one bit of each file. The second time, this restores the file.
fn flip(folder: &Path, files: &[&str]) -> Result<()> {
    for file in files.iter().map(|name| folder.join(name)) {
        let mut bytes = fs::read(&file)?;
        let middle = bytes.len() / 2;
        *bytes.get_mut(middle).context("the file is empty")? ^= 1;
        fs::write(&file, bytes)?;
    }
    Ok(())
}
