//! The kinds of secrets, and the moments at which they may be in memory.

use std::fmt;

/// A kind of secret, in the forms that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The PIN as the core holds it: a byte for each digit.
    PinDigits,
    /// The PIN in any other form: a text, words, BCD.
    PinOtherwise,
    /// The clear PIN block.
    PinBlock,
    /// The key that encrypts the PIN.
    Tzpk,
    /// That key, as its cipher expands it.
    Schedule,
    /// That key, as it is in the message that RSA decrypts.
    Message,
    /// A number that divides the modulus.
    Factor,
    /// A piece of any part of the private key.
    PrivateKey,
}

impl Kind {
    /// All of them, in the order of the report's columns.
    pub const ALL: [Self; 8] = [
        Self::PinDigits,
        Self::PinOtherwise,
        Self::PinBlock,
        Self::Tzpk,
        Self::Schedule,
        Self::Message,
        Self::Factor,
        Self::PrivateKey,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PinDigits => "PIN",
            Self::PinOtherwise => "PIN else",
            Self::PinBlock => "block",
            Self::Tzpk => "TZPK",
            Self::Schedule => "schedule",
            Self::Message => "OAEP",
            Self::Factor => "factor",
            Self::PrivateKey => "RSA key",
        })
    }
}

/// The kinds that have to be in a memory, and those that may be in it. All others must not.
#[derive(Clone, Copy, Debug)]
pub struct Kinds {
    /// Kinds that the search has to find, which shows that it works.
    pub must: &'static [Kind],
    /// Kinds of which a part may be there.
    pub may: &'static [Kind],
}

impl Kinds {
    /// Nothing is allowed, so every hit is a fault.
    pub const NONE: Self = Self { must: &[], may: &[] };
    /// A key pair that is being searched for.
    pub const SEARCH: Self = Self { must: &[], may: &[Kind::Factor, Kind::PrivateKey] };
    /// A key pair alone.
    pub const KEY_PAIR: Self = Self { must: &[Kind::Factor, Kind::PrivateKey], may: &[] };
    /// A key pair, and digits.
    pub const KEY_PAIR_AND_PIN: Self =
        Self { must: &[Kind::Factor, Kind::PrivateKey, Kind::PinDigits], may: &[] };
    /// The unwrapped key, and digits.
    pub const TZPK_AND_PIN: Self = Self { must: &[Kind::Tzpk, Kind::PinDigits], may: &[] };
    /// The unwrapped key alone.
    pub const TZPK: Self = Self { must: &[Kind::Tzpk], may: &[] };
    /// A PIN that is shown.
    pub const PIN: Self = Self { must: &[Kind::PinDigits], may: &[] };

    /// Whether this hit is a fault.
    #[must_use]
    pub fn forbid(&self, kind: Kind) -> bool {
        !self.must.contains(&kind) && !self.may.contains(&kind)
    }
}
