//! The examples for the web in `examples/`, unchanged, each on an origin of its own.

use anyhow::{Context, Result, bail, ensure};
use card_pin_e2e::{
    Address, Browser, Engine, Hand, Pad, Sandbox, Site, Stage, WebDriver, copy_dist, copy_files, each,
    in_each_engine, random_pin,
};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command, sync::Arc};
use tempfile::TempDir;

in_each_engine! { open =>
    web_frame_tells_failures,
    web_frame_asks_its_back_end_what_became_of_a_pin,
    web_frame_sets_a_pin,
    web_direct_tells_failures,
    web_direct_asks_its_back_end_what_became_of_a_pin,
    web_direct_sets_a_pin,
}

in_each_engine! { Stage::open => bridges_hand_on_what_the_page_calls }

in_each_engine!(enfuces_page_takes_over_without_wasm);

/// Both examples for the web, each on a site of its own.
struct Examples<'a> {
    driver: &'a WebDriver,
    sandbox: Arc<Sandbox>,
    framing: (Site, TempDir),
    direct: (Site, TempDir),
}

async fn open(browser: &Browser) -> Result<Examples<'_>> {
    let (framing, direct) = (Site::bind().await?, Site::bind().await?);
    let frames = vec![("example".to_owned(), framing.origin().to_owned())];
    let sandbox = Arc::new(Sandbox::start_framed(frames).await?);
    let (framing, direct) =
        (open_site(framing, &sandbox, "web-frame")?, open_site(direct, &sandbox, "web-direct")?);
    Ok(Examples { driver: browser.driver(), sandbox, framing, direct })
}

/// Serves an example with the built files beside it, under a policy that fits both examples.
fn open_site(address: Address, sandbox: &Arc<Sandbox>, example: &str) -> Result<(Site, TempDir)> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("e2e/ lies in no workspace")?;
    let folder = tempfile::tempdir()?;
    copy_files(&project.join("examples").join(example), folder.path())?;
    copy_dist(&folder.path().join("card-pin"))?;
    let enfuce = sandbox.url("");
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
         connect-src 'self'; frame-src {enfuce}; form-action {enfuce}; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types card-pin"
    );
    Ok((address.serve(sandbox, folder.path(), &policy)?, folder))
}

async fn web_frame_tells_failures(
    Examples { sandbox, driver, framing: (site, _), .. }: &Examples<'_>,
) -> Result<()> {
    each(FAILURES, async |failure| {
        driver.open(&site.url("/")).await?;
        sandbox.plan_fault("tzpk", &json!({"status": failure.status}), 2).await?;
        click(driver, "#start").await?;
        failure.is_told(driver, "#start").await?;
        sandbox.reset().await
    })
    .await?;
    // The last one offers to try again.
    let pin = random_pin()?;
    click(driver, "#start").await?;
    choose_in_the_frame(driver, &pin).await?;
    is_set(sandbox, driver, &pin).await
}

/// Each start has a control id of its own.
async fn web_frame_asks_its_back_end_what_became_of_a_pin(
    Examples { sandbox, driver, framing: (site, folder), .. }: &Examples<'_>,
) -> Result<()> {
    driver.open(&site.url("/")).await?;
    sandbox.plan_fault("set", &json!("cut"), 1).await?;
    click(driver, "#start").await?;
    choose_in_the_frame(driver, &random_pin()?).await?;
    is_not_set_as_the_back_end_knows(driver, folder, "#start").await?;

    let pin = random_pin()?;
    set_unheard(sandbox, folder).await?;
    click(driver, "#start").await?;
    choose_in_the_frame(driver, &pin).await?;
    is_set(sandbox, driver, &pin).await
}

async fn web_frame_sets_a_pin(
    Examples { sandbox, driver, framing: (site, _), .. }: &Examples<'_>,
) -> Result<()> {
    let pin = random_pin()?;
    driver.open(&site.url("/")).await?;
    click(driver, "#start").await?;
    choose_in_the_frame(driver, &pin).await?;
    is_set(sandbox, driver, &pin).await
}

