//! Everything that can be observed while a digit is pressed is the same for every digit: pictures, changes of the document,
//! messages. A shuffled keypad has another order in every session.

use anyhow::{Context, Result, bail, ensure};
use card_pin_e2e::{Engine, Hand, Pad, Stage, WebDriver, in_each_engine, random_pin, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;

in_each_engine! { Stage::open =>
    every_digit_leaves_the_same_trace,
    every_digit_gives_the_same_picture,
    a_shuffled_keypad_is_another_one_in_every_session,
    the_order_is_the_systems_randomness,
    a_shuffled_keypad_enters_what_it_shows,
}

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// When a part of a window changes, WebKitGTK redraws the edges of letters anywhere in it in other shades, and Chromium those of
/// round corners. The average colour of a square of 16 pixels stays within this difference; a key that lights up changes it by
/// seventeen.
const ROUNDING: f64 = 6.0;

/// Makes the session wait for its control id until the end.
const PROVIDE: &str = "pad.controlIdProvider = () => new Promise(() => {});";

async fn open<'a>(Stage { sandbox, driver, .. }: &Stage<'a>, setup: &str) -> Result<Pad<'a>> {
    driver.open(&sandbox.url("/pin-page/direct.html")).await?;
    let pad = Pad::find(driver).await?;
    run(driver, setup).await?;
    Ok(pad)
}

async fn run(driver: &WebDriver, script: &str) -> Result<Value> {
    driver.run(&format!("const pad = document.querySelector('card-pin'); {script}"), Value::Null).await
}

/// Records every message between page and vault, and every change in the pad's shadow root.
const WATCH: &str = "
    window.messages = [];
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...more) {
      messages.push({ to: 'vault', message: structuredClone(message) });
      return post.call(this, message, ...more);
    };
    window.Worker = class extends Worker {
      constructor(...started) {
        super(...started);
        this.addEventListener('message', ({ data }) => messages.push({ to: 'page', message: data }));
      }
    };
    window.changes = [];
    window.watcher = new MutationObserver((records) => changes.push(...records));
    watcher.observe(pad.shadowRoot, { subtree: true, childList: true, attributes: true, attributeOldValue: true,
                                      characterData: true, characterDataOldValue: true });
";

/// Takes what was recorded since the last time, with the place in the document of each change.
const TAKE: &str = "
    const place = (node) => node === pad.shadowRoot ? '' : place(node.parentNode ?? pad.shadowRoot) + '/' +
      node.nodeName + [...(node.parentNode?.childNodes ?? [])].indexOf(node);
    const taken = {
      messages: messages.splice(0),
      changes: [...changes.splice(0), ...watcher.takeRecords()].map(({ type, target, attributeName, oldValue, addedNodes, removedNodes }) => [
        type, place(target), attributeName, oldValue, attributeName && target.getAttribute(attributeName),
        ...[...addedNodes, ...removedNodes].map((node) => node.nodeName + node.textContent),
      ]),
      styles: [...pad.shadowRoot.querySelectorAll('button')].map((key) => getComputedStyle(key).cssText),
      focus: place(pad.shadowRoot.activeElement ?? pad.shadowRoot),
    };
    return taken;
";

async fn every_digit_leaves_the_same_trace(stage: &Stage<'_>) -> Result<()> {
    let driver = stage.driver;
    let pad = open(stage, &format!("{WATCH} {PROVIDE}")).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    // The first key would move the focus, which changes the entry. So the entry gets the focus before the first key.
    run(driver, "pad.focus()").await?;
    let is_focused = "!document.querySelector('card-pin').shadowRoot.querySelector('[part=field]').readOnly";
    driver.wait_for(is_focused, "the entry to have the focus").await?;
    // The pad announces an empty entry. So it does this once before the first trace.
    pad.enter("4", Hand::Keyboard).await?;
    clear(driver).await?;
    for hand in [Hand::Screen, Hand::Keyboard] {
        // The digit is typed as the first one, and in the middle.
        for before in ["", "48"] {
            let mut first = None;
            for digit in DIGITS {
                pad.enter(before, hand).await?;
                run(driver, TAKE).await?;
                press(driver, &pad, digit, hand).await?;
                let trace = without_the_digit(run(driver, TAKE).await?, digit)?;
                let first = first.get_or_insert_with(|| trace.clone());
                ensure!(
                    *first == trace,
                    "{digit} by {hand:?} after {} digits: {trace:#} instead of {first:#}",
                    before.len()
                );
                clear(driver).await?;
            }
        }
    }
    Ok(())
}

