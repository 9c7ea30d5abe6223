//! The hosted page's bridges to native apps on Android and iOS.

use anyhow::{Result, ensure};
use card_pin_e2e::{Hand, Sandbox, Stage, WebDriver, in_each_engine, random_pin};
use serde_json::{Value, json};

/// Native apps, as their web views present them: `window.native` records what they are told. The methods of an Android interface
/// can only be called on the interface itself.
const HANDLERS: &str = "
    window.native = [];
    const android = {};
    const names = ['ready', 'pin_valid', 'set_pin_validation_error', 'submitting', 'set_pin_success', 'set_pin_error',
                   'view_pin_success', 'view_pin_error', 'hidden'];
    for (const name of names)
      android[name] = function (...given) {
        if (this !== android) throw new TypeError('Illegal invocation');
        window.native.push(['android', name, ...given]);
        if (argument === 'throwing') throw new Error('the app is broken');
      };
    const ios = {
      postMessage(message) {
        if (this !== ios) throw new TypeError('Illegal invocation');
        window.native.push(['ios', message]);
        if (argument === 'throwing') throw new Error('the app is broken');
      },
    };
    window.android_handler = android;
    Object.defineProperty(window, 'webkit', { value: { messageHandlers: { ios_handler: ios } } });
";

in_each_engine! { Stage::open =>
    a_native_app_is_told,
    a_native_app_that_throws_is_told,
    a_page_without_a_native_app_sets_a_pin,
    failing_and_viewing_are_told_too,
    a_native_button_submits,
}

async fn a_native_app_is_told(stage: &Stage<'_>) -> Result<()> {
    a_pin_is_set_and_told(stage, "present").await
}

async fn a_native_app_that_throws_is_told(stage: &Stage<'_>) -> Result<()> {
    a_pin_is_set_and_told(stage, "throwing").await
}

async fn a_page_without_a_native_app_sets_a_pin(stage: &Stage<'_>) -> Result<()> {
    a_pin_is_set_and_told(stage, "absent").await
}

/// What is told is told to these handlers: `present`, `throwing` or `absent`.
async fn a_pin_is_set_and_told(
    Stage { sandbox, network, driver, .. }: &Stage<'_>,
    handlers: &str,
) -> Result<()> {
    let card = sandbox.waiting_card().await?;
    let pad = network.open_web_view(driver, &card.control_id).await?;
    if handlers != "absent" {
        driver.run::<Value>(HANDLERS, json!(handlers)).await?;
    }
    let pin = random_pin()?;
    pad.enter("1234", Hand::Screen).await?;
    pad.wait_for_event("detail.event === 'set_pin_validation_error'").await?;
    pad.choose(&pin, Hand::Screen).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin), "another PIN is set than the one that was tapped");

    let told: Vec<Value> = pad.events().await?;
    ensure!(
        told.iter().filter(|detail| detail["event"] == "pin_valid").count() == 12,
        "each change: {told:?}"
    );
    if handlers == "absent" {
        return Ok(());
    }
    is_as_told(driver, &told).await
}

/// Both apps were told exactly the pad's events, in the form that each platform documents.
async fn is_as_told(driver: &WebDriver, told: &[Value]) -> Result<()> {
    let native: Vec<Value> = driver.run("return window.native", Value::Null).await?;
    // `ready` may have come before this test's handlers.
    let expected = told.iter().filter(|detail| detail["event"] != "ready").flat_map(|detail| {
        let name = &detail["event"];
        let android = match name.as_str() {
            Some("pin_valid") => json!(["android", name, detail["pin_valid"]]),
            _ => json!(["android", name]),
        };
        [android, json!(["ios", detail])]
    });
    let expected: Vec<Value> = expected.collect();
    let native: Vec<Value> =
        native.into_iter().filter(|call| call[1] != "ready" && call[1]["event"] != "ready").collect();
    ensure!(native == expected, "{native:?} instead of {expected:?}");
    Ok(())
}

async fn failing_and_viewing_are_told_too(Stage { sandbox, network, driver, .. }: &Stage<'_>) -> Result<()> {
    let card = sandbox.waiting_card().await?;
    let pad = network.open_web_view(driver, &card.control_id).await?;
    driver.run::<Value>(HANDLERS, json!("present")).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    sandbox.plan_fault("set", &json!({"status": 503}), 1).await?;
    pad.choose(&random_pin()?, Hand::Screen).await?;
    let end = pad.wait_for_event("detail.event === 'set_pin_error'").await?;
    ensure!(end["code"] == "outcome_unknown" && end["retryable"] == false, "{end}");
    is_as_told(driver, &pad.events().await?).await?;

    // The same page is told to show a PIN, by its parent or its app: first one that does not exist, and then one that does.
    sandbox.run_embossing().await?;
    let script = "const pad = document.querySelector('card-pin');
                  pad.operation = 'view-pin';
                  pad.controlId = argument;";
    for (control_id, event) in [
        ("83fa5f55-3dd7-453a-8233-4242a6bad179".to_owned(), "view_pin_error"),
        (sandbox.view_control_id(&made_card(sandbox).await?).await?, "view_pin_success"),
    ] {
        driver.run::<Value>("window.native.length = 0", Value::Null).await?;
        pad.forget_events().await?;
        driver.run::<Value>(script, json!(control_id)).await?;
        pad.show().await?;
        pad.wait_for_event(&format!("detail.event === '{event}'")).await?;
        is_as_told(driver, &pad.events().await?).await?;
    }
    Ok(())
}

/// A card that was made with a random PIN.
async fn made_card(sandbox: &Sandbox) -> Result<String> {
    let card = sandbox.random_card().await?;
    sandbox.run_embossing().await?;
    Ok(card)
}

async fn a_native_button_submits(Stage { sandbox, network, driver, .. }: &Stage<'_>) -> Result<()> {
    let card = sandbox.waiting_card().await?;
    let pad = network.open_web_view(driver, &card.control_id).await?;
    driver.run::<Value>("window.set_pin()", Value::Null).await?;
    let error = pad.wait_for_event("detail.event === 'set_pin_validation_error'").await?;
    ensure!(error["code"] == "too_short", "{error}");
    let pin = random_pin()?;
    for _ in ["entry", "confirm"] {
        pad.enter(&pin, Hand::Screen).await?;
    }
    pad.wait_for_event("detail.event === 'pin_valid' && detail.pin_valid").await?;
    driver.run::<Value>("window.set_pin(); window.set_pin()", Value::Null).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin), "another PIN is set than the one that was tapped");
    Ok(())
}
