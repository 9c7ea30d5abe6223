//! The operations of a device, and their purposes.

/// The most requests that a customer's app and device make for one PIN, in this order: for a control id, for a key, to set the
/// PIN, and for its status.
pub(crate) const REQUESTS_OF_SESSION: u32 = 4;

/// An operation of the pin API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Asks for a TZPK under the device's public key, to set a PIN.
    Tzpk,
    /// Sets the PIN.
    Set,
    /// Asks for the PIN under a TZPK, and for the TZPK under the device's public key.
    View,
}

impl Operation {
    /// How many requests of the same session may come after it. A customer's rate limit has to leave room for those: it may stop
    /// a customer before the PIN is typed, but not after.
    pub(crate) fn later_requests(self) -> u32 {
        match self {
            Self::Tzpk => REQUESTS_OF_SESSION - 2,
            // The last request may be refused, because the outcome is settled by then.
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

/// The purpose of a control id.
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

    /// The number of calls that a session makes after its control id: `tzpk` and `set`, or `view` alone.
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
