//! The hosted page in a frame: it only obeys the parent to which its key belongs.

use anyhow::{Context, Result, ensure};
use card_pin_e2e::{Hand, Pad, Sandbox, Stage, Way, WebDriver, in_each_engine, random_pin, until};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener},
    thread,
};

const FRAME: &str = "/pin-page/frame?key=sandbox";

/// Puts the page into a frame of the current document, and records its messages.
const EMBED: &str = "
    window.told = [];
    const frame = document.createElement('iframe');
    frame.id = 'pin';
    frame.width = 400;
    frame.height = 700;
    frame.src = argument;
    addEventListener('message', ({ data, source }) => source === frame.contentWindow && told.push(data));
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
    document.body.prepend(frame);
    await loaded;
";

/// Messages that a parent should not send, but some parents will.
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

in_each_engine! { Stage::open =>
    only_a_good_message_of_the_parent_counts,
    words_of_the_newer_platform_are_understood,
    a_message_that_comes_again_changes_nothing,
    a_sibling_is_not_the_parent,
    a_page_without_a_parent_starts_nothing,
    a_parent_on_another_port_gets_no_page,
    the_issuer_frames_the_mobile_page,
    nobody_else_frames_the_mobile_page,
    a_parent_by_itself_frames_the_page,
    a_parent_in_another_sites_page_does_not,
}

