//! The surface that JavaScript calls. It decides nothing: it converts. What the session asks for is carried out by
//! `www/courier.js`.

/// What a panic comes to.
#[cfg(feature = "shipped")]
mod panic;
/// What a library leaves behind where it worked.
mod wiping;

use crate::{
    digits::Digits,
    entry::PinRules,
    error::Error,
    key_pair::KeySize,
    random::SystemRandom,
    session::{Action, ControlIdSource, Operation, Session},
    weak_pin::WeakPin,
    wire::{ControlId, Endpoint, MAX_REPLY_BYTES, Reply},
};
use alloc::{string::String, vec::Vec};
use wasm_bindgen::prelude::*;

/// One session, for JavaScript. After each call but those about what is shown, [`next_action`](Vault::next_action) has what
/// it led to.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Vault {
    session: Session<SystemRandom>,
    /// The request under way: there is never more than one.
    asked: Option<Endpoint>,
}

#[wasm_bindgen]
impl Vault {
    /// Opens a session. `www/protocol.js` says what the parameters are. They are no object, whose fields would have to be
    /// called for one by one. `undefined` for what the page has to refuse, and for a control id that cannot be one.
    #[must_use]
    pub fn open(
        view: bool,
        control_id: Option<String>,
        min_length: u8,
        max_length: u8,
        confirm: bool,
        reject_weak_pin: bool,
        key_size: u32,
    ) -> Option<Vault> {
        let weak_pin = if reject_weak_pin { WeakPin::Reject } else { WeakPin::Allow };
        let rules = PinRules::new(min_length, max_length, confirm, weak_pin)?;
        let operation = if view { Operation::View } else { Operation::Set(rules) };
        let key_size = KeySize::from_bits(key_size)?;
        let source = match control_id {
            Some(control_id) => ControlIdSource::Given(ControlId::new(control_id).ok()?),
            None => ControlIdSource::Provider,
        };
        Some(Vault { session: Session::open(operation, key_size, source, SystemRandom::new()), asked: None })
    }

    /// What is to be done next, in order, as a line of JSON; `undefined` when it is the outside's turn.
    #[wasm_bindgen(js_name = nextAction)]
    pub fn next_action(&mut self) -> Option<String> {
        wiping::without_trace(|| {
            let action = self.session.next_action()?;
            if let Action::Post(request) = &action {
                self.asked = Some(request.endpoint);
            }
            Some(action.to_json())
        })
    }

    /// Tests one candidate in the search for a key pair; `true` while there is more to search.
    #[wasm_bindgen(js_name = searchKeyPair)]
    pub fn search_key_pair(&mut self) -> bool {
        self.turn(Session::search_key_pair)
    }

    /// The whole answer to the request under way came: its status code, and its body, or `undefined` for one that is too large.
    pub fn answered(&mut self, status: u16, body: Option<Vec<u8>>) {
        let body = body.filter(|body| body.len() <= MAX_REPLY_BYTES);
        self.reply(Reply::Answered { status, body });
    }

    /// No answer came to the request under way, or not in full: in time, or at all.
    pub fn unanswered(&mut self, timed_out: bool) {
        self.reply(if timed_out { Reply::TimedOut } else { Reply::Failed });
    }

    /// One digit, a whole number from 0 to 9.
    pub fn press(&mut self, digit: u8) {
        self.input(|session| session.press(digit));
    }

    /// Takes the last digit back.
    pub fn erase(&mut self) {
        self.input(Session::erase);
    }

    /// Empties the entry.
    pub fn clear(&mut self) {
        self.input(Session::clear);
    }

    /// Empties both entries.
    pub fn forget(&mut self) {
        self.input(Session::forget);
    }

    /// Goes on to the second entry.
    pub fn confirm(&mut self) {
        self.input(Session::confirm);
    }

    /// Goes to whatever comes next: the second entry, or the submit.
    pub fn advance(&mut self) {
        self.input(Session::advance);
    }

    /// Submits.
    pub fn submit(&mut self) {
        self.input(Session::submit);
    }

    /// The control id that was asked for, or `undefined` if there is none.
    #[wasm_bindgen(js_name = controlId)]
    pub fn control_id(&mut self, control_id: Option<String>) {
        self.turn(|session| session.control_id(control_id));
    }

    /// How many digits there are to be shown.
    #[wasm_bindgen(getter, js_name = shownCount)]
    pub fn shown_count(&self) -> u8 {
        self.session.shown().map_or(0, Digits::count)
    }

    /// The digit to be shown at `place`, a number from 0 to 9; `undefined` behind the last, and when nothing is shown.
    #[wasm_bindgen(js_name = shownDigit)]
    pub fn shown_digit(&self, place: usize) -> Option<u8> {
        // EXPOSE: one digit, to be drawn where the customer asked to see it.
        self.session.shown()?.expose().get(place).copied()
    }

    /// Ends the session and wipes it.
    pub fn close(&mut self) {
        self.turn(Session::close);
    }

    fn reply(&mut self, reply: Reply) {
        if let Some(endpoint) = self.asked.take() {
            self.turn(|session| session.reply(endpoint, reply));
        }
    }

    /// Input that crossed the submit or the end on its way here is too late, and dropped.
    fn input(&mut self, input: impl FnOnce(&mut Session<SystemRandom>) -> Result<(), Error>) {
        let _ = self.turn(input);
    }

    /// Everything that the session does is done in here, and leaves nothing on the stack.
    fn turn<T>(&mut self, act: impl FnOnce(&mut Session<SystemRandom>) -> T) -> T {
        wiping::without_trace(|| act(&mut self.session))
    }
}