async fn choose_in_the_frame(driver: &WebDriver, pin: &str) -> Result<()> {
    let frame = driver.element("document.querySelector('iframe')", "the frame").await?;
    frame.enter_frame().await?;
    Pad::find(driver).await?.choose(pin, Hand::Screen).await?;
    driver.leave_frame().await
}

async fn web_direct_tells_failures(
    Examples { sandbox, driver, direct: (site, _), .. }: &Examples<'_>,
) -> Result<()> {
    each(FAILURES, async |failure| {
        driver.open(&site.url("/")).await?;
        // The fault is planned twice, because a refused control id is replaced once by a new one.
        sandbox.plan_fault("tzpk", &json!({"status": failure.status}), 2).await?;
        enter_and_set(driver, &random_pin()?).await?;
        failure.is_told(driver, "#again").await?;
        sandbox.reset().await
    })
    .await?;
    // The last one offers to try again.
    let pin = random_pin()?;
    click(driver, "#again").await?;
    enter_and_set(driver, &pin).await?;
    is_set(sandbox, driver, &pin).await
}

async fn web_direct_asks_its_back_end_what_became_of_a_pin(
    Examples { sandbox, driver, direct: (site, folder), .. }: &Examples<'_>,
) -> Result<()> {
    driver.open(&site.url("/")).await?;
    sandbox.plan_fault("set", &json!("cut"), 1).await?;
    enter_and_set(driver, &random_pin()?).await?;
    is_not_set_as_the_back_end_knows(driver, folder, "#again").await?;

    let pin = random_pin()?;
    set_unheard(sandbox, folder).await?;
    click(driver, "#again").await?;
    enter_and_set(driver, &pin).await?;
    is_set(sandbox, driver, &pin).await
}

async fn web_direct_sets_a_pin(
    Examples { sandbox, driver, direct: (site, _), .. }: &Examples<'_>,
) -> Result<()> {
    let pin = random_pin()?;
    driver.open(&site.url("/")).await?;
    enter_and_set(driver, &pin).await?;
    is_set(sandbox, driver, &pin).await
}

/// The customer's message if a TZPK is refused with this status, and the button that is offered.
#[derive(Debug)]
struct Failure {
    status: u16,
    message: &'static str,
    button: Option<&'static str>,
}

/// After the last one the customer can try again.
const FAILURES: [Failure; 3] = [
    Failure { status: 403, message: "Please sign in again to set your PIN.", button: None },
    Failure {
        status: 400,
        message: "Your PIN could not be set. Please use another device, or contact your bank.",
        button: None,
    },
    Failure { status: 500, message: "Your PIN could not be set.", button: Some("Try again") },
];

impl Failure {
    async fn is_told(&self, driver: &WebDriver, button: &str) -> Result<()> {
        says(driver, self.message).await?;
        offers(driver, button, self.button).await
    }
}

/// Sets the back-end's answer about the card, which is a file of the site.
fn answer_pin_status(folder: &TempDir, pin_status: &str) -> Result<()> {
    let folder = folder.path().join("my");
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join("pin-status"), json!({"pinStatus": pin_status}).to_string())?)
}

/// The outcome is unknown. The back-end, which does not answer at first, is asked before a new start is offered.
async fn is_not_set_as_the_back_end_knows(driver: &WebDriver, folder: &TempDir, button: &str) -> Result<()> {
    says(driver, "It is not certain whether your PIN was set.").await?;
    offers(driver, button, Some("Check again")).await?;
    answer_pin_status(folder, "W")?;
    click(driver, button).await?;
    says(driver, "Your PIN is not set yet.").await?;
    offers(driver, button, Some("Try again")).await
}

/// The next PIN is set, but the connection is cut before the answer, so only the back-end knows.
async fn set_unheard(sandbox: &Sandbox, folder: &TempDir) -> Result<()> {
    sandbox.reset().await?;
    sandbox.plan_fault("set", &json!("cut_after"), 1).await?;
    answer_pin_status(folder, "S")
}

async fn is_set(sandbox: &Sandbox, driver: &WebDriver, pin: &str) -> Result<()> {
    says(driver, "Your PIN is set.").await?;
    the_only_card_has_the_pin(sandbox, pin).await
}

