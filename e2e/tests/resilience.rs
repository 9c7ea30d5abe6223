//! Tests what a page can do to its pad, by mistake or through planted code: every session still has exactly one true end, the PIN
//! is sent at most once, and the vault stays in its worker.

use anyhow::{Result, ensure};
use card_pin_e2e::{Browser, Hand, Stage, Way, each, ends_once_with, in_each_engine, random_pin};
use serde_json::{Value, json};

/// What `docs/headers.md` asks an issuer's page for, as far as scripts go: one policy of that name.
const ONE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
    connect-src 'self'; require-trusted-types-for 'script'; trusted-types card-pin";

/// Properties that a careless merge of JSON leaves on every object, with the names that occur in the messages between page and
/// vault, in events, and in the options of a listener.
const POLLUTION: [(&str, &str); 10] = [
    ("event", "'set_pin_success'"),
    ("ask", "'controlId'"),
    ("state", "{ taken: 9, session: { stage: 'ended', end: { code: null, retryable: false } } }"),
    ("code", "null"),
    ("end", "{ code: null, retryable: false }"),
    ("closed", "{ code: null }"),
    ("stage", "'shown'"),
    ("hidden", "true"),
    ("retryable", "true"),
    ("once", "true"),
];

/// Adds elements whose names hide a method of the document or the window.
const NAMED: &str = "
    // The name `trustedTypes` has to be free, also in an engine that has Trusted Types.
    delete window.trustedTypes;
    for (const [tag, attribute, name] of [
      ['a', 'id', 'trustedTypes'], ['form', 'name', 'hasFocus'], ['img', 'name', 'hidden'], ['img', 'name', 'visibilityState'],
      ['form', 'name', 'addEventListener'], ['form', 'name', 'removeEventListener'], ['form', 'name', 'createElement'],
    ]) {
      const element = Document.prototype.createElement.call(document, tag);
      element.setAttribute(attribute, name);
      document.body.append(element);
    }
    return [typeof document.hasFocus, typeof document.addEventListener]";

in_each_engine! { open =>
    a_provider_that_is_assigned_again_ends_nothing,
    another_control_id_waits_for_the_end,
    a_removed_pad_tells_its_end,
    a_polluted_page_claims_no_success,
    a_polluted_page_that_comes_back_claims_none,
    elements_with_names_of_methods_change_nothing,
    a_second_copy_stays_in_its_worker,
    isolation_can_be_insisted_on,
    a_core_comes_from_where_the_page_says,
    an_unknown_outcome_is_looked_up,
    a_busy_server_is_waited_for,
}

const SET: &str = "/pin-page/set";

async fn open(browser: &Browser) -> Result<Stage<'_>> {
    Stage::with_policies(browser, &[("/pin-page/headless.html", ONE_POLICY)]).await
}

/// A framework that renders again assigns the provider again: here at each change of the entry, at the submit, and while the PIN
/// is on its way.
async fn a_provider_that_is_assigned_again_ends_nothing(stage: &Stage<'_>) -> Result<()> {
    let pad = stage.open_pad("direct.html").await?;
    let (card, pin) = (stage.sandbox.waiting_card().await?, random_pin()?);
    let render = "
        window.asked = [];
        let renderings = 0;
        window.render = () => {
          const number = ++renderings;
          pad.controlIdProvider = async () => (window.asked.push(number), argument);
        };
        for (const name of ['ready', 'pin_valid', 'submitting']) pad.addEventListener(name, window.render);
        window.render();";
    stage.on_pad_with(render, json!(card.control_id)).await?;
    let held = stage.network.hold(SET, Way::Back);
    pad.choose(&pin, Hand::Keyboard).await?;
    held.came().await?;
    stage.on_pad("window.render()").await?;
    held.go_on().await?;
    stage.is_set(&pad, &card, &pin).await?;
    // Only one provider was asked, once, and it was assigned after at least eight digits.
    let asked: Vec<u32> = stage.driver.run("return window.asked", Value::Null).await?;
    ensure!(asked.len() == 1 && asked[0] > 8, "asked were {asked:?}");
    Ok(())
}

