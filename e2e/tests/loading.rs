//! How the hosted page loads its pad.

use anyhow::{Result, ensure};
use card_pin_e2e::{Stage, in_each_engine};

in_each_engine! { Stage::open => each_file_is_loaded_once }

/// If an engine could not use a preload hint in `page.html`, it would load a file twice.
async fn each_file_is_loaded_once(Stage { sandbox, network, driver, .. }: &Stage<'_>) -> Result<()> {
    let card = sandbox.waiting_card().await?;
    let pad = network.open_web_view(driver, &card.control_id).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    for file in ["page.css", "page.js", "card-pin.js", "card-pin.worker.js", "card_pin_bg.wasm"] {
        let times = network.seen(&format!("/pin-page/{file}")).len();
        ensure!(times == 1, "{file} was asked for {times} times");
    }
    Ok(())
}