async fn offers(driver: &WebDriver, button: &str, label: Option<&str>) -> Result<()> {
    let shown = format!("document.querySelector('{button}:not([hidden])')?.textContent ?? null");
    driver.wait_for(&format!("({shown}) === {}", json!(label)), "the right button").await.map(drop)
}

/// Enters the PIN twice, and presses the page's own button.
async fn enter_and_set(driver: &WebDriver, pin: &str) -> Result<()> {
    let pad = Pad::find(driver).await?;
    for _ in ["entry", "confirm"] {
        pad.enter(pin, Hand::Screen).await?;
    }
    click(driver, "#set").await
}

async fn enfuces_page_takes_over_without_wasm(engine: Engine) -> Result<()> {
    let browser = engine.start_without_wasm().await?;
    let examples = open(&browser).await?;
    let Examples { driver, sandbox, direct: (site, _), .. } = &examples;
    driver.open(&site.url("/")).await?;
    let there = format!("location.href === '{}'", sandbox.url("/pin-page/mobile"));
    driver.wait_for(&there, "Enfuce's own page").await?;
    driver.wait_for("document.querySelector('card-pin')?.controlId", "the control id on it").await.map(drop)
}

async fn the_only_card_has_the_pin(sandbox: &Sandbox, pin: &str) -> Result<()> {
    let [card] = &*sandbox.cards().await? else { bail!("it asked for a control id more than once") };
    ensure!(
        sandbox.pin_of(card).await?.as_deref() == Some(pin),
        "another PIN is set than the one that was tapped"
    );
    Ok(())
}

async fn click(driver: &WebDriver, selector: &str) -> Result<()> {
    let expression = format!("document.querySelector('{selector}:enabled:not([hidden])')");
    Ok(driver.element(&expression, selector).await?.click().await?)
}

async fn says(driver: &WebDriver, message: &str) -> Result<()> {
    let said = format!("document.getElementById('message').textContent === '{message}'");
    driver.wait_for(&said, message).await.map(drop)
}

/// The scripts that the examples for React Native and Flutter put into the page, for Android and for iOS, with stand-ins for the
/// frameworks' side.
async fn bridges_hand_on_what_the_page_calls(Stage { driver, .. }: &Stage<'_>) -> Result<()> {
    const CALLS: &str = "
        window.heard = [];
        window.ReactNativeWebView = { postMessage: (text) => heard.push(JSON.parse(text)) };
        // The message crosses as JSON, which leaves out undefined fields.
        window.flutter_inappwebview = { callHandler: (name, message) => heard.push(JSON.parse(JSON.stringify(message))) };
        window.webkit = { messageHandlers: { ReactNativeWebView: {} } };
        delete window.android_handler;
        BRIDGE;
        if (window.android_handler) {
          android_handler.pin_valid(true);
          android_handler.set_pin_validation_error();
          android_handler.set_pin_error();
          const detail = { event: 'set_pin_error', code: 'outcome_unknown', retryable: false };
          document.dispatchEvent(new CustomEvent('set_pin_error', { detail, bubbles: true }));
          android_handler.set_pin_error();
          android_handler.set_pin_success();
        } else {
          const tell = (message) => webkit.messageHandlers.ios_handler.postMessage(message);
          tell({ event: 'pin_valid', pin_valid: true });
          tell({ event: 'set_pin_validation_error' });
          tell({ event: 'set_pin_error' });
          tell({ event: 'set_pin_error', code: 'outcome_unknown', retryable: false });
          tell({ event: 'set_pin_success' });
        }
        return [Boolean(window.android_handler), ...heard];";
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("e2e/ lies in no workspace")?;
    for (file, quote) in [("react-native/PinScreen.tsx", "`"), ("flutter/pin_page.dart", "'''")] {
        let source = fs::read_to_string(project.join("examples").join(file))?;
        let bridges: Vec<_> = source.split(quote).filter(|text| text.trim().starts_with("(() =>")).collect();
        ensure!(bridges.len() == 2, "{file} has {} bridges", bridges.len());
        for (bridge, is_android) in bridges.iter().zip([false, true]) {
            driver.open("about:blank").await?;
            let heard: Value =
                driver.run(&CALLS.replace("BRIDGE", bridge), Value::Null).await.context(file)?;
            let expected = json!([
                is_android,
                {"event": "pin_valid", "pin_valid": true},
                {"event": "set_pin_validation_error"},
                {"event": "set_pin_error"},
                {"event": "set_pin_error", "code": "outcome_unknown", "retryable": false},
                {"event": "set_pin_success"},
            ]);
            ensure!(heard == expected, "{file}: {heard}");
        }
    }
    Ok(())
}