/// The same control id changes nothing. The session of another one begins when this one has ended.
async fn another_control_id_waits_for_the_end(stage: &Stage<'_>) -> Result<()> {
    let pad = stage.open_pad("direct.html").await?;
    let (card, next) = (stage.sandbox.waiting_card().await?, stage.sandbox.waiting_card().await?);
    let (pin, next_pin) = (random_pin()?, random_pin()?);
    let held = stage.network.hold(SET, Way::Back);
    stage.on_pad_with("pad.controlId = argument", json!(card.control_id)).await?;
    pad.enter(&pin, Hand::Keyboard).await?;
    stage.on_pad_with("pad.controlId = argument", json!(card.control_id)).await?;
    pad.enter(&pin, Hand::Keyboard).await?;
    pad.submit(Hand::Keyboard).await?;
    held.came().await?;
    stage.on_pad_with("pad.controlId = argument", json!(next.control_id)).await?;
    held.go_on().await?;
    stage.is_set(&pad, &card, &pin).await?;
    pad.forget_events().await?;
    stage.network.forget();
    pad.choose(&next_pin, Hand::Keyboard).await?;
    stage.is_set(&pad, &next, &next_pin).await
}

async fn a_removed_pad_tells_its_end(stage: &Stage<'_>) -> Result<()> {
    let pad = stage.open_pad("direct.html").await?;
    let (card, pin) = (stage.sandbox.waiting_card().await?, random_pin()?);
    let held = stage.network.hold(SET, Way::Back);
    pad.start(&card.control_id).await?;
    pad.choose(&pin, Hand::Keyboard).await?;
    held.came().await?;
    stage.on_pad("pad.remove()").await?;
    held.go_on().await?;
    stage.is_set(&pad, &card, &pin).await
}

async fn a_polluted_page_claims_no_success(stage: &Stage<'_>) -> Result<()> {
    let pad = stage.open_pad("direct.html").await?;
    // Requests that the worker sent before it breaks may arrive late, so here none of them arrives.
    stage.on_pad("pad.setUrl = './set?fault=stall'; pad.workerUrl = './crashing.worker.js'").await?;
    each(POLLUTION, async |&(name, value)| {
        pollute(stage, &[(name, value)]).await?;
        let card = stage.sandbox.waiting_card().await?;
        pad.start(&card.control_id).await?;
        // The test waits for the key, because without it a submit sends nothing, and another vault would replace this one.
        pad.wait_for_event("detail.event === 'ready'").await?;
        // The third digit is not a zero, so the vault breaks at the submit.
        pad.choose(&random_pin()?.replace('0', "5"), Hand::Keyboard).await?;
        ends_once_with(&pad, "outcome_unknown").await?;
        let set = stage.sandbox.pin_of(&card.id).await?;
        ensure!(set.is_none(), "a PIN was set");
        stage.driver.run::<Value>("delete Object.prototype[argument]", json!(name)).await.map(drop)
    })
    .await
}

/// This concerns a page that the browser has kept. Otherwise nothing is left that could claim a success.
async fn a_polluted_page_that_comes_back_claims_none(stage: &Stage<'_>) -> Result<()> {
    let pad = stage.open_pad("direct.html").await?;
    pollute(stage, &POLLUTION).await?;
    let held = stage.network.hold(SET, Way::There);
    pad.start(&stage.sandbox.waiting_card().await?.control_id).await?;
    pad.choose(&random_pin()?, Hand::Keyboard).await?;
    held.came().await?;
    if stage.go_away_and_back().await? { ends_once_with(&pad, "outcome_unknown").await } else { Ok(()) }
}

async fn pollute(stage: &Stage<'_>, fields: &[(&str, &str)]) -> Result<()> {
    for (name, value) in fields {
        let define = format!(
            "Object.defineProperty(Object.prototype, '{name}', {{ value: {value}, configurable: true, writable: true }})"
        );
        stage.driver.run::<Value>(&format!("{define}; return null"), Value::Null).await?;
    }
    Ok(())
}

async fn elements_with_names_of_methods_change_nothing(stage: &Stage<'_>) -> Result<()> {
    let pad = stage.open_pad("direct.html").await?;
    stage.driver.run::<Value>(NAMED, Value::Null).await?;
    let (card, pin) = (stage.sandbox.waiting_card().await?, random_pin()?);
    pad.start(&card.control_id).await?;
    let ready = pad.wait_for_event("detail.event === 'ready'").await?;
    ensure!(ready["isolation"] == "worker", "the vault was driven out of its worker: {ready}");
    pad.choose(&pin, Hand::Screen).await?;
    stage.is_set(&pad, &card, &pin).await?;

    let made = stage.sandbox.random_card().await?;
    stage.sandbox.run_embossing().await?;
    let pad = stage.open_pad("view.html").await?;
    stage.driver.run::<Value>(NAMED, Value::Null).await?;
    pad.start(&stage.sandbox.view_control_id(&made).await?).await?;
    pad.show().await?;
    pad.wait_for_event("detail.event === 'view_pin_success'").await?;
    stage.driver.behind_another_tab(async { Ok(()) }).await?;
    pad.wait_for_event("detail.event === 'hidden'").await.map(drop)
}

