//! Strict content security policies and Trusted Types: a whole session violates nothing, by the events of page and worker and
//! by what the browser reports to the server; and what does violate them is seen.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Network, Pad, Sandbox, WebDriver, in_each_engine, random_pin};
use serde_json::{Value, json};

/// What the README asks an issuer's page for, and nothing else is allowed.
const ISSUER: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
    require-trusted-types-for 'script'; trusted-types card-pin";

/// Every directive that the hosted page comes with, frames aside.
const HOSTED: [&str; 9] = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types card-pin",
];

in_each_engine!(all);

async fn all(engine: Engine) -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let issuer = ["direct.html", "view.html"].map(|file| (format!("/pin-page/{file}"), ISSUER.to_owned()));
    let network = Network::start_with_policies(&sandbox, issuer.into()).await?;
    let browser = engine.start().await?;
    let driver = browser.driver();
    let stage = Stage { engine, sandbox: &sandbox, network: &network, driver };
    stage.on_the_hosted_page().await.context("the hosted page")?;
    stage.on_an_issuers_page().await.context("an issuer's page")
}

struct Stage<'a> {
    engine: Engine,
    sandbox: &'a Sandbox,
    network: &'a Network,
    driver: &'a WebDriver,
}

impl Stage<'_> {
    async fn on_the_hosted_page(&self) -> Result<()> {
        let card = self.sandbox.waiting_card().await?;
        let pad = self.network.open_web_view(self.driver, &card.control_id).await?;
        let policy = "const { headers } = await fetch('./frame?key=sandbox', { method: 'GET' });
                      return headers.get('content-security-policy')";
        let policy: String = self.driver.run(policy, Value::Null).await?;
        let directives: Vec<_> = policy.split(';').map(str::trim).collect();
        for directive in HOSTED {
            ensure!(directives.contains(&directive), "the hosted page lacks {directive}: {policy}");
        }
        ensure!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        self.watch().await?;
        // The page's own control id may be bound to its first vault's key by now.
        self.set(&pad, &self.sandbox.waiting_card().await?.control_id).await?;
        let made = self.sandbox.random_card().await?;
        self.sandbox.run_embossing().await?;
        self.view(&pad, &self.sandbox.view_control_id(&made).await?).await?;
        self.nothing_was_violated(&[]).await?;
        self.violations_are_seen().await
    }

    async fn on_an_issuers_page(&self) -> Result<()> {
        self.network.forget();
        let card = self.sandbox.waiting_card().await?;
        self.driver.open(&self.network.url("/pin-page/direct.html")).await?;
        let pad = Pad::find(self.driver).await?;
        self.watch().await?;
        self.set(&pad, &card.control_id).await?;
        self.nothing_was_violated(&["mobile"]).await?;
        self.violations_are_seen().await?;

        self.network.forget();
        let made = self.sandbox.random_card().await?;
        self.sandbox.run_embossing().await?;
        self.driver.open(&self.network.url("/pin-page/view.html")).await?;
        let pad = Pad::find(self.driver).await?;
        self.watch().await?;
        self.view(&pad, &self.sandbox.view_control_id(&made).await?).await?;
        self.nothing_was_violated(&["mobile", "direct.html"]).await?;
        self.violations_are_seen().await
    }

    /// From here on violations are kept, those of the page and those of the vault's worker.
    async fn watch(&self) -> Result<()> {
        let watch = "
            await import('/pin-page/violations.js');
            const pad = document.querySelector('card-pin');
            pad.workerUrl = '/pin-page/watched.worker.js';";
        self.driver.run::<Value>(watch, Value::Null).await.map(drop)
    }

    /// All that can happen to a PIN that is set: refused entries, both hands, a server that fails, a cancel, a success.
    async fn set(&self, pad: &Pad<'_>, control_id: &str) -> Result<()> {
        pad.start(control_id).await?;
        self.driver
            .run::<Value>("document.querySelector('card-pin').keypad = 'shuffled'", Value::Null)
            .await?;
        pad.enter("1234", Hand::Screen).await?;
        pad.wait_for_event("detail.code === 'weak_pin'").await?;
        let (pin, other) = (random_pin()?, random_pin()?);
        pad.enter(&pin, Hand::Keyboard).await?;
        pad.enter(if other == pin { "4826" } else { &other }, Hand::Screen).await?;
        pad.submit(Hand::Keyboard).await?;
        pad.wait_for_event("detail.code === 'mismatch'").await?;
        self.sandbox.plan_fault("set", &json!({"status": 503}), 1).await?;
        pad.choose(&pin, Hand::Screen).await?;
        pad.wait_for_event("detail.code === 'outcome_unknown'").await?;

        pad.start(&self.sandbox.waiting_card().await?.control_id).await?;
        pad.enter("48", Hand::Keyboard).await?;
        self.driver.run::<Value>("document.querySelector('card-pin').close()", Value::Null).await?;

        let card = self.sandbox.waiting_card().await?;
        pad.start(&card.control_id).await?;
        pad.choose(&pin, Hand::Keyboard).await?;
        pad.wait_for_event("detail.event === 'set_pin_success'").await?;
        ensure!(
            self.sandbox.pin_of(&card.id).await? == Some(pin),
            "another PIN is set than the one that was tapped"
        );
        Ok(())
    }

    /// Shown, spelt out for a screen reader, and hidden.
    async fn view(&self, pad: &Pad<'_>, control_id: &str) -> Result<()> {
        pad.forget_events().await?;
        let start = "const pad = document.querySelector('card-pin');
                     pad.operation = 'view-pin';
                     pad.controlId = argument;";
        self.driver.run::<Value>(start, json!(control_id)).await?;
        pad.show().await?;
        pad.wait_for_event("detail.event === 'view_pin_success'").await?;
        let part =
            |name| format!("document.querySelector('card-pin').shadowRoot.querySelector('[part={name}]')");
        pad.tap("secondary").await?;
        self.driver.wait_for(&format!("{}.textContent", part("spoken")), "a digit in words").await?;
        self.driver.run::<Value>("document.querySelector('card-pin').close()", Value::Null).await.map(drop)
    }

    /// `before` are the pages of before, whose last reports may still be on their way.
    async fn nothing_was_violated(&self, before: &[&str]) -> Result<()> {
        let violations: Value = self.driver.run("return window.violations", Value::Null).await?;
        ensure!(violations == json!([]), "violated: {violations}");
        let mut reports = self.network.reports();
        // A browser's window looks for an icon of its own accord; a web view does not.
        reports.retain(|report| !report.contains("/favicon.ico"));
        reports.retain(|report| !before.iter().any(|page| report.contains(&format!("/pin-page/{page}\""))));
        ensure!(reports.is_empty(), "reported: {reports:?}");
        Ok(())
    }

    /// The watch of before was one: what is forbidden is forbidden, told, and reported.
    async fn violations_are_seen(&self) -> Result<()> {
        // In a worker that lives.
        let pad = Pad::find(self.driver).await?;
        pad.forget_events().await?;
        let start = "document.querySelector('card-pin').controlIdProvider = () => new Promise(() => {})";
        self.driver.run::<Value>(start, Value::Null).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        for (violate, place, directive) in [
            ("picture", "page", "img-src"),
            ("inline", "page", "style-src"),
            ("worker", "worker", "connect-src"),
        ] {
            let reported = self.network.reports().len();
            self.driver.run::<Value>("window.violate[argument]()", json!(violate)).await?;
            if self.engine == Engine::WebKit && place == "worker" {
                self.blocked_in_webkits_worker().await?;
                continue;
            }
            let seen = format!(
                "violations.some(([place, directive]) => place === '{place}' && directive.startsWith('{directive}'))"
            );
            self.driver.wait_for(&seen, &format!("the violation of {directive} in the {place}")).await?;
            self.wait_for_report(reported, directive).await?;
        }
        // Told once: browsers drop a report that is the same as one before.
        let reported = self.network.reports().len();
        let trusted: Value = self.driver.run("return window.trusted()", Value::Null).await?;
        // An engine without Trusted Types does as it always did: the pad works, and nothing is enforced.
        let (third, fourth) = (&trusted["outcomes"][2], &trusted["outcomes"][3]);
        if trusted["exist"] == true {
            ensure!(trusted["outcomes"] == json!(vec!["TypeError"; 4]), "not in force: {trusted}");
            self.wait_for_report(reported, "trusted-types").await?;
        } else {
            ensure!(third == "done" && fourth == "done", "{trusted}");
        }
        Ok(())
    }

    /// WebKitGTK enforces a worker's policy, and tells nobody: what is seen is that the request was not made.
    async fn blocked_in_webkits_worker(&self) -> Result<()> {
        let blocked = "violations.some(([place, outcome]) => place === 'worker' && outcome === 'blocked')";
        self.driver.wait_for(blocked, "the worker to be refused").await.map(drop)
    }

    /// A report with this directive, beyond the first `before`.
    async fn wait_for_report(&self, before: usize, directive: &str) -> Result<()> {
        for _ in 0..300 {
            if self.network.reports()[before..].iter().any(|report| report.contains(directive)) {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        anyhow::bail!("no report of {directive}: {:?}", self.network.reports())
    }
}
