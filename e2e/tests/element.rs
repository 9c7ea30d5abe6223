//! The element: hardware keys, attributes, focus, and presses that scripts make up.

use anyhow::{Result, ensure};
use card_pin_e2e::{Hand, Pad, Stage, each, in_each_engine};
use serde_json::json;

// W3C WebDriver, 17.4.2.
const BACKSPACE: &str = "\u{E003}";
const ENTER: &str = "\u{E007}";
const ESCAPE: &str = "\u{E00C}";
const DELETE: &str = "\u{E017}";

/// Makes the session wait for its control id until the end.
const PROVIDE: &str = "
    window.asked = 0;
    pad.controlIdProvider = () => new Promise(() => window.asked++);
";

in_each_engine! { Stage::open =>
    the_focus_is_taken_at_once,
    hardware_keys_do_what_they_say,
    a_button_with_the_focus_is_pressed,
    with_several_lengths_enter_goes_on,
    refused_entries_are_told_and_shown,
    presses_that_nobody_made_are_no_digits,
    keypads_are_laid_as_asked,
    without_a_control_id_nothing_starts,
    attributes_that_are_wrong_are_named,
    an_element_that_is_removed_ends_its_session,
    confirming_and_weak_pins_can_be_left_out,
    clear_close_and_reset_do_what_they_say,
    the_field_keeps_nothing_that_is_written_into_it,
    events_leave_a_shadow_tree_around_the_pad,
}

/// Opens a page with only the element, and runs `setup` with it as `pad`.
async fn open<'a>(stage: &Stage<'a>, setup: &str) -> Result<Pad<'a>> {
    let pad = stage.open_pad("direct.html").await?;
    stage.on_pad(setup).await?;
    Ok(pad)
}

/// Every change of the entry: step, digits, and `!` where a submit would be sent.
async fn changes(pad: &Pad<'_>) -> Result<String> {
    let events = pad.events().await?;
    let changes = events.iter().filter(|detail| detail["event"] == "pin_valid").map(|detail| {
        let step = if detail["step"] == "entry" { "e" } else { "c" };
        let valid = if detail["pin_valid"] == true { "!" } else { "" };
        format!("{step}{}{valid}", detail["digits"])
    });
    Ok(changes.collect::<Vec<_>>().join(" "))
}

async fn wait_for_changes(stage: &Stage<'_>, pad: &Pad<'_>, count: usize) -> Result<String> {
    let counted =
        format!("window.padEvents.filter(({{ event }}) => event === 'pin_valid').length >= {count}");
    stage.driver.wait_for(&counted, "the pad to take the keys").await?;
    changes(pad).await
}

/// This also works for an element that has not drawn anything yet.
async fn the_focus_is_taken_at_once(stage: &Stage<'_>) -> Result<()> {
    open(stage, "").await?;
    let another = "
        const another = document.body.appendChild(document.createElement('card-pin'));
        const isDrawn = another.shadowRoot.childElementCount > 0;
        another.focus();
        return [isDrawn, another.shadowRoot.activeElement?.getAttribute('part')];
    ";
    let told = stage.on_pad(another).await?;
    ensure!(told == json!([false, "field"]), "drawn, and where the focus went: {told}");
    Ok(())
}

async fn hardware_keys_do_what_they_say(stage: &Stage<'_>) -> Result<()> {
    let pad = open(stage, PROVIDE).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    let focused =
        stage.on_pad("pad.focus(); return pad.shadowRoot.activeElement.getAttribute('part')").await?;
    ensure!(focused == "field", "the focus went to {focused}");
    for keys in ["48", BACKSPACE, "x-a", DELETE, "4826", ENTER, "48", ESCAPE, "4826"] {
        stage.driver.type_keys(keys).await?;
    }
    let changes = wait_for_changes(stage, &pad, 15).await?;
    ensure!(changes == "e1 e2 e1 e0 e1 e2 e3 c0 c1 c2 c0 c1 c2 c3 c4!", "{changes}");
    ensure!(pad.dots().await? == 4, "four dots are filled");
    stage.driver.type_keys("5").await?;
    stage.driver.type_keys(ENTER).await?;
    stage.driver.wait_for("window.asked === 1", "the submit").await.map(drop)
}

