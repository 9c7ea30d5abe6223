//! `cargo xtask pictures`: how the pad looks. Contact sheets for people go into `target/pictures/`, small ones to compare with
//! into `e2e/pictures/`, and what the documentation shows into `docs/`.

mod docs;

use anyhow::{Context, Result};
use card_pin_e2e::{Engine, Sandbox, States, photograph};
use std::{fs, path::Path};

#[tokio::main]
async fn main() -> Result<()> {
    let e2e = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (kept, for_people) = (e2e.join("pictures"), e2e.join("../target/pictures"));
    for folder in [&kept, &for_people] {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let sandbox = Sandbox::start().await?;
    let browser = Engine::Chromium.start().await?;
    let driver = browser.driver();
    for language in ["en", "ar"] {
        let states = States { sandbox: &sandbox, driver, language };
        for sheet in photograph(&states).await? {
            driver.open(&sandbox.url("/pin-page/blank.html")).await?;
            fs::write(kept.join(&sheet.name).with_extension("webp"), sheet.small(driver).await?)?;
            fs::write(for_people.join(&sheet.name).with_extension("png"), sheet.for_people(driver).await?)?;
            if sheet.name == "light-ltr" {
                docs::write(&sandbox, driver, &sheet, &e2e.join("../docs")).await?;
            }
        }
    }
    Ok(())
}
