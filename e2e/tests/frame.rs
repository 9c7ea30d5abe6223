//! The hosted page in a frame: it obeys the parent that its key belongs to, and nobody else.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Sandbox, WebDriver, in_each_engine, random_pin};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener},
    thread,
    time::Duration,
};

const FRAME: &str = "/pin-page/frame?key=sandbox";

/// Puts the page into a frame of the current document, and keeps what it tells.
const EMBED: &str = "
    window.told = [];
    addEventListener('message', ({ data }) => told.push(data));
    const frame = document.createElement('iframe');
    frame.id = 'pin';
    frame.width = 400;
    frame.height = 700;
    frame.src = argument;
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
    document.body.prepend(frame);
    await loaded;
";

/// What no parent should send, and some will.
fn malformed(control_id: &str) -> Vec<Value> {
    vec![
        json!(null),
        json!(7),
        json!("set-pin"),
        json!([]),
        json!({}),
        json!({"operation": "set-pin"}),
        json!({"controlId": control_id}),
        json!({"operation": "set-pin", "controlId": 7}),
        json!({"operation": "set-pin", "controlId": [control_id]}),
        json!({"operation": "erase-pin", "controlId": control_id}),
        json!({"operation": ["set-pin"], "controlId": control_id}),
    ]
}

in_each_engine!(all);

async fn all(engine: Engine) -> Result<()> {
    let sandbox = Sandbox::start().await?;
    let browser = engine.start().await?;
    let driver = browser.driver();
    only_a_good_message_of_the_parent_counts(&sandbox, driver).await.context("messages of the parent")?;
    the_newer_platform_says_it_otherwise(&sandbox, driver).await.context("the newer platform's words")?;
    what_comes_again_changes_nothing(&sandbox, driver).await.context("messages that come again")?;
    a_sibling_is_not_the_parent(&sandbox, driver).await.context("a sibling")?;
    a_page_without_a_parent_starts_nothing(&sandbox, driver).await.context("no parent")?;
    a_parent_on_another_port_gets_no_page(&sandbox, driver).await.context("a hostile parent")?;
    nobody_else_frames_the_mobile_page(&sandbox, driver).await.context("the mobile page in a frame")?;
    every_ancestor_has_to_be_the_issuers(driver).await.context("a hostile grandparent")
}

async fn only_a_good_message_of_the_parent_counts(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    sandbox.reset().await?;
    driver.open(&sandbox.url("/")).await?;
    driver.run::<Value>(EMBED, json!(FRAME)).await?;
    let [other, card] = [sandbox.waiting_card().await?, sandbox.waiting_card().await?];
    for message in malformed(&other.control_id) {
        tell(driver, &message).await?;
    }
    tell(driver, &json!({"operation": "set-pin", "controlId": card.control_id})).await?;
    enter_frame(driver).await?;
    let pad = Pad::find(driver).await?;
    driver.wait_for("document.querySelector('card-pin').getAttribute('control-id')", "the session").await?;
    let pin = random_pin()?;
    pad.enter(&pin[..2], Hand::Screen).await?;
    driver.leave_frame().await?;
    // Nor do they disturb an entry.
    for message in malformed(&other.control_id) {
        tell(driver, &message).await?;
    }
    enter_frame(driver).await?;
    pad.enter(&pin[2..], Hand::Screen).await?;
    pad.enter(&pin, Hand::Screen).await?;
    pad.submit(Hand::Screen).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    driver.leave_frame().await?;
    driver.wait_for("told.some(({ event }) => event === 'set_pin_success')", "the parent to be told").await?;
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin), "another PIN was decrypted than chosen");
    ensure!(sandbox.count("/pin-page/tzpk").await? == 1, "a malformed message started a session");
    Ok(())
}

