//! What a device asks for, and what for.

/// What a customer's app and device ask for one PIN at the most, in this order: a control id, a key, that it is set, and whether
/// it is.
pub(crate) const REQUESTS_OF_SESSION: u32 = 4;

/// An operation of the pin API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A TZPK under its public key, to set a PIN.
    Tzpk,
    /// To set the PIN.
    Set,
    /// The PIN under a TZPK, and that under its public key.
    View,
}

impl Operation {
    /// How many requests of the same session may come after it. A customer's rate limit has to have room for those, too: it
    /// may stop a customer before the PIN is typed, and not after.
    pub(crate) fn later_requests(self) -> u32 {
        match self {
            Self::Tzpk => REQUESTS_OF_SESSION - 2,
            // The last question may be refused: by then the PIN is set, or it is not.
            Self::Set | Self::View => 0,
        }
    }

    pub(crate) fn purpose(self) -> Purpose {
        match self {
            Self::Tzpk | Self::Set => Purpose::SetPin,
            Self::View => Purpose::ViewPin,
        }
    }
}

/// What a control id is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `set-pin`: for `tzpk` and `set`.
    SetPin,
    /// `view-pin`: for `view`.
    ViewPin,
}

impl Purpose {
    /// Both.
    pub const ALL: [Self; 2] = [Self::SetPin, Self::ViewPin];

    /// The calls that a session makes after its control id: `tzpk` and `set`, or `view` alone.
    pub(crate) fn calls(self) -> u32 {
        match self {
            Self::SetPin => 2,
            Self::ViewPin => 1,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SetPin => "set-pin",
            Self::ViewPin => "view-pin",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}
