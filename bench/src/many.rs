//! A thousand sessions in one page.

use crate::{memory, results::Many};
use anyhow::{Context, Result};
use card_pin_e2e::{Browser, Engine, Sandbox, random_pin};
use serde_json::json;
use std::time::Duration;

/// The number of sessions in one script. After each script the memory is measured, and the sandbox is emptied, because the
/// sandbox is not what is measured.
const AT_ONCE: usize = 20;
/// After this number of sessions, the new browser has its turn, so that a slow phase of the machine affects both.
const TURN: usize = 100;
/// The number of sessions in the new browser, after some that warm it up.
const NEW: usize = 40;
const WARMING: usize = 5;
const PATIENCE: Duration = Duration::from_secs(240);

/// Runs this many sessions without a pad, one after the other in one page, and some in new browsers in between.
pub(crate) async fn measure(
    sandbox: &Sandbox,
    browser: &Browser,
    engine: Engine,
    sessions: usize,
) -> Result<Many> {
    open(sandbox, browser).await?;
    let mut many = Many {
        engine: engine.to_string(),
        times: Vec::new(),
        in_new_browsers: Vec::new(),
        memory: Vec::new(),
    };
    while many.times.len() < sessions {
        let times = set_pins(browser, AT_ONCE).await;
        many.times.extend(times.with_context(|| format!("after {} sessions", many.times.len()))?);
        if engine == Engine::Chromium {
            let now = memory::of_page(browser).await?;
            many.memory.push((many.times.len(), now.objects, now.process));
        }
        sandbox.reset().await?;
        if many.times.len().is_multiple_of(TURN) || many.times.len() >= sessions {
            many.in_new_browsers.extend(in_new_browser(sandbox, engine).await?);
            sandbox.reset().await?;
        }
    }
    Ok(many)
}

async fn in_new_browser(sandbox: &Sandbox, engine: Engine) -> Result<Vec<f64>> {
    let browser = engine.start().await?;
    open(sandbox, &browser).await?;
    set_pins(&browser, WARMING).await?;
    set_pins(&browser, NEW).await
}

async fn open(sandbox: &Sandbox, browser: &Browser) -> Result<()> {
    let driver = browser.driver();
    driver.allow_scripts(PATIENCE).await?;
    driver.open(&sandbox.url("/pin-page/many.html")).await?;
    driver.wait_for("window.sessions", "the sessions' module").await?;
    Ok(())
}

/// How many milliseconds each of so many sessions took.
async fn set_pins(browser: &Browser, count: usize) -> Result<Vec<f64>> {
    let argument = json!({"count": count, "pin": random_pin()?});
    browser.driver().run("return sessions(argument.count, argument.pin)", argument).await
}
