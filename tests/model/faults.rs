//! What a server or a network does to a request, and what the documentation says it comes to.

use crate::{
    common::{answer, field, wrap},
    hsm::ServerKey,
};
use base64ct::{Base64, Encoding};
use card_pin::{
    error::Error,
    key_pair::{KeyPair, KeySize},
    random::SystemRandom,
    wire::{Answer, Endpoint, Reply, Request},
};
use rsa::{PublicKey, pkcs8::DecodePublicKey};
use serde_json::{Value, json};
use sha1::Sha1;
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
    /// The same, with so many seconds in `Retry-After`.
    RetryAfter(u16, u16),
    /// 200, and JSON that says how the PIN stands.
    PinStatus(&'static str),
    /// 200, and a body that is not the JSON expected.
    Body(Body),
    /// 200, and JSON in which the wrapped key is wrong.
    Key(Key),
    /// 200, and JSON in which something beside the key is wrong.
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
    /// All is well, but for what the issuer allows.
    FormatNotAllowed,
    PanOfLetters,
    PanTooShort,
    PanAsNumber,
    KcvOfAnotherKey,
    KcvTooShort,
    KcvNoHex,
    /// What is wrong with the block that is to be shown; where none is, nothing is wrong.
    BlockMissing,
    BlockNoBase64,
    BlockOfOtherLength,
    BlockOfOtherKey,
}

/// What a reply comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The key came, or the PIN is set.
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
    /// What it comes to as the answer of `endpoint`: sections 5 and 6 of the interface, as a table.
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
            // "200, 201 or 204; a body that is not HTML"; what was not read in full is not an answer.
            (Endpoint::Set, Self::Body(Body::TooLarge | Body::Html)) => Fails(Error::OutcomeUnknown),
            (Endpoint::Set, Self::Status(204) | Self::RetryAfter(204, _) | Self::Body(_)) => Done,
            // There is nothing of it in those requests.
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

    /// The reply to `request`, by a server that hands out `key` and holds `pin`.
    pub(crate) fn reply(self, request: &Request, key: ServerKey, pin: &str) -> Reply {
        let body = || good_body(request, key, pin);
        let json = |fields: Value| answer(200, fields.to_string());
        match self {
            Self::Good => answer(200, body().to_string()),
            Self::NoConnection => Reply::Failed,
            Self::TimedOut => Reply::TimedOut,
            Self::Status(status) => answer(status, body().to_string()),
            Self::RetryAfter(status, seconds) => Reply::Answered(Answer {
                status,
                is_html: false,
                retry_after_seconds: Some(seconds),
                body: Some(body().to_string().into()),
            }),
            Self::PinStatus(status) => json(with(body(), "pinStatus", status.into())),
            Self::Body(fault) => fault.reply(&body().to_string(), request.endpoint),
            Self::Key(_) | Self::Beside(_)
                if matches!(request.endpoint, Endpoint::Set | Endpoint::Status) =>
            {
                json(body())
            }
            Self::Key(fault) => match fault.tzpk(request, key) {
                Some(tzpk) => json(with(body(), "tzpk", tzpk)),
                None => json(without(body(), "tzpk")),
            },
            Self::Beside(fault) => json(fault.spoil(body(), key)),
        }
    }
}

/// What is good for every endpoint.
fn good_body(request: &Request, key: ServerKey, pin: &str) -> Value {
    match request.endpoint {
        Endpoint::Set => return json!({}),
        Endpoint::Status => return json!({"pinStatus": "S"}),
        Endpoint::Tzpk | Endpoint::View => {}
    }
    let mut body = with(key.fields(), "tzpk", Base64::encode_string(&wrap(request, &key.bytes())).into());
    if request.endpoint == Endpoint::View {
        body["pinBlock"] = Base64::encode_string(&key.write(pin)).into();
    }
    body
}

impl Body {
    fn reply(self, good: &str, endpoint: Endpoint) -> Reply {
        let body = match self {
            Self::Empty => Vec::new(),
            Self::Html => b"<!doctype html><title>Log in</title>".to_vec(),
            Self::InvalidUtf8 => b"{\"tzpk\":\"\xc3\x28\"}".to_vec(),
            Self::Cut => good[..good.len() / 2].into(),
            Self::Deep => "[".repeat(60_000).into(),
            Self::Array => format!("[{good}]").into(),
            Self::Null => b"null".to_vec(),
            Self::TooLarge => {
                let answer = Answer { status: 200, is_html: false, retry_after_seconds: None, body: None };
                return Reply::Answered(answer);
            }
            Self::DuplicateField => {
                let field =
                    if endpoint == Endpoint::Status { "\"pinStatus\":\"S\"," } else { "\"tzpk\":\"AAAA\"," };
                good.replacen('{', &format!("{{{field}{field}"), 1).into()
            }
            Self::UnknownFields => {
                let unknown = format!("{{\"unknown\":[{{}},\"{}\"]", "x".repeat(50_000));
                good.replacen('{', &format!("{unknown}{}", if good == "{}" { "" } else { "," }), 1).into()
            }
        };
        answer(200, body)
    }
}

