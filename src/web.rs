//! The surface that JavaScript calls. It decides nothing: it converts, and carries out what the session asks for.

mod fetch;
/// What a panic comes to.
#[cfg(feature = "shipped")]
mod panic;
mod turns;
/// What a library leaves behind where it worked.
mod wiping;

use crate::{
    digits::Digits,
    entry::{PinRules, Step},
    error::Error,
    key_pair::KeySize,
    random::SystemRandom,
    session::{Action, ControlIdSource, Event, Operation, Session},
    weak_pin::WeakPin,
    wire::{ControlId, Endpoint, Request},
};
use alloc::{rc::Rc, string::String};
use core::cell::RefCell;
use js_sys::{Function, Object, Reflect};
use turns::Turns;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;

#[wasm_bindgen]
extern "C" {
    /// What a session is opened with. `www/protocol.js` says what each field holds; the page has checked them.
    #[derive(Debug)]
    pub type VaultConfig;

    #[wasm_bindgen(method, getter)]
    fn view(this: &VaultConfig) -> bool;
    #[wasm_bindgen(method, getter, js_name = controlId)]
    fn control_id(this: &VaultConfig) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = tzpkUrl)]
    fn tzpk_url(this: &VaultConfig) -> String;
    #[wasm_bindgen(method, getter, js_name = setUrl)]
    fn set_url(this: &VaultConfig) -> String;
    #[wasm_bindgen(method, getter, js_name = viewUrl)]
    fn view_url(this: &VaultConfig) -> String;
    #[wasm_bindgen(method, getter, js_name = minLength)]
    fn min_length(this: &VaultConfig) -> u8;
    #[wasm_bindgen(method, getter, js_name = maxLength)]
    fn max_length(this: &VaultConfig) -> u8;
    #[wasm_bindgen(method, getter)]
    fn confirm(this: &VaultConfig) -> bool;
    #[wasm_bindgen(method, getter, js_name = rejectWeakPin)]
    fn reject_weak_pin(this: &VaultConfig) -> bool;
    #[wasm_bindgen(method, getter, js_name = timeoutMs)]
    fn timeout_ms(this: &VaultConfig) -> i32;
    #[wasm_bindgen(method, getter, js_name = keySize)]
    fn key_size(this: &VaultConfig) -> u32;
}

/// One session, for JavaScript.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Vault(Rc<Shell>);

#[derive(Debug)]
struct Shell {
    session: RefCell<Session<SystemRandom>>,
    tzpk_url: String,
    set_url: String,
    view_url: String,
    timeout_ms: i32,
    /// Aborts the request under way when the session is closed.
    abort: AbortController,
    /// Takes what goes outward: `{event, …}` or `{ask: "controlId"}`.
    emit: Function,
}

#[wasm_bindgen]
impl Vault {
    /// Opens a session. `emit` is called with every message that goes outward.
    ///
    /// # Errors
    /// A `RangeError` that names the field, for a configuration that the page should have refused; the code
    /// `control_id_missing` for an empty control id.
    #[wasm_bindgen(constructor)]
    pub fn open(config: &VaultConfig, emit: Function) -> Result<Vault, JsValue> {
        let weak_pin = if config.reject_weak_pin() { WeakPin::Reject } else { WeakPin::Allow };
        let rules = PinRules::new(config.min_length(), config.max_length(), config.confirm(), weak_pin)
            .ok_or_else(|| js_sys::RangeError::new("minLength and maxLength: 4 to 12 digits"))?;
        let operation = if config.view() { Operation::View } else { Operation::Set(rules) };
        let key_size = KeySize::from_bits(config.key_size())
            .ok_or_else(|| js_sys::RangeError::new("keySize: 2048, 3072 or 4096"))?;
        let source = match config.control_id().map(ControlId::new).transpose() {
            Ok(Some(control_id)) => ControlIdSource::Given(control_id),
            Ok(None) => ControlIdSource::Provider,
            Err(error) => return Err(error.code().into()),
        };
        let shell = Rc::new(Shell {
            session: RefCell::new(Session::open(operation, key_size, source, SystemRandom)),
            tzpk_url: config.tzpk_url(),
            set_url: config.set_url(),
            view_url: config.view_url(),
            timeout_ms: config.timeout_ms(),
            abort: AbortController::new()?,
            emit,
        });
        shell.carry_out();
        Ok(Vault(shell))
    }

    /// One digit, a whole number from 0 to 9.
    pub fn press(&self, digit: u8) {
        self.input(|session| session.press(digit));
    }

    /// Takes the last digit back.
    pub fn erase(&self) {
        self.input(Session::erase);
    }

    /// Empties the entry.
    pub fn clear(&self) {
        self.input(Session::clear);
    }

    /// Empties both entries.
    pub fn forget(&self) {
        self.input(Session::forget);
    }

    /// Goes on to the second entry.
    pub fn confirm(&self) {
        self.input(Session::confirm);
    }

