//! How the hosted page loads its pad.

use anyhow::{Result, ensure};
use card_pin_e2e::{Browser, Stage, in_each_engine};
use serde_json::{Value, json};

in_each_engine! { open =>
    each_file_is_loaded_once,
    a_page_that_gets_no_pad_says_so,
}

/// In a frame, the page may run no script.
async fn open(browser: &Browser) -> Result<Stage<'_>> {
    Stage::with_policies(browser, &[("/pin-page/frame", "default-src 'none'; style-src 'self'")]).await
}

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

/// And what to do. It waits a while first, because the script may only be late.
async fn a_page_that_gets_no_pad_says_so(Stage { network, driver, .. }: &Stage<'_>) -> Result<()> {
    driver.open(&network.url("/pin-page/frame?key=sandbox")).await?;
    let read = "const text = document.querySelector('card-pin > *');
                const isSeen = () => getComputedStyle(text).visibility === 'visible';
                const before = isSeen();
                for (const animation of text.getAnimations()) animation.finish();
                return [before, isSeen(), text.innerText.split('\\n')]";
    let seen: Value = driver.run(read, Value::Null).await?;
    let words = ["This page is not available", "Go back to your bank and open it again."];
    ensure!(seen == json!([false, true, words]), "{seen}");
    Ok(())
}