/// Empties the entry, and waits until it is.
async fn clear(driver: &WebDriver) -> Result<()> {
    let before = run(driver, "pad.clear(); return window.padEvents.length").await?;
    let cleared = format!(
        "padEvents.slice({before} - 1).some(({{ event, digits }}) => event === 'pin_valid' && digits === 0)"
    );
    driver.wait_for(&cleared, "the pad to be empty").await.map(drop)
}

/// Presses a digit and waits until it has arrived. The test moves the mouse to the key itself, because Firefox's driver changes
/// an element's style for a moment when it clicks on it.
async fn press(driver: &WebDriver, pad: &Pad<'_>, digit: &str, hand: Hand) -> Result<()> {
    if hand == Hand::Keyboard {
        return pad.enter(digit, hand).await;
    }
    let told = pad.events().await?.len();
    driver.hold(pad.key(digit).await?).await?;
    driver.release().await?;
    driver.wait_for(&format!("padEvents.length > {told}"), "the digit to be counted").await.map(drop)
}

/// The digit is in one place only, as a number in the message to the vault. Removes it, and the number of messages so far from
/// the answer.
fn without_the_digit(mut trace: Value, digit: &str) -> Result<Value> {
    let messages = trace["messages"].as_array_mut().context("messages")?;
    let [to, from] = &mut **messages else { bail!("a digit is one message each way: {messages:?}") };
    ensure!(to["message"] == json!({"press": digit.parse::<u8>()?}), "a digit is a number: {to:?}");
    to["message"]["press"] = Value::Null;
    ensure!(from["message"]["state"]["taken"].take().is_u64(), "the answer is a state: {from:?}");
    ensure!(!trace["changes"].as_array().context("changes")?.is_empty(), "nothing was watched");
    Ok(trace)
}

async fn every_digit_gives_the_same_picture(stage: &Stage<'_>) -> Result<()> {
    let driver = stage.driver;
    let pad = open(stage, PROVIDE).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    let (mut held, mut pressed) = (None, None);
    // The first press moves the focus to the dots.
    driver.hold(pad.key("0").await?).await?;
    driver.release().await?;
    wait_for_dots(driver, 1).await?;
    for digit in DIGITS {
        run(driver, "pad.clear()").await?;
        wait_for_dots(driver, 0).await?;
        driver.hold(pad.key(digit).await?).await?;
        same_picture(stage, &mut held).await.with_context(|| format!("{digit} held"))?;
        driver.release().await?;
        wait_for_dots(driver, 1).await?;
        same_picture(stage, &mut pressed).await.with_context(|| format!("{digit} pressed"))?;
    }
    ensure!(held != pressed, "a held key does not look pressed");
    Ok(())
}

async fn wait_for_dots(driver: &WebDriver, count: usize) -> Result<()> {
    let dots =
        "document.querySelector('card-pin').shadowRoot.querySelectorAll('[part=\"dot\"][data-filled]')";
    driver.wait_for(&format!("{dots}.length === {count}"), &format!("{count} dots")).await.map(drop)
}

/// Waits until the window looks as it did the first time.
async fn same_picture(stage: &Stage<'_>, first: &mut Option<Vec<u8>>) -> Result<()> {
    let driver = stage.driver;
    if let Some(first) = first {
        let is_same = async || {
            let picture = driver.picture().await?;
            Ok(are_alike(stage, first, &picture).await?.then_some(()))
        };
        return until("the same picture", is_same).await;
    }
    // Waits for a picture that does not change any more, because the browser may still be drawing.
    let mut last = driver.picture().await?;
    let stays = async || {
        let picture = driver.picture().await?;
        let stays = are_alike(stage, &last, &picture).await?;
        last.clone_from(&picture);
        Ok(stays.then_some(picture))
    };
    *first = Some(until("a picture that stays", stays).await?);
    Ok(())
}

