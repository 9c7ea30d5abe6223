//! `cargo xtask bench`: making key pairs in wasm and with WebCrypto, and how long the page stands still meanwhile.

#![allow(clippy::print_stdout, reason = "a command line talks to its terminal")]

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, WebDriver, random_pin};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;

/// Key pairs of each kind; the search for primes takes a different time for each.
const KEYS: usize = 100;
/// A cheap phone against this machine.
const SLOWER: u32 = 4;

/// Makes one pair of each kind and checks that the wasm's is one: WebCrypto takes its public key, and encrypts with it.
const PREPARE: &str = "
    const wasm = await import('./card_pin_bench.js');
    await wasm.default();
    const algorithm = { name: 'RSA-OAEP', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
    window.makers = {
      webCrypto: () => crypto.subtle.generateKey(algorithm, false, ['decrypt', 'encrypt']),
      wasm: () => wasm.make_key_pair(2048),
    };
    const key = await crypto.subtle.importKey('spki', makers.wasm(), algorithm, true, ['encrypt']);
    const { n } = await crypto.subtle.exportKey('jwk', key);
    const encrypted = await crypto.subtle.encrypt(algorithm, key, new Uint8Array(16));
    await makers.webCrypto();
    return key.algorithm.modulusLength === 2048 && n.length === 342 && encrypted.byteLength === 256;
";

/// One round, both ways in turn: what slows the machine down for a while slows both.
const ROUND: &str = "
    const time = async (make) => {
      const start = performance.now();
      await make();
      return performance.now() - start;
    };
    return { web_crypto: await time(makers.webCrypto), wasm: await time(makers.wasm) };
";

/// Keeps the length of every task of the page's main thread that took over 50 ms.
const WATCH: &str = "
    window.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: 'longtask', buffered: true });
";

#[derive(Deserialize)]
struct Round {
    web_crypto: f64,
    wasm: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    let sandbox = Sandbox::start().await?;
    sandbox.add_files(&bench).context("target/bench cannot be read: run `cargo xtask bench`")?;
    println!("{KEYS} RSA key pairs of 2048 bits, in milliseconds");
    println!("{:<10}{:<12}{:>10}{:>10}{:>10}", "", "", "mean", "median", "p95");
    for engine in Engine::ALL {
        let browser = engine.start().await?;
        compare(&sandbox, browser.driver(), engine).await.with_context(|| format!("in {engine}"))?;
    }
    let browser = Engine::Chromium.start().await?;
    let longest = longest_task(&sandbox, browser.driver()).await?;
    println!(
        "\nlongest task of the page during a whole session, Chromium at a {SLOWER}th of its speed: {longest:.0} ms"
    );
    Ok(())
}

async fn compare(sandbox: &Sandbox, driver: &WebDriver, engine: Engine) -> Result<()> {
    driver.open(&sandbox.url("/pin-page/blank.html")).await?;
    ensure!(
        driver.run::<bool>(PREPARE, Value::Null).await?,
        "the wasm makes no proper key: nothing to measure"
    );
    let (mut web_crypto, mut wasm) = (Vec::new(), Vec::new());
    for _ in 0..KEYS {
        let round: Round = driver.run(ROUND, Value::Null).await?;
        web_crypto.push(round.web_crypto);
        wasm.push(round.wasm);
    }
    let web_crypto = Summary::of(web_crypto);
    let wasm = Summary::of(wasm);
    web_crypto.print(&engine.to_string(), "WebCrypto");
    wasm.print("", "wasm");
    println!(
        "{:<10}{:<12}{:>10.2}{:>10.2}",
        "",
        "ratio",
        wasm.mean / web_crypto.mean,
        wasm.median / web_crypto.median
    );
    Ok(())
}

/// The longest task over 50 ms, or 0, on a page with the element, from its load to the PIN that is set.
async fn longest_task(sandbox: &Sandbox, driver: &WebDriver) -> Result<f64> {
    driver.devtools("Emulation.setCPUThrottlingRate", json!({"rate": SLOWER})).await?;
    driver.open(&sandbox.url("/pin-page/direct.html")).await?;
    driver.run::<Value>(WATCH, Value::Null).await?;
    driver.run::<Value>("document.querySelector('card-pin').timeoutMs = 10_000", Value::Null).await?;
    let pad = Pad::find(driver).await?;
    pad.start(&sandbox.waiting_card().await?.control_id).await?;
    pad.choose(&random_pin()?, Hand::Screen).await?;
    let end = pad.end().await?;
    ensure!(end["event"] == "set_pin_success", "the session ended with {end}");
    driver.run("return Math.max(0, ...longTasks)", Value::Null).await
}

struct Summary {
    mean: f64,
    median: f64,
    p95: f64,
}

impl Summary {
    /// Of [`KEYS`] times.
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let mean = times.iter().sum::<f64>() / KEYS as f64;
        Self { mean, median: times[KEYS / 2], p95: times[KEYS * 95 / 100] }
    }

    fn print(&self, engine: &str, maker: &str) {
        println!("{engine:<10}{maker:<12}{:>10.0}{:>10.0}{:>10.0}", self.mean, self.median, self.p95);
    }
}
