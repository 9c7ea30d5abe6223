//! How the hosted page comes to its pad: each file once, and those of the vault ahead.

use anyhow::{Result, ensure};
use card_pin_e2e::{Engine, Network, Sandbox, in_each_engine};

in_each_engine!(what_is_loaded_ahead_is_loaded_once);

/// The hints in `page.html` are for what the pad then asks for; an engine that made nothing of them would load it twice.
async fn what_is_loaded_ahead_is_loaded_once(engine: Engine) -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let network = Network::start(&sandbox).await?;
    let browser = engine.start().await?;
    let card = sandbox.waiting_card().await?;
    let pad = network.open_web_view(browser.driver(), &card.control_id).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    for file in ["page.css", "page.js", "card-pin.js", "card-pin.worker.js", "card_pin_bg.wasm"] {
        let times = network.seen(&format!("/pin-page/{file}")).len();
        ensure!(times == 1, "{file} was asked for {times} times");
    }
    Ok(())
}