/// If it is unknown whether the PIN is set, or no code says so, each example asks its back-end before it offers anything. All
/// examples use the same words.
#[test]
fn each_example_asks_before_it_offers_a_new_start() -> Result<()> {
    const UNCERTAIN: &str = "It is not certain whether your PIN was set.";
    const WORDS: [&str; 5] = [
        "Your PIN is not set yet.",
        "Your PIN could not be set.",
        "Please sign in again to set your PIN.",
        "Please wait a few minutes, then try again.",
        "Your PIN could not be set. Please use another device, or contact your bank.",
    ];
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("e2e/ lies in no workspace")?;
    for (file, unknown, lookup) in [
        ("web-direct/app.js", r#"case "outcome_unknown":"#, "function checkStatus()"),
        ("web-frame/app.js", r#"case "outcome_unknown":"#, "function checkStatus()"),
        ("react-native/PinScreen.tsx", r#"case "outcome_unknown":"#, "const checkStatus ="),
        ("flutter/pin_page.dart", r#"case null || "outcome_unknown":"#, "Future<void> _checkStatus()"),
        ("ios/PinViewController.swift", r#"case nil, "outcome_unknown":"#, "func checkStatus()"),
        ("android/PinActivity.kt", "fun set_pin_error()", "fun checkStatus()"),
    ] {
        let source = fs::read_to_string(project.join("examples").join(file))?.replace('\'', "\"");
        let after = |start: &str| source.split_once(start).with_context(|| format!("{file}: no {start}"));
        let (_, next_step) = after(unknown)?;
        let next_step = next_step.trim_start().lines().next().unwrap_or_default();
        ensure!(next_step.contains("heckStatus()"), "{file}: {unknown} {next_step}");

        let (_, lookup) = after(lookup)?;
        let lookup = lookup.split("\n\n").next().unwrap_or_default();
        let (before, waiting) = lookup.split_once(r#""W""#).with_context(|| format!("{file}: {lookup}"))?;
        let is_silent = !before.contains("Try again") && !before.contains("offerStart");
        ensure!(before.contains(UNCERTAIN) && is_silent, "{file}: {before}");
        ensure!(waiting.contains(UNCERTAIN) && waiting.contains("Check again"), "{file}: {waiting}");

        for said in WORDS {
            ensure!(source.contains(said), "{file} does not say: {said}");
        }
    }
    Ok(())
}

/// The part of the React Native example that can be tested without a phone.
#[test]
fn react_native_has_the_right_types() -> Result<()> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("e2e/ lies in no workspace")?;
    // The copy is beside the installed types, so that the compiler finds them.
    let folder = tempfile::tempdir_in(project.join("target/e2e-npm")).context("run `cargo xtask setup`")?;
    fs::copy(project.join("examples/react-native/PinScreen.tsx"), folder.path().join("PinScreen.tsx"))?;
    let checked = Command::new(project.join("target/npm/node_modules/.bin/tsc"))
        .current_dir(folder.path())
        .args([
            "--noEmit",
            "--strict",
            "--skipLibCheck",
            "--noUnusedLocals",
            "--target",
            "es2022",
            "--lib",
            "es2023",
        ])
        .args(["--jsx", "react-jsx", "--module", "esnext", "--moduleResolution", "bundler", "--types", ""])
        .arg("PinScreen.tsx")
        .output()
        .context("run `cargo xtask setup`")?;
    ensure!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    Ok(())
}
