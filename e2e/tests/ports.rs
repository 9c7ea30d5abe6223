//! Both ends of the vault's port ignore messages outside the protocol, and continue as if they had not arrived.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Browser, Stage, in_each_engine, random_pin};
use serde_json::{Value, json};

in_each_engine! { open =>
    a_vault_goes_on_whatever_comes,
    a_vault_refuses_what_it_cannot_do,
    a_vault_draws_on_one_canvas,
    a_page_believes_no_broken_vault,
}

async fn open(browser: &Browser) -> Result<Stage<'_>> {
    let stage = Stage::open(browser).await?;
    stage.driver.open(&stage.sandbox.url("/pin-page/blank.html")).await?;
    Ok(stage)
}

async fn a_vault_goes_on_whatever_comes(Stage { sandbox, driver, .. }: &Stage<'_>) -> Result<()> {
    const SESSION: &str = "
        const { core, malformed, open, start } = await import('./ports.js');
        const [controlId, ...digits] = argument;
        const { worker, told, until, untilSession, post } = start();
        // A text or bytes would count as the core.
        post(...malformed().filter((message) => typeof message !== 'string' && !(message instanceof Uint8Array)));
        post(core(), ...malformed());
        // Presses before `open` are ignored.
        post({ press: 1 }, 'submit', 'spell', 'ping', { controlId });
        // A second `open` is ignored, even one that would require only one entry.
        post(open(), open({ confirm: false }), ...malformed());
        for (const round of [digits, digits]) {
          for (const press of round) post(...malformed(), { press });
        }
        await untilSession(({ valid }) => valid);
        post('spell', 'submit', ...malformed(), 'submit', { press: 1 }, 'clear');
        await until((message) => message === 'ask');
        // Only the first answer to `ask` counts.
        post(...malformed(), { controlId }, { controlId: 'another' });
        await untilSession(({ stage }) => stage === 'ended');
        post('submit', ...malformed(), 'close', 'close', open({ controlId }), ...malformed());
        await until((message) => message.closed);
        post({ press: 1 }, 'submit', 'ping', 'close', open({ controlId }), core());
        // A round trip to another worker takes as long as an answer would.
        const other = start();
        other.post(core(), open(), 'ping');
        await other.until(({ state }) => state?.taken === 1);
        worker.terminate();
        other.worker.terminate();
        return told;";
    let card = sandbox.waiting_card().await?;
    let pin = random_pin()?;
    let mut argument = vec![json!(card.control_id)];
    argument.extend(pin.bytes().map(|digit| json!(digit - b'0')));
    let told: Vec<Value> = driver.run(SESSION, json!(argument)).await?;

    let states: Vec<_> = told.iter().filter_map(|message| message.get("state")).collect();
    let mut entered: Vec<_> = states
        .iter()
        .map(|state| &state["session"])
        .filter(|session| session["stage"] == "entry")
        .map(|session| json!([session["step"], session["digits"], session["valid"]]))
        .collect();
    entered.dedup();
    let expected = json!([
        ["entry", 0, false],
        ["entry", 1, false],
        ["entry", 2, false],
        ["entry", 3, false],
        ["confirm", 0, false],
        ["confirm", 1, false],
        ["confirm", 2, false],
        ["confirm", 3, false],
        ["confirm", 4, true],
    ]);
    ensure!(json!(entered) == expected, "the entry: {entered:?}");
    // Eight digits, five messages around the submit, two answers, and one submit after the end.
    let taken: Vec<_> = states.iter().filter_map(|state| state["taken"].as_u64()).collect();
    ensure!(taken.is_sorted() && taken.last() == Some(&16), "taken: {taken:?}");
    let last = states.last().context("no state was told")?;
    let expected = json!({
        "stage": "ended", "ready": true, "step": "entry", "digits": 0, "valid": false, "refusals": 0, "refused": null, "reason": null,
        "waitsSeconds": null, "requested": true, "sent": true, "checking": false, "suggested": false,
        "end": {"code": null, "retryable": false},
    });
    ensure!(last["session"] == expected, "the end: {last}");
    ensure!(stages(&told) == ["entry", "submitting", "ended"], "the stages: {:?}", stages(&told));
    let rest: Vec<_> = told.iter().filter(|message| message.get("state").is_none()).collect();
    ensure!(rest == [&json!("ask"), &json!({"closed": {"code": null}})], "the rest: {rest:?}");

    ensure!(sandbox.pin_of(&card.id).await? == Some(pin), "another PIN is set than the one that was entered");
    let sent = [sandbox.count("/pin-page/tzpk").await?, sandbox.count("/pin-page/set").await?];
    ensure!(sent == [1, 1], "{sent:?} requests to tzpk and set");
    Ok(())
}

