//! The rules of axe-core, in every state of the pad, light and dark, in both directions of writing.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, WebDriver};
use serde_json::{Value, json};
use std::fs;

const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/e2e-npm/node_modules/axe-core/axe.min.js");

/// What breaks a rule of WCAG 2.2, level A or AA, or of good practice; of the pad in its root, and of the page around it.
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
    for scheme in ["light", "dark"] {
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            // A colour in the middle of an animation is nobody's.
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        driver.devtools("Emulation.setEmulatedMedia", features).await?;
        for language in ["en", "ar"] {
            let stage = Stage { sandbox: &sandbox, driver, axe: &axe, language };
            stage.setting().await.with_context(|| format!("setting, {scheme}, {language}"))?;
            stage.viewing().await.with_context(|| format!("viewing, {scheme}, {language}"))?;
            stage.no_page().await.with_context(|| format!("no page, {scheme}, {language}"))?;
        }
    }
    Ok(())
}

struct Stage<'a> {
    sandbox: &'a Sandbox,
    driver: &'a WebDriver,
    axe: &'a str,
    language: &'a str,
}

impl<'a> Stage<'a> {
    async fn open(&self) -> Result<Pad<'a>> {
        // Scripts of the tests need no policy of the page's.
        self.driver.devtools("Page.setBypassCSP", json!({"enabled": true})).await?;
        let url = format!("/pin-page/frame?key=sandbox&lang={}", self.language);
        self.driver.open(&self.sandbox.url(&url)).await?;
        Pad::find(self.driver).await
    }

    async fn setting(&self) -> Result<()> {
        let pad = self.open().await?;
        self.is_clean("waiting").await?;
        pad.start(&self.sandbox.waiting_card().await?.control_id).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        self.is_clean("open").await?;
        pad.enter("1234", Hand::Keyboard).await?;
        pad.wait_for_event("detail.code === 'weak_pin'").await?;
        self.is_clean("a weak PIN").await?;
        pad.enter("4826", Hand::Keyboard).await?;
        pad.enter("48", Hand::Keyboard).await?;
        self.is_clean("the second step").await?;
        pad.enter("26", Hand::Keyboard).await?;
        self.sandbox.plan_fault("set", &json!("stall"), 1).await?;
        pad.submit(Hand::Keyboard).await?;
        pad.wait_for_event("detail.event === 'submitting'").await?;
        self.is_clean("submitting").await?;
        self.driver.run::<Value>("document.querySelector('card-pin').close()", Value::Null).await?;
        pad.wait_for_event("detail.code === 'outcome_unknown'").await?;
        self.is_clean("failed").await?;
        self.sandbox.reset().await?;
        pad.start(&self.sandbox.waiting_card().await?.control_id).await?;
        pad.choose("4826", Hand::Keyboard).await?;
        pad.wait_for_event("detail.event === 'set_pin_success'").await?;
        self.is_clean("done").await?;
        // The rules reach into the pad's own root: what breaks one there is found.
        let spoil = "document.querySelector('card-pin').shadowRoot.querySelector('[part=pad]').append(new Image(9, 9))";
        self.driver.run::<Value>(spoil, Value::Null).await?;
        let findings: Vec<String> = self.driver.run(FINDINGS, json!(self.axe)).await?;
        ensure!(
            findings.iter().any(|finding| finding.starts_with("image-alt")),
            "nothing is found: {findings:?}"
        );
        Ok(())
    }

    async fn viewing(&self) -> Result<()> {
        let card = self.sandbox.random_card().await?;
        self.sandbox.run_embossing().await?;
        let pad = self.open().await?;
        let view = "const pad = document.querySelector('card-pin'); pad.operation = 'view-pin'; pad.controlId = argument";
        self.driver.run::<Value>(view, json!(self.sandbox.view_control_id(&card).await?)).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        self.is_clean("not shown yet").await?;
        pad.show().await?;
        pad.wait_for_event("detail.event === 'view_pin_success'").await?;
        self.is_clean("shown").await?;
        let leave = "document.hasFocus = () => false; dispatchEvent(new Event('blur'));";
        self.driver.run::<Value>(leave, Value::Null).await?;
        pad.wait_for_event("detail.event === 'hidden'").await?;
        self.is_clean("hidden").await
    }

    /// What stands where the page would, for a key that nobody has.
    async fn no_page(&self) -> Result<()> {
        let url = format!("/pin-page/frame?key=nobody&lang={}", self.language);
        self.driver.open(&self.sandbox.url(&url)).await?;
        let lang: String = self.driver.run("return document.documentElement.lang", Value::Null).await?;
        ensure!(lang == self.language, "it speaks {lang}");
        self.is_clean("no page").await
    }

    async fn is_clean(&self, state: &str) -> Result<()> {
        let findings: Vec<String> =
            self.driver.run(FINDINGS, json!(self.axe)).await.context(state.to_owned())?;
        ensure!(findings.is_empty(), "{state}: {findings:#?}");
        Ok(())
    }
}
