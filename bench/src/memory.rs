//! Memory of pages and of WebAssembly.

use crate::{
    results::{Heap, WasmMemory},
    sessions::{Opened, PADS, address},
};
use anyhow::{Context, Result};
use card_pin_e2e::{Browser, Engine, Sandbox, WebDriver, random_pin};
use serde_json::json;
use std::{fs, time::Duration};

/// How long after a session memory is measured: the page lets go of its worker a moment later (`www/vault-host.js` lets that wipe
/// itself first).
const SETTLE: Duration = Duration::from_millis(1500);

/// A page's memory in Chromium, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct PageMemory {
    /// JavaScript objects that are still referred to.
    pub(crate) objects: u64,
    /// All that the page's process has for itself.
    pub(crate) process: u64,
}

/// The memory of the current page, after garbage collection.
pub(crate) async fn of_page(browser: &Browser) -> Result<PageMemory> {
    let driver = browser.driver();
    driver.devtools("HeapProfiler.collectGarbage", json!({})).await?;
    let heap = driver.devtools("Runtime.getHeapUsage", json!({})).await?;
    // Chromium keeps a spare process beside the page's, which has loaded nothing.
    let processes = browser.page_processes()().into_iter().map(private_memory);
    let process = processes.collect::<Result<Vec<u64>>>()?.into_iter().max().unwrap_or_default();
    // The protocol's numbers are floating point.
    Ok(PageMemory { objects: heap["usedSize"].as_f64().context("the heap has no size")? as u64, process })
}

/// What Linux says that a process shares with no other.
fn private_memory(process: u32) -> Result<u64> {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let kilobytes = rollup.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_private = name == "Private_Clean" || name == "Private_Dirty";
        is_private.then(|| value.trim().trim_end_matches(" kB").parse::<u64>().ok())?
    });
    Ok(kilobytes.sum::<u64>() * 1024)
}

/// The JavaScript objects that each pad needs in Chromium beyond those of an empty page. Each has a new browser, so that none is
/// affected by an earlier one.
pub(crate) async fn of_pads(sandbox: &Sandbox) -> Result<Vec<Heap>> {
    let mut heaps = Vec::new();
    for (pad, page) in PADS {
        let browser = Engine::Chromium.start().await?;
        let driver = browser.driver();
        driver.open(&sandbox.url("/pin-page/blank.html")).await?;
        tokio::time::sleep(SETTLE).await;
        let empty = of_page(&browser).await?.objects;
        let opened = Opened::open(sandbox, driver, &address(&sandbox.url(""), page, 2048)).await?;
        opened.is_ready().await?;
        tokio::time::sleep(SETTLE).await;
        let ready = of_page(&browser).await?.objects;
        opened.set_pin().await?;
        tokio::time::sleep(SETTLE).await;
        let set = of_page(&browser).await?.objects;
        let more = |now: u64| now.cast_signed() - empty.cast_signed();
        heaps.push(Heap { pad: pad.to_owned(), ready: more(ready), set: more(set) });
    }
    Ok(heaps)
}

/// The vault's WebAssembly memory at the end of a session. It only grows, so this is its maximum.
pub(crate) async fn of_wasm(sandbox: &Sandbox, driver: &WebDriver, engine: Engine) -> Result<WasmMemory> {
    driver.open(&sandbox.url("/pin-page/many.html")).await?;
    driver.wait_for("window.wasmMemory", "the sessions' module").await?;
    let bytes: u64 = driver.run("return wasmMemory(argument)", json!(random_pin()?)).await?;
    anyhow::ensure!(bytes > 0, "the vault's memory was not seen");
    Ok(WasmMemory { engine: engine.to_string(), bytes })
}
