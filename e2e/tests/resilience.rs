//! What a page does to its pad, by mistake or because somebody planted something in it: every session still has one end that is
//! true, the PIN is sent once at the most, and the vault stays in its worker.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Network, Pad, Sandbox, WaitingCard, WebDriver, in_each_engine, random_pin};
use serde_json::{Value, json};
use std::time::Duration;

/// What the README asks an issuer's page for, as far as scripts go: one policy of that name.
const ONE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
    connect-src 'self'; require-trusted-types-for 'script'; trusted-types card-pin";

/// What a careless merge of JSON leaves on every object: in the words of the messages between page and vault, of events, and of
/// the options of a listener.
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

/// Elements by whose names a document, or a window, answers with them in place of its own methods.
const NAMED: &str = "
    // Where an engine has Trusted Types, their name is taken.
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

in_each_engine!(all);

async fn all(engine: Engine) -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let policy = ("/pin-page/headless.html".to_owned(), ONE_POLICY.to_owned());
    let network = Network::start_with_policies(&sandbox, vec![policy]).await?;
    let browser = engine.start().await?;
    let stage = Stage { sandbox: &sandbox, network: &network, driver: browser.driver() };
    stage.a_provider_that_is_assigned_again_ends_nothing().await.context("a provider assigned again")?;
    stage.another_control_id_waits_for_the_end().await.context("another control id")?;
    stage.a_removed_pad_tells_its_end().await.context("removed in mid-submit")?;
    stage.a_polluted_page_claims_no_success().await.context("polluted objects")?;
    stage.a_polluted_page_that_comes_back_claims_none().await.context("polluted objects, the way back")?;
    stage.named_elements_change_nothing().await.context("named elements")?;
    stage.a_second_copy_stays_in_its_worker().await.context("two copies")?;
    stage.isolation_can_be_insisted_on().await.context("isolation")?;
    stage.a_core_comes_from_where_the_page_says().await.context("a core that is redirected")?;
    stage.an_unknown_outcome_is_looked_up().await.context("status-url")?;
    stage.a_busy_server_is_waited_for().await.context("a busy server")
}

struct Stage<'a> {
    sandbox: &'a Sandbox,
    network: &'a Network,
    driver: &'a WebDriver,
}

