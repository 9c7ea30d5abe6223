//! Checks the rules of axe-core in every state of the pad, light and dark, in both directions of writing.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, SCHEMES, Sandbox, States, WebDriver};
use serde_json::{Value, json};
use std::fs;

const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/e2e-npm/node_modules/axe-core/axe.min.js");

/// Everything that breaks a rule of WCAG 2.2, level A or AA, or of good practice, in the pad's shadow root and on the page around
/// it.
const FINDINGS: &str = "
    if (!window.axe) (0, eval)(argument);
    const { violations } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.flat().join(' ')).join(', ')}`);
";

#[tokio::test]
async fn no_state_breaks_a_rule() -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Chromium.start().await?;
    let driver = browser.driver();
    let axe = fs::read_to_string(AXE).context("axe-core is not there: run `cargo xtask setup`")?;
    for language in ["en", "ar"] {
        let states = States { sandbox: &sandbox, driver, language };
        let is_clean = async |_: &str| {
            for scheme in SCHEMES {
                driver.draw_in(scheme).await?;
                let findings = findings(driver, &axe).await?;
                ensure!(findings.is_empty(), "{scheme}: {findings:#?}");
            }
            Ok(())
        };
        states.setting(is_clean).await.with_context(|| format!("setting, {language}"))?;
        // The rules also apply in the pad's shadow root: a violation there is found.
        let spoil = "document.querySelector('card-pin').shadowRoot.querySelector('[part=pad]').append(new Image(9, 9))";
        driver.run::<Value>(spoil, Value::Null).await?;
        let found = findings(driver, &axe).await?;
        ensure!(found.iter().any(|finding| finding.starts_with("image-alt")), "nothing is found: {found:?}");
        states.viewing(is_clean).await.with_context(|| format!("viewing, {language}"))?;
        states.no_page(is_clean).await.with_context(|| format!("no page, {language}"))?;
    }
    Ok(())
}

async fn findings(driver: &WebDriver, axe: &str) -> Result<Vec<String>> {
    driver.run(FINDINGS, json!(axe)).await
}
