//! `PinSession` without the element: what it refuses, in which order its methods can be called, and what a device may lack.

use anyhow::{Result, ensure};
use card_pin_e2e::{Stage, in_each_engine};
use serde_json::{Value, json};

in_each_engine! { Stage::open =>
    options_that_are_wrong_are_refused,
    only_digits_are_pressed,
    calls_of_the_other_operation_are_refused,
    one_digit_too_many_is_refused,
    a_spelling_that_was_interrupted_begins_again,
    a_refused_submit_can_be_typed_on,
    calls_after_the_submit_and_after_the_end_are_refused,
    erase_clear_and_confirm_change_the_entry,
    a_device_without_a_random_source_is_told,
    a_device_without_webassembly_is_told,
    a_core_that_is_not_one_is_told,
    a_missing_core_or_worker_is_told,
    each_device_loads_its_own_core,
    larger_keys_can_be_asked_for,
    a_pin_is_set_once_in_a_worker,
    a_pin_is_set_once_on_the_page,
    spent_control_ids_are_told_apart,
}

/// Runs a script on a page without the element, and compares what it returns.
async fn returns(stage: &Stage<'_>, script: &str, expected: Value) -> Result<()> {
    open(stage).await?;
    let outcome: Value = stage.driver.run(script, Value::Null).await?;
    ensure!(outcome == expected, "{outcome} instead of {expected}");
    Ok(())
}

async fn options_that_are_wrong_are_refused(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "return Promise.all([
           {controlIdProvider: undefined},
           {controlIdProvider: undefined, controlId: ''},
           {controlIdProvider: 'token'},
           {operation: 'change-pin'},
           {operation: 'view-pin'},
           {operation: 'view-pin', canvas: {}},
           {operation: 'view-pin', canvas: document.createElement('canvas')},
           {tzpkUrl: undefined},
           {tzpkUrl: 'javascript:0'},
           {setUrl: 'file:///pin'},
           {minLength: 3},
           {minLength: '4'},
           {minLength: 6, maxLength: 5},
           {maxLength: 13},
           {weakPin: 'no'},
           {timeoutMs: 0},
           {timeoutMs: 1e9},
           {keySize: 1024},
           {controlIdProvider: undefined, controlId: 'with blanks'},
           {controlIdProvider: undefined, controlId: 'x'.repeat(4097)},
           {statusUrl: 'javascript:0'},
           {pinBlockFormats: []},
           {pinBlockFormats: [1, 2]},
           {credentials: 'all'},
           {requestHeaders: {'no header': 'secret'}},
           {requestHeaders: {'x-line': 'secret\\nbreak'}},
           {isolation: 'page'},
         ].map((options) => failure(() => open(options))))",
        json!([
            "CardPinError: control_id_missing",
            "CardPinError: control_id_missing",
            "TypeError: controlIdProvider has to be a function that returns a promise of a control id",
            "RangeError: operation has to be one of: set-pin, view-pin",
            "TypeError: canvas has to be a canvas element",
            "TypeError: canvas has to be a canvas element",
            "TypeError: viewUrl has to be an http or https address",
            "TypeError: tzpkUrl has to be an http or https address",
            "TypeError: tzpkUrl has to be an http or https address",
            "TypeError: setUrl has to be an http or https address",
            "RangeError: minLength has to be a whole number from 4 to 12",
            "TypeError: minLength has to be a whole number from 4 to 12",
            "RangeError: maxLength has to be a whole number from 6 to 12",
            "RangeError: maxLength has to be a whole number from 4 to 12",
            "RangeError: weakPin has to be one of: reject, allow",
            "RangeError: timeoutMs has to be a whole number from 1 to 600000",
            "RangeError: timeoutMs has to be a whole number from 1 to 600000",
            "RangeError: keySize has to be one of: 2048, 3072, 4096",
            "TypeError: controlId has to be a string of 1 to 4096 visible ASCII characters",
            "TypeError: controlId has to be a string of 1 to 4096 visible ASCII characters",
            "TypeError: statusUrl has to be an http or https address",
            "TypeError: pinBlockFormats has to be an array of at least one of: 0, 1, 3, 4",
            "RangeError: pinBlockFormats has to be one of: 0, 1, 3, 4",
            "RangeError: credentials has to be one of: omit, same-origin, include",
            "TypeError: requestHeaders has to be an object of at most 20 HTTP headers",
            "TypeError: requestHeaders has to be an object of at most 20 HTTP headers",
            "RangeError: isolation has to be one of: any, worker",
        ]),
    )
    .await
}

async fn only_digits_are_pressed(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "const session = open();
         return Promise.all(['4', 4.5, -1, 10, NaN, null, undefined, [4], true]
           .map((value) => failure(() => session.press(value))))",
        json!(vec!["CardPinError: not_digits"; 9]),
    )
    .await
}

