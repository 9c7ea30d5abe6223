//! What a browser does to a page: hides it, freezes it, keeps it for the way back, takes it off the network, ends its worker.
//! The session goes on, or ends as documented; the PIN is sent once at the most; a new control id works on the same page.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{
    Engine, HIDE_PAGE, Hand, Network, Pad, Sandbox, WaitingCard, WebDriver, in_each_engine, random_pin,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Of an event: that the digits are lost, and asked for once more.
const DIGITS_LOST: &str = "detail.event === 'set_pin_validation_error' && detail.code === 'too_short'";

in_each_engine!(all);

async fn all(engine: Engine) -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let network = Network::start(&sandbox).await?;
    let browser = engine.start().await?;
    let stage = Stage { sandbox: &sandbox, network: &network, driver: browser.driver() };
    stage.hidden_it_begins_again().await.context("hidden behind another tab")?;
    if engine == Engine::Chromium {
        // The others have no command for it.
        stage.frozen_and_awake_it_begins_again().await.context("frozen")?;
    }
    stage.left_and_come_back_to_it_is_over().await.context("the way back")?;
    stage.what_is_kept_for_the_way_back_is_over(false).await.context("kept in mid-entry")?;
    stage.what_is_kept_for_the_way_back_is_over(true).await.context("kept in mid-submit")?;
    stage.offline_and_online_again().await.context("offline")?;
    stage.a_worker_that_breaks_is_told().await.context("a broken worker")?;
    stage.a_core_that_traps_is_told().await.context("a core that traps")?;
    stage.a_worker_that_does_not_load_loses_no_submit().await.context("a worker that does not load")?;
    stage.clocks_change_nothing().await.context("clocks")?;
    stage.a_page_that_loads_in_part_starts_nothing().await.context("the page's own files")
}

struct Stage<'a> {
    sandbox: &'a Sandbox,
    network: &'a Network,
    driver: &'a WebDriver,
}

impl<'a> Stage<'a> {
    async fn open(&self) -> Result<(Pad<'a>, WaitingCard, String)> {
        self.network.forget();
        self.driver.open(&self.network.url("/pin-page/direct.html")).await?;
        let pad = Pad::find(self.driver).await?;
        let card = self.sandbox.waiting_card().await?;
        Ok((pad, card, random_pin()?))
    }

    async fn on_pad(&self, script: &str) -> Result<Value> {
        self.driver
            .run(&format!("const pad = document.querySelector('card-pin'); {script}"), Value::Null)
            .await
    }

    async fn is_set(&self, pad: &Pad<'_>, card: &WaitingCard, pin: &str) -> Result<()> {
        let end = pad.end().await?;
        ensure!(end["event"] == "set_pin_success", "it ended with {end}");
        let decrypted = self.sandbox.pin_of(&card.id).await?;
        ensure!(decrypted.as_deref() == Some(pin), "{pin} was entered, and the HSM decrypted {decrypted:?}");
        ensure!(self.network.seen("/pin-page/set").len() == 1, "the PIN was not sent once");
        Ok(())
    }

    /// With the code, and then a new control id works on the same page.
    async fn ends_with(&self, pad: &Pad<'_>, code: &str) -> Result<()> {
        let end = pad.end().await?;
        let expected =
            json!({"event": "set_pin_error", "code": code, "retryable": code != "outcome_unknown"});
        ensure!(end == expected, "it ended with {end}");
        ensure!(pad.dots().await? == 0, "there are digits left");
        ensure!(self.network.seen("/pin-page/set").len() <= 1, "the PIN was sent more than once");
        self.on_pad("pad.workerUrl = undefined; pad.setUrl = './set'").await?;
        self.a_new_control_id_works(pad).await
    }

    async fn a_new_control_id_works(&self, pad: &Pad<'_>) -> Result<()> {
        self.network.forget();
        let (card, pin) = (self.sandbox.waiting_card().await?, random_pin()?);
        pad.start(&card.control_id).await?;
        pad.choose(&pin, Hand::Keyboard).await?;
        self.is_set(pad, &card, &pin).await.context("and then, with a new control id")
    }