/// `pinControlId`, and a submit from outside.
async fn the_newer_platform_says_it_otherwise(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    sandbox.reset().await?;
    driver.open(&sandbox.url("/")).await?;
    driver.run::<Value>(EMBED, json!(FRAME)).await?;
    let card = sandbox.waiting_card().await?;
    tell(driver, &json!({"operation": "set-pin", "pinControlId": card.control_id})).await?;
    driver.wait_for("told.some(({ event }) => event === 'ready')", "the session").await?;
    tell(driver, &json!({"operation": "set-pin-set"})).await?;
    let refused = "told.find(({ event }) => event === 'set_pin_validation_error')?.code === 'too_short'";
    driver.wait_for(refused, "the submit of nothing to be refused").await?;
    let pin = random_pin()?;
    enter_frame(driver).await?;
    let pad = Pad::find(driver).await?;
    for _ in ["entry", "confirm"] {
        pad.enter(&pin, Hand::Screen).await?;
    }
    pad.wait_for_event("detail.event === 'pin_valid' && detail.pin_valid").await?;
    driver.leave_frame().await?;
    tell(driver, &json!({"operation": "set-pin-set"})).await?;
    driver.wait_for("told.some(({ event }) => event === 'set_pin_success')", "the parent to be told").await?;
    let valid = "return told.filter(({ event }) => event === 'pin_valid').map(({ pin_valid }) => pin_valid)";
    let valid: Vec<bool> = driver.run(valid, Value::Null).await?;
    ensure!(valid == [false, false, false, false, false, false, false, true], "pin_valid is {valid:?}");
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin.clone()), "another PIN was decrypted than chosen");

    sandbox.run_embossing().await?;
    for (control_id, event) in [
        ("83fa5f55-3dd7-453a-8233-4242a6bad179".to_owned(), "view_pin_error"),
        (sandbox.view_control_id(&card.id).await?, "view_pin_success"),
    ] {
        tell(driver, &json!({"operation": "view-pin", "pinControlId": control_id})).await?;
        // A PIN is drawn in a frame that has the focus: to WebKit's driver, that is the frame that it works in.
        enter_frame(driver).await?;
        let views = "document.querySelector('card-pin').operation === 'view-pin'";
        driver.wait_for(views, "the pad to view").await?;
        Pad::find(driver).await?.show().await?;
        let over = "document.querySelector('card-pin').shadowRoot.querySelector('[part=prompt]').textContent";
        driver
            .wait_for(&format!("['Your PIN', \"We couldn't show your PIN\"].includes({over})"), "the PIN")
            .await?;
        driver.leave_frame().await?;
        let told = format!("told.some(({{ event }}) => event === '{event}')");
        driver.wait_for(&told, event).await?;
    }
    Ok(())
}