/// `Enter` and the space bar press the button that has the focus, whatever its label is. The page keeps its own keys.
async fn a_button_with_the_focus_is_pressed(stage: &Stage<'_>) -> Result<()> {
    let pad = open(stage, PROVIDE).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    let listen = "window.heard = [];
        for (const type of ['keydown', 'keyup', 'keypress', 'pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click', 'input'])
          document.addEventListener(type, (event) => window.heard.push(`${type} ${event.key}`));";
    stage.on_pad(listen).await?;
    for (key, press) in [("5", ENTER), ("8", " "), ("erase", ENTER), ("2", ENTER)] {
        stage.on_pad(&format!("pad.shadowRoot.querySelector('[data-key=\"{key}\"]').focus()")).await?;
        stage.driver.type_keys(press).await?;
    }
    let changes = wait_for_changes(stage, &pad, 4).await?;
    ensure!(changes == "e1 e2 e1 e2", "{changes}");
    pad.tap("4").await?;
    stage.on_pad("pad.focus()").await?;
    stage.driver.type_keys("7").await?;
    wait_for_changes(stage, &pad, 6).await?;
    stage.driver.type_keys("x").await?;
    // The document hears nothing of a press, and only those keys that are not for the pad.
    let heard = stage.on_pad("return window.heard.filter((heard) => !/ (Enter| |x)$/.test(heard))").await?;
    ensure!(heard == json!([]), "the page heard {heard}");
    let closed = stage.on_pad("return window.heard.includes('keydown x')").await?;
    ensure!(closed == true, "a key that is not the pad's did not reach the page");
    let problem = stage.on_pad("return pad.shadowRoot.querySelector('[part=message]').textContent").await?;
    // After the fourth digit the pad shows the second step, which answers the letter.
    ensure!(problem == "Use digits only.", "{problem}");
    Ok(())
}

async fn with_several_lengths_enter_goes_on(stage: &Stage<'_>) -> Result<()> {
    let setup = format!("pad.setAttribute('min-length', 4); pad.maxLength = 6; {PROVIDE}");
    let pad = open(stage, &setup).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    stage.on_pad("pad.focus()").await?;
    for keys in [ENTER, "48261", ENTER, "48261", ENTER] {
        stage.driver.type_keys(keys).await?;
    }
    stage.driver.wait_for("window.asked === 1", "the submit").await?;
    let changes = changes(&pad).await?;
    ensure!(changes == "e1 e2 e3 e4 e5 c0 c1 c2 c3 c4 c5!", "{changes}");
    Ok(())
}

async fn refused_entries_are_told_and_shown(stage: &Stage<'_>) -> Result<()> {
    let cases: [(&str, &[&str], &str); 3] = [
        ("too_short", &["48", ENTER], "Enter 2 more digits."),
        ("weak_pin", &["1234"], "Too easy to guess: digits in a row. Choose another PIN."),
        ("mismatch", &["4826", "4827", ENTER], "The PINs don't match. Choose your PIN again."),
    ];
    each(cases, async |&(code, keys, words)| {
        let pad = open(stage, PROVIDE).await?;
        pad.wait_for_event("detail.event === 'ready'").await?;
        stage.on_pad("pad.focus()").await?;
        for keys in keys {
            stage.driver.type_keys(keys).await?;
        }
        let told = pad.wait_for_event("detail.event === 'set_pin_validation_error'").await?;
        let mut expected = json!({"event": "set_pin_validation_error", "code": code});
        if code == "weak_pin" {
            expected["reason"] = json!("run");
        }
        ensure!(told == expected, "{told}");
        let shown =
            stage.on_pad("return pad.shadowRoot.querySelector('[part=\"message\"]').textContent").await?;
        ensure!(shown == words, "{code} is shown as {shown}");
        // The pad accepts the next digits.
        pad.forget_events().await?;
        stage.driver.type_keys("7").await?;
        wait_for_changes(stage, &pad, 1).await.map(drop)
    })
    .await
}

