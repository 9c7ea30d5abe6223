//! With every kind of TZPK and PIN block that a server may ask for, a PIN is set and shown again in the browser.

use anyhow::{Result, ensure};
use card_pin_e2e::{Hand, Pad, Stage, WebDriver, in_each_engine, random_pin};
use serde_json::{Value, json};

in_each_engine! { Stage::open =>
    tdea_of_16_bytes_in_format_0,
    tdea_of_24_bytes_in_format_1,
    tdea_of_16_bytes_in_format_3,
    aes_of_16_bytes_in_format_4,
    aes_of_24_bytes_in_format_4,
    aes_of_32_bytes_in_format_4,
    format_0_is_refused_where_nobody_asked_for_it,
    format_1_is_refused_where_only_format_4_is_asked_for,
}

async fn tdea_of_16_bytes_in_format_0(stage: &Stage<'_>) -> Result<()> {
    set_and_view(stage, &key("TDEA", 16, 0)).await
}

async fn tdea_of_24_bytes_in_format_1(stage: &Stage<'_>) -> Result<()> {
    set_and_view(stage, &key("TDEA", 24, 1)).await
}

async fn tdea_of_16_bytes_in_format_3(stage: &Stage<'_>) -> Result<()> {
    set_and_view(stage, &key("TDEA", 16, 3)).await
}

async fn aes_of_16_bytes_in_format_4(stage: &Stage<'_>) -> Result<()> {
    set_and_view(stage, &key("AES", 16, 4)).await
}

async fn aes_of_24_bytes_in_format_4(stage: &Stage<'_>) -> Result<()> {
    set_and_view(stage, &key("AES", 24, 4)).await
}

async fn aes_of_32_bytes_in_format_4(stage: &Stage<'_>) -> Result<()> {
    set_and_view(stage, &key("AES", 32, 4)).await
}

async fn format_0_is_refused_where_nobody_asked_for_it(stage: &Stage<'_>) -> Result<()> {
    is_refused(stage, Value::Null, 0).await
}

async fn format_1_is_refused_where_only_format_4_is_asked_for(stage: &Stage<'_>) -> Result<()> {
    is_refused(stage, json!("4"), 1).await
}

fn key(algorithm: &str, bytes: u8, format: u8) -> Value {
    json!({"algorithm": algorithm, "keyBytes": bytes, "pinBlockFormat": format, "kcv": true})
}

/// Whoever can edit an answer cannot have the PIN sent in a weaker block: the formats with an account number are asked for.
async fn is_refused(Stage { sandbox, driver, .. }: &Stage<'_>, formats: Value, format: u8) -> Result<()> {
    sandbox.plan_key(&key("TDEA", 16, format)).await?;
    let card = sandbox.waiting_card().await?;
    driver.open(&sandbox.url("/pin-page/direct.html")).await?;
    let pad = Pad::find(driver).await?;
    accept(driver, formats).await?;
    pad.start(&card.control_id).await?;
    let end = pad.end().await?;
    ensure!(end["code"] == "bad_response", "it ended with {end}");
    ensure!(sandbox.count("/pin-page/set").await? == 0, "the PIN was sent");
    Ok(())
}

/// Sets the formats that the pad accepts.
async fn accept(driver: &WebDriver, formats: Value) -> Result<()> {
    let accept = "document.querySelector('card-pin').pinBlockFormats = argument";
    driver.run::<Value>(accept, formats).await.map(drop)
}

async fn set_and_view(Stage { sandbox, driver, .. }: &Stage<'_>, key: &Value) -> Result<()> {
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
