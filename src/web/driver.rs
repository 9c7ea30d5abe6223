//! Drives one session: passes the page's messages on to it, carries out the actions that it asks for, and sends its state to the
//! page after each turn.

use super::{
    crossing,
    requests::Requests,
    screen::{Canvas, Screen},
    tasks::Tasks,
    timing::{self, Turns, sleep},
    wiping,
};
use crate::{
    entry::PinRules,
    error::Error,
    key_pair::KeySize,
    protocol::{Inward, Open, OperationName, Outward, WeakPinName},
    random::SystemRandom,
    session::{Action, ControlIdSource, Operation, Session, Settings, Snapshot, Stage},
    weak_pin::{Personal, WeakPin},
    wire::{ControlId, Formats, Request},
};
use alloc::{collections::VecDeque, rc::Rc, string::String};
use core::cell::RefCell;
use js_sys::Function;
use wasm_bindgen::prelude::*;

/// How long a PIN is shown, and how long a PIN that has arrived waits to be looked at, in milliseconds.
const SHOWN_MS: u32 = 30_000;
/// The time between two digits that are spelt out, in milliseconds: a screen reader has to finish the first.
const SPELL_MS: u32 = 1_500;
/// The longest time-out of a request, in milliseconds: more is a mistake in the unit.
const MAX_TIMEOUT_MS: u32 = 600_000;

pub(super) struct Driver {
    tell: Function,
    tasks: Tasks,
    state: RefCell<State>,
    outbox: RefCell<Outbox>,
}

/// The messages that are still to be sent. The page may answer while it gets a message; the order is kept nevertheless.
#[derive(Default)]
struct Outbox {
    messages: VecDeque<JsValue>,
    is_being_emptied: bool,
}

#[derive(Default)]
struct State {
    running: Option<Running>,
    screen: Screen,
    is_closed: bool,
}

struct Running {
    session: Session<SystemRandom>,
    requests: Rc<Requests>,
    /// How many messages were accepted.
    taken: u32,
    /// The state that was sent last.
    told: Option<(u32, Snapshot)>,
    is_spelling: bool,
    /// How many times the customer asked for a drawn PIN.
    suggestions: u32,
}

impl core::fmt::Debug for Driver {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Driver(…)")
    }
}

impl Driver {
    pub(super) fn new(tell: Function, break_off: Function) -> Rc<Self> {
        Rc::new(Self {
            tell,
            tasks: Tasks::new(break_off),
            state: RefCell::default(),
            outbox: RefCell::default(),
        })
    }

    /// Takes a message from the page. A digit leaves nothing on the stack.
    pub(super) fn receive(self: &Rc<Self>, message: JsValue) {
        wiping::with_stack_wiped(|| match Canvas::from_message(&message) {
            Some(canvas) => self.draw_with(|screen| screen.set_canvas(canvas)),
            None => {
                if let Some(message) = crossing::read(&message) {
                    self.take(message);
                }
            }
        });
        self.carry_out();
    }

    fn take(self: &Rc<Self>, message: Inward) {
        match message {
            Inward::Close => return self.close(),
            Inward::Color(color) => return self.draw_with(|screen| screen.set_color(color)),
            _ => {}
        }
        let mut state = self.state.borrow_mut();
        let State { running, is_closed: false, .. } = &mut *state else { return };
        match (message, running) {
            (Inward::Open(open), running @ None) => match Running::open(open) {
                Ok(opened) => *running = Some(opened),
                Err(code) => {
                    state.is_closed = true;
                    self.put(&Outward::Closed { code: Some(code) });
                }
            },
            (Inward::Open(_), Some(_)) | (_, None) => {}
            (message, Some(running)) => {
                running.taken = running.taken.wrapping_add(1);
                if let Inward::Spell = message {
                    if running.session.shown().is_some() && !running.is_spelling {
                        running.is_spelling = true;
                        self.tasks.spawn(Rc::clone(self).spell(running.suggestions));
                    }
                } else {
                    if let Inward::Suggest = message {
                        running.suggestions = running.suggestions.wrapping_add(1);
                        running.is_spelling = false;
                        self.tasks.spawn(Rc::clone(self).end_of(Stage::Entry, running.suggestions));
                    }
                    // Input that was sent before the page knew of the submit or the end is too late, and dropped.
                    let _ = running.pass_on(message);
                }
            }
        }
    }