/// The same control id throws away nothing that was typed, and another one waits for the end of a PIN that is on its way.
async fn what_comes_again_changes_nothing(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    sandbox.reset().await?;
    driver.open(&sandbox.url("/")).await?;
    driver.run::<Value>(EMBED, json!(FRAME)).await?;
    let [other, card] = [sandbox.waiting_card().await?, sandbox.waiting_card().await?];
    let start = json!({"operation": "set-pin", "controlId": card.control_id});
    tell(driver, &start).await?;
    let pin = random_pin()?;
    enter_frame(driver).await?;
    let pad = Pad::find(driver).await?;
    driver.wait_for("document.querySelector('card-pin').getAttribute('control-id')", "the session").await?;
    pad.enter(&pin, Hand::Screen).await?;
    driver.leave_frame().await?;
    tell(driver, &start).await?;
    enter_frame(driver).await?;
    pad.enter(&pin, Hand::Screen).await?;
    sandbox.plan_fault("set", &json!("stall"), 1).await?;
    pad.submit(Hand::Screen).await?;
    driver.wait_for("document.querySelector('card-pin').shadowRoot.querySelector('[part=prompt]').textContent.startsWith('Setting')", "the submit").await?;
    driver.leave_frame().await?;
    tell(driver, &json!({"operation": "set-pin", "controlId": other.control_id})).await?;
    tell(driver, &json!({"operation": "set-pin-set"})).await?;
    // The pad says so a moment before the PIN is sent.
    for _ in 0..600 {
        if sandbox.count("/pin-page/set").await? > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let sent = [sandbox.count("/pin-page/tzpk").await?, sandbox.count("/pin-page/set").await?];
    ensure!(sent == [1, 1], "{sent:?} requests to tzpk and set");
    // The other one's turn comes when this one has ended, of which the parent is told.
    driver.wait_for("told.some(({ code }) => code === 'outcome_unknown')", "the end").await?;
    driver.wait_for("told.filter(({ event }) => event === 'ready').length === 2", "the next session").await?;
    let asked = asked_for_keys(sandbox).await?;
    ensure!(asked.len() == 2 && asked[1].contains(&other.control_id), "keys were asked for by {asked:?}");
    Ok(())
}

async fn a_sibling_is_not_the_parent(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    sandbox.reset().await?;
    driver.open(&sandbox.url("/")).await?;
    driver.run::<Value>(EMBED, json!(FRAME)).await?;
    // Of the very origin that the key belongs to, and still not the parent.
    let sibling = EMBED.replace("'pin'", "'sibling'");
    driver.run::<Value>(&sibling, json!("/pin-page/blank.html")).await?;
    let [other, card] = [sandbox.waiting_card().await?, sandbox.waiting_card().await?];
    driver.element("document.querySelector('#sibling')", "the sibling").await?.enter_frame().await?;
    let from_sibling = "parent.document.querySelector('#pin').contentWindow.postMessage(argument, '*')";
    driver.run::<Value>(from_sibling, json!({"operation": "set-pin", "controlId": other.control_id})).await?;
    driver.leave_frame().await?;
    tell(driver, &json!({"operation": "set-pin", "controlId": card.control_id})).await?;
    driver.wait_for("told.some(({ event }) => event === 'ready')", "the parent's session").await?;
    let asked = asked_for_keys(sandbox).await?;
    ensure!(asked.len() == 1 && asked[0].contains(&card.control_id), "keys were asked for by {asked:?}");
    Ok(())
}

async fn a_page_without_a_parent_starts_nothing(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    sandbox.reset().await?;
    driver.open(&sandbox.url(FRAME)).await?;
    Pad::find(driver).await?;
    let card = sandbox.waiting_card().await?;
    // Its own window is its `parent` then.
    let to_itself = "
        const arrived = new Promise((resolve) => addEventListener('message', resolve));
        postMessage(argument, '*');
        await arrived;
        await new Promise((resolve) => setTimeout(resolve));
        return document.querySelector('card-pin').getAttribute('control-id');
    ";
    let control_id: Option<String> =
        driver.run(to_itself, json!({"operation": "set-pin", "controlId": card.control_id})).await?;
    ensure!(control_id.unwrap_or_default().is_empty(), "a page took a control id from itself");
    Ok(())
}

async fn a_parent_on_another_port_gets_no_page(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    sandbox.reset().await?;
    let hostile = serve("<!doctype html><title>Another site</title><body></body>")?;
    driver.open(&hostile).await?;
    let card = sandbox.waiting_card().await?;
    // Firefox tells no `load` of a frame that it blocks.
    let embed = EMBED.replace(
        "await loaded;",
        "await Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, 3000))]);",
    );
    driver.run::<Value>(&embed, json!(sandbox.url(FRAME))).await?;
    for _ in 0..5 {
        tell(driver, &json!({"operation": "set-pin", "controlId": card.control_id})).await?;
        driver.run::<Value>("await new Promise((resolve) => setTimeout(resolve, 200))", Value::Null).await?;
    }
    ensure!(sandbox.count("/pin-page/frame").await? == 1, "the hostile page did not even try");
    ensure!(asked_for_keys(sandbox).await?.is_empty(), "a session was started by a hostile parent");
    let told: Vec<Value> = driver.run("return told", Value::Null).await?;
    ensure!(told.is_empty(), "a hostile parent was told {told:?}");
    Ok(())
}

/// A form of another site's can be sent into a frame, but what comes back is not shown there.
async fn nobody_else_frames_the_mobile_page(sandbox: &Sandbox, driver: &WebDriver) -> Result<()> {
    const POST: &str = "
        const [url, controlId] = argument;
        const frame = document.createElement('iframe');
        frame.name = 'victim';
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action: url, target: 'victim' });
        const field = document.createElement('input');
        Object.assign(field, { name: 'controlId', value: controlId });
        form.append(field);
        document.body.append(frame, form);
        form.submit();";
    // As the issuer does it, it works: the search for requests finds some.
    for (page, shown) in [(sandbox.url("/"), true), (serve("<!doctype html><body></body>")?, false)] {
        sandbox.reset().await?;
        let card = sandbox.waiting_card().await?;
        driver.open(&page).await?;
        driver.run::<Value>(POST, json!([sandbox.url("/pin-page/mobile"), card.control_id])).await?;
        for _ in 0..if shown { 300 } else { 20 } {
            if !asked_for_keys(sandbox).await?.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        ensure!(sandbox.count("/pin-page/mobile").await? == 1, "{page} did not even try");
        ensure!(asked_for_keys(sandbox).await?.is_empty() != shown, "shown in a frame of {page}: {}", !shown);
    }
    Ok(())
}

