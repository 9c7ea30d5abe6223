//! The session as the documentation describes it, written down as the facts so far and their consequences. A sentence in quotes is
//! from the document named before it. Nothing in here is taken from `src/session.rs`, which has phases that consume each other.

use crate::{
    common::Event,
    common::always::{LONGEST_WAIT, LOOK_UPS, WAITS},
    faults::{Fault, Meaning},
    inputs::{Id, Input, Observed, Outcome, Purpose, Source, Told},
    pad::{Pad, Rules},
};
use card_pin::{error::Error, wire::Endpoint};

/// The facts so far.
#[derive(Debug)]
pub(crate) struct Documented {
    pub(crate) purpose: Purpose,
    pub(crate) source: Source,
    pub(crate) can_look_up: bool,
    pub(crate) pad: Pad,
    /// Whether a PIN that was drawn for the customer is shown.
    pub(crate) is_suggested: bool,
    pub(crate) has_key_pair: bool,
    /// How many key pairs were searched for.
    pub(crate) key_pairs: usize,
    /// To set: the PIN submitted. To view: empty.
    pub(crate) submitted: Option<String>,
    ids_asked: usize,
    /// The request that has no answer yet.
    pub(crate) outstanding: Option<Endpoint>,
    /// Whether the key was asked for again after a network failure, with the control id that is in use.
    pub(crate) asked_again: bool,
    waits_for_id: bool,
    /// How many seconds the session waits for a busy server now.
    pub(crate) waits: Option<u16>,
    /// How often it has waited for a busy server.
    pub(crate) busy: usize,
    /// How many seconds it has waited since the current control id arrived.
    waited: u16,
    pub(crate) has_tzpk: bool,
    /// Why it is not known whether the PIN is set.
    pub(crate) doubt: Option<Error>,
    pub(crate) look_ups: usize,
    pub(crate) has_arrived: bool,
    pub(crate) is_shown: bool,
    pub(crate) is_over: bool,
    sets: usize,
}

/// docs/reference.md: "After waits of 15 seconds or more it first asks the provider for another control id."
const CONTROL_ID: u16 = 15;

impl Documented {
    pub(crate) fn open(purpose: Purpose, source: Source, rules: Rules, can_look_up: bool) -> (Self, Outcome) {
        let session = Self {
            purpose,
            source,
            can_look_up,
            pad: Pad::new(rules),
            is_suggested: false,
            has_key_pair: false,
            key_pairs: 1,
            submitted: None,
            ids_asked: 0,
            outstanding: None,
            asked_again: false,
            waits_for_id: false,
            waits: None,
            busy: 0,
            waited: 0,
            has_tzpk: false,
            doubt: None,
            look_ups: 0,
            has_arrived: false,
            is_shown: false,
            is_over: false,
            sets: 0,
        };
        (session, Outcome { closed: false, told: vec![Told::Search] })
    }

    /// Whether a control id was asked for and has not arrived.
    pub(crate) fn waits_for_id(&self) -> bool {
        self.waits_for_id
    }

    /// Whether the PIN was passed on to be sent.
    pub(crate) fn has_sent(&self) -> bool {
        self.sets > 0
    }

    /// Whether a further control id would not be asked for.
    pub(crate) fn had_last_id(&self) -> bool {
        self.source == Source::Given || self.ids_asked >= 2
    }

    /// Whether the waits were too long for the control id.
    pub(crate) fn is_id_old(&self) -> bool {
        self.waited >= CONTROL_ID
    }

    /// Whether the outcome is looked up after the wait.
    pub(crate) fn waits_to_look_up(&self) -> bool {
        self.doubt.is_some() && self.outstanding.is_none()
    }

    /// The request that gets the key.
    pub(crate) fn key_endpoint(&self) -> Endpoint {
        match self.purpose {
            Purpose::Set => Endpoint::Tzpk,
            Purpose::View => Endpoint::View,
        }
    }

