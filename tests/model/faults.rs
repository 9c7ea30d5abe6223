//! The faults of a server or a network, and their outcome by the documentation.

use card_pin::{error::Error, wire::Endpoint};
use std::sync::LazyLock;

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No fault.
    Good,
    NoConnection,
    TimedOut,
    /// A status code, with a body that would be good.
    Status(u16),
    /// The same, with this many seconds in `Retry-After`.
    RetryAfter(u16, u16),
    /// 200, and JSON with the status of the PIN.
    PinStatus(&'static str),
    /// 200, and a body that is not the JSON expected.
    Body(Body),
    /// 200, and JSON in which the wrapped key is wrong.
    Key(Key),
    /// 200, and JSON in which a field beside the key is wrong.
    Beside(Beside),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Empty,
    Html,
    InvalidUtf8,
    Cut,
    Deep,
    Array,
    Null,
    TooLarge,
    DuplicateField,
    /// No fault: fields that nobody knows, up to the size allowed.
    UnknownFields,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Missing,
    Number,
    NoBase64,
    Empty,
    Truncated,
    Flipped,
    Noise,
    Sha1,
    OtherKeyPair,
    NoBytes,
    EightBytes,
    SeventeenBytes,
    ThirtyThreeBytes,
    SingleDes,
    WeakDes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    UnknownAlgorithm,
    AesWithoutPan,
    AesFormat1,
    TdeaFormat4,
    UnknownFormat,
    FormatAsString,
    Format0WithoutPan,
    /// Everything is right, but the issuer does not allow the format.
    FormatNotAllowed,
    PanOfLetters,
    PanTooShort,
    PanAsNumber,
    KcvOfAnotherKey,
    KcvTooShort,
    KcvNoHex,
    /// From here on, faults of the block that is to be shown. They are not faults of an answer without a block.
    BlockMissing,
    BlockNoBase64,
    BlockOfOtherLength,
    BlockOfOtherKey,
}

/// The outcome of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The key arrived, or the PIN is set.
    Done,
    /// The PIN is known not to be set.
    NotSet,
    /// The session ends, unless the same can be tried again.
    Fails(Error),
}

/// Each fault; of the status codes, those on both sides of every border.
pub(crate) static ALL: LazyLock<Vec<Fault>> = LazyLock::new(|| {
    let statuses = [
        0, 199, 204, 299, 302, 399, 400, 401, 403, 404, 408, 409, 410, 424, 425, 429, 499, 500, 503, 599,
        600, 65_535,
    ];
    let busy =
        [(503, 0), (503, 14), (503, 15), (503, 30), (503, 31), (429, 8), (429, u16::MAX), (500, 1), (204, 1)];
    let pin_statuses = ["S", "SET", "W", "D", "WAITING", "GENERATED", "s", "X", ""];
    let bodies = [
        Body::Empty,
        Body::Html,
        Body::InvalidUtf8,
        Body::Cut,
        Body::Deep,
        Body::Array,
        Body::Null,
        Body::TooLarge,
        Body::DuplicateField,
        Body::UnknownFields,
    ];
    let keys = [
        Key::Missing,
        Key::Number,
        Key::NoBase64,
        Key::Empty,
        Key::Truncated,
        Key::Flipped,
        Key::Noise,
        Key::Sha1,
        Key::OtherKeyPair,
        Key::NoBytes,
        Key::EightBytes,
        Key::SeventeenBytes,
        Key::ThirtyThreeBytes,
        Key::SingleDes,
        Key::WeakDes,
    ];
    let beside = [
        Beside::UnknownAlgorithm,
        Beside::AesWithoutPan,
        Beside::AesFormat1,
        Beside::TdeaFormat4,
        Beside::UnknownFormat,
        Beside::FormatAsString,
        Beside::Format0WithoutPan,
        Beside::FormatNotAllowed,
        Beside::PanOfLetters,
        Beside::PanTooShort,
        Beside::PanAsNumber,
        Beside::KcvOfAnotherKey,
        Beside::KcvTooShort,
        Beside::KcvNoHex,
        Beside::BlockMissing,
        Beside::BlockNoBase64,
        Beside::BlockOfOtherLength,
        Beside::BlockOfOtherKey,
    ];
    let mut all = vec![Fault::Good, Fault::NoConnection, Fault::TimedOut];
    all.extend(statuses.map(Fault::Status));
    all.extend(busy.map(|(status, seconds)| Fault::RetryAfter(status, seconds)));
    all.extend(pin_statuses.map(Fault::PinStatus));
    all.extend(bodies.map(Fault::Body));
    all.extend(keys.map(Fault::Key));
    all.extend(beside.map(Fault::Beside));
    all
});