/// The parent is the one that the key belongs to; around it is another site's page.
async fn every_ancestor_has_to_be_the_issuers(driver: &WebDriver) -> Result<()> {
    // Shows in a frame what its address names behind the `#`, and passes on what that says, and what is said to it.
    const NESTING: &str = "<!doctype html><title>A parent</title><body><script>
        const frame = document.createElement('iframe');
        frame.src = decodeURIComponent(location.hash.slice(1));
        document.body.append(frame);
        window.told = [];
        addEventListener('message', ({ data, source }) => {
          if (source !== frame.contentWindow) return frame.contentWindow.postMessage(data, '*');
          told.push(data);
          if (parent !== window) parent.postMessage(data, '*');
        });
        </script></body>";
    let (issuer, hostile) = (serve(NESTING)?, serve(NESTING)?);
    let origin = issuer.trim_end_matches('/').to_owned();
    let sandbox = Sandbox::start_framed(vec![("issuer".to_owned(), origin)]).await?;
    let framed =
        |page: &str, inner: &str| format!("{page}#{}", inner.replace('%', "%25").replace('#', "%23"));
    let parent = framed(&issuer, &sandbox.url("/pin-page/frame?key=issuer"));
    for (page, shown) in [(parent.clone(), true), (framed(&hostile, &parent), false)] {
        driver.open("about:blank").await?;
        driver.open(&page).await?;
        let card = sandbox.waiting_card().await?;
        let tell = "document.querySelector('iframe').contentWindow.postMessage(argument, '*'); return told.some(({ event }) => event === 'ready')";
        let mut is_shown = false;
        for _ in 0..if shown { 150 } else { 15 } {
            let message = json!({"operation": "set-pin", "controlId": card.control_id});
            is_shown = driver.run(tell, message).await?;
            if is_shown {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        ensure!(is_shown == shown, "shown in {page}: {is_shown}");
        ensure!(
            asked_for_keys(&sandbox).await?.is_empty() != shown,
            "a session was started in {page}: {}",
            !shown
        );
        sandbox.reset().await?;
    }
    Ok(())
}

/// Sends a message to the frame, as its parent.
async fn tell(driver: &WebDriver, message: &Value) -> Result<()> {
    let script = "document.querySelector('#pin').contentWindow.postMessage(argument, '*')";
    driver.run::<Value>(script, message.clone()).await.map(drop)
}

async fn enter_frame(driver: &WebDriver) -> Result<()> {
    Ok(driver.element("document.querySelector('#pin')", "the frame").await?.enter_frame().await?)
}

/// The bodies of the requests for a TZPK.
async fn asked_for_keys(sandbox: &Sandbox) -> Result<Vec<String>> {
    let wire = sandbox.wire().await?;
    let asked = wire.iter().filter(|request| request["path"] == "/pin-page/tzpk");
    Ok(asked.map(|request| request["body"].as_str().unwrap_or_default().to_owned()).collect())
}

/// Serves one page on a port of its own, as long as the test runs; returns its address.
fn serve(page: &'static str) -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = format!("http://{}/", listener.local_addr()?);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let Ok(reading) = stream.try_clone() else { continue };
            // The head of the request ends with an empty line.
            BufReader::new(reading)
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .for_each(drop);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                page.len()
            );
            // A browser that is gone needs no answer.
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(page.as_bytes()));
        }
    });
    Ok(address)
}