async fn presses_that_nobody_made_are_no_digits(stage: &Stage<'_>) -> Result<()> {
    /// All events that a press consists of, for every key, sent to every possible target.
    const MADE_UP: &str = "
        const root = pad.shadowRoot;
        const entry = root.querySelector('[part=\"entry\"]');
        // The event is undefined if an engine does not have it.
        const attempt = (make) => {
          try {
            return make();
          } catch {
            return undefined;
          }
        };
        const made = (Kind, type, options) => attempt(() => new Kind(type, { bubbles: true, cancelable: true, composed: true, ...options }));
        const touch = (target) => attempt(() => [new Touch({ identifier: 1, target, clientX: 1, clientY: 1 })]);
        const press = (target, key) => {
          const touches = touch(target);
          const events = [
            ...['pointerdown', 'pointerup'].map((type) => made(PointerEvent, type, { pointerType: 'touch', isPrimary: true })),
            ...['mousedown', 'mouseup', 'click'].map((type) => made(MouseEvent, type, { button: 0, detail: 1 })),
            made(PointerEvent, 'click', { pointerType: 'mouse' }),
            ...['touchstart', 'touchend'].map((type) => made(window.TouchEvent, type, { touches, changedTouches: touches })),
            ...['keydown', 'keypress', 'keyup'].map((type) => made(KeyboardEvent, type, { key, code: `Digit${key}` })),
            ...['beforeinput', 'input'].map((type) => made(InputEvent, type, { data: key, inputType: 'insertText' })),
            ...['compositionstart', 'compositionend'].map((type) => made(CompositionEvent, type, { data: key })),
            made(Event, 'change', {}),
            made(Event, 'submit', {}),
          ];
          for (const event of events) if (event) target.dispatchEvent(event);
          // A script cannot forge `isTrusted`.
          const forged = made(KeyboardEvent, 'keydown', { key });
          attempt(() => Object.defineProperty(forged, 'isTrusted', { value: true }));
          target.dispatchEvent(forged);
          target.click?.();
        };
        for (const key of [...'4826', 'Enter', 'Backspace', 'Escape']) {
          for (const target of [window, document, document.body, pad, root, entry]) press(target, key);
        }
        for (const button of root.querySelectorAll('button')) press(button, button.textContent);";
    let pad = open(stage, PROVIDE).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    stage.on_pad(MADE_UP).await?;
    // The first real digit is the first that counts.
    pad.enter("4", Hand::Screen).await?;
    let digits = changes(&pad).await?;
    ensure!(digits == "e1", "{digits}");
    // Made-up presses do not submit, erase or clear either.
    pad.enter("826", Hand::Keyboard).await?;
    pad.enter("4826", Hand::Screen).await?;
    stage.on_pad(MADE_UP).await?;
    // After a submit, the pad would not accept this key.
    stage.on_pad("pad.focus()").await?;
    stage.driver.type_keys(BACKSPACE).await?;
    let digits = wait_for_changes(stage, &pad, 9).await?;
    ensure!(digits == "e1 e2 e3 c0 c1 c2 c3 c4! c3", "{digits}");
    ensure!(stage.on_pad("return window.asked").await? == 0, "a made-up press submitted");
    Ok(())
}

async fn keypads_are_laid_as_asked(stage: &Stage<'_>) -> Result<()> {
    const KEYS: &str = "return [...pad.shadowRoot.querySelectorAll('[part=\"keypad\"] button')].map(({ dataset }) => dataset.key).join('')";
    open(stage, PROVIDE).await?;
    let fixed = stage.on_pad(KEYS).await?;
    ensure!(fixed == "1234567890erase", "fixed: {fixed}");
    let none = stage.on_pad(&format!("pad.keypad = 'none'; {KEYS}")).await?;
    ensure!(none == "", "none: {none}");
    let mut orders = Vec::new();
    for _ in 0..3 {
        let order = stage.on_pad(&format!("pad.keypad = 'none'; pad.keypad = 'shuffled'; {KEYS}")).await?;
        let mut digits: Vec<_> = order.as_str().unwrap_or_default().chars().take(10).collect();
        digits.sort_unstable();
        ensure!(digits.iter().collect::<String>() == "0123456789", "shuffled: {order}");
        orders.push(order);
    }
    // Three equal shuffles come by chance once in 10^13.
    ensure!(orders[0] != orders[1] || orders[1] != orders[2], "it is not shuffled: {}", orders[0]);
    Ok(())
}

async fn without_a_control_id_nothing_starts(stage: &Stage<'_>) -> Result<()> {
    let pad = open(stage, "").await?;
    let rejected = stage.on_pad("return pad.setPin().catch(({ name, code }) => `${name}: ${code}`)").await?;
    ensure!(rejected == "CardPinError: control_id_missing", "{rejected}");
    let events = json!(pad.events().await?);
    ensure!(
        events == json!([{"event": "set_pin_error", "code": "control_id_missing", "retryable": true}]),
        "{events}"
    );
    Ok(())
}

async fn attributes_that_are_wrong_are_named(stage: &Stage<'_>) -> Result<()> {
    let cases = [
        ("pad.minLength = 'four'", "minLength has to be a whole number from 4 to 12"),
        ("pad.maxLength = 13", "maxLength has to be a whole number from 4 to 12"),
        ("pad.setAttribute('confirm', 'yes')", "confirm has to be one of: on, off"),
        ("pad.weakPin = 'refuse'", "weakPin has to be one of: reject, allow"),
        ("pad.setUrl = 'data:,'", "setUrl has to be an http or https address"),
        ("pad.timeoutMs = '1 s'", "timeoutMs has to be a whole number from 1 to 600000"),
        ("pad.keySize = 1024", "keySize has to be one of: 2048, 3072, 4096"),
        ("pad.pinBlockFormats = '1 2'", "pinBlockFormats has to be one of: 0, 1, 3, 4"),
        ("pad.statusUrl = 'ftp:x'", "statusUrl has to be an http or https address"),
        ("pad.credentials = 'all'", "credentials has to be one of: omit, same-origin, include"),
        ("pad.isolation = 'page'", "isolation has to be one of: any, worker"),
    ];
    each(cases, async |&(mistake, message)| {
        open(stage, "").await?;
        let script = format!(
            "const reported = new Promise((resolve) => addEventListener('error', ({{ message }}) => resolve(message)));
             {mistake};
             {PROVIDE}
             const message = await reported;
             return [message, pad.shadowRoot.querySelector('[part=\"message\"]').textContent]"
        );
        let told = stage.on_pad(&script).await?;
        ensure!(told[0].as_str().is_some_and(|told| told.contains(message)), "{told}");
        ensure!(told[1] == "Please contact your bank.", "{told}");
        Ok(())
    })
    .await
}

