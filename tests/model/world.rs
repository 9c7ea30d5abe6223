//! One session under test, its model, and all conditions after each step.

use crate::{
    answers::unasked_request,
    common::{Event, always::check_change, events, field},
    coverage::Coverage,
    debug,
    documented::Documented,
    faults::Meaning,
    hsm::ServerKey,
    inputs::{Id, Input, Observed, Outcome, Purpose, Source, Told},
    pad::Rules,
    random,
};
use base64ct::{Base64, Encoding};
use card_pin::{
    error::Error,
    key_pair::KeySize,
    session::{Action, ControlIdSource, Operation, Session, Settings, Snapshot, Stage},
    weak_pin::Personal,
    wire::{ControlId, Endpoint, Formats, Request},
};
use proptest::{prelude::*, test_runner::TestCaseError};
use serde_json::Value;

/// The settings of a session, and the server's key.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) purpose: Purpose,
    pub(crate) source: Source,
    pub(crate) rules: Rules,
    pub(crate) key: ServerKey,
    /// Whether an unknown outcome can be looked up.
    pub(crate) can_look_up: bool,
    /// The PIN that the customer wants, or that the card has.
    pub(crate) pin: String,
    /// Which primes make the key pair.
    pub(crate) pair: usize,
}

pub(crate) struct World<'a> {
    setup: &'a Setup,
    coverage: &'a mut Coverage,
    random: random::Starts,
    session: Session<card_pin_testing::Source<random::Starts>>,
    /// The state that the page knows.
    snapshot: Snapshot,
    pub(crate) model: Documented,
    control_ids: usize,
    /// Of each key pair so far, if it was sent.
    public_keys: Vec<String>,
    /// The last request to each endpoint.
    requests: Vec<Request>,
}

impl<'a> World<'a> {
    pub(crate) fn open(setup: &'a Setup, coverage: &'a mut Coverage) -> Result<Self, TestCaseError> {
        let random = random::Starts::new(setup.pair);
        let operation = match setup.purpose {
            Purpose::Set => Operation::Set(setup.rules.to_pin_rules()),
            Purpose::View => Operation::View,
        };
        let settings = Settings {
            operation,
            personal: Personal::default(),
            key_size: KeySize::Rsa2048,
            control_id_source: match setup.source {
                Source::Given => ControlIdSource::Given(ControlId::new(control_id(0)).unwrap()),
                Source::Provider => ControlIdSource::Provider,
            },
            formats: Formats::new(&setup.key.formats()).unwrap(),
            can_look_up: setup.can_look_up,
        };
        let (model, expected) = Documented::open(setup.purpose, setup.source, setup.rules, setup.can_look_up);
        let session = Session::open(settings, card_pin_testing::Source(random.clone()));
        let snapshot = session.snapshot();
        let mut world = Self {
            setup,
            coverage,
            random,
            session,
            snapshot,
            model,
            control_ids: 0,
            public_keys: Vec::new(),
            requests: Vec::new(),
        };
        let told = world.drain()?;
        prop_assert_eq!(Outcome { closed: false, told }, expected);
        world.check_state()?;
        Ok(world)
    }

    /// Gives the session an input, and compares the outcome with the model.
    pub(crate) fn step(&mut self, input: Input) -> Result<(), TestCaseError> {
        let place = self.model.place();
        let outstanding = self.model.outstanding;
        let failures = self.random.failures();
        let mut searches_on = false;
        let session = &mut self.session;
        let taken = match input {
            Input::Press(digit) => session.press(digit),
            Input::Erase => session.erase(),
            Input::Clear => session.clear(),
            Input::Forget => session.forget(),
            Input::Confirm => session.confirm(),
            Input::Suggest => session.suggest(),
            Input::Advance => session.advance(),
            Input::Submit => session.submit(),
            Input::Close => {
                session.close();
                Ok(())
            }
            Input::Search => {
                searches_on = session.search_key_pair();
                Ok(())
            }
            Input::ControlId(id) => {
                if id == Id::Good && self.model.waits_for_id() {
                    self.control_ids += 1;
                }
                session.control_id(match id {
                    Id::Good => Some(control_id(self.control_ids)),
                    Id::None => None,
                    Id::Empty => Some(String::new()),
                    Id::TooLong => Some("x".repeat(4097)),
                });
                Ok(())
            }
            Input::Reply(fault) => {
                let asked = self.requests.iter().find(|request| Some(request.endpoint) == outstanding);
                // An answer that nothing asked for is as good as possible: wrapped under the session's own key.
                let unasked = || {
                    unasked_request(self.model.key_endpoint(), self.public_keys.last().map(String::as_str))
                };
                let request = asked.map_or_else(unasked, |request| Request {
                    endpoint: request.endpoint,
                    body: request.body.clone(),
                });
                session.reply(fault.reply(&request, self.setup.key, &self.setup.pin));
                Ok(())
            }
            Input::Waited => {
                session.waited();
                Ok(())
            }
            Input::Reveal => {
                session.reveal();
                Ok(())
            }
            Input::RandomFails => {
                self.random.fail();
                Ok(())
            }
        };
        prop_assert!(matches!(taken, Ok(()) | Err(Error::Closed)), "{:?}", taken);
        let draw_failed = self.random.failures() > failures;
        let expected = self.model.take(input, Observed { draw_failed, searches_on });
        let told = self.drain()?;
        self.coverage.count(place, input, outstanding, &told);
        prop_assert_eq!(Outcome { closed: taken.is_err(), told }, expected, "{:?} while {}", input, place);
        self.check_draws(input, outstanding, draw_failed)?;
        self.check_state()
    }

