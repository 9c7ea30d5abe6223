//! The session as the documentation describes it (README, "Embed it" and "How the PIN travels"; `card-pin.d.ts`), written
//! down as what has happened so far and what follows from it. Nothing in here is taken from `src/session.rs`, which
//! has phases that consume each other.

use crate::{
    faults::{Fault, Meaning},
    pad::{Pad, Rules},
};
use card_pin::{error::Error, session::Event, wire::Endpoint};

/// What a session is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Set,
    View,
}

/// Where the control id comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Given,
    Provider,
}

/// What a provider comes up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    Good,
    None,
    Empty,
    TooLong,
}

/// What happens to a session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input {
    Press(u8),
    Erase,
    Clear,
    /// The page is hidden.
    Forget,
    Confirm,
    Advance,
    Submit,
    Close,
    /// One step of the search for a key pair.
    Search,
    ControlId(Id),
    Reply(Endpoint, Fault),
    /// From here on the system gives no randomness.
    RandomFails,
}

/// What is seen from outside of how an input went, and is not the session's to decide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observed {
    /// Something was to be drawn, and could not be.
    pub(crate) draw_failed: bool,
    /// There are candidates left to test.
    pub(crate) searches_on: bool,
}

/// What a session tells its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Search,
    Ask,
    Post(Endpoint),
    Page(Event),
}

/// What follows from an input.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The input came too late.
    pub(crate) closed: bool,
    pub(crate) told: Vec<Told>,
}

/// What has happened so far.
#[derive(Debug)]
pub(crate) struct Documented {
    pub(crate) purpose: Purpose,
    pub(crate) source: Source,
    pub(crate) pad: Pad,
    pub(crate) has_key_pair: bool,
    /// To set: the PIN submitted. To view: empty.
    pub(crate) submitted: Option<String>,
    ids_asked: usize,
    /// The request that has no answer yet.
    pub(crate) outstanding: Option<Endpoint>,
    /// Whether the key was asked for again after a network failure, with the control id that is in use.
    pub(crate) asked_again: bool,
    waits_for_id: bool,
    pub(crate) has_tzpk: bool,
    pub(crate) is_shown: bool,
    pub(crate) is_over: bool,
    sets: usize,
}

impl Documented {
    pub(crate) fn open(purpose: Purpose, source: Source, rules: Rules) -> (Self, Outcome) {
        let mut session = Self {
            purpose,
            source,
            pad: Pad::new(rules),
            has_key_pair: false,
            submitted: None,
            ids_asked: 0,
            outstanding: None,
            asked_again: false,
            waits_for_id: false,
            has_tzpk: false,
            is_shown: false,
            is_over: false,
            sets: 0,
        };
        let mut outcome = Outcome { closed: false, told: vec![Told::Search] };
        // "With a control id that was given, that is done from the start."
        if (purpose, source) == (Purpose::View, Source::Given) {
            session.submitted = Some(String::new());
            outcome.told.push(Told::Page(Event::Submitting));
        }
        (session, outcome)
    }

    /// Whether a control id was asked for and has not come.
    pub(crate) fn waits_for_id(&self) -> bool {
        self.waits_for_id
    }

    /// Whether a further control id would not be asked for.
    pub(crate) fn had_last_id(&self) -> bool {
        self.source == Source::Given || self.ids_asked == 2
    }

    /// The request that gets the key.
    pub(crate) fn key_endpoint(&self) -> Endpoint {
        match self.purpose {
            Purpose::Set => Endpoint::Tzpk,
            Purpose::View => Endpoint::View,
        }
    }

    /// Takes an input, and gives what has to come of it.
    pub(crate) fn take(&mut self, input: Input, observed: Observed) -> Outcome {
        match input {
            Input::Press(digit) => self.edit(|pad| pad.press(digit)),
            Input::Erase => self.edit(Pad::erase),
            Input::Clear => self.edit(Pad::clear),
            Input::Forget => self.edit(Pad::forget),
            Input::Confirm => self.edit(Pad::confirm),
            Input::Submit => self.submit(observed),
            // "Goes to whatever comes next … without digits it does nothing."
            Input::Advance if self.takes_digits() && self.pad.is_empty() => Outcome::default(),
            Input::Advance if self.takes_digits() && self.pad.is_first_of_two() => self.edit(Pad::confirm),
            Input::Advance => self.submit(observed),
            Input::Close => {
                self.end();
                Outcome::default()
            }
            Input::Search => self.search(observed),
            Input::ControlId(id) => self.control_id(id),
            Input::Reply(endpoint, fault) => self.reply(endpoint, fault, observed),
            Input::RandomFails => Outcome::default(),
        }
    }