/// The page has two bundles, and a policy that allows the name `card-pin` once.
async fn a_second_copy_stays_in_its_worker(stage: &Stage<'_>) -> Result<()> {
    stage.driver.open(&stage.network.url("/pin-page/headless.html")).await?;
    stage.driver.wait_for("window.PinSession", "the session's module").await?;
    let isolations = "
        const { PinSession } = await window.secondCopy();
        const isolations = [];
        for (const Session of [window.PinSession, PinSession]) {
          const session = new Session({ controlIdProvider: async () => 'token', tzpkUrl: './tzpk', setUrl: './set' });
          isolations.push(await new Promise((resolve) => {
            session.addEventListener('ready', ({ detail }) => resolve(detail.isolation));
            session.addEventListener('set_pin_error', ({ detail }) => resolve(detail.code));
          }));
          session.close();
        }
        return [window.PinSession === PinSession, ...isolations]";
    let outcome: Value = stage.driver.run(isolations, Value::Null).await?;
    ensure!(outcome == json!([false, "worker", "worker"]), "{outcome}");
    Ok(())
}

async fn isolation_can_be_insisted_on(stage: &Stage<'_>) -> Result<()> {
    let pad = stage.open_pad("direct.html").await?;
    stage.on_pad("window.Worker = undefined; pad.setAttribute('isolation', 'worker')").await?;
    pad.start(&stage.sandbox.waiting_card().await?.control_id).await?;
    ends_once_with(&pad, "isolation_unavailable").await?;
    ensure!(stage.network.seen("/pin-page/tzpk").is_empty(), "a key was asked for");
    Ok(())
}

async fn a_core_comes_from_where_the_page_says(stage: &Stage<'_>) -> Result<()> {
    let pad = stage.open_pad("direct.html").await?;
    let plant = "document.cookie = 'planted=86404275; path=/'; await fetch('./planted');
                 pad.wasmUrl = './card_pin_bg.wasm?fault=redirect_302'";
    stage.on_pad(plant).await?;
    pad.start(&stage.sandbox.waiting_card().await?.control_id).await?;
    ends_once_with(&pad, "vault_missing").await?;
    ensure!(stage.network.seen("/elsewhere").is_empty(), "the redirect was followed");
    stage.on_pad("pad.wasmUrl = undefined").await?;
    pad.start(&stage.sandbox.waiting_card().await?.control_id).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    let cores = stage.network.seen("/pin-page/card_pin_bg.wasm");
    ensure!(cores.len() >= 2 && cores.iter().all(|core| core.cookie.is_none()), "{cores:?}");
    let planted = stage.network.seen("/pin-page/planted");
    ensure!(planted.len() == 1 && planted[0].cookie.is_some(), "no cookie was there to be sent: {planted:?}");
    stage.driver.run::<Value>("document.cookie = 'planted=; path=/; max-age=0'", Value::Null).await.map(drop)
}

async fn an_unknown_outcome_is_looked_up(stage: &Stage<'_>) -> Result<()> {
    let cases = [("cut_after", "pin_set", "success"), ("cut", "pin_waiting", "network")];
    each(cases, async |&(set, status, end)| {
        let pad = stage.open_pad("direct.html").await?;
        let urls = "pad.setUrl = `./set?fault=${argument[0]}`;
                    pad.setAttribute('status-url', `./status?fault=${argument[1]}`)";
        stage.on_pad_with(urls, json!([set, status])).await?;
        let (card, pin) = (stage.sandbox.waiting_card().await?, random_pin()?);
        pad.start(&card.control_id).await?;
        pad.choose(&pin, Hand::Keyboard).await?;
        ends_once_with(&pad, end).await?;
        ensure!(stage.network.seen("/pin-page/set").len() == 1, "the PIN was not sent once");
        let asked = stage.network.seen("/pin-page/status");
        let body = json!({"controlId": card.control_id}).to_string();
        ensure!(!asked.is_empty() && asked.iter().all(|asked| asked.body == body), "{asked:?}");
        Ok(())
    })
    .await
}

/// The customer does not have to type again.
async fn a_busy_server_is_waited_for(stage: &Stage<'_>) -> Result<()> {
    let pad = stage.open_pad("direct.html").await?;
    let (card, pin) = (stage.sandbox.waiting_card().await?, random_pin()?);
    stage.on_pad("pad.tzpkUrl = './tzpk?fault=busy_1&once'").await?;
    pad.start(&card.control_id).await?;
    pad.choose(&pin, Hand::Keyboard).await?;
    stage.is_set(&pad, &card, &pin).await?;
    ensure!(stage.network.seen("/pin-page/tzpk").len() == 2, "a key was not asked for twice");
    Ok(())
}
