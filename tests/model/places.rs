//! The places that a session can reach, and the way to each.

use crate::{
    documented::Documented,
    faults::Fault,
    inputs::{Id, Input, Purpose, Source},
    pad::Next,
};
use card_pin::wire::Endpoint;

/// The state of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    Searching,
    /// The key pair is made, and waits for the customer.
    Ready,
    IdAsked,
    KeyAsked,
    /// After a network failure.
    KeyAskedAgain,
    SecondIdAsked,
    KeyAskedWithSecondId,
    KeyAskedAgainWithSecondId,
    /// The server is busy.
    Waiting,
    /// The server is busy for longer than a control id is used.
    WaitingLong,
    /// A wait was too long for the previous control id.
    IdAskedAfterWait,
    KeyAskedAfterWait,
    /// The session ends if the server is still busy.
    KeyAskedAfterLastWait,
    KeyThere,
    Setting,
    /// The outcome cannot be looked up, because no address for it was given.
    SettingForGood,
    /// The outcome is not known, and will be looked up.
    InDoubt,
    LookingUp,
    LookingUpForTheLastTime,
    Arrived,
    Showing,
    Ended,
}

/// A state of a session that the documentation distinguishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) row: Row,
    /// Whether the customer has submitted, or asked for the PIN to be shown.
    pub(crate) submitted: bool,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waits = !self.submitted && self.row != Row::Ended;
        write!(f, "{:?}{}", self.row, if waits { " (customer)" } else { "" })
    }
}

/// Every place that such a session can reach.
pub(crate) fn reachable(purpose: Purpose, source: Source) -> Vec<Place> {
    use Row::{
        Arrived, IdAsked, IdAskedAfterWait, InDoubt, KeyAsked, KeyAskedAfterLastWait, KeyAskedAfterWait,
        KeyAskedAgain, KeyAskedAgainWithSecondId, KeyAskedWithSecondId, KeyThere, LookingUp,
        LookingUpForTheLastTime, Ready, Searching, SecondIdAsked, Setting, SettingForGood, Showing, Waiting,
        WaitingLong,
    };
    let with_id =
        [Searching, KeyAsked, KeyAskedAgain, Waiting, WaitingLong, KeyAskedAfterWait, KeyAskedAfterLastWait];
    let with_provider = [
        &with_id[..],
        &[IdAsked, SecondIdAsked, KeyAskedWithSecondId, KeyAskedAgainWithSecondId, IdAskedAfterWait],
    ]
    .concat();
    let setting = [Setting, SettingForGood, InDoubt, LookingUp, LookingUpForTheLastTime];
    let viewing = [Arrived, Showing];
    let (waiting, submitted): (Vec<Row>, Vec<Row>) = match (purpose, source) {
        (Purpose::Set, Source::Given) => {
            ([&with_id[..], &[KeyThere]].concat(), [&with_id[..], &setting].concat())
        }
        (Purpose::Set, Source::Provider) => (vec![Searching, Ready], [&with_provider[..], &setting].concat()),
        (Purpose::View, Source::Given) => (vec![Searching, Ready], [&with_id[..], &viewing].concat()),
        (Purpose::View, Source::Provider) => {
            (vec![Searching, Ready], [&with_provider[..], &viewing].concat())
        }
    };
    let waiting = waiting.into_iter().map(|row| Place { row, submitted: false });
    let submitted = submitted.into_iter().map(|row| Place { row, submitted: true });
    waiting.chain(submitted).chain([ENDED]).collect()
}

const ENDED: Place = Place { row: Row::Ended, submitted: false };