impl Key {
    /// The value of `tzpk`, if there is one.
    fn tzpk(self, request: &Request, key: ServerKey) -> Option<Value> {
        let wrapped = |key: &[u8]| wrap(request, key);
        let bytes = match self {
            Self::Missing => return None,
            Self::Number => return Some(7.into()),
            Self::NoBase64 => return Some("-_-_".into()),
            Self::Empty => Vec::new(),
            Self::Truncated => wrapped(&key.bytes())[..255].to_vec(),
            Self::Flipped => {
                let mut bytes = wrapped(&key.bytes());
                bytes[100] ^= 1;
                bytes
            }
            // Less than every modulus of 2048 bits.
            Self::Noise => [0x5a; 256].to_vec(),
            Self::Sha1 => public_key(request)
                .oaep_encrypt_with_rng::<Sha1, _>(&mut rand::rngs::SysRng, &key.bytes())
                .unwrap(),
            Self::OtherKeyPair => wrap(&unasked_request(Endpoint::Tzpk, None), &key.bytes()),
            Self::NoBytes => wrapped(&[]),
            Self::EightBytes => wrapped(&key.bytes()[..8]),
            Self::SeventeenBytes => wrapped(&[0x5b; 17]),
            Self::ThirtyThreeBytes => wrapped(&[0x5b; 33]),
            // Equal parts; for AES, where that is no fault, a length that is none.
            Self::SingleDes if key.format == 4 => wrapped(&[0x5b; 15]),
            Self::SingleDes => wrapped(&key.bytes()[..8].repeat(2)),
            Self::WeakDes if key.format == 4 => wrapped(&[0x5b; 23]),
            Self::WeakDes => wrapped(&[&[0x01; 8], &key.bytes()[..8]].concat()),
        };
        Some(Base64::encode_string(&bytes).into())
    }
}

impl Beside {
    fn is_about_the_block(self) -> bool {
        use Beside::{BlockMissing, BlockNoBase64, BlockOfOtherKey, BlockOfOtherLength};
        matches!(self, BlockMissing | BlockNoBase64 | BlockOfOtherLength | BlockOfOtherKey)
    }

    fn spoil(self, body: Value, key: ServerKey) -> Value {
        let pan = "5413330089020011";
        let only = |fields: Value| {
            let mut only = json!({"tzpk": body["tzpk"], "pinBlock": body["pinBlock"]});
            only.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            only
        };
        match self {
            Self::UnknownAlgorithm => with(body, "algorithm", "DES".into()),
            Self::AesWithoutPan => only(json!({"algorithm": "AES"})),
            Self::AesFormat1 => only(json!({"algorithm": "AES", "pinBlockFormat": 1, "pan": pan})),
            Self::TdeaFormat4 => only(json!({"algorithm": "TDEA", "pinBlockFormat": 4, "pan": pan})),
            Self::UnknownFormat => with(body, "pinBlockFormat", 2.into()),
            Self::FormatAsString => with(body, "pinBlockFormat", "1".into()),
            Self::Format0WithoutPan => only(json!({"pinBlockFormat": 0})),
            Self::FormatNotAllowed => match key.format_not_allowed() {
                4 => only(json!({"algorithm": "AES", "pan": pan})),
                format => only(json!({"pinBlockFormat": format, "pan": pan})),
            },
            Self::PanOfLetters => only(json!({"pinBlockFormat": 0, "pan": "541333008902001x"})),
            Self::PanTooShort => only(json!({"pinBlockFormat": 3, "pan": "12345678901"})),
            Self::PanAsNumber => with(body, "pan", 5_413_330_089_020_011_u64.into()),
            Self::KcvOfAnotherKey => {
                with(body, "kcv", if key.format == 4 { "0000000000" } else { "000000" }.into())
            }
            Self::KcvTooShort => with(body, "kcv", "".into()),
            Self::KcvNoHex => with(body, "kcv", "08D7BX".into()),
            Self::BlockMissing => without(body, "pinBlock"),
            Self::BlockNoBase64 => with(body, "pinBlock", "*".into()),
            Self::BlockOfOtherLength => with(body, "pinBlock", "AAAA".into()),
            // Decrypts to something else than a block: what it decrypts to is the same in every run.
            Self::BlockOfOtherKey => with(body, "pinBlock", Base64::encode_string(&key.noise()).into()),
        }
    }
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().unwrap().remove(name);
    body
}

fn public_key(request: &Request) -> PublicKey {
    let der = Base64::decode_vec(&field(request, "publicKey")).unwrap();
    PublicKey::from_public_key_der(&der).unwrap()
}

/// A request that was not made, to `endpoint`, with the public key of the session or, where it has none yet, another.
pub(crate) fn unasked_request(endpoint: Endpoint, public_key: Option<&str>) -> Request {
    let body = json!({"publicKey": public_key.unwrap_or(&OTHER_PUBLIC_KEY)}).to_string();
    Request { endpoint, body }
}

static OTHER_PUBLIC_KEY: LazyLock<String> = LazyLock::new(|| {
    let key_pair = KeyPair::make(KeySize::Rsa2048, &mut SystemRandom::new()).unwrap();
    key_pair.to_spki_base64().to_owned()
});
