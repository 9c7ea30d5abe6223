//! What a session is opened for, what can happen to it, and what can come of that.

use crate::{common::Event, faults::Fault};
use card_pin::wire::Endpoint;

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
    /// The request under way is answered; without one, an answer comes all the same.
    Reply(Fault),
    /// A wait is over.
    Waited,
    /// The customer looks at the page.
    Reveal,
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
    Wait(u16),
    Page(Event),
}

/// What follows from an input: what the page is told, and then what is to be done.
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
