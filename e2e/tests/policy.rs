//! Strict content security policies and Trusted Types: a whole session violates nothing, according to the events of page and
//! worker and to the browser's reports to the server. Real violations are noticed.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Browser, Engine, Hand, Pad, Stage, in_each_engine, random_pin, until};
use serde_json::{Value, json};

/// The policy that `docs/headers.md` asks for on an issuer's page. It allows nothing else.
const ISSUER: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
    require-trusted-types-for 'script'; trusted-types card-pin";

/// Every directive of the hosted page, except the one about frames.
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

/// The last violation, to `e2e/pages/violations.js`.
const LAST: &str = "last.invalid";

in_each_engine! { open =>
    the_hosted_page_has_every_directive,
    the_hosted_page_violates_nothing,
    an_issuers_page_that_sets_violates_nothing,
    an_issuers_page_that_views_violates_nothing,
}

async fn open(browser: &Browser) -> Result<Stage<'_>> {
    let policies = [("/pin-page/direct.html", ISSUER), ("/pin-page/view.html", ISSUER)];
    Stage::with_policies(browser, &policies).await
}

async fn the_hosted_page_has_every_directive(stage: &Stage<'_>) -> Result<()> {
    let card = stage.sandbox.waiting_card().await?;
    stage.network.open_web_view(stage.driver, &card.control_id).await?;
    let policy = "const { headers } = await fetch('./frame?key=sandbox', { method: 'GET' });
                  return headers.get('content-security-policy')";
    let policy: String = stage.driver.run(policy, Value::Null).await?;
    let directives: Vec<_> = policy.split(';').map(str::trim).collect();
    for directive in HOSTED {
        ensure!(directives.contains(&directive), "the hosted page lacks {directive}: {policy}");
    }
    ensure!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    Ok(())
}

async fn the_hosted_page_violates_nothing(stage: &Stage<'_>) -> Result<()> {
    let Stage { sandbox, network, driver, .. } = stage;
    let pad = network.open_web_view(driver, &sandbox.waiting_card().await?.control_id).await?;
    watch(stage).await?;
    // The page's own control id may be bound to its first vault's key by now.
    set(stage, &pad, &sandbox.waiting_card().await?.control_id).await?;
    view(stage, &pad).await?;
    nothing_was_violated(stage).await?;
    violations_are_seen(stage).await
}

async fn an_issuers_page_that_sets_violates_nothing(stage: &Stage<'_>) -> Result<()> {
    let pad = stage.open_pad("direct.html").await?;
    watch(stage).await?;
    set(stage, &pad, &stage.sandbox.waiting_card().await?.control_id).await?;
    nothing_was_violated(stage).await?;
    violations_are_seen(stage).await
}

async fn an_issuers_page_that_views_violates_nothing(stage: &Stage<'_>) -> Result<()> {
    let pad = stage.open_pad("view.html").await?;
    watch(stage).await?;
    view(stage, &pad).await?;
    nothing_was_violated(stage).await?;
    violations_are_seen(stage).await
}

/// From here on, violations by the page and by the vault's worker are recorded.
async fn watch(stage: &Stage<'_>) -> Result<()> {
    let watch = "
        await import('/pin-page/violations.js');
        const pad = document.querySelector('card-pin');
        pad.workerUrl = '/pin-page/watched.worker.js';";
    stage.driver.run::<Value>(watch, Value::Null).await.map(drop)
}

/// Everything that can happen when a PIN is set: refused entries, both ways to type, a server that fails, a cancel, a success.
async fn set(stage: &Stage<'_>, pad: &Pad<'_>, control_id: &str) -> Result<()> {
    pad.start(control_id).await?;
    stage.driver.run::<Value>("document.querySelector('card-pin').keypad = 'shuffled'", Value::Null).await?;
    pad.enter("1234", Hand::Screen).await?;
    pad.wait_for_event("detail.code === 'weak_pin'").await?;
    let (pin, other) = (random_pin()?, random_pin()?);
    pad.enter(&pin, Hand::Keyboard).await?;
    pad.enter(if other == pin { "4826" } else { &other }, Hand::Screen).await?;
    pad.submit(Hand::Keyboard).await?;
    pad.wait_for_event("detail.code === 'mismatch'").await?;
    stage.sandbox.plan_fault("set", &json!({"status": 503}), 1).await?;
    pad.choose(&pin, Hand::Screen).await?;
    pad.wait_for_event("detail.code === 'outcome_unknown'").await?;

    pad.start(&stage.sandbox.waiting_card().await?.control_id).await?;
    pad.enter("48", Hand::Keyboard).await?;
    stage.driver.run::<Value>("document.querySelector('card-pin').close()", Value::Null).await?;

    let card = stage.sandbox.waiting_card().await?;
    pad.start(&card.control_id).await?;
    pad.choose(&pin, Hand::Keyboard).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    ensure!(
        stage.sandbox.pin_of(&card.id).await? == Some(pin),
        "another PIN is set than the one that was tapped"
    );
    Ok(())
}

