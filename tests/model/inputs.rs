//! The purposes of a session, its inputs, and their outcomes.

use crate::{common::Event, faults::Fault};
use card_pin::wire::Endpoint;

/// The purpose of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Set,
    View,
}

/// The source of the control id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Given,
    Provider,
}

/// The answer of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    Good,
    None,
    Empty,
    TooLong,
}

/// An input to a session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input {
    Press(u8),
    Erase,
    Clear,
    /// The page is hidden.
    Forget,
    Confirm,
    /// The customer wants a PIN to be drawn.
    Suggest,
    Advance,
    Submit,
    Close,
    /// One step of the search for a key pair.
    Search,
    ControlId(Id),
    /// An answer, to the request under way or without one.
    Reply(Fault),
    /// A wait is over.
    Waited,
    /// The customer looks at the page.
    Reveal,
    /// From here on the system gives no randomness.
    RandomFails,
}

/// Facts about an input that are visible from outside and that the session does not decide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observed {
    /// A draw from the random source failed.
    pub(crate) draw_failed: bool,
    /// There are candidates left to test.
    pub(crate) searches_on: bool,
}

/// The output of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Search,
    Ask,
    Post(Endpoint),
    Wait(u16),
    Page(Event),
}

/// The outcome of an input: the events, and then the actions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The input came too late.
    pub(crate) closed: bool,
    pub(crate) told: Vec<Told>,
}

impl FromIterator<Told> for Outcome {
    fn from_iter<I: IntoIterator<Item = Told>>(told: I) -> Self {
        Self { closed: false, told: told.into_iter().collect() }
    }
}