    async fn wait_until_sent(&self, path: &str) -> Result<()> {
        for _ in 0..300 {
            if !self.network.seen(path).is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("nothing was sent to {path}")
    }

    async fn hidden_it_begins_again(&self) -> Result<()> {
        let (pad, card, pin) = self.open().await?;
        self.on_pad("window.wasHidden = false; addEventListener('visibilitychange', () => (window.wasHidden ||= document.hidden))").await?;
        // The answer to `set` comes while nobody looks.
        self.on_pad("pad.setUrl = './set?fault=slow'").await?;
        pad.start(&card.control_id).await?;
        pad.enter(&pin, Hand::Keyboard).await?;
        pad.enter(&pin[..2], Hand::Keyboard).await?;
        // Digits do not wait for a customer who looks elsewhere.
        self.driver.behind_another_tab(async { Ok(()) }).await?;
        // WebKitGTK takes a page for hidden when the window manager says so, and here there is none.
        if self.on_pad("return window.wasHidden").await? == false {
            self.on_pad(HIDE_PAGE).await?;
        }
        self.is_empty_again().await?;
        pad.enter(&pin, Hand::Keyboard).await?;
        pad.enter(&pin, Hand::Keyboard).await?;
        self.on_pad("pad.setPin().catch(() => {})").await?;
        self.driver.behind_another_tab(self.wait_until_sent("/pin-page/set")).await?;
        self.is_set(&pad, &card, &pin).await
    }

    async fn is_empty_again(&self) -> Result<()> {
        let last = "window.padEvents.findLast((detail) => detail.event === 'pin_valid')";
        let is_empty = format!("(({last}).step === 'entry' && ({last}).digits === 0)");
        self.driver.wait_for(&is_empty, "an empty pad").await.map(drop)
    }

    async fn frozen_and_awake_it_begins_again(&self) -> Result<()> {
        let (pad, card, pin) = self.open().await?;
        pad.start(&card.control_id).await?;
        pad.enter(&pin, Hand::Keyboard).await?;
        self.on_pad("window.frozen = 0; document.addEventListener('freeze', () => (window.frozen += 1))")
            .await?;
        for state in ["frozen", "active"] {
            self.driver.devtools("Page.setWebLifecycleState", json!({"state": state})).await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        self.driver.wait_for("window.frozen === 1", "that it was frozen").await?;
        // Who freezes a page hides it.
        self.is_empty_again().await?;
        pad.enter(&pin, Hand::Keyboard).await?;
        pad.enter(&pin, Hand::Keyboard).await?;
        pad.submit(Hand::Keyboard).await?;
        self.is_set(&pad, &card, &pin).await
    }

    /// Whether or not the browser kept the page.
    async fn left_and_come_back_to_it_is_over(&self) -> Result<()> {
        let (pad, card, pin) = self.open().await?;
        pad.start(&card.control_id).await?;
        pad.enter(&pin[..3], Hand::Keyboard).await?;
        self.driver.open(&self.network.url("/pin-page/blank.html")).await?;
        self.driver.back().await?;
        let kept = self
            .driver
            .wait_for("document.querySelector('card-pin')?.shadowRoot && [!!window.padEvents]", "the page")
            .await?;
        let pad = Pad::find(self.driver).await?;
        if kept == json!([true]) {
            self.ends_with(&pad, "closed").await
        } else {
            ensure!(pad.dots().await? == 0, "there are digits left");
            self.a_new_control_id_works(&pad).await
        }
    }

    /// In every engine, by what a browser tells a page that it keeps.
    async fn what_is_kept_for_the_way_back_is_over(&self, in_mid_submit: bool) -> Result<()> {
        let (pad, card, pin) = self.open().await?;
        let leave = "for (const name of ['pagehide', 'pageshow']) dispatchEvent(new PageTransitionEvent(name, { persisted: true }))";
        if in_mid_submit {
            // What was sent before is not what is waited for.
            self.network.forget();
            self.on_pad("pad.timeoutMs = 5000; pad.setUrl = './set?fault=stall'").await?;
        }
        pad.start(&card.control_id).await?;
        if in_mid_submit {
            pad.choose(&pin, Hand::Keyboard).await?;
            self.wait_until_sent("/pin-page/set").await?;
        } else {
            pad.enter(&pin[..3], Hand::Keyboard).await?;
        }
        self.on_pad(leave).await?;
        self.ends_with(&pad, if in_mid_submit { "outcome_unknown" } else { "closed" }).await?;

        // One that is left for good is told nothing, and holds nothing.
        let (pad, card, pin) = self.open().await?;
        self.on_pad("window.ended = 0; const { terminate } = Worker.prototype; Worker.prototype.terminate = function () { window.ended += 1; terminate.call(this); }").await?;
        pad.start(&card.control_id).await?;
        pad.enter(&pin[..3], Hand::Keyboard).await?;
        let ended = self.on_pad("const before = window.ended; dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false })); return window.ended - before").await?;
        ensure!(ended == 1, "{ended} workers were ended");
        Ok(())
    }

    async fn offline_and_online_again(&self) -> Result<()> {
        // Before the key is asked for, between the two requests, and while the PIN is on its way.
        let (pad, card, pin) = self.open().await?;
        let provide = format!("pad.controlIdProvider = async () => '{}'", card.control_id);
        self.on_pad(&provide).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        self.network.go();
        pad.choose(&pin, Hand::Keyboard).await?;
        let end = pad.end().await?;
        ensure!(end["code"] == "network", "offline before the key: {end}");
        self.network.come_back().await?;
        self.on_pad("pad.controlIdProvider = undefined").await?;
        self.a_new_control_id_works(&pad).await?;

        let (pad, card, pin) = self.open().await?;
        pad.start(&card.control_id).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        self.network.go();
        pad.choose(&pin, Hand::Keyboard).await?;
        let end = pad.end().await?;
        ensure!(end["code"] == "outcome_unknown", "offline before the PIN: {end}");
        self.network.come_back().await?;
        ensure!(self.sandbox.pin_of(&card.id).await?.is_none(), "a PIN was set that was never sent");
        self.a_new_control_id_works(&pad).await?;

        let (pad, card, pin) = self.open().await?;
        self.on_pad("pad.timeoutMs = 5000; pad.setUrl = './set?fault=stall_after'").await?;
        pad.start(&card.control_id).await?;
        pad.choose(&pin, Hand::Keyboard).await?;
        self.wait_until_sent("/pin-page/set").await?;
        self.network.go();
        let end = pad.end().await?;
        self.network.come_back().await?;
        ensure!(end["code"] == "outcome_unknown", "offline with the PIN on its way: {end}");
        self.on_pad("pad.setUrl = './set'").await?;
        self.a_new_control_id_works(&pad).await?;

        // And from the start: neither the worker's script nor the core can be had.
        let (pad, card, _) = self.open().await?;
        self.network.go();
        pad.start(&card.control_id).await?;
        let end = pad.end().await?;
        ensure!(end["code"] == "network", "offline from the start: {end}");
        self.network.come_back().await?;
        self.a_new_control_id_works(&pad).await
    }

    /// Another worker takes the place of the first, and asks for the digits; no third one takes the place of the second.
    async fn a_worker_that_breaks_is_told(&self) -> Result<()> {
        let (pad, card, _) = self.open().await?;
        self.on_pad("pad.workerUrl = './crashing.worker.js'").await?;
        self.on_pad(&format!("pad.controlIdProvider = () => '{}'", card.control_id)).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        pad.enter("480", Hand::Keyboard).await?;
        pad.wait_for_event(DIGITS_LOST).await?;
        // One that breaks before it has said a word has not started: then a vault on the page would take its place.
        pad.enter("4", Hand::Keyboard).await?;
        pad.enter("80", Hand::Keyboard).await?;
        self.on_pad("pad.controlIdProvider = undefined").await?;
        self.ends_with(&pad, "closed").await.context("in mid-entry")?;

        let (pad, card, pin) = self.open().await?;
        self.on_pad(
            "pad.timeoutMs = 5000; pad.workerUrl = './crashing.worker.js'; pad.setUrl = './set?fault=stall'",
        )
        .await?;
        pad.start(&card.control_id).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        // No third digit that is a zero.
        pad.choose(&pin.replace('0', "5"), Hand::Keyboard).await?;
        self.ends_with(&pad, "outcome_unknown").await.context("in mid-submit")
    }

    /// Whether or not somebody waits for the call in which it happens: one core that traps costs the customer nothing but what
    /// was typed, in a worker and on the page; a second one ends the session.
    async fn a_core_that_traps_is_told(&self) -> Result<()> {
        for at in ["search", "answer", "press", "instance", "memory"] {
            let pad = self.open_with_a_core_that_traps(at, "").await?;
            pad.start(&self.sandbox.waiting_card().await?.control_id).await?;
            if at == "press" {
                // The control id is used up by then, so that nothing can take this vault's place.
                pad.wait_for_event("detail.event === 'ready'").await?;
                pad.tap("4").await?;
            }
            self.ends_with(&pad, "closed").await.with_context(|| format!("{at}, each time"))?;
        }
        // The first worker alone traps; and on the page, each core traps once.
        let first = "const { Worker } = window;
                     let isFirst = true;
                     window.Worker = function (url, options) {
                       const made = new Worker(isFirst ? url : String(url).split('?')[0], options);
                       isFirst = false;
                       return made;
                     };";
        for (at, change) in ["search", "answer", "press"]
            .into_iter()
            .flat_map(|at| [(at, first), (at, "window.Worker = undefined;")])
        {
            let pad = self.open_with_a_core_that_traps(at, change).await?;
            let (card, pin) = (self.sandbox.waiting_card().await?, random_pin()?);
            // A control id that was used for a key pair that is gone is of no use any more: the last one counts.
            let first = self.sandbox.waiting_card().await?.control_id;
            let ids =
                json!(if at == "answer" { vec![&first, &card.control_id] } else { vec![&card.control_id] });
            self.on_pad(&format!("const ids = {ids}; pad.controlIdProvider = async () => ids.shift()"))
                .await?;
            pad.wait_for_event("detail.event === 'ready'").await?;
            match at {
                "press" => {
                    pad.tap("4").await?;
                    pad.wait_for_event(DIGITS_LOST).await?;
                }
                "answer" => {
                    pad.choose(&pin, Hand::Keyboard).await?;
                    pad.wait_for_event(DIGITS_LOST).await?;
                }
                _ => {
                    let told = self.on_pad("return window.padEvents.map(({ event }) => event)").await?;
                    ensure!(told == json!(["ready"]), "the customer is told {told}");
                }
            }
            pad.choose(&pin, Hand::Keyboard).await?;
            self.is_set(&pad, &card, &pin).await.with_context(|| format!("{at}, once: {change}"))?;
        }
        Ok(())
    }

    async fn open_with_a_core_that_traps(&self, at: &str, change: &str) -> Result<Pad<'a>> {
        self.network.forget();
        // On the page, the page's own address says where it traps.
        self.driver.open(&self.network.url(&format!("/pin-page/direct.html?{at}"))).await?;
        let pad = Pad::find(self.driver).await?;
        self.on_pad(&format!("{change} pad.workerUrl = './trapping.worker.js?{at}'")).await?;
        Ok(pad)
    }

    /// The worker's script fails once: what was entered is lost with it, which is told, and the customer begins again.
    async fn a_worker_that_does_not_load_loses_no_submit(&self) -> Result<()> {
        self.network.forget();
        self.driver.open(&self.network.url("/pin-page/headless.html")).await?;
        self.driver.wait_for("window.PinSession", "the session's module").await?;
        let card = self.sandbox.waiting_card().await?;
        let script = "
            const session = open({ controlId: argument, controlIdProvider: undefined, workerUrl: './card-pin.worker.js?fault=status_503&once' });
            enter(session, 4, 8, 2, 6, 4, 8, 2, 6);
            const refused = await failure(() => session.setPin());
            enter(session, 4, 8, 2, 6, 4, 8, 2, 6);
            return [refused, await failure(() => session.setPin()), session.isolation]";
        let outcome: Value = self.driver.run(script, json!(card.control_id)).await?;
        ensure!(outcome == json!(["CardPinError: too_short", "nothing", "page"]), "{outcome}");
        ensure!(self.sandbox.pin_of(&card.id).await? == Some("4826".to_owned()), "another PIN is set");
        Ok(())
    }

    /// The device's clock jumps about; then the server's, until the control id has expired between key and PIN.
    async fn clocks_change_nothing(&self) -> Result<()> {
        let (pad, card, pin) = self.open().await?;
        let jump = "const { now } = Date;
                    let years = 1;
                    Date.now = () => now() + (years *= -2) * 31536e6;";
        self.on_pad(jump).await?;
        pad.start(&card.control_id).await?;
        pad.choose(&pin, Hand::Keyboard).await?;
        self.is_set(&pad, &card, &pin).await?;

        let (pad, card, pin) = self.open().await?;
        pad.start(&card.control_id).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        self.sandbox.advance_clock(3600).await?;
        pad.choose(&pin, Hand::Keyboard).await?;
        self.ends_with(&pad, "control_id_expired").await
    }

    /// A page whose script does not come shows no pad, and sends nothing; loaded again, it works.
    async fn a_page_that_loads_in_part_starts_nothing(&self) -> Result<()> {
        self.network.forget();
        for fault in ["cut", "reset", "cut_body", "status_503", "type", "json", "garbage"] {
            let load = "
                document.body.innerHTML = '';
                const { searchParams } = new URL(`./card-pin.js?fault=${argument}`, location.href);
                return import(`./card-pin.js?${searchParams}`).then(() => 'loaded', () => 'failed')";
            self.driver.open(&self.network.url("/pin-page/blank.html")).await?;
            let outcome: Value = self.driver.run(load, json!(fault)).await?;
            // WebKitGTK takes half a script for the whole one, which does not parse.
            ensure!(outcome == "failed", "{fault}: {outcome}");
            let defined: bool =
                self.driver.run("return !!customElements.get('card-pin')", Value::Null).await?;
            ensure!(!defined, "{fault}: half a script defined the element");
        }
        ensure!(self.network.seen("/pin-page/tzpk").is_empty(), "something was sent");
        let (pad, _, _) = self.open().await?;
        self.a_new_control_id_works(&pad).await
    }
}