    /// Changes the screen, and draws the shown PIN again.
    fn draw_with(&self, change: impl FnOnce(&mut Screen)) {
        let State { running, screen, .. } = &mut *self.state.borrow_mut();
        change(screen);
        if let Some(digits) = running.as_ref().and_then(|running| running.session.shown()) {
            screen.draw(digits);
        }
    }

    /// Carries out the session's pending actions, in order, and sends its state. Longer work continues in tasks.
    fn carry_out(self: &Rc<Self>) {
        wiping::with_stack_wiped(|| {
            let mut state = self.state.borrow_mut();
            let State { running: Some(running), screen, is_closed: false } = &mut *state else { return };
            let mut asks = false;
            while let Some(action) = running.session.next_action() {
                match action {
                    Action::SearchKeyPair => self.tasks.spawn(Rc::clone(self).search()),
                    Action::AskControlId => asks = true,
                    Action::Post(request) => {
                        self.tasks.spawn(Rc::clone(self).post(Rc::clone(&running.requests), request));
                    }
                    Action::Wait(seconds) => self.tasks.spawn(Rc::clone(self).wait(seconds)),
                }
            }
            let before = running.stage_told();
            if let Some(state) = running.news() {
                self.put(&state);
                match running.session.shown() {
                    Some(digits) => screen.draw(digits),
                    None => screen.wipe(),
                }
            }
            if asks {
                self.put(&Outward::Ask);
            }
            let after = running.stage_told();
            if before != after
                && let Some(stage @ (Stage::Arrived | Stage::Shown)) = after
            {
                self.tasks.spawn(Rc::clone(self).end_of(stage, running.suggestions));
            }
        });
        self.empty_outbox();
    }

    /// Puts a message into the outbox.
    fn put(&self, message: &Outward) {
        self.outbox.borrow_mut().messages.push_back(crossing::write(message));
    }

    fn empty_outbox(&self) {
        if core::mem::replace(&mut self.outbox.borrow_mut().is_being_emptied, true) {
            return;
        }
        loop {
            // A statement of its own ends the borrow: the page may answer at once, and the answer may add to the outbox.
            let next = self.outbox.borrow_mut().messages.pop_front();
            let Some(message) = next else { break };
            // An exception of the receiver must not stop the session half-way.
            let _ = self.tell.call1(&JsValue::NULL, &message);
        }
        self.outbox.borrow_mut().is_being_emptied = false;
    }

    /// Takes one step in each turn of the event loop, so that a digit, or the end, does not have to wait for the whole search.
    async fn search(self: Rc<Self>) {
        let turns = Turns::new();
        loop {
            turns.next().await;
            if !self.turn(Session::search_key_pair).unwrap_or(false) {
                break;
            }
        }
        self.carry_out();
    }

    async fn post(self: Rc<Self>, requests: Rc<Requests>, request: Request) {
        let reply = requests.post(request).await;
        self.turn(|session| session.reply(reply));
        self.carry_out();
    }

    async fn wait(self: Rc<Self>, seconds: u16) {
        sleep(u32::from(seconds) * 1000).await;
        self.turn(Session::waited);
        self.carry_out();
    }

    /// Hides a viewed PIN, or this suggestion, after its time.
    async fn end_of(self: Rc<Self>, stage: Stage, suggestion: u32) {
        sleep(SHOWN_MS).await;
        wiping::with_stack_wiped(|| {
            let mut state = self.state.borrow_mut();
            let Some(Running { session, suggestions, .. }) = &mut state.running else { return };
            if *suggestions != suggestion || session.stage() != stage {
                return;
            }
            if stage != Stage::Entry {
                session.close();
            } else if session.shown().is_some() {
                let _ = session.forget();
            }
        });
        self.carry_out();
    }

    /// Sends one digit after the other, of a viewed PIN or of this suggestion.
    async fn spell(self: Rc<Self>, suggestion: u32) {
        for place in 0.. {
            let is_current =
                self.state.borrow().running.as_ref().is_some_and(|running| running.suggestions == suggestion);
            if !is_current {
                return;
            }
            // EXPOSE: one digit, which the customer asked to hear.
            let digit = self.turn(|session| Some(session.shown()?.expose().get(usize::from(place)).copied()));
            let Some(Some(digit)) = digit else { break };
            self.put(&Outward::Spell { digit, place });
            self.empty_outbox();
            if digit.is_none() {
                break;
            }
            sleep(SPELL_MS).await;
        }
        if let Some(running) = &mut self.state.borrow_mut().running {
            running.is_spelling = false;
        }
    }