    /// The events of a step, and the actions that the test does not decide; checks every request.
    fn drain(&mut self) -> Result<Vec<Told>, TestCaseError> {
        debug::check(&format!("{:?}", self.session))?;
        let before = std::mem::replace(&mut self.snapshot, self.session.snapshot());
        check_change(before, self.snapshot);
        let mut told: Vec<Told> = events(before, self.snapshot).into_iter().map(Told::Page).collect();
        while let Some(action) = self.session.next_action() {
            debug::check(&format!("{action:?}"))?;
            told.push(match action {
                Action::SearchKeyPair => Told::Search,
                Action::AskControlId => Told::Ask,
                Action::Wait(seconds) => Told::Wait(seconds),
                Action::Post(request) => {
                    self.check_request(&request)?;
                    let endpoint = request.endpoint;
                    self.requests.retain(|earlier| earlier.endpoint != endpoint);
                    self.requests.push(request);
                    Told::Post(endpoint)
                }
            });
        }
        debug::check(&format!("{:?}", self.session))?;
        Ok(told)
    }

    /// Checks a request: it contains the current control id and no unknown field, and the block contains the submitted PIN.
    fn check_request(&mut self, request: &Request) -> Result<(), TestCaseError> {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let members = if request.endpoint == Endpoint::Status { 1 } else { 2 };
        prop_assert_eq!(body.as_object().unwrap().len(), members);
        prop_assert_eq!(field(request, "controlId"), control_id(self.control_ids));
        if request.endpoint == Endpoint::Set {
            let block = Base64::decode_vec(&field(request, "pinBlock")).unwrap();
            let read = self.setup.key.read(&block);
            prop_assert_eq!(read.as_ref().ok(), self.model.submitted.as_ref(), "{:?}", read);
        } else if request.endpoint != Endpoint::Status {
            let public_key = field(request, "publicKey");
            if self.public_keys.last() != Some(&public_key) {
                prop_assert!(!self.public_keys.contains(&public_key), "a key pair that was given up is sent");
                self.public_keys.push(public_key);
            }
            prop_assert!(self.public_keys.len() <= self.model.key_pairs, "a key pair that nobody asked for");
        }
        Ok(())
    }

    /// Checks that a failing source is noticed wherever something has to be drawn.
    fn check_draws(
        &self,
        input: Input,
        outstanding: Option<Endpoint>,
        draw_failed: bool,
    ) -> Result<(), TestCaseError> {
        let unwraps = match input {
            Input::Reply(fault) => outstanding.is_some_and(|endpoint| {
                matches!(endpoint, Endpoint::Tzpk | Endpoint::View)
                    && fault.meaning(endpoint) == Meaning::Done
            }),
            _ => false,
        };
        prop_assert!(!(unwraps && self.random.fails()) || draw_failed, "the private operation is blinded");
        Ok(())
    }

    /// Checks the conditions that are true between any two steps.
    fn check_state(&mut self) -> Result<(), TestCaseError> {
        let Snapshot { stage, step, digits, valid, waits_seconds, sent, suggested, end, .. } = self.snapshot;
        prop_assert_eq!(self.session.snapshot().end.is_some(), self.model.is_over);
        prop_assert_eq!(end.is_some(), self.model.is_over);
        prop_assert_eq!(waits_seconds, self.model.waits);
        prop_assert_eq!(sent, self.model.has_sent());
        prop_assert_eq!(suggested, self.model.is_suggested);
        let expected = match &self.model {
            model if model.is_over => Stage::Ended,
            model if model.is_shown => Stage::Shown,
            model if model.has_arrived => Stage::Arrived,
            model if model.submitted.is_some() => Stage::Submitting,
            _ => Stage::Entry,
        };
        prop_assert_eq!(stage, expected);
        if self.model.is_over {
            prop_assert_eq!((digits, valid), (0, false));
        } else if self.model.purpose == Purpose::Set {
            // The number of submitted digits stays visible.
            prop_assert_eq!(Event::PinValid { valid, digits, step }, self.model.pad.told());
        }
        let shown = self
            .session
            .shown()
            .map(|digits| digits.expose().iter().map(|digit| char::from(b'0' + digit)).collect::<String>());
        if self.model.is_suggested {
            prop_assert!(shown.is_some_and(|pin| self.setup.rules.may_suggest(&pin)));
        } else {
            prop_assert_eq!(shown, self.model.is_shown.then(|| self.setup.pin.clone()));
        }
        if self.model.is_over {
            // `Debug` prints every part that could contain a secret: none is left.
            let printed = format!("{:?}", self.session);
            prop_assert!(printed.contains("phase: Ended(End {"), "{}", printed);
            prop_assert!(printed.contains("actions: []"), "{}", printed);
        }
        Ok(())
    }
}

/// The control id that is in use after so many were handed out.
fn control_id(number: usize) -> String {
    format!("83fa5f55-3dd7-453a-8233-4242a6bad1{number:02}")
}
