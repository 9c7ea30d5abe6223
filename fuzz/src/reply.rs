use std::fmt;

use base64ct::{Base64, Encoding};
use card_pin::entry::PinRules;
use card_pin::error::Error;
use card_pin::key_pair::KeySize;
use card_pin::session::{ControlIdSource, Operation, Session, Settings};
use card_pin::weak_pin::{Personal, WeakPin};
use card_pin::wire::{Answer, ControlId, Endpoint, Formats, Reply};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;

use crate::device::{dice, key_pair, may_be_slow};

/// An answer of any status and body to the request for a key. The first byte is 0 for `tzpk` or 1 for `view`, 2 more if it
/// says when to try again; the next two are the status, least byte first; the rest is the body.
///
/// It ends the session with the code that the documented rules give, which this file repeats; the session only waits for a
/// busy server.
pub fn reply(data: &[u8]) {
    let [kind, low, high, body @ ..] = data else { return };
    let retry_after_seconds = (kind & 2 != 0).then_some(1);
    let status = u16::from_le_bytes([*low, *high]);
    let (endpoint, operation) = match kind % 2 {
        0 => (Endpoint::Tzpk, Operation::Set(PinRules::new(4, 4, true, WeakPin::Reject).unwrap())),
        _ => (Endpoint::View, Operation::View),
    };
    let expected = match status {
        200..=299 => read(endpoint, body),
        401 | 403 => Expected::Exactly(Error::NotAllowed),
        404 => not_found(body),
        410 => Expected::Exactly(Error::ControlIdExpired),
        409 => Expected::Exactly(Error::AlreadyUsed),
        408 | 424 | 425 | 429 => Expected::Wait,
        503 if retry_after_seconds.is_some() => Expected::Wait,
        400..=499 => Expected::Exactly(Error::Rejected),
        500..=599 => Expected::Exactly(Error::ServerError),
        _ => Expected::Exactly(Error::BadResponse),
    };
    if matches!(expected, Expected::Decrypted) && !may_be_slow(data) {
        return;
    }
    let settings = Settings {
        operation,
        personal: Personal::default(),
        key_size: KeySize::Rsa2048,
        control_id_source: ControlIdSource::Given(ControlId::new("1".to_owned()).unwrap()),
        formats: Formats::new(&[0, 1, 3, 4]).unwrap(),
        can_look_up: false,
    };
    let mut session = Session::open(settings, dice(0, 10_000));
    session.end_search(key_pair().clone());
    if let Operation::View = operation {
        session.submit().unwrap();
    }
    while session.next_action().is_some() {}
    let answer = Answer { status, is_html: false, retry_after_seconds, body: Some(body.to_vec()) };
    session.reply(Reply::Answered(answer));
    let snapshot = session.snapshot();
    let ended = snapshot.end.and_then(|end| end.code);
    match expected {
        Expected::Exactly(error) => assert_eq!(ended, Some(error)),
        // The fuzzer cannot make a ciphertext for this key pair.
        Expected::Decrypted => assert_eq!(ended, Some(Error::TzpkInvalid)),
        Expected::OneOf(errors) => assert!(errors.map(Some).contains(&ended), "{ended:?}"),
        Expected::Wait => assert_eq!((snapshot.waits_seconds, ended), (Some(1), None)),
    }
    assert_eq!(session.snapshot().end.is_some(), ended.is_some());
    assert!(
        session.shown().is_none() && (session.next_action().is_none() || session.snapshot().end.is_none())
    );
}

enum Expected {
    Exactly(Error),
    /// The key is decrypted, and that fails.
    Decrypted,
    /// A text may be JSON to one parser and not to the other, which skips unknown fields.
    OneOf([Error; 2]),
    /// The server is asked again after a while.
    Wait,
}

fn not_found(body: &[u8]) -> Expected {
    match serde_json::from_slice::<Value>(without_mark(body)) {
        Ok(Value::Object(_)) => Expected::Exactly(Error::ControlIdExpired),
        Ok(_) => Expected::Exactly(Error::Rejected),
        Err(_) => Expected::OneOf([Error::ControlIdExpired, Error::Rejected]),
    }
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn read(endpoint: Endpoint, body: &[u8]) -> Expected {
    if serde_json::from_slice::<Value>(body).is_err() {
        return Expected::OneOf([Error::BadResponse, Error::TzpkInvalid]);
    }
    let Ok(Members(members)) = serde_json::from_slice(body) else {
        return Expected::Exactly(Error::BadResponse);
    };
    let Some(fields) = Fields::of(&members) else { return Expected::Exactly(Error::BadResponse) };
    let pan_is_good = fields
        .pan
        .is_some_and(|pan| (12..=19).contains(&pan.len()) && pan.bytes().all(|byte| byte.is_ascii_digit()));
    let use_is_good = match (fields.algorithm.unwrap_or("TDEA"), fields.format) {
        ("TDEA", Some(1) | None) => true,
        ("TDEA", Some(0 | 3)) | ("AES", Some(4) | None) => pan_is_good,
        _ => false,
    };
    let is_check_value = |text: &str| {
        (6..=32).contains(&text.len())
            && text.len().is_multiple_of(2)
            && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let block_is_good = match (endpoint, fields.pin_block) {
        (Endpoint::View, Some(block)) => Base64::decode_vec(block).is_ok(),
        (Endpoint::View, None) => false,
        _ => true,
    };
    if !use_is_good || !fields.kcv.is_none_or(is_check_value) || !block_is_good {
        return Expected::Exactly(Error::BadResponse);
    }
    match Base64::decode_vec(fields.tzpk) {
        Ok(key) if key.len() == 256 => Expected::Decrypted,
        // For a key of another size.
        Ok(key) if matches!(key.len(), 384 | 512) => Expected::Exactly(Error::TzpkInvalid),
        _ => Expected::Exactly(Error::BadResponse),
    }
}

struct Fields<'a> {
    tzpk: &'a str,
    pin_block: Option<&'a str>,
    algorithm: Option<&'a str>,
    format: Option<u64>,
    pan: Option<&'a str>,
    kcv: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// `None` if a member is repeated, or has another type.
    fn of(members: &'a [(String, Value)]) -> Option<Self> {
        let one = |name: &str| {
            let mut found = members.iter().filter(|(member, _)| member == name).map(|(_, value)| value);
            let first = found.next();
            found.next().is_none().then_some(first)
        };
        let text = |name: &str| match one(name)? {
            None | Some(Value::Null) => Some(None),
            Some(value) => value.as_str().map(Some),
        };
        let format = match one("pinBlockFormat")? {
            None | Some(Value::Null) => None,
            Some(value) => Some(value.as_u64().filter(|number| *number < 256)?),
        };
        Some(Self {
            tzpk: text("tzpk")??,
            pin_block: text("pinBlock")?,
            algorithm: text("algorithm")?,
            format,
            pan: text("pan")?,
            kcv: text("kcv")?,
        })
    }
}

/// The members of an object, those of the same name too.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