    /// Goes to whatever comes next: the second entry, or the submit.
    pub fn advance(&self) {
        self.input(Session::advance);
    }

    /// Submits.
    pub fn submit(&self) {
        self.input(Session::submit);
    }

    /// The control id that was asked for, or `undefined` if there is none.
    #[wasm_bindgen(js_name = controlId)]
    pub fn control_id(&self, control_id: Option<String>) {
        self.0.turn(|session| session.control_id(control_id));
        self.0.carry_out();
    }

    /// How many digits there are to be shown.
    #[wasm_bindgen(getter, js_name = shownCount)]
    pub fn shown_count(&self) -> u8 {
        self.0.session.borrow().shown().map_or(0, Digits::count)
    }

    /// The digit to be shown at `place`, a number from 0 to 9; `undefined` behind the last, and when nothing is shown.
    #[wasm_bindgen(js_name = shownDigit)]
    pub fn shown_digit(&self, place: usize) -> Option<u8> {
        // EXPOSE: one digit, to be drawn where the customer asked to see it.
        self.0.session.borrow().shown()?.expose().get(place).copied()
    }

    /// Ends the session, wipes it, and gives up a request under way.
    pub fn close(&self) {
        self.0.turn(Session::close);
        self.0.abort.abort();
    }

    /// Input that crossed the submit or the end on its way here is too late, and dropped.
    fn input(&self, input: impl FnOnce(&mut Session<SystemRandom>) -> Result<(), Error>) {
        if self.0.turn(input).is_ok() {
            self.0.carry_out();
        }
    }
}

impl Shell {
    /// Everything that the session does is done in here, and leaves nothing on the stack.
    fn turn<T>(&self, act: impl FnOnce(&mut Session<SystemRandom>) -> T) -> T {
        wiping::without_trace(|| act(&mut self.session.borrow_mut()))
    }

    fn carry_out(self: &Rc<Self>) {
        loop {
            let action = self.turn(Session::next_action);
            match action {
                None => return,
                Some(Action::Emit(event)) => self.send(&event_message(event)),
                Some(Action::AskControlId) => self.send(&message(&[("ask", "controlId".into())])),
                Some(Action::SearchKeyPair) => spawn_local(Rc::clone(self).search_key_pair()),
                Some(Action::Post(request)) => spawn_local(Rc::clone(self).post(request)),
            }
        }
    }

    async fn search_key_pair(self: Rc<Self>) {
        let turns = Turns::new();
        while self.turn(Session::search_key_pair) {
            turns.next().await;
        }
        self.carry_out();
    }

    async fn post(self: Rc<Self>, request: Request) {
        let url = match request.endpoint {
            Endpoint::Tzpk => &self.tzpk_url,
            Endpoint::Set => &self.set_url,
            Endpoint::View => &self.view_url,
        };
        let reply = fetch::post(url, &request.body, self.timeout_ms, &self.abort).await;
        self.turn(|session| session.reply(request.endpoint, reply));
        self.carry_out();
    }

    fn send(&self, message: &Object) {
        // What the receiver throws is the receiver's: it must not stop the session half-way.
        let _ = self.emit.call1(&JsValue::UNDEFINED, message);
    }
}

fn event_message(event: Event) -> Object {
    match event {
        Event::Ready => message(&[("event", "ready".into())]),
        Event::PinValid { valid, digits, step } => message(&[
            ("event", "pin_valid".into()),
            ("pin_valid", valid.into()),
            ("digits", digits.into()),
            ("step", step_name(step).into()),
        ]),
        Event::Submitting => message(&[("submitting", true.into())]),
        Event::EntryRefused(error) => refused(error, false),
        Event::SubmitRefused(error) => refused(error, true),
        Event::Success => message(&[("event", "set_pin_success".into())]),
        Event::Shown => message(&[("event", "view_pin_success".into())]),
        Event::Failed(error) => failed("set_pin_error", error),
        Event::ViewFailed(error) => failed("view_pin_error", error),
    }
}

fn failed(event: &str, error: Error) -> Object {
    message(&[
        ("event", event.into()),
        ("code", error.code().into()),
        ("retryable", error.is_retryable().into()),
    ])
}

/// `submit` tells the page whether its submit was refused, or an earlier digit.
fn refused(error: Error, submit: bool) -> Object {
    message(&[
        ("event", "set_pin_validation_error".into()),
        ("code", error.code().into()),
        ("submit", submit.into()),
    ])
}

fn step_name(step: Step) -> &'static str {
    match step {
        Step::Entry => "entry",
        Step::Confirm => "confirm",
    }
}

fn message(fields: &[(&str, JsValue)]) -> Object {
    let message = Object::new();
    for (name, value) in fields {
        // A plain new object takes any field.
        let _ = Reflect::set(&message, &(*name).into(), value);
    }
    message
}