/// The reported stages, in order.
fn stages(told: &[Value]) -> Vec<&str> {
    let mut stages: Vec<_> =
        told.iter().filter_map(|message| message["state"]["session"]["stage"].as_str()).collect();
    stages.dedup();
    stages
}

async fn a_vault_refuses_what_it_cannot_do(Stage { driver, .. }: &Stage<'_>) -> Result<()> {
    const OPEN: &str = "
        const { core, impossible, open, start } = await import('./ports.js');
        const wrong = [];
        for (const message of impossible()) {
          const { worker, told, until, post } = start();
          // Before its core is there, a vault would be closed first.
          post(core(), message, open(), { press: 4 }, 'ping');
          await until((message) => message.closed);
          if (JSON.stringify(told) !== '[{\"closed\":{\"code\":\"closed\"}}]') wrong.push([message, told]);
          worker.terminate();
        }
        return wrong";
    let wrong: Value = driver.run(OPEN, Value::Null).await?;
    ensure!(wrong == json!([]), "{wrong}");
    Ok(())
}

async fn a_vault_draws_on_one_canvas(Stage { sandbox, driver, .. }: &Stage<'_>) -> Result<()> {
    // The code is in the page's own script, because Firefox's driver separates its objects from those of a page.
    const SESSION: &str =
        "return JSON.parse(JSON.stringify(await (await import('./ports.js')).showOnOne(argument)))";
    let card = sandbox.random_card().await?;
    sandbox.run_embossing().await?;
    let outcome: Value = driver.run(SESSION, json!(sandbox.view_control_id(&card).await?)).await?;
    ensure!(outcome["before"] == json!([false, false]), "drawn before the customer looked: {outcome}");
    ensure!(outcome["after"] == json!([true, false]), "drawn on another canvas than the first: {outcome}");
    let told = outcome["told"].as_array().context("nothing was told")?;
    ensure!(stages(told) == ["entry", "submitting", "arrived", "shown"], "{outcome}");
    ensure!(told.last() == Some(&json!({"closed": {"code": null}})), "{outcome}");
    let others = told.iter().filter(|message| message.get("state").is_none()).count();
    ensure!(others == 1, "something else was told: {outcome}");
    Ok(())
}

async fn a_page_believes_no_broken_vault(Stage { driver, .. }: &Stage<'_>) -> Result<()> {
    const SESSION: &str = "
        const { PinSession } = await import('./card-pin.js');
        // It is over when the page ends the worker, or has got the worker's last message.
        const { promise: isOver, resolve: over } = Promise.withResolvers();
        window.Worker = class extends Worker {
          constructor(...started) {
            super(...started);
            let ends = 0;
            this.addEventListener('message', ({ data }) => {
              if (data?.state?.session?.end?.code === 'server_error') ends += 1;
              if (ends && data?.state?.session?.ready) over();
            });
          }
          terminate() {
            super.terminate();
            over();
          }
        };
        let asked = 0;
        const session = new PinSession({
          controlIdProvider: async () => (asked += 1, 'token'),
          tzpkUrl: './tzpk', setUrl: './set', workerUrl: './broken.worker.js', timeoutMs: 600_000,
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
        await isOver;
        await new Promise((resolve) => setTimeout(resolve));
        return [told, state, session.state, session.digits, asked];";
    let outcome: Value = driver.run(SESSION, Value::Null).await?;
    let told = json!([
        {"event": "ready", "isolation": "worker"},
        {"event": "set_pin_error", "code": "server_error", "retryable": true},
    ]);
    ensure!(outcome == json!([told, "ready", "failed", 0, 0]), "{outcome}");
    Ok(())
}