/// Views a PIN: it is shown, spelt for a screen reader, and hidden.
async fn view(stage: &Stage<'_>, pad: &Pad<'_>) -> Result<()> {
    let card = stage.sandbox.random_card().await?;
    stage.sandbox.run_embossing().await?;
    let control_id = stage.sandbox.view_control_id(&card).await?;
    pad.forget_events().await?;
    let start = "const pad = document.querySelector('card-pin');
                 pad.operation = 'view-pin';
                 pad.controlId = argument;";
    stage.driver.run::<Value>(start, json!(control_id)).await?;
    pad.show().await?;
    pad.wait_for_event("detail.event === 'view_pin_success'").await?;
    let part = |name| format!("document.querySelector('card-pin').shadowRoot.querySelector('[part={name}]')");
    pad.tap("secondary").await?;
    stage.driver.wait_for(&format!("{}.textContent", part("spoken")), "a digit in words").await?;
    stage.driver.run::<Value>("document.querySelector('card-pin').close()", Value::Null).await.map(drop)
}

/// An earlier violation would be reported before a new one, so the test causes a last violation and waits for its report.
async fn nothing_was_violated(stage: &Stage<'_>) -> Result<()> {
    stage.driver.run::<Value>("window.violate.last()", Value::Null).await?;
    stage.driver.wait_for("violations.length > 0", "the last violation").await?;
    wait_for_report(stage, 0, LAST).await?;
    let violations: Value = stage.driver.run("return window.violations", Value::Null).await?;
    ensure!(violations.as_array().is_some_and(|all| all.len() == 1), "violated: {violations}");
    let mut reports = stage.network.reports();
    // A browser's window requests an icon by itself; a web view does not.
    reports.retain(|report| !report.contains("/favicon.ico") && !report.contains(LAST));
    ensure!(reports.is_empty(), "reported: {reports:?}");
    Ok(())
}

/// Shows that the checks above work: violations are blocked, cause an event, and are reported.
async fn violations_are_seen(stage: &Stage<'_>) -> Result<()> {
    // The worker has to be running.
    let pad = Pad::find(stage.driver).await?;
    pad.forget_events().await?;
    let start = "document.querySelector('card-pin').controlIdProvider = () => new Promise(() => {})";
    stage.driver.run::<Value>(start, Value::Null).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    for (violate, place, directive) in
        [("picture", "page", "img-src"), ("inline", "page", "style-src"), ("worker", "worker", "connect-src")]
    {
        let reported = stage.network.reports().len();
        let told: usize = stage.driver.run("return window.violations.length", Value::Null).await?;
        stage.driver.run::<Value>("window.violate[argument]()", json!(violate)).await?;
        if stage.engine == Engine::WebKit && place == "worker" {
            blocked_in_webkits_worker(stage).await?;
            continue;
        }
        let seen = format!(
            "violations.slice({told}).some(([place, directive]) => place === '{place}' && directive.startsWith('{directive}'))"
        );
        stage.driver.wait_for(&seen, &format!("the violation of {directive} in the {place}")).await?;
        wait_for_report(stage, reported, directive).await?;
    }
    // The report comes once, because browsers drop a report that repeats an earlier one.
    let reported = stage.network.reports().len();
    let trusted: Value = stage.driver.run("return window.trusted()", Value::Null).await?;
    // An engine without Trusted Types enforces nothing, and the pad works.
    let (third, fourth) = (&trusted["outcomes"][2], &trusted["outcomes"][3]);
    if trusted["exist"] == true {
        ensure!(trusted["outcomes"] == json!(vec!["TypeError"; 4]), "not in force: {trusted}");
        wait_for_report(stage, reported, "trusted-types").await?;
    } else {
        ensure!(third == "done" && fourth == "done", "{trusted}");
    }
    Ok(())
}

/// WebKitGTK enforces a worker's policy without an event or a report: the test can only see that the request was not made.
async fn blocked_in_webkits_worker(stage: &Stage<'_>) -> Result<()> {
    let blocked = "violations.some(([place, outcome]) => place === 'worker' && outcome === 'blocked')";
    stage.driver.wait_for(blocked, "the worker to be refused").await.map(drop)
}

/// Waits for a report with this directive or address, beyond the first `before`.
async fn wait_for_report(stage: &Stage<'_>, before: usize, directive: &str) -> Result<()> {
    let has_come = async || {
        let reports = stage.network.reports();
        let new = reports.iter().skip(before);
        Ok(new.into_iter().any(|report| report.contains(directive)).then_some(()))
    };
    until(&format!("a report of {directive}"), has_come)
        .await
        .with_context(|| format!("reported: {:?}", stage.network.reports()))
}