async fn calls_of_the_other_operation_are_refused(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "const session = open();
         session.spell();
         return failure(() => session.viewPin())",
        json!("CardPinError: closed"),
    )
    .await
}

async fn one_digit_too_many_is_refused(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "const session = open();
         enter(session, 4, 8, 2, 6, 4, 8, 2, 6, 5);
         const { code } = await told(session, 'set_pin_validation_error');
         await told(session, 'ready');
         return [code, session.digits, session.told.findLast(({ event }) => event === 'pin_valid').pin_valid]",
        json!(["too_long", 4, true]),
    )
    .await
}

async fn a_spelling_that_was_interrupted_begins_again(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "const canvas = document.createElement('canvas');
         document.body.append(canvas);
         const session = open({ canvas }), places = [];
         session.addEventListener('spell', ({ detail }) => places.push(detail.place));
         const heard = async () => {
           const before = places.length;
           session.suggest();
           while (places.length === before) {
             session.spell();
             await new Promise((resolve) => setTimeout(resolve, 10));
           }
         };
         await heard();
         session.erase();
         await heard();
         return places",
        json!([0, 0]),
    )
    .await
}

async fn a_refused_submit_can_be_typed_on(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "const session = open(), codes = [];
         codes.push(await failure(() => session.setPin()));
         enter(session, 4, 8, 2, 6);
         codes.push(await failure(() => session.setPin()));
         enter(session, 4, 8, 2, 7);
         codes.push(await failure(() => session.setPin()));
         enter(session, 1, 2, 3, 4);
         codes.push((await new Promise((resolve) => session.addEventListener('set_pin_validation_error', resolve))).detail.code);
         enter(session, 4, 8, 2, 6, 4, 8, 2, 6);
         session.setPin();
         return [...codes, session.state, session.told.filter(({ event }) => event === 'set_pin_validation_error').length]",
        json!([
                "CardPinError: too_short",
                "CardPinError: too_short",
                "CardPinError: mismatch",
                "weak_pin",
                "submitting",
                4
            ]),
    )
    .await
}

async fn calls_after_the_submit_and_after_the_end_are_refused(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "const session = open();
         enter(session, 4, 8, 2, 6, 4, 8, 2, 6);
         const submit = session.setPin(), same = submit === session.setPin();
         const calls = ['press', 'erase', 'clear', 'confirm'];
         const late = await Promise.all(calls.map((call) => failure(() => session[call](1))));
         session.close();
         session.close();
         const closed = await Promise.all([...calls, 'setPin'].map((call) => failure(() => session[call](1))));
         return [same, await failure(() => submit), session.state, session.digits, ...new Set([...late, ...closed])]",
        // Nothing was sent, because there was no control id.
        json!([true, "CardPinError: closed", "closed", 0, "CardPinError: closed"]),
    )
    .await
}

async fn erase_clear_and_confirm_change_the_entry(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "const session = open({minLength: 4, maxLength: 6});
         session.confirm();
         enter(session, 4, 8, 2, 6, 1);
         session.erase();
         session.confirm();
         enter(session, 4, 8);
         session.clear();
         enter(session, 4, 8, 2, 6);
         await told(session, 'ready');
         const changes = session.told.filter(({ event }) => event === 'pin_valid');
         return changes.map(({ digits, step, pin_valid }) => `${step[0]}${digits}${pin_valid ? '!' : ''}`).join(' ')",
        json!("e1 e2 e3 e4 e5 e4 c0 c1 c2 c0 c1 c2 c3 c4!"),
    )
    .await
}

async fn a_device_without_a_random_source_is_told(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "return (await told(open({workerUrl: './no-entropy.worker.js'}), 'set_pin_error'))",
        json!({"event": "set_pin_error", "code": "entropy_unavailable", "retryable": false}),
    )
    .await
}

async fn a_device_without_webassembly_is_told(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "return (await told(open({workerUrl: './no-wasm.worker.js'}), 'set_pin_error'))",
        json!({"event": "set_pin_error", "code": "wasm_unavailable", "retryable": false}),
    )
    .await
}

/// As a captive portal would send it.
async fn a_core_that_is_not_one_is_told(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "return (await told(open({wasmUrl: './page.css'}), 'set_pin_error')).code",
        json!("vault_missing"),
    )
    .await
}

async fn a_missing_core_or_worker_is_told(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "return [
           (await told(open({wasmUrl: './missing.wasm'}), 'set_pin_error')).code,
           (await told(open({workerUrl: './missing.js'}), 'set_pin_error')).code,
         ]",
        json!(["vault_missing", "vault_missing"]),
    )
    .await
}

