//! The answers of a server, with their faults.

use crate::{
    common::{answer, field, wrap},
    faults::{Beside, Body, Fault, Key},
    hsm::ServerKey,
};
use base64ct::{Base64, Encoding};
use card_pin::{
    key_pair::{KeyPair, KeySize},
    random::SystemRandom,
    wire::{Answer, Endpoint, Reply, Request},
};
use rsa::{PublicKey, pkcs8::DecodePublicKey};
use serde_json::{Value, json};
use sha1::Sha1;
use std::sync::LazyLock;

impl Fault {
    /// The reply to `request` by a server with this key and this PIN.
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

/// A body that is good for every endpoint.
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
            // Equal parts; with AES these are allowed, so the key has a wrong length instead.
            Self::SingleDes if key.format == 4 => wrapped(&[0x5b; 15]),
            Self::SingleDes => wrapped(&key.bytes()[..8].repeat(2)),
            Self::WeakDes if key.format == 4 => wrapped(&[0x5b; 23]),
            Self::WeakDes => wrapped(&[&[0x01; 8], &key.bytes()[..8]].concat()),
        };
        Some(Base64::encode_string(&bytes).into())
    }
}

impl Beside {
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
            // Decrypts to something other than a block, and to the same in every run.
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
