//! Every kind of TZPK and PIN block that a server may ask for, through the browser: set, and shown again.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, WebDriver, in_each_engine, random_pin};
use serde_json::{Value, json};

in_each_engine!(all);

async fn all(engine: Engine) -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = engine.start().await?;
    for (algorithm, bytes, format) in
        [("TDEA", 16, 0), ("TDEA", 24, 1), ("TDEA", 16, 3), ("AES", 16, 4), ("AES", 24, 4), ("AES", 32, 4)]
    {
        let key = json!({"algorithm": algorithm, "keyBytes": bytes, "pinBlockFormat": format, "kcv": true});
        set_and_view(&sandbox, browser.driver(), &key).await.with_context(|| key.to_string())?;
    }
    a_format_that_was_not_asked_for_is_refused(&sandbox, browser.driver()).await.context("another format")
}

/// Whoever can edit an answer cannot have the PIN sent in a weaker block: the formats with an account number are asked for.
async fn a_format_that_was_not_asked_for_is_refused(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    for (formats, format) in [(Value::Null, 0), (json!("4"), 1)] {
        sandbox.reset().await?;
        let key = json!({"algorithm": "TDEA", "keyBytes": 16, "pinBlockFormat": format, "kcv": true});
        sandbox.plan_key(&key).await?;
        let card = sandbox.waiting_card().await?;
        driver.open(&sandbox.url("/pin-page/direct.html")).await?;
        let pad = Pad::find(driver).await?;
        accept(driver, formats).await?;
        pad.start(&card.control_id).await?;
        let end = pad.end().await?;
        ensure!(end["code"] == "bad_response", "format {format}: {end}");
        ensure!(sandbox.count("/pin-page/set").await? == 0, "the PIN was sent in format {format}");
    }
    Ok(())
}

/// Which formats the pad takes.
async fn accept(driver: &WebDriver, formats: Value) -> Result<()> {
    let accept = "document.querySelector('card-pin').pinBlockFormats = argument";
    driver.run::<Value>(accept, formats).await.map(drop)
}

async fn set_and_view(sandbox: &Sandbox, driver: &WebDriver, key: &Value) -> Result<()> {
    sandbox.reset().await?;
    sandbox.plan_key(key).await?;
    let card = sandbox.waiting_card().await?;
    driver.open(&sandbox.url("/pin-page/direct.html")).await?;
    let pad = Pad::find(driver).await?;
    accept(driver, json!("0 1 3 4")).await?;
    pad.start(&card.control_id).await?;
    let pin = random_pin()?;
    pad.choose(&pin, Hand::Keyboard).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin.clone()), "another PIN is set than the one typed");

    sandbox.run_embossing().await?;
    driver.open(&sandbox.url("/pin-page/headless.html")).await?;
    driver.wait_for("window.PinSession", "the session's module").await?;
    let spelt: Vec<u8> = driver
        .run(
            "const canvas = document.createElement('canvas');
             document.body.append(canvas);
             const session = open({ operation: 'view-pin', viewUrl: './view', canvas, pinBlockFormats: [0, 1, 3, 4],
                                    controlIdProvider: async () => argument });
             const digits = [];
             const done = new Promise((resolve) => session.addEventListener('spell', ({ detail }) =>
               detail.digit === undefined ? resolve() : digits.push(detail.digit)));
             await session.viewPin();
             session.spell();
             await done;
             session.close();
             return digits;",
            json!(sandbox.view_control_id(&card.id).await?),
        )
        .await?;
    let spelt: String = spelt.iter().map(u8::to_string).collect();
    ensure!(spelt == pin, "another PIN is shown than the one that was set");
    Ok(())
}