impl<'a> Stage<'a> {
    async fn open(&self, page: &str) -> Result<Pad<'a>> {
        self.network.forget();
        self.driver.open(&self.network.url(&format!("/pin-page/{page}"))).await?;
        Pad::find(self.driver).await
    }

    async fn on_pad(&self, script: &str, argument: Value) -> Result<Value> {
        let script = format!("const pad = document.querySelector('card-pin'); {script}");
        self.driver.run(&script, argument).await
    }

    async fn is_set(&self, pad: &Pad<'_>, card: &WaitingCard, pin: &str) -> Result<()> {
        ends_once_with(pad, "success").await?;
        let decrypted = self.sandbox.pin_of(&card.id).await?;
        ensure!(decrypted.as_deref() == Some(pin), "{pin} was entered, and the HSM decrypted {decrypted:?}");
        ensure!(self.network.seen("/pin-page/set").len() == 1, "the PIN was not sent once");
        Ok(())
    }

    async fn until_sent(&self, path: &str) -> Result<()> {
        for _ in 0..300 {
            if !self.network.seen(path).is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("nothing was sent to {path}")
    }

    /// At each change of the entry, at the submit, and while the PIN is on its way: what a framework does when it renders anew.
    async fn a_provider_that_is_assigned_again_ends_nothing(&self) -> Result<()> {
        let pad = self.open("direct.html").await?;
        let (card, pin) = (self.sandbox.waiting_card().await?, random_pin()?);
        let render = "
            window.asked = [];
            let renderings = 0;
            window.render = () => {
              const number = ++renderings;
              pad.controlIdProvider = async () => (window.asked.push(number), argument);
            };
            for (const name of ['ready', 'pin_valid', 'submitting']) pad.addEventListener(name, window.render);
            pad.setUrl = './set?fault=slow';
            window.render();";
        self.on_pad(render, json!(card.control_id)).await?;
        pad.choose(&pin, Hand::Keyboard).await?;
        self.until_sent("/pin-page/set").await?;
        self.on_pad("window.render()", Value::Null).await?;
        self.is_set(&pad, &card, &pin).await?;
        // The newest of them was asked, once: after eight digits at the least.
        let asked: Vec<u32> = self.driver.run("return window.asked", Value::Null).await?;
        ensure!(asked.len() == 1 && asked[0] > 8, "asked were {asked:?}");
        Ok(())
    }

    /// The same one changes nothing; another one's session begins when this one has ended.
    async fn another_control_id_waits_for_the_end(&self) -> Result<()> {
        let pad = self.open("direct.html").await?;
        let (card, next) = (self.sandbox.waiting_card().await?, self.sandbox.waiting_card().await?);
        let (pin, next_pin) = (random_pin()?, random_pin()?);
        self.on_pad("pad.setUrl = './set?fault=slow'; pad.controlId = argument", json!(card.control_id))
            .await?;
        pad.enter(&pin, Hand::Keyboard).await?;
        self.on_pad("pad.controlId = argument", json!(card.control_id)).await?;
        pad.enter(&pin, Hand::Keyboard).await?;
        pad.submit(Hand::Keyboard).await?;
        self.until_sent("/pin-page/set").await?;
        self.on_pad("pad.controlId = argument", json!(next.control_id)).await?;
        self.is_set(&pad, &card, &pin).await?;
        pad.forget_events().await?;
        self.network.forget();
        pad.choose(&next_pin, Hand::Keyboard).await?;
        self.is_set(&pad, &next, &next_pin).await
    }

    async fn a_removed_pad_tells_its_end(&self) -> Result<()> {
        let pad = self.open("direct.html").await?;
        let (card, pin) = (self.sandbox.waiting_card().await?, random_pin()?);
        self.on_pad("pad.setUrl = './set?fault=slow'; pad.controlId = argument", json!(card.control_id))
            .await?;
        pad.choose(&pin, Hand::Keyboard).await?;
        self.until_sent("/pin-page/set").await?;
        self.on_pad("pad.remove()", Value::Null).await?;
        self.driver
            .wait_for(
                "window.padEvents.some(({ event }) => /^set_pin_(success|error)$/.test(event))",
                "the end",
            )
            .await?;
        self.is_set(&pad, &card, &pin).await
    }

    async fn a_polluted_page_claims_no_success(&self) -> Result<()> {
        let pad = self.open("direct.html").await?;
        self.on_pad(
            "pad.timeoutMs = 5000; pad.setUrl = './set?fault=stall'; pad.workerUrl = './crashing.worker.js'",
            Value::Null,
        )
        .await?;
        for (name, value) in POLLUTION {
            self.network.forget();
            self.pollute(&[(name, value)]).await?;
            let card = self.sandbox.waiting_card().await?;
            pad.start(&card.control_id).await?;
            // Before the key is there nothing of a submit is sent, and another vault would take this one's place.
            pad.wait_for_event("detail.event === 'ready'").await?;
            // Not a zero as the third digit: the vault breaks at the submit.
            pad.choose(&random_pin()?.replace('0', "5"), Hand::Keyboard).await?;
            ends_once_with(&pad, "outcome_unknown").await.context(name)?;
            let set = self.sandbox.pin_of(&card.id).await?;
            ensure!(set.is_none(), "{name}: a PIN was set");
            self.driver.run::<Value>("delete Object.prototype[argument]", json!(name)).await?;
        }
        Ok(())
    }

    /// Where the browser has kept the page. Where it has not, there is nothing that could claim anything.
    async fn a_polluted_page_that_comes_back_claims_none(&self) -> Result<()> {
        let pad = self.open("direct.html").await?;
        self.pollute(&POLLUTION).await?;
        self.on_pad("pad.timeoutMs = 5000; pad.setUrl = './set?fault=stall'", Value::Null).await?;
        pad.start(&self.sandbox.waiting_card().await?.control_id).await?;
        pad.choose(&random_pin()?, Hand::Keyboard).await?;
        self.until_sent("/pin-page/set").await?;
        self.driver.open(&self.network.url("/pin-page/blank.html")).await?;
        self.driver.back().await?;
        let kept = self
            .driver
            .wait_for("document.querySelector('card-pin')?.shadowRoot && [!!window.padEvents]", "the page")
            .await?;
        if kept == json!([true]) { ends_once_with(&pad, "outcome_unknown").await } else { Ok(()) }
    }

    async fn pollute(&self, fields: &[(&str, &str)]) -> Result<()> {
        for (name, value) in fields {
            let define = format!(
                "Object.defineProperty(Object.prototype, '{name}', {{ value: {value}, configurable: true, writable: true }})"
            );
            self.driver.run::<Value>(&format!("{define}; return null"), Value::Null).await?;
        }
        Ok(())
    }

    async fn named_elements_change_nothing(&self) -> Result<()> {
        let pad = self.open("direct.html").await?;
        self.driver.run::<Value>(NAMED, Value::Null).await?;
        let (card, pin) = (self.sandbox.waiting_card().await?, random_pin()?);
        pad.start(&card.control_id).await?;
        let ready = pad.wait_for_event("detail.event === 'ready'").await?;
        ensure!(ready["isolation"] == "worker", "the vault was driven out of its worker: {ready}");
        pad.choose(&pin, Hand::Screen).await?;
        self.is_set(&pad, &card, &pin).await?;

        let made = self.sandbox.random_card().await?;
        self.sandbox.run_embossing().await?;
        let pad = self.open("view.html").await?;
        self.driver.run::<Value>(NAMED, Value::Null).await?;
        pad.start(&self.sandbox.view_control_id(&made).await?).await?;
        pad.show().await?;
        pad.wait_for_event("detail.event === 'view_pin_success'").await?;
        self.driver.behind_another_tab(async { Ok(()) }).await?;
        pad.wait_for_event("detail.event === 'hidden'").await.map(drop)
    }

    /// Of one page that has two bundles, and a policy that lets the name `card-pin` be taken once.
    async fn a_second_copy_stays_in_its_worker(&self) -> Result<()> {
        self.driver.open(&self.network.url("/pin-page/headless.html")).await?;
        self.driver.wait_for("window.PinSession", "the session's module").await?;
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
        let outcome: Value = self.driver.run(isolations, Value::Null).await?;
        ensure!(outcome == json!([false, "worker", "worker"]), "{outcome}");
        Ok(())
    }

    async fn isolation_can_be_insisted_on(&self) -> Result<()> {
        let pad = self.open("direct.html").await?;
        self.on_pad("window.Worker = undefined; pad.setAttribute('isolation', 'worker')", Value::Null)
            .await?;
        pad.start(&self.sandbox.waiting_card().await?.control_id).await?;
        ends_once_with(&pad, "isolation_unavailable").await?;
        ensure!(self.network.seen("/pin-page/tzpk").is_empty(), "a key was asked for");
        Ok(())
    }

    async fn a_core_comes_from_where_the_page_says(&self) -> Result<()> {
        let pad = self.open("direct.html").await?;
        let plant = "document.cookie = 'planted=86404275; path=/'; await fetch('./planted');
                     pad.wasmUrl = './card_pin_bg.wasm?fault=redirect_302'";
        self.on_pad(plant, Value::Null).await?;
        pad.start(&self.sandbox.waiting_card().await?.control_id).await?;
        ends_once_with(&pad, "vault_missing").await?;
        ensure!(self.network.seen("/elsewhere").is_empty(), "the redirect was followed");
        self.on_pad("pad.wasmUrl = undefined", Value::Null).await?;
        pad.start(&self.sandbox.waiting_card().await?.control_id).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        let cores = self.network.seen("/pin-page/card_pin_bg.wasm");
        ensure!(cores.len() >= 2 && cores.iter().all(|core| core.cookie.is_none()), "{cores:?}");
        let planted = self.network.seen("/pin-page/planted");
        ensure!(
            planted.len() == 1 && planted[0].cookie.is_some(),
            "no cookie was there to be sent: {planted:?}"
        );
        self.driver
            .run::<Value>("document.cookie = 'planted=; path=/; max-age=0'", Value::Null)
            .await
            .map(drop)
    }

    async fn an_unknown_outcome_is_looked_up(&self) -> Result<()> {
        for (set, status, end) in [("cut_after", "pin_set", "success"), ("cut", "pin_waiting", "network")] {
            let pad = self.open("direct.html").await?;
            let urls = "pad.setUrl = `./set?fault=${argument[0]}`;
                        pad.setAttribute('status-url', `./status?fault=${argument[1]}`)";
            self.on_pad(urls, json!([set, status])).await?;
            let (card, pin) = (self.sandbox.waiting_card().await?, random_pin()?);
            pad.start(&card.control_id).await?;
            pad.choose(&pin, Hand::Keyboard).await?;
            ends_once_with(&pad, end).await.with_context(|| format!("{set}, {status}"))?;
            ensure!(self.network.seen("/pin-page/set").len() == 1, "the PIN was not sent once");
            let asked = self.network.seen("/pin-page/status");
            let body = json!({"controlId": card.control_id}).to_string();
            ensure!(!asked.is_empty() && asked.iter().all(|asked| asked.body == body), "{asked:?}");
        }
        Ok(())
    }

    /// Nobody has to type again.
    async fn a_busy_server_is_waited_for(&self) -> Result<()> {
        let pad = self.open("direct.html").await?;
        let (card, pin) = (self.sandbox.waiting_card().await?, random_pin()?);
        self.on_pad("pad.tzpkUrl = './tzpk?fault=busy_1&once'", Value::Null).await?;
        pad.start(&card.control_id).await?;
        pad.choose(&pin, Hand::Keyboard).await?;
        self.is_set(&pad, &card, &pin).await?;
        ensure!(self.network.seen("/pin-page/tzpk").len() == 2, "a key was not asked for twice");
        Ok(())
    }
}

/// Waits for the end of the session, which has to be this one, and the only one.
async fn ends_once_with(pad: &Pad<'_>, code: &str) -> Result<()> {
    let end = pad.end().await?;
    ensure!(end["code"].as_str().unwrap_or("success") == code, "it ended with {end} instead of {code}");
    let told = pad.events().await?;
    let ends = told.iter().filter(|detail| {
        detail["event"].as_str().is_some_and(|event| ["set_pin_success", "set_pin_error"].contains(&event))
    });
    ensure!(ends.count() == 1, "there is more than one end: {told:?}");
    ensure!(pad.dots().await.unwrap_or_default() == 0 || code == "success", "there are digits left");
    Ok(())
}