async fn each_device_loads_its_own_core(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "const withSimd = open({scalarWasmUrl: './missing.wasm'});
         await told(withSimd, 'ready');
         const { validate } = window.WebAssembly;
         window.WebAssembly.validate = (bytes) => !(bytes.length < 64) && validate(bytes);
         const without = open({wasmUrl: './missing.wasm'});
         const elsewhere = open({scalarWasmUrl: './missing.wasm'});
         window.WebAssembly.validate = validate;
         return [(await told(without, 'ready')).isolation, (await told(elsewhere, 'set_pin_error')).code]",
        json!(["worker", "vault_missing"]),
    )
    .await
}

async fn larger_keys_can_be_asked_for(stage: &Stage<'_>) -> Result<()> {
    returns(
        stage,
        "const session = open({keySize: 3072});
         return (await told(session, 'ready')).isolation",
        json!("worker"),
    )
    .await
}

async fn a_pin_is_set_once_in_a_worker(stage: &Stage<'_>) -> Result<()> {
    a_pin_is_set_once(stage, "worker").await
}

async fn a_pin_is_set_once_on_the_page(stage: &Stage<'_>) -> Result<()> {
    a_pin_is_set_once(stage, "page").await
}

async fn a_pin_is_set_once(stage: &Stage<'_>, isolation: &str) -> Result<()> {
    let Stage { sandbox, driver, .. } = stage;
    let card = sandbox.waiting_card().await?;
    open(stage).await?;
    let outcome: Value = driver
        .run(
            "document.cookie = 'planted=86404275';
             await fetch('./with-cookies', {method: 'POST'});
             if (argument.isolation === 'page') window.Worker = undefined;
             const session = open({controlId: argument.controlId, controlIdProvider: undefined});
             const states = [session.state];
             enter(session, 4, 8, 2, 6, 4, 8, 2, 6);
             const submits = [session.setPin(), session.setPin()];
             states.push(session.state);
             await Promise.all(submits);
             return [...states, session.state, session.isolation, await failure(() => session.setPin())]",
            json!({"isolation": isolation, "controlId": card.control_id}),
        )
        .await?;
    let expected = json!(["preparing", "submitting", "done", isolation, "CardPinError: closed"]);
    ensure!(outcome == expected, "{outcome} instead of {expected}");
    ensure!(
        sandbox.pin_of(&card.id).await?.as_deref() == Some("4826"),
        "another PIN is set than the one entered"
    );
    requests_are_bare(&sandbox.wire().await?)
}

/// There are one `tzpk` and one `set` request, in JSON. They do not carry the cookie that the page's own request before them has,
/// and their addresses contain nothing more.
fn requests_are_bare(wire: &[Value]) -> Result<()> {
    let from_device: Vec<_> = wire
        .iter()
        .filter(|request| request["path"].as_str().is_some_and(|path| path.starts_with("/pin-page/")))
        .collect();
    let paths: Vec<_> = from_device.iter().map(|request| &request["path"]).collect();
    ensure!(paths == ["/pin-page/with-cookies", "/pin-page/tzpk", "/pin-page/set"], "it sent {paths:?}");
    ensure!(from_device[0]["headers"]["cookie"] == "planted=86404275", "no cookie was there to be sent");
    for request in &from_device[1..] {
        let headers = &request["headers"];
        ensure!(headers["cookie"].is_null() && headers["authorization"].is_null(), "{request}");
        ensure!(request["method"] == "POST" && request["query"] == "", "{request}");
        ensure!(headers["content-type"] == "application/json", "{request}");
    }
    Ok(())
}

async fn spent_control_ids_are_told_apart(stage: &Stage<'_>) -> Result<()> {
    const SET: &str = "
        const session = open({controlId: argument, controlIdProvider: undefined});
        enter(session, 4, 8, 2, 6, 4, 8, 2, 6);
        return failure(() => session.setPin());";
    let Stage { sandbox, driver, .. } = stage;
    open(stage).await?;
    let (used, expired) = (sandbox.waiting_card().await?, sandbox.waiting_card().await?);
    let first: Value = driver.run(SET, json!(used.control_id)).await?;
    let second: Value = driver.run(SET, json!(used.control_id)).await?;
    sandbox.advance_clock(31).await?;
    let third: Value = driver.run(SET, json!(expired.control_id)).await?;
    let ends = json!([first, second, third]);
    let expected = json!(["nothing", "CardPinError: already_used", "CardPinError: control_id_expired"]);
    ensure!(ends == expected, "{ends} instead of {expected}");
    Ok(())
}

async fn open(Stage { sandbox, driver, .. }: &Stage<'_>) -> Result<()> {
    driver.open(&sandbox.url("/pin-page/headless.html")).await?;
    driver.wait_for("window.PinSession", "the session's module").await.map(drop)
}