async fn an_element_that_is_removed_ends_its_session(stage: &Stage<'_>) -> Result<()> {
    let pad = open(stage, PROVIDE).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    pad.enter("48", Hand::Screen).await?;
    // An element that is moved keeps its session; one that is removed and added again begins a new one.
    stage.on_pad("document.body.append(pad)").await?;
    pad.enter("2", Hand::Screen).await?;
    ensure!(pad.dots().await? == 3, "a moved pad lost its entry");
    stage.on_pad("pad.remove(); await null; await null; document.body.append(pad)").await?;
    pad.enter("4", Hand::Screen).await?;
    ensure!(pad.dots().await? == 1, "a removed pad did not begin again");
    Ok(())
}

async fn confirming_and_weak_pins_can_be_left_out(stage: &Stage<'_>) -> Result<()> {
    let setup = format!("pad.confirm = 'off'; pad.weakPin = 'allow'; {PROVIDE}");
    let pad = open(stage, &setup).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    pad.enter("1234", Hand::Screen).await?;
    let changes = changes(&pad).await?;
    ensure!(changes == "e1 e2 e3 e4!", "{changes}");
    pad.submit(Hand::Screen).await?;
    stage.driver.wait_for("window.asked === 1", "the submit").await.map(drop)
}

async fn clear_close_and_reset_do_what_they_say(stage: &Stage<'_>) -> Result<()> {
    let pad = open(stage, PROVIDE).await?;
    pad.wait_for_event("detail.event === 'ready'").await?;
    pad.enter("48", Hand::Screen).await?;
    stage.on_pad("pad.clear()").await?;
    stage.driver.wait_for("window.padEvents.at(-1).digits === 0", "the empty entry").await?;
    pad.enter("4826", Hand::Screen).await?;
    pad.enter("4826", Hand::Screen).await?;
    let closed = stage
        .on_pad(
            "const submit = pad.setPin();
         pad.close();
         return submit.catch(({ name, code }) => `${name}: ${code}`)",
        )
        .await?;
    ensure!(closed == "CardPinError: closed", "{closed}");
    let shown = stage.on_pad("return pad.shadowRoot.querySelector('[part=\"prompt\"]').textContent").await?;
    ensure!(shown == "Your PIN was not set", "{shown}");
    stage.on_pad("pad.reset()").await?;
    pad.enter("7", Hand::Screen).await?;
    ensure!(pad.dots().await? == 1, "a reset pad did not begin again");
    Ok(())
}

async fn the_field_keeps_nothing_that_is_written_into_it(stage: &Stage<'_>) -> Result<()> {
    open(stage, PROVIDE).await?;
    // The field that takes the focus is the only one.
    let fields =
        "return pad.shadowRoot.querySelectorAll('input, textarea, select, form, [contenteditable]').length";
    ensure!(stage.on_pad(fields).await? == 1, "there is more than the one field");
    let filled = "const field = pad.shadowRoot.querySelector('input');
        field.value = '8306';
        field.dispatchEvent(new Event('input', { bubbles: true }));
        return field.value";
    ensure!(stage.on_pad(filled).await? == "", "the written text stays");
    stage.on_pad("pad.focus()").await?;
    stage.driver.type_keys("48").await?;
    ensure!(
        stage.on_pad("return pad.shadowRoot.querySelector('input').value").await? == "",
        "digits stay in the field"
    );
    Ok(())
}

/// An event that bubbles and is composed reaches the window, also from inside another shadow tree.
async fn events_leave_a_shadow_tree_around_the_pad(stage: &Stage<'_>) -> Result<()> {
    let pad = open(stage, PROVIDE).await?;
    pad.enter("48", Hand::Keyboard).await?;
    let inside = "window.outside = [];
         addEventListener('pin_valid', ({ detail }) => window.outside.push(detail.digits));
         const host = document.body.appendChild(document.createElement('div'));
         host.attachShadow({ mode: 'open' }).append(pad);
         pad.focus()";
    stage.on_pad(inside).await?;
    stage.driver.type_keys("3").await?;
    // A pad that is moved keeps its digits.
    stage.driver.wait_for("window.outside.includes(3)", "the event outside").await.map(drop)
}