async fn only_a_good_message_of_the_parent_counts(Stage { sandbox, driver, .. }: &Stage<'_>) -> Result<()> {
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
    // Malformed messages do not disturb an entry either.
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
async fn words_of_the_newer_platform_are_understood(Stage { sandbox, driver, .. }: &Stage<'_>) -> Result<()> {
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
        // A PIN is only drawn in a frame with the focus, and with WebKit's driver this is the frame in which the driver works.
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

/// If the same control id comes again, no digits are lost. Another control id waits for the end of a PIN that is on its way.
async fn a_message_that_comes_again_changes_nothing(stage: &Stage<'_>) -> Result<()> {
    let Stage { sandbox, network, driver, .. } = stage;
    driver.open(&network.url("/")).await?;
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
    let held = network.hold("/pin-page/set", Way::There);
    pad.submit(Hand::Screen).await?;
    held.came().await?;
    driver.leave_frame().await?;
    tell(driver, &json!({"operation": "set-pin", "controlId": other.control_id})).await?;
    tell(driver, &json!({"operation": "set-pin-set"})).await?;
    drop(held);
    // The other session starts when this one has ended, and the parent is told of the end.
    driver.wait_for("told.filter(({ event }) => event === 'ready').length === 2", "the next session").await?;
    let order = "return told.map(({ event, code }) => code ?? event).filter((told) => /ready|submitting|outcome/.test(told))";
    let mut order: Vec<String> = driver.run(order, Value::Null).await?;
    // A customer may submit before the first key is ready.
    let first = order.iter().position(|told| told == "ready").context("nothing was ready")?;
    order.remove(first);
    ensure!(order == ["submitting", "outcome_unknown", "ready"], "the parent was told {order:?}");
    ensure!(network.seen("/pin-page/set").len() == 1, "the PIN was sent again");
    let asked = asked_for_keys(sandbox).await?;
    ensure!(asked.len() == 2 && asked[1].contains(&other.control_id), "keys were asked for by {asked:?}");
    Ok(())
}

async fn a_sibling_is_not_the_parent(Stage { sandbox, driver, .. }: &Stage<'_>) -> Result<()> {
    driver.open(&sandbox.url("/")).await?;
    driver.run::<Value>(EMBED, json!(FRAME)).await?;
    // The sibling has the origin to which the key belongs, but it is not the parent.
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

async fn a_page_without_a_parent_starts_nothing(Stage { sandbox, driver, .. }: &Stage<'_>) -> Result<()> {
    driver.open(&sandbox.url(FRAME)).await?;
    Pad::find(driver).await?;
    let card = sandbox.waiting_card().await?;
    // A page outside a frame is its own `parent`.
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

async fn a_parent_on_another_port_gets_no_page(Stage { driver, .. }: &Stage<'_>) -> Result<()> {
    let hostile = serve(EMPTY)?;
    let sandbox = sandbox_for(&[("hostile", &hostile)]).await?;
    driver.open(&hostile).await?;
    // Firefox dispatches no `load` event for a frame that it blocks.
    let embed = EMBED.replace("await loaded;", "");
    driver.run::<Value>(&embed, json!(sandbox.url(FRAME))).await?;
    // By then, it would have loaded.
    let first = a_later_frame_works(&sandbox, driver).await?;
    tell(driver, &json!({"operation": "set-pin", "controlId": sandbox.waiting_card().await?.control_id}))
        .await?;
    let second = a_later_frame_works(&sandbox, driver).await?;
    ensure!(sandbox.count("/pin-page/frame").await? == 3, "the hostile page did not even try");
    only_these_asked_for_keys(&sandbox, &[first, second]).await?;
    let told: Vec<Value> = driver.run("return told", Value::Null).await?;
    ensure!(told.is_empty(), "a hostile parent was told {told:?}");
    Ok(())
}

/// Sends a form into a frame.
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

async fn the_issuer_frames_the_mobile_page(Stage { sandbox, driver, .. }: &Stage<'_>) -> Result<()> {
    let card = sandbox.waiting_card().await?;
    driver.open(&sandbox.url("/")).await?;
    driver.run::<Value>(POST, json!([sandbox.url("/pin-page/mobile"), card.control_id])).await?;
    until("a key to be asked for", async || Ok((!asked_for_keys(sandbox).await?.is_empty()).then_some(())))
        .await
}

/// The answer to another site's form is not shown in its frame.
async fn nobody_else_frames_the_mobile_page(Stage { driver, .. }: &Stage<'_>) -> Result<()> {
    let hostile = serve(EMPTY)?;
    let sandbox = sandbox_for(&[("hostile", &hostile)]).await?;
    let card = sandbox.waiting_card().await?;
    driver.open(&hostile).await?;
    driver.run::<Value>(POST, json!([sandbox.url("/pin-page/mobile"), card.control_id])).await?;
    let later = [a_later_frame_works(&sandbox, driver).await?, a_later_frame_works(&sandbox, driver).await?];
    ensure!(sandbox.count("/pin-page/mobile").await? == 1, "the hostile page did not even try");
    only_these_asked_for_keys(&sandbox, &later).await
}

/// A page that shows in a frame the address after its own `#`, and passes messages on to the frame and from it.
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

/// The address at which `page` shows `inner` in a frame.
fn framed(page: &str, inner: &str) -> String {
    format!("{page}#{}", inner.replace('%', "%25").replace('#', "%23"))
}

const TELL_NESTED: &str = "document.querySelector('iframe').contentWindow.postMessage(argument, '*'); return told.some(({ event }) => event === 'ready')";

async fn a_parent_by_itself_frames_the_page(Stage { driver, .. }: &Stage<'_>) -> Result<()> {
    let issuer = serve(NESTING)?;
    let sandbox = sandbox_for(&[("issuer", &issuer)]).await?;
    driver.open(&framed(&issuer, &sandbox.url("/pin-page/frame?key=issuer"))).await?;
    let card = sandbox.waiting_card().await?;
    let message = json!({"operation": "set-pin", "controlId": card.control_id});
    // Until its frame has loaded, it says nothing to it.
    until("the page", async || Ok(driver.run::<bool>(TELL_NESTED, message.clone()).await?.then_some(())))
        .await?;
    only_these_asked_for_keys(&sandbox, &[card.control_id]).await
}

/// The key belongs to the parent, but the parent is itself in a frame of another site's page.
async fn a_parent_in_another_sites_page_does_not(Stage { driver, .. }: &Stage<'_>) -> Result<()> {
    let (issuer, hostile) = (serve(NESTING)?, serve(NESTING)?);
    let sandbox = sandbox_for(&[("issuer", &issuer), ("hostile", &hostile)]).await?;
    let parent = framed(&issuer, &sandbox.url("/pin-page/frame?key=issuer"));
    driver.open(&framed(&hostile, &parent)).await?;
    // By then, it would have loaded.
    let first = a_later_frame_works(&sandbox, driver).await?;
    let card = sandbox.waiting_card().await?;
    let message = json!({"operation": "set-pin", "controlId": card.control_id});
    driver.run::<bool>(TELL_NESTED, message).await?;
    let second = a_later_frame_works(&sandbox, driver).await?;
    ensure!(sandbox.count("/pin-page/frame").await? == 3, "the parent did not even try");
    only_these_asked_for_keys(&sandbox, &[first, second]).await
}

const EMPTY: &str = "<!doctype html><title>Another site</title><body></body>";

/// A sandbox with these frame keys, each for the site at an address.
async fn sandbox_for(frames: &[(&str, &str)]) -> Result<Sandbox> {
    let frames = frames.iter().map(|(key, site)| ((*key).to_owned(), site.trim_end_matches('/').to_owned()));
    Sandbox::start_framed(frames.collect()).await
}

/// Shows the page in one more frame of the document, which is allowed, and waits until a session there is ready: a session that
/// began earlier in the document would be ready, too. Returns that session's control id.
async fn a_later_frame_works(sandbox: &Sandbox, driver: &WebDriver) -> Result<String> {
    const LATER: &str = "
        const [url, message] = argument;
        const frame = document.createElement('iframe');
        frame.src = url;
        const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
        const ready = new Promise((resolve) =>
          addEventListener('message', ({ source, data }) => source === frame.contentWindow && data.event === 'ready' && resolve()));
        document.body.append(frame);
        await loaded;
        frame.contentWindow.postMessage(message, '*');
        await ready;";
    let control_id = sandbox.waiting_card().await?.control_id;
    let message = json!({"operation": "set-pin", "controlId": control_id});
    driver
        .run::<Value>(LATER, json!([sandbox.url("/pin-page/frame?key=hostile"), message]))
        .await
        .context("a frame that may show the page")?;
    Ok(control_id)
}

async fn only_these_asked_for_keys(sandbox: &Sandbox, control_ids: &[String]) -> Result<()> {
    let asked = asked_for_keys(sandbox).await?;
    let is_of = |(body, id): (&String, &String)| body.contains(id.as_str());
    ensure!(
        asked.len() == control_ids.len() && asked.iter().zip(control_ids).all(is_of),
        "keys were asked for by {asked:?}"
    );
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
