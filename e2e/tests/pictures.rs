//! Compares the look of the pad with the pictures in `e2e/pictures/`, in every state: light and dark, in both directions of
//! writing, on three screens. `cargo xtask pictures` makes new pictures.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Sandbox, States, photograph};
use std::{fs, path::Path};

/// Shades of 255 by which a point, the mean of eight by eight pixels, may differ. The fonts are the same on any machine, and its
/// settings for text do not matter, but another version of Chromium may draw the edges of letters a little differently.
const TOLERANCE: u8 = 12;
/// The share of a picture's points that may differ by more. A line of text has three times as many points, and keys that are four
/// pixels higher change twice as many on the largest screen.
const SHARE: f64 = 0.004;

#[tokio::test]
async fn every_state_looks_as_it_did() -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Chromium.start().await?;
    let driver = browser.driver();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures");
    let mut changed = Vec::new();
    for language in ["en", "ar"] {
        let states = States { sandbox: &sandbox, driver, language };
        let sheets = photograph(&states).await.context(language)?;
        driver.open(&sandbox.url("/pin-page/blank.html")).await?;
        for sheet in sheets {
            let kept = fs::read(kept.join(&sheet.name).with_extension("webp"))
                .with_context(|| format!("{} is not kept", sheet.name))?;
            for difference in sheet.differences(driver, &kept, TOLERANCE).await? {
                if difference.changed > SHARE {
                    changed.push(format!(
                        "{}: {}, {:.1} %",
                        sheet.name,
                        difference.name,
                        100.0 * difference.changed
                    ));
                }
            }
        }
    }
    ensure!(
        changed.is_empty(),
        "look at `cargo xtask pictures`, and keep its pictures if they are right: {changed:#?}"
    );
    Ok(())
}