    fn takes_digits(&self) -> bool {
        self.purpose == Purpose::Set && self.submitted.is_none() && !self.is_over
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Pad) -> Vec<Event>) -> Outcome {
        if !self.takes_digits() {
            return Outcome { closed: true, told: Vec::new() };
        }
        Outcome { closed: false, told: edit(&mut self.pad).into_iter().map(Told::Page).collect() }
    }

    fn submit(&mut self, observed: Observed) -> Outcome {
        if self.is_over {
            return Outcome { closed: true, told: Vec::new() };
        }
        if self.submitted.is_some() {
            return Outcome::default();
        }
        let pin = match self.purpose {
            Purpose::View => String::new(),
            Purpose::Set => match self.pad.submit() {
                Ok(pin) => pin,
                Err(told) => return told.into_iter().map(Told::Page).collect(),
            },
        };
        self.submitted = Some(pin);
        let mut outcome: Outcome = [Told::Page(Event::Submitting)].into_iter().collect();
        if self.has_tzpk {
            outcome.told.push(self.set(observed));
        } else if self.has_key_pair && self.source == Source::Provider {
            outcome.told.push(self.ask());
        }
        outcome
    }

    fn search(&mut self, observed: Observed) -> Outcome {
        if self.has_key_pair || self.is_over || observed.searches_on {
            return Outcome::default();
        }
        if observed.draw_failed {
            return self.fail(Error::EntropyUnavailable);
        }
        self.has_key_pair = true;
        match self.source {
            Source::Given => [self.request_key()].into_iter().collect(),
            // "A submit would go out at once"; "nothing is sent until both entries agree".
            Source::Provider => {
                let ask = self.submitted.is_some().then(|| self.ask());
                [Told::Page(Event::Ready)].into_iter().chain(ask).collect()
            }
        }
    }

    fn control_id(&mut self, id: Id) -> Outcome {
        if !self.waits_for_id {
            return Outcome::default();
        }
        self.waits_for_id = false;
        match id {
            Id::Good => [self.request_key()].into_iter().collect(),
            Id::None | Id::Empty | Id::TooLong => self.fail(Error::ControlIdUnavailable),
        }
    }

    fn reply(&mut self, endpoint: Endpoint, fault: Fault, observed: Observed) -> Outcome {
        if self.outstanding != Some(endpoint) {
            return Outcome::default();
        }
        self.outstanding = None;
        if observed.draw_failed {
            return self.fail(Error::EntropyUnavailable);
        }
        match (endpoint, fault.meaning(endpoint)) {
            (Endpoint::Tzpk, Meaning::Done) => {
                self.has_tzpk = true;
                let ready = (self.source == Source::Given).then_some(Told::Page(Event::Ready));
                let set = self.submitted.is_some().then(|| self.set(observed));
                ready.into_iter().chain(set).collect()
            }
            (Endpoint::View, Meaning::Done) => {
                self.is_shown = true;
                [Told::Page(Event::Shown)].into_iter().collect()
            }
            (Endpoint::Set, Meaning::Done) => {
                self.end();
                [Told::Page(Event::Success)].into_iter().collect()
            }
            // "`tzpk` may be asked for again after a network failure."
            (Endpoint::Tzpk | Endpoint::View, Meaning::Fails(Error::Network)) if !self.asked_again => {
                self.asked_again = true;
                self.outstanding = Some(endpoint);
                [Told::Post(endpoint)].into_iter().collect()
            }
            // "Expired all the same: asked once more, without typing again."
            (Endpoint::Tzpk | Endpoint::View, Meaning::Fails(Error::ControlIdExpired))
                if !self.had_last_id() =>
            {
                [self.ask()].into_iter().collect()
            }
            (_, Meaning::Fails(error)) => self.fail(error),
        }
    }

    fn ask(&mut self) -> Told {
        self.ids_asked += 1;
        self.waits_for_id = true;
        self.asked_again = false;
        Told::Ask
    }

    fn request_key(&mut self) -> Told {
        self.outstanding = Some(self.key_endpoint());
        Told::Post(self.key_endpoint())
    }

    /// "`set` is sent at most once."
    fn set(&mut self, observed: Observed) -> Told {
        if observed.draw_failed {
            let failed = self.fail(Error::EntropyUnavailable).told.pop();
            return failed.unwrap();
        }
        self.sets += 1;
        assert_eq!(self.sets, 1, "the model itself sends the PIN twice");
        self.outstanding = Some(Endpoint::Set);
        Told::Post(Endpoint::Set)
    }

    fn fail(&mut self, error: Error) -> Outcome {
        self.end();
        let event = match self.purpose {
            Purpose::Set => Event::Failed(error),
            Purpose::View => Event::ViewFailed(error),
        };
        [Told::Page(event)].into_iter().collect()
    }

    fn end(&mut self) {
        self.is_over = true;
        self.outstanding = None;
        self.waits_for_id = false;
        self.is_shown = false;
    }
}

impl FromIterator<Told> for Outcome {
    fn from_iter<I: IntoIterator<Item = Told>>(told: I) -> Self {
        Self { closed: false, told: told.into_iter().collect() }
    }
}
