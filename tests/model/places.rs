//! Where a session can be, and how to get there.

use crate::{
    documented::{Documented, Id, Input, Purpose, Source},
    faults::Fault,
    pad::Next,
};
use card_pin::wire::Endpoint;

/// How far the key has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    Searching,
    /// The key pair is there, and waits for the customer.
    Ready,
    IdAsked,
    KeyAsked,
    /// After a network failure.
    KeyAskedAgain,
    SecondIdAsked,
    KeyAskedWithSecondId,
    KeyAskedAgainWithSecondId,
    KeyThere,
    Setting,
    Showing,
    Ended,
}

/// A state of a session as the documentation tells them apart.
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

/// Every place that such a session can be in.
pub(crate) fn reachable(purpose: Purpose, source: Source) -> Vec<Place> {
    use Row::{
        IdAsked, KeyAsked, KeyAskedAgain, KeyAskedAgainWithSecondId, KeyAskedWithSecondId, KeyThere, Ready,
        Searching, SecondIdAsked, Setting, Showing,
    };
    let with_provider = [
        Searching,
        IdAsked,
        KeyAsked,
        KeyAskedAgain,
        SecondIdAsked,
        KeyAskedWithSecondId,
        KeyAskedAgainWithSecondId,
    ];
    let (waiting, submitted): (&[Row], Vec<Row>) = match (purpose, source) {
        (Purpose::Set, Source::Given) => (
            &[Searching, KeyAsked, KeyAskedAgain, KeyThere],
            vec![Searching, KeyAsked, KeyAskedAgain, Setting],
        ),
        (Purpose::Set, Source::Provider) => (&[Searching, Ready], [&with_provider[..], &[Setting]].concat()),
        (Purpose::View, Source::Given) => (&[], vec![Searching, KeyAsked, KeyAskedAgain, Showing]),
        (Purpose::View, Source::Provider) => (&[Searching, Ready], [&with_provider[..], &[Showing]].concat()),
    };
    let waiting = waiting.iter().map(|&row| Place { row, submitted: false });
    let submitted = submitted.into_iter().map(|row| Place { row, submitted: true });
    waiting.chain(submitted).chain([ENDED]).collect()
}

const ENDED: Place = Place { row: Row::Ended, submitted: false };

impl Documented {
    /// Where the session is.
    pub(crate) fn place(&self) -> Place {
        let second = self.source == Source::Provider && self.had_last_id();
        let row = match self.outstanding {
            _ if self.is_over => return ENDED,
            _ if self.is_shown => Row::Showing,
            _ if self.waits_for_id() => {
                if second {
                    Row::SecondIdAsked
                } else {
                    Row::IdAsked
                }
            }
            Some(Endpoint::Set) => Row::Setting,
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
        let wants_second_id = matches!(
            goal.row,
            Row::SecondIdAsked | Row::KeyAskedWithSecondId | Row::KeyAskedAgainWithSecondId
        );
        let fault = match goal.row {
            _ if wants_second_id && !self.had_last_id() => Fault::Status(410),
            Row::KeyAskedAgain | Row::KeyAskedAgainWithSecondId => Fault::NoConnection,
            _ => Fault::Good,
        };
        Some(Input::Reply(self.outstanding?, fault))
    }

    /// The next input on the way to the good end.
    pub(crate) fn towards_the_good_end(&self, pin: &str) -> Option<Input> {
        let last = if self.purpose == Purpose::Set { Row::Setting } else { Row::Showing };
        match self.place().row {
            Row::Ended | Row::Showing => None,
            Row::Setting => Some(Input::Reply(Endpoint::Set, Fault::Good)),
            _ => self.towards(Place { row: last, submitted: true }, pin),
        }
    }
}
