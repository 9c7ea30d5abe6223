use crate::{memory, results::Many};
use anyhow::{Context, Result};
use card_pin_e2e::{Browser, Engine, Sandbox, random_pin};
use serde_json::json;
use std::time::Duration;

/// So many in one script; then the memory is looked at, and the sandbox forgets them: it is not what is measured.
const AT_ONCE: usize = 20;
const PATIENCE: Duration = Duration::from_secs(240);

/// So many sessions without a pad, one after the other in one page.
pub(crate) async fn measure(
    sandbox: &Sandbox,
    browser: &Browser,
    engine: Engine,
    sessions: usize,
) -> Result<Many> {
    let driver = browser.driver();
    driver.allow_scripts(PATIENCE).await?;
    driver.open(&sandbox.url("/pin-page/many.html")).await?;
    driver.wait_for("window.sessions", "the sessions' module").await?;
    let mut many = Many { engine: engine.to_string(), times: Vec::new(), memory: Vec::new() };
    while many.times.len() < sessions {
        let argument = json!({"count": AT_ONCE, "pin": random_pin()?});
        let times: Vec<f64> = driver
            .run("return sessions(argument.count, argument.pin)", argument)
            .await
            .with_context(|| format!("after {} sessions", many.times.len()))?;
        many.times.extend(times);
        if engine == Engine::Chromium {
            let now = memory::of_page(browser).await?;
            many.memory.push((many.times.len(), now.objects, now.process));
        }
        sandbox.reset().await?;
    }
    Ok(many)
}
