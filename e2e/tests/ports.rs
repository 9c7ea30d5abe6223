//! Both ends of the vault's port refuse what is out of protocol, and go on as if it had not come.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Sandbox, WebDriver, in_each_engine, random_pin};
use serde_json::{Value, json};

in_each_engine!(all);

async fn all(engine: Engine) -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = engine.start().await?;
    let driver = browser.driver();
    driver.open(&sandbox.url("/pin-page/blank.html")).await?;
    a_vault_goes_on_whatever_comes(&sandbox, driver).await.context("a vault that sets")?;
    a_vault_draws_on_one_canvas(&sandbox, driver).await.context("a vault that shows")?;
    a_page_believes_no_broken_vault(driver).await.context("a page with a broken vault")
}

async fn a_vault_goes_on_whatever_comes(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    const SESSION: &str = "
        const { malformed, goodConfig, start } = await import('./ports.js');
        const [controlId, ...digits] = argument;
        const { worker, told, until, post } = start();
        const open = (changes) => ({ do: 'open', config: { ...goodConfig(), ...changes }, wasm: new URL('./card_pin_bg.wasm', location.href).href });
        const isOfStep = (step, digits) => (message) => message.event === 'pin_valid' && message.step === step && message.digits === digits;

        await until((message) => message.started);
        // Before it is open, a press is nobody's.
        post(...malformed(), { do: 'press', digit: 1 }, { do: 'submit' }, { do: 'spell' }, { do: 'controlId', controlId });
        // A second `open` is none, even one by which a single entry would do.
        post(open(), open({ confirm: false, minLength: 1 }), ...malformed());
        for (const round of [digits, digits]) {
          for (const digit of round) post(...malformed(), { do: 'press', digit });
        }
        await until((message) => message.event === 'pin_valid' && message.pin_valid);
        post({ do: 'spell' }, { do: 'submit' }, ...malformed(), { do: 'submit' }, { do: 'press', digit: 1 }, { do: 'clear' });
        await until((message) => message.ask);
        // No answer to `ask` but a text, or none at all.
        post(...malformed(), { do: 'controlId', controlId }, { do: 'controlId', controlId: 'another' });
        await until((message) => message.event?.startsWith('set_pin_'));
        post({ do: 'submit' }, ...malformed(), { do: 'close' }, { do: 'close' }, open({ controlId }), ...malformed());
        await until((message) => message.closed);
        post({ do: 'press', digit: 1 }, { do: 'submit' }, { do: 'close' });
        // A message of one's own to another worker and back takes as long as an answer would.
        const other = start();
        await other.until((message) => message.started);
        worker.terminate();
        other.worker.terminate();
        return told;";
    sandbox.reset().await?;
    let card = sandbox.waiting_card().await?;
    let pin = random_pin()?;
    let mut argument = vec![json!(card.control_id)];
    argument.extend(pin.bytes().map(|digit| json!(digit - b'0')));
    let told: Vec<Value> = driver.run(SESSION, json!(argument)).await?;
    let entry = |step: &str, digits: u8, valid: bool| json!({"event": "pin_valid", "pin_valid": valid, "digits": digits, "step": step});
    let changes: Vec<_> = told.iter().filter(|message| message["event"] == "pin_valid").cloned().collect();
    let expected = [
        entry("entry", 1, false),
        entry("entry", 2, false),
        entry("entry", 3, false),
        entry("confirm", 0, false),
        entry("confirm", 1, false),
        entry("confirm", 2, false),
        entry("confirm", 3, false),
        entry("confirm", 4, true),
    ];
    ensure!(changes == expected, "the entry: {changes:?}");
    let rest: Vec<_> = told
        .iter()
        .filter(|message| message["event"] != "pin_valid" && message["event"] != "ready")
        .collect();
    let expected = [
        json!({"started": true}),
        json!({"opened": true}),
        json!({"submitting": true}),
        json!({"ask": "controlId"}),
        json!({"event": "set_pin_success"}),
        json!({"closed": true}),
    ];
    ensure!(rest == expected.iter().collect::<Vec<_>>(), "the rest: {rest:?}");
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin), "another PIN is set than the one that was entered");
    let sent = [sandbox.count("/pin-page/tzpk").await?, sandbox.count("/pin-page/set").await?];
    ensure!(sent == [1, 1], "{sent:?} requests to tzpk and set");
    Ok(())
}

async fn a_vault_draws_on_one_canvas(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    // In the page's own script: Firefox's driver keeps its objects from a page's.
    const SESSION: &str =
        "return JSON.parse(JSON.stringify(await (await import('./ports.js')).showOnOne(argument)))";
    sandbox.reset().await?;
    let card = sandbox.random_card().await?;
    sandbox.run_embossing().await?;
    let outcome: Value = driver.run(SESSION, json!(sandbox.view_control_id(&card).await?)).await?;
    let told = json!([
        {"started": true},
        {"submitting": true},
        {"opened": true},
        {"event": "view_pin_success"},
    ]);
    ensure!(outcome == json!([[true, false], told]), "{outcome}");
    Ok(())
}

async fn a_page_believes_no_broken_vault(driver: &WebDriver) -> Result<()> {
    const SESSION: &str = "
        const { PinSession } = await import('./card-pin.js');
        let asked = 0;
        const session = new PinSession({
          controlIdProvider: async () => (asked += 1, 'token'),
          tzpkUrl: './tzpk', setUrl: './set', workerUrl: './broken.worker.js', timeoutMs: 10_000,
        });
        const told = [];
        const names = ['ready', 'submitting', 'pin_valid', 'set_pin_validation_error', 'set_pin_success', 'set_pin_error',
                       'view_pin_success', 'view_pin_error', 'spell', 'hidden', 'undefined', '__proto__'];
        for (const name of names) session.addEventListener(name, ({ detail }) => told.push(detail));
        const heard = (event) => new Promise((resolve) => session.addEventListener(event, resolve, { once: true }));
        const ready = heard('ready');
        await ready;
        const state = session.state;
        const end = heard('set_pin_error');
        session.erase();
        await end;
        await new Promise((resolve) => setTimeout(resolve, 100));
        return [told, state, session.state, session.digits, asked];";
    let outcome: Value = driver.run(SESSION, Value::Null).await?;
    let told = json!([
        {"event": "ready", "isolation": "worker"},
        {"event": "set_pin_error", "code": "server_error", "retryable": true},
    ]);
    ensure!(outcome == json!([told, "ready", "failed", 0, 0]), "{outcome}");
    Ok(())
}