impl Fault {
    /// The outcome as the answer of `endpoint`, by the tables of `docs/codes.md` and `docs/reference.md`.
    pub(crate) fn meaning(self, endpoint: Endpoint) -> Meaning {
        use Meaning::{Done, Fails, NotSet};
        match (endpoint, self) {
            (_, Self::Good | Self::Body(Body::UnknownFields)) => Done,
            (Endpoint::Status, Self::PinStatus("W" | "D" | "WAITING" | "GENERATED")) => NotSet,
            (Endpoint::Status, Self::PinStatus(status)) if !matches!(status, "S" | "SET") => {
                Fails(Error::BadResponse)
            }
            (_, Self::PinStatus(_)) => Done,
            // The same for every request.
            (_, Self::Status(401 | 403)) => Fails(Error::NotAllowed),
            // The body is JSON.
            (_, Self::Status(404 | 410)) => Fails(Error::ControlIdExpired),
            (_, Self::Status(409)) => Fails(Error::AlreadyUsed),
            (_, Self::Status(408 | 424 | 425 | 429) | Self::RetryAfter(429, _)) => Fails(Error::Busy),
            (_, Self::Status(400..=499)) => Fails(Error::Rejected),
            // docs/reference.md: "200, 201 or 204, with a body that is not HTML"; what was not read in full is not an answer.
            (Endpoint::Set, Self::Body(Body::TooLarge | Body::Html)) => Fails(Error::OutcomeUnknown),
            (Endpoint::Set, Self::Status(204) | Self::RetryAfter(204, _) | Self::Body(_)) => Done,
            // Those requests do not contain it.
            (Endpoint::Set | Endpoint::Status, Self::Key(_) | Self::Beside(_)) => Done,
            (Endpoint::Set, _) => Fails(Error::OutcomeUnknown),
            (_, Self::RetryAfter(503, _)) => Fails(Error::Busy),
            (_, Self::NoConnection) => Fails(Error::Network),
            (_, Self::TimedOut) => Fails(Error::Timeout),
            (_, Self::Status(200..=299) | Self::RetryAfter(200..=299, _)) => Done,
            (_, Self::Status(500..=599) | Self::RetryAfter(500..=599, _)) => Fails(Error::ServerError),
            (
                _,
                Self::Status(_)
                | Self::RetryAfter(..)
                | Self::Body(_)
                | Self::Key(Key::Missing | Key::Number | Key::NoBase64 | Key::Empty | Key::Truncated),
            ) => Fails(Error::BadResponse),
            (_, Self::Key(_) | Self::Beside(Beside::KcvOfAnotherKey)) => Fails(Error::TzpkInvalid),
            (Endpoint::Tzpk, Self::Beside(block)) if block.is_about_the_block() => Done,
            (_, Self::Beside(_)) => Fails(Error::BadResponse),
        }
    }

    /// Why, after this answer to `set`, it is not known whether the PIN is set.
    pub(crate) fn doubt(self) -> Error {
        match self {
            Self::NoConnection => Error::Network,
            Self::TimedOut => Error::Timeout,
            Self::Status(500..=599) | Self::RetryAfter(500..=599, _) => Error::ServerError,
            _ => Error::BadResponse,
        }
    }

    pub(crate) fn retry_after_seconds(self) -> Option<u16> {
        match self {
            Self::RetryAfter(_, seconds) => Some(seconds),
            _ => None,
        }
    }
}

impl Beside {
    fn is_about_the_block(self) -> bool {
        use Beside::{BlockMissing, BlockNoBase64, BlockOfOtherKey, BlockOfOtherLength};
        matches!(self, BlockMissing | BlockNoBase64 | BlockOfOtherLength | BlockOfOtherKey)
    }
}
