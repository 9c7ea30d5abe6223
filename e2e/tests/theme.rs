//! The hosted page with an issuer's theme, under the page's own policy: the pad, the page around it, and the pages that are shown
//! in its place.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Network, Pad, Sandbox};
use serde_json::Value;
use std::path::Path;

/// The colours of the theme `warm` on light pages.
const SURFACE: &str = "rgb(251, 247, 240)";
const ACCENT: &str = "rgb(154, 52, 18)";

#[tokio::test]
async fn the_page_wears_the_issuers_theme() -> Result<()> {
    let theme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/themes/warm.css");
    let sandbox = Sandbox::start_themed(&theme).await?;
    let network = Network::start(&sandbox).await?;
    let browser = Engine::Chromium.start().await?;
    let driver = browser.driver();
    driver.draw_in("light").await?;
    let card = sandbox.waiting_card().await?;
    let pad = network.open_web_view(driver, &card.control_id).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    let colours = "
        const root = document.querySelector('card-pin').shadowRoot;
        const colour = (element, property) => getComputedStyle(element)[property];
        return [
          colour(document.documentElement, 'backgroundColor'),
          colour(root.host, 'backgroundColor'),
          colour(root.querySelector('[part=secondary]'), 'color'),
        ];";
    let seen: Vec<String> = driver.run(colours, Value::Null).await?;
    ensure!(seen == [SURFACE, SURFACE, ACCENT], "{seen:?}");
    pad.choose("4826", Hand::Screen).await?;
    let end = pad.end().await?;
    ensure!(end["event"] == "set_pin_success", "{end}");

    driver.open(&sandbox.url("/pin-page/frame?key=nobody")).await?;
    let page = "return getComputedStyle(document.documentElement).backgroundColor";
    let seen: String = driver.run(page, Value::Null).await?;
    ensure!(seen == SURFACE, "the error page: {seen}");
    Ok(())
}

#[tokio::test]
async fn without_a_theme_the_page_is_as_ever() -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Chromium.start().await?;
    let driver = browser.driver();
    driver.draw_in("light").await?;
    driver.open(&sandbox.url("/pin-page/frame?key=sandbox")).await?;
    Pad::find(driver).await.context("the pad")?;
    let page = "return getComputedStyle(document.documentElement).backgroundColor";
    let seen: String = driver.run(page, Value::Null).await?;
    ensure!(seen == "rgb(255, 255, 255)", "{seen}");
    Ok(())
}