/// Whether two pictures are the same, up to [`ROUNDING`].
async fn are_alike(stage: &Stage<'_>, one: &[u8], other: &[u8]) -> Result<bool> {
    let is_rounded = async || stage.driver.run::<f64>(DIFFERENCE, json!([one, other])).await;
    Ok(one == other || stage.engine != Engine::Firefox && is_rounded().await? <= ROUNDING)
}

/// The greatest difference between two pictures in the average colour of a square of 16 pixels.
const DIFFERENCE: &str = "
    const [one, other] = await Promise.all(argument.map(async (png) => {
      const bitmap = await createImageBitmap(new Blob([new Uint8Array(png)], { type: 'image/png' }));
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      const context = canvas.getContext('2d');
      context.drawImage(bitmap, 0, 0);
      return context.getImageData(0, 0, bitmap.width, bitmap.height);
    }));
    if (one.width !== other.width || one.height !== other.height) return 255;
    const squares = new Map();
    one.data.forEach((value, at) => {
      const [x, y] = [(at >> 2) % one.width, Math.floor((at >> 2) / one.width)];
      const square = [x >> 4, y >> 4, at & 3].join();
      squares.set(square, (squares.get(square) ?? 0) + (value - other.data[at]) / 256);
    });
    return Math.max(...[...squares.values()].map(Math.abs));
";

/// The labels of the keys, from the first place to the last.
const KEYS: &str =
    "return [...pad.shadowRoot.querySelectorAll('[part=\"key\"]')].map((key) => key.textContent).join('');";

async fn a_shuffled_keypad_is_another_one_in_every_session(stage: &Stage<'_>) -> Result<()> {
    let driver = stage.driver;
    open(stage, &format!("pad.keypad = 'shuffled'; {PROVIDE}")).await?;
    let mut orders = BTreeSet::new();
    for _ in 0..4 {
        let order = run(driver, KEYS).await?.as_str().context("the keys")?.to_owned();
        let digits: BTreeSet<char> = order.chars().collect();
        ensure!(digits.iter().collect::<String>() == "0123456789" && order.len() == 10, "{order}");
        orders.insert(order);
        // Starts the next session. Its keys are in place a moment later.
        run(driver, "pad.reset(); await new Promise((done) => setTimeout(done))").await?;
    }
    // Two of four orders are the same once in 600,000 runs.
    ensure!(orders.len() == 4, "an order is repeated: {orders:?}");
    Ok(())
}

async fn the_order_is_the_systems_randomness(stage: &Stage<'_>) -> Result<()> {
    let driver = stage.driver;
    open(
        stage,
        "window.drawn = 0;
         window.Math.random = () => { throw new Error('no source of randomness') };
         window.crypto.getRandomValues = (numbers) => { window.drawn++; return numbers.fill(0) };",
    )
    .await?;
    let mut orders = BTreeSet::new();
    for draws in 1..4 {
        orders.insert(
            run(driver, &format!("pad.keypad = 'fixed'; pad.keypad = 'shuffled'; {KEYS}")).await?.to_string(),
        );
        ensure!(run(driver, "return window.drawn").await? == draws, "an order is one draw");
    }
    ensure!(orders.len() == 1, "something other than the system decides: {orders:?}");
    Ok(())
}

async fn a_shuffled_keypad_enters_what_it_shows(stage: &Stage<'_>) -> Result<()> {
    let Stage { sandbox, driver, .. } = stage;
    let card = sandbox.waiting_card().await?;
    let pad = open(stage, "pad.keypad = 'shuffled'").await?;
    pad.start(&card.control_id).await?;
    let pin = random_pin()?;
    for digit in pin.chars().chain(pin.chars()) {
        let key = format!(
            "[...document.querySelector('card-pin').shadowRoot.querySelectorAll('[part=\"key\"]:enabled')]
               .find((key) => key.textContent === '{digit}')"
        );
        driver.element(&key, "a key that reads so").await?.click().await?;
    }
    pad.wait_for_event("detail.event === 'pin_valid' && detail.pin_valid").await?;
    pad.submit(Hand::Screen).await?;
    pad.wait_for_event("detail.event === 'set_pin_success'").await?;
    ensure!(sandbox.pin_of(&card.id).await? == Some(pin), "another PIN is set than the one that was read");
    Ok(())
}