    /// Runs everything that the session does, and leaves nothing on the stack. Returns `None` when it is closed.
    fn turn<T>(&self, act: impl FnOnce(&mut Session<SystemRandom>) -> T) -> Option<T> {
        wiping::with_stack_wiped(|| {
            let State { running: Some(running), is_closed: false, .. } = &mut *self.state.borrow_mut() else {
                return None;
            };
            Some(act(&mut running.session))
        })
    }

    /// Wipes everything, and reports it once the screen is cleared, too.
    fn close(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        let State { running, screen, is_closed: is_closed @ false } = &mut *state else { return };
        *is_closed = true;
        let mut was_shown = false;
        // The control id is wiped with it; the headers of a request under way, once its end is noticed.
        if let Some(mut running) = running.take() {
            was_shown = running.session.shown().is_some();
            running.session.close();
            running.requests.abort();
        }
        screen.wipe();
        let driver = Rc::clone(self);
        self.tasks.spawn(async move {
            if was_shown {
                timing::frame().await;
            }
            driver.put(&Outward::Closed { code: None });
            driver.empty_outbox();
        });
    }
}

impl Running {
    /// # Errors
    /// Those of [`ControlId::new`]; [`Error::Closed`] for options that the page has to refuse.
    fn open(mut open: Open) -> Result<Self, Error> {
        let weak_pin = match open.weak_pin {
            WeakPinName::Reject => WeakPin::Reject,
            WeakPinName::Allow => WeakPin::Allow,
        };
        let rules = PinRules::new(open.min_length, open.max_length, open.confirm, weak_pin);
        let operation = match open.operation {
            OperationName::SetPin => Operation::Set(rules.ok_or(Error::Closed)?),
            OperationName::ViewPin => Operation::View,
        };
        if !(1..=MAX_TIMEOUT_MS).contains(&open.timeout_ms) {
            return Err(Error::Closed);
        }
        let numbers = open.known_numbers.iter().map(String::as_str);
        let personal = Personal::new(open.birth_date.as_deref(), numbers).ok_or(Error::Closed)?;
        let settings = Settings {
            operation,
            personal,
            key_size: KeySize::from_bits(open.key_size.into()).ok_or(Error::Closed)?,
            control_id_source: match open.control_id.take() {
                Some(control_id) => ControlIdSource::Given(ControlId::new(control_id)?),
                None => ControlIdSource::Provider,
            },
            formats: Formats::new(&open.pin_block_formats).ok_or(Error::Closed)?,
            can_look_up: open.status_url.is_some(),
        };
        Ok(Self {
            session: Session::open(settings, SystemRandom::new()),
            requests: Rc::new(Requests::new(&mut open)),
            taken: 0,
            told: None,
            is_spelling: false,
            suggestions: 0,
        })
    }

    fn pass_on(&mut self, message: Inward) -> Result<(), Error> {
        let session = &mut self.session;
        match message {
            Inward::Press(digit) => session.press(digit.number()),
            Inward::Erase => session.erase(),
            Inward::Clear => session.clear(),
            Inward::Forget => session.forget(),
            Inward::Confirm => session.confirm(),
            Inward::Advance => session.advance(),
            Inward::Suggest => session.suggest(),
            Inward::Submit => session.submit(),
            Inward::ControlId(control_id) => {
                session.control_id(control_id);
                Ok(())
            }
            Inward::Reveal => {
                session.reveal();
                Ok(())
            }
            // `ping` asks for the state that follows; the other messages are not for the session.
            Inward::Ping | Inward::Open(_) | Inward::Color(_) | Inward::Spell | Inward::Close => Ok(()),
        }
    }

    /// The state, if it has changed.
    fn news(&mut self) -> Option<Outward> {
        let (taken, session) = (self.taken, self.session.snapshot());
        let is_new = self.told.replace((taken, session)) != Some((taken, session));
        is_new.then_some(Outward::State { taken, session })
    }

    fn stage_told(&self) -> Option<Stage> {
        self.told.map(|(_, session)| session.stage)
    }
}