impl Documented {
    /// The current place.
    pub(crate) fn place(&self) -> Place {
        let second = self.source == Source::Provider && self.had_last_id();
        let row = match self.outstanding {
            _ if self.is_over => return ENDED,
            _ if self.is_shown => Row::Showing,
            _ if self.has_arrived => Row::Arrived,
            _ if self.waits.is_some() && self.is_id_old() => Row::WaitingLong,
            _ if self.waits.is_some() => Row::Waiting,
            _ if self.waits_to_look_up() => Row::InDoubt,
            _ if self.waits_for_id() && self.busy > 0 => Row::IdAskedAfterWait,
            _ if self.waits_for_id() => {
                if second {
                    Row::SecondIdAsked
                } else {
                    Row::IdAsked
                }
            }
            Some(Endpoint::Set) if self.can_look_up => Row::Setting,
            Some(Endpoint::Set) => Row::SettingForGood,
            Some(Endpoint::Status) if self.look_ups == 3 => Row::LookingUpForTheLastTime,
            Some(Endpoint::Status) => Row::LookingUp,
            Some(_) if self.busy == 3 => Row::KeyAskedAfterLastWait,
            Some(_) if self.busy > 0 => Row::KeyAskedAfterWait,
            Some(_) => match (second, self.asked_again) {
                (false, false) => Row::KeyAsked,
                (false, true) => Row::KeyAskedAgain,
                (true, false) => Row::KeyAskedWithSecondId,
                (true, true) => Row::KeyAskedAgainWithSecondId,
            },
            None if self.has_tzpk => Row::KeyThere,
            None if self.has_key_pair => Row::Ready,
            None => Row::Searching,
        };
        Place { row, submitted: self.submitted.is_some() }
    }

    /// The next input on the way to `goal`, for a customer who wants `pin`; `None` on arrival.
    pub(crate) fn towards(&self, goal: Place, pin: &str) -> Option<Input> {
        if self.place() == goal {
            return None;
        }
        if goal == ENDED {
            return Some(Input::Close);
        }
        if goal.submitted && self.submitted.is_none() {
            return Some(match self.purpose {
                Purpose::View => Input::Submit,
                Purpose::Set => match self.pad.next_towards(pin) {
                    Next::Press(digit) => Input::Press(digit),
                    Next::Clear => Input::Clear,
                    Next::Confirm => Input::Confirm,
                    Next::Submit => Input::Submit,
                },
            });
        }
        if !self.has_key_pair {
            return Some(Input::Search);
        }
        if self.waits_for_id() {
            return Some(Input::ControlId(Id::Good));
        }
        if self.has_arrived {
            return Some(Input::Reveal);
        }
        if self.waits.is_some() || self.waits_to_look_up() {
            return Some(Input::Waited);
        }
        let wants_second_id = matches!(
            goal.row,
            Row::SecondIdAsked | Row::KeyAskedWithSecondId | Row::KeyAskedAgainWithSecondId
        );
        let fault = match (goal.row, self.outstanding) {
            (Row::InDoubt | Row::LookingUp | Row::LookingUpForTheLastTime, Some(Endpoint::Set)) => {
                Fault::TimedOut
            }
            (Row::LookingUpForTheLastTime, Some(Endpoint::Status)) => Fault::PinStatus("W"),
            _ if wants_second_id && !self.had_last_id() => Fault::Status(410),
            (Row::KeyAskedAgain | Row::KeyAskedAgainWithSecondId, _) => Fault::NoConnection,
            (Row::Waiting | Row::KeyAskedAfterWait | Row::KeyAskedAfterLastWait, _) => Fault::Status(429),
            (Row::WaitingLong | Row::IdAskedAfterWait, _) => Fault::RetryAfter(503, 15),
            _ => Fault::Good,
        };
        self.outstanding?;
        Some(Input::Reply(fault))
    }

    /// The next input on the way to the good end.
    pub(crate) fn towards_the_good_end(&self, pin: &str) -> Option<Input> {
        let last = match self.purpose {
            Purpose::Set if self.can_look_up => Row::Setting,
            Purpose::Set => Row::SettingForGood,
            Purpose::View => Row::Showing,
        };
        match self.outstanding {
            _ if self.is_over || self.is_shown => None,
            Some(Endpoint::Set | Endpoint::Status) => Some(Input::Reply(Fault::Good)),
            _ => self.towards(Place { row: last, submitted: true }, pin),
        }
    }
}