    /// Takes an input, and returns the outcome that it has to have.
    pub(crate) fn take(&mut self, input: Input, observed: Observed) -> Outcome {
        match input {
            Input::Press(digit) => self.edit(|pad| pad.press(digit)),
            Input::Erase => self.edit(Pad::erase),
            Input::Clear => self.edit(Pad::clear),
            // www/types/session.d.ts: "A PIN that was shown is hidden again and wiped: after 30 seconds, or because nobody looked
            // any more." So is one that has only arrived.
            Input::Forget if self.has_arrived && !self.is_over => self.close(),
            Input::Forget => self.edit(Pad::forget),
            Input::Confirm => self.edit(Pad::confirm),
            Input::Suggest => self.suggest(observed),
            Input::Submit => self.submit(observed),
            // www/types/session.d.ts: "Takes the next step, the second entry or the submit, like `Enter` on the pad." Without
            // digits nothing comes next, and a suggestion stays.
            Input::Advance if self.takes_digits() && self.pad.is_empty() => Outcome::default(),
            Input::Advance if self.takes_digits() && self.pad.is_first_of_two() => self.edit(Pad::confirm),
            Input::Advance => self.submit(observed),
            Input::Close => self.close(),
            Input::Search => self.search(observed),
            Input::ControlId(id) => self.control_id(id),
            Input::Reply(fault) => self.reply(fault, observed),
            Input::Waited => self.waited(),
            Input::Reveal if self.has_arrived && !self.is_shown && !self.is_over => {
                self.is_shown = true;
                [Told::Page(Event::Shown)].into_iter().collect()
            }
            Input::Reveal => Outcome::default(),
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
        // docs/pin-policy.md: "It is wiped as soon as the customer types, empties the entry, submits or looks elsewhere", even if that is
        // refused.
        self.is_suggested = false;
        Outcome { closed: false, told: edit(&mut self.pad).into_iter().map(Told::Page).collect() }
    }

    /// www/types/session.d.ts: "Makes the vault draw a random PIN that it would accept, and show it on the `canvas`, until the customer
    /// types or does anything else with the entry, which is emptied"
    fn suggest(&mut self, observed: Observed) -> Outcome {
        if observed.draw_failed {
            return self.fail(Error::EntropyUnavailable);
        }
        let emptied = self.edit(Pad::forget);
        self.is_suggested = !emptied.closed;
        emptied
    }

    fn submit(&mut self, observed: Observed) -> Outcome {
        if self.is_over {
            return Outcome { closed: true, told: Vec::new() };
        }
        if self.submitted.is_some() {
            return Outcome::default();
        }
        self.is_suggested = false;
        let pin = match self.purpose {
            Purpose::View => String::new(),
            Purpose::Set => match self.pad.submit() {
                Ok(pin) => pin,
                Err(told) => return told.into_iter().map(Told::Page).collect(),
            },
        };
        self.submitted = Some(pin);
        let next = match self.has_tzpk {
            true => Some(self.set(observed)),
            false => (self.has_key_pair && self.waits_for_submit()).then(|| self.go_on()),
        };
        // If the submit itself fails, the page goes from the entry to the end.
        let submitting = (!self.is_over).then_some(Told::Page(Event::Submitting));
        submitting.into_iter().chain(next).collect()
    }

    fn search(&mut self, observed: Observed) -> Outcome {
        if self.has_key_pair || self.is_over || observed.searches_on {
            return Outcome::default();
        }
        if observed.draw_failed {
            return self.fail(Error::EntropyUnavailable);
        }
        self.has_key_pair = true;
        if !self.waits_for_submit() {
            return [self.request_key()].into_iter().collect();
        }
        // docs/reference.md: "a submit would go out at once"
        let next = self.submitted.is_some().then(|| self.go_on());
        let ready = (self.key_pairs == 1).then_some(Told::Page(Event::Ready));
        ready.into_iter().chain(next).collect()
    }

    /// Whether a submit comes before all requests. www/types/session.d.ts: "Nothing is sent until both entries agree, or until the
    /// customer asks to view the PIN." Only with a control id docs/reference.md: "the TZPK is fetched while the customer types."
    fn waits_for_submit(&self) -> bool {
        (self.purpose, self.source) != (Purpose::Set, Source::Given)
    }

    fn go_on(&mut self) -> Told {
        match self.source {
            Source::Given => self.request_key(),
            Source::Provider => self.ask(),
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

    fn reply(&mut self, fault: Fault, observed: Observed) -> Outcome {
        let Some(endpoint) = self.outstanding.take() else { return Outcome::default() };
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
                self.has_arrived = true;
                [Told::Page(Event::Arrived)].into_iter().collect()
            }
            (Endpoint::Set | Endpoint::Status, Meaning::Done) => {
                self.end();
                [Told::Page(Event::Success)].into_iter().collect()
            }
            (Endpoint::Set, Meaning::Fails(Error::OutcomeUnknown)) if self.can_look_up => {
                self.doubt = Some(fault.doubt());
                self.look_up(Error::OutcomeUnknown)
            }
            (Endpoint::Status, Meaning::NotSet) => self.look_up(self.doubt.unwrap()),
            (Endpoint::Status, Meaning::Fails(_)) => self.look_up(Error::OutcomeUnknown),
            // docs/reference.md: "After a failure of the network it requests the key once more."
            (Endpoint::Tzpk | Endpoint::View, Meaning::Fails(Error::Network)) if !self.asked_again => {
                self.asked_again = true;
                [self.request_key()].into_iter().collect()
            }
            // www/types/session.d.ts: "It is called once both entries agree, and once more if that control id has expired."
            (Endpoint::Tzpk | Endpoint::View, Meaning::Fails(Error::ControlIdExpired))
                if !self.had_last_id() =>
            {
                [self.ask()].into_iter().collect()
            }
            (Endpoint::Tzpk | Endpoint::View, Meaning::Fails(Error::Busy)) => self.wait(fault),
            // docs/security/threat-model.md: "card-pin asks for it once more with another key pair, if a provider can give another
            // control id."
            (Endpoint::Tzpk | Endpoint::View, Meaning::Fails(Error::TzpkInvalid))
                if self.source == Source::Provider && self.key_pairs < 2 =>
            {
                self.has_key_pair = false;
                self.key_pairs += 1;
                [Told::Search].into_iter().collect()
            }
            (_, Meaning::Fails(error)) => self.fail(error),
            (_, Meaning::NotSet) => unreachable!("an answer of Status alone"),
        }
    }

    /// docs/reference.md: "card-pin then requests the key again, up to three times, without the customer typing again."
    fn wait(&mut self, fault: Fault) -> Outcome {
        let Some(&seconds) = WAITS.get(self.busy) else { return self.fail(Error::Busy) };
        let seconds = fault.retry_after_seconds().map_or(seconds, |seconds| seconds.max(1));
        if seconds > LONGEST_WAIT {
            return self.fail(Error::Busy);
        }
        self.busy += 1;
        self.waited += seconds;
        self.asked_again = false;
        self.waits = Some(seconds);
        [Told::Page(Event::Waits(seconds)), Told::Wait(seconds)].into_iter().collect()
    }

    fn look_up(&mut self, otherwise: Error) -> Outcome {
        match LOOK_UPS.get(self.look_ups) {
            Some(&seconds) => [Told::Wait(seconds)].into_iter().collect(),
            None => self.fail(otherwise),
        }
    }

    fn waited(&mut self) -> Outcome {
        if self.waits.take().is_some() {
            let is_new_id_needed = self.source == Source::Provider && self.is_id_old();
            return [if is_new_id_needed { self.ask() } else { self.request_key() }].into_iter().collect();
        }
        if self.waits_to_look_up() && !self.is_over {
            self.look_ups += 1;
            self.outstanding = Some(Endpoint::Status);
            return [Told::Post(Endpoint::Status)].into_iter().collect();
        }
        Outcome::default()
    }

    /// The code shows how much is known. The outcome of a PIN on its way is not.
    fn close(&mut self) -> Outcome {
        if self.is_over {
            return Outcome::default();
        }
        if self.is_shown {
            self.end();
            return [Told::Page(Event::Hidden)].into_iter().collect();
        }
        self.fail(if self.sets > 0 { Error::OutcomeUnknown } else { Error::Closed })
    }

    fn ask(&mut self) -> Told {
        self.ids_asked += 1;
        self.waits_for_id = true;
        self.asked_again = false;
        self.waited = 0;
        Told::Ask
    }

    fn request_key(&mut self) -> Told {
        self.outstanding = Some(self.key_endpoint());
        Told::Post(self.key_endpoint())
    }

    /// docs/reference.md: "`set` is sent once."
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
        [Told::Page(Event::Failed(error))].into_iter().collect()
    }

    fn end(&mut self) {
        self.is_over = true;
        self.is_suggested = false;
        self.outstanding = None;
        self.waits_for_id = false;
        self.waits = None;
        self.is_shown = false;
    }
}
