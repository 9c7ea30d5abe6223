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
    Ok(())
}

async fn set_and_view(sandbox: &Sandbox, driver: &WebDriver, key: &Value) -> Result<()> {
    sandbox.reset().await?;
    sandbox.plan_key(key).await?;
    let card = sandbox.waiting_card().await?;
    driver.open(&sandbox.url("/pin-page/direct.html")).await?;
    let pad = Pad::find(driver).await?;
    pad.start(&card.control_id).await?;
    let pin = random_pin()?;
    pad.choose(&pin, Hand::Keyboard).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin.clone()), "another PIN is set than the one typed");

    sandbox.run_embossing().await?;
    driver.open(&sandbox.url("/pin-page/headless.html")).await?;
    let spelt: Vec<u8> = driver
        .run(
            "const canvas = document.createElement('canvas');
             document.body.append(canvas);
             const session = open({ operation: 'view-pin', viewUrl: './view', canvas,
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
