//! Shared by the suites: how a session is driven, and the server's side of it.

#![allow(dead_code, reason = "every suite is a crate of its own and uses a part")]

pub(crate) mod always;
mod event;

use base64ct::{Base64, Encoding};
use card_pin::{
    entry::{Entry, PinRules},
    error::Error,
    key_pair::KeySize,
    pin::Pin,
    random::SystemRandom,
    session::{Action, ControlIdSource, Operation, Session, Settings},
    weak_pin::{Personal, WeakPin},
    wire::{Answer, ControlId, Endpoint, Formats, Reply, Request},
};
use des::{
    TdesEde2,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use rand::TryCryptoRng;
use rsa::{PublicKey, pkcs8::DecodePublicKey};
use serde_json::{Value, json};
use sha2::Sha256;

pub(crate) use event::{Event, events};

/// A PIN as it comes out of the pad.
pub(crate) fn pin(digits: &[u8]) -> Pin {
    let count = u8::try_from(digits.len()).unwrap();
    let rules = PinRules::new(count, count, false, WeakPin::Allow).unwrap();
    let mut entry = Entry::new(rules);
    digits.iter().for_each(|&digit| entry.press(digit).unwrap());
    Pin::from_entry(entry).unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The server's TDEA key of two parts. Taken from NIST SP 800-67 Rev. 2, Appendix B.
pub(crate) const KEY: [u8; 16] =
    [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01];

pub(crate) fn field(request: &Request, name: &str) -> String {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    body[name].as_str().unwrap_or_else(|| panic!("{name} is missing in {body}")).to_owned()
}

/// `key` wrapped under the public key of a `tzpk` request.
pub(crate) fn wrap(request: &Request, key: &[u8]) -> Vec<u8> {
    let der = Base64::decode_vec(&field(request, "publicKey")).unwrap();
    let public_key = PublicKey::from_public_key_der(&der).unwrap();
    public_key.oaep_encrypt_with_rng::<Sha256, _>(&mut rand::rngs::SysRng, key).unwrap()
}

pub(crate) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply::Answered(Answer { status, is_html: false, retry_after_seconds: None, body: Some(body.into()) })
}

/// The answer to a `tzpk` request that hands out `key`.
pub(crate) fn tzpk_reply(request: &Request, key: &[u8]) -> Reply {
    key_reply(request, key, json!({}))
}

/// A format 1 block of [`PIN`] as the server encrypts it with [`KEY`].
pub(crate) fn shown_block() -> [u8; 8] {
    let mut block = [0x14, 0x48, 0x26, 0x5e, 0xaa, 0x17, 0xc0, 0x3f];
    TdesEde2::new((&KEY).into()).encrypt_block((&mut block).into());
    block
}

/// An answer that hands out `key` and, beside it, `fields`.
pub(crate) fn key_reply(request: &Request, key: &[u8], mut fields: Value) -> Reply {
    fields["tzpk"] = Base64::encode_string(&wrap(request, key)).into();
    answer(200, fields.to_string())
}

/// The events of one turn.
pub(crate) fn turn<R: TryCryptoRng>(
    session: &mut Session<R>,
    act: impl FnOnce(&mut Session<R>),
) -> Vec<Event> {
    let before = session.snapshot();
    act(session);
    events(before, session.snapshot())
}

/// Carries out a session's actions until it waits for the outside, with `server` for the network and `issuer` for
/// control ids, and collects the events and the requests meanwhile. Waits end at once.
pub(crate) fn run<R: TryCryptoRng>(
    session: &mut Session<R>,
    mut server: impl FnMut(&Request) -> Option<Reply>,
    mut issuer: impl FnMut() -> Option<String>,
) -> (Vec<Event>, Vec<Endpoint>) {
    let (mut told, mut requests) = (Vec::new(), Vec::new());
    while let Some(action) = session.next_action() {
        told.extend(turn(session, |session| match action {
            Action::SearchKeyPair => while session.search_key_pair() {},
            Action::AskControlId => session.control_id(issuer()),
            Action::Wait(_) => session.waited(),
            Action::Post(request) => {
                requests.push(request.endpoint);
                if let Some(reply) = server(&request) {
                    session.reply(reply);
                }
            }
        }));
    }
    (told, requests)
}

pub(crate) const PIN: [u8; 4] = [4, 8, 2, 6];

/// Four digits, entered twice, weak ones refused.
pub(crate) fn rules() -> PinRules {
    PinRules::new(4, 4, true, WeakPin::Reject).unwrap()
}

/// Settings with a source and an operation, a key pair of the smallest size, all formats, and no look-up of an outcome.
pub(crate) fn settings(operation: Operation, control_id_source: ControlIdSource) -> Settings {
    let formats = Formats::new(&[0, 1, 3, 4]).unwrap();
    Settings {
        operation,
        personal: Personal::default(),
        key_size: KeySize::Rsa2048,
        control_id_source,
        formats,
        can_look_up: false,
    }
}

pub(crate) fn given() -> Session<SystemRandom> {
    open(given_source())
}

pub(crate) fn given_source() -> ControlIdSource {
    ControlIdSource::Given(ControlId::new("83fa5f55-3dd7-453a-8233-4242a6bad179".to_owned()).unwrap())
}

pub(crate) fn open(source: ControlIdSource) -> Session<SystemRandom> {
    Session::open(settings(Operation::Set(rules()), source), SystemRandom::new())
}

pub(crate) fn enter(session: &mut Session<SystemRandom>) {
    PIN.iter().chain(&PIN).for_each(|&digit| session.press(digit).unwrap());
    session.submit().unwrap();
}

/// A server without faults.
pub(crate) fn good(request: &Request) -> Option<Reply> {
    Some(match request.endpoint {
        Endpoint::Tzpk => tzpk_reply(request, &KEY),
        Endpoint::Set => answer(200, "{}"),
        Endpoint::Status => answer(200, json!({"pinStatus": "S"}).to_string()),
        Endpoint::View => {
            key_reply(request, &KEY, json!({"pinBlock": Base64::encode_string(&shown_block())}))
        }
    })
}

pub(crate) fn no_issuer() -> Option<String> {
    panic!("no control id should have been asked for")
}

/// Checks that the session has ended: it accepts no input and has no action.
pub(crate) fn assert_ended(session: &mut Session<SystemRandom>) {
    assert!(session.snapshot().end.is_some());
    for refused in [session.press(1), session.erase(), session.clear(), session.confirm(), session.submit()] {
        assert_eq!(refused, Err(Error::Closed));
    }
    assert_eq!(session.forget(), Err(Error::Closed));
    let end = session.snapshot();
    session.control_id(Some("another".to_owned()));
    session.reply(answer(200, "{}"));
    session.waited();
    session.reveal();
    session.close();
    assert!(!session.search_key_pair());
    assert_eq!(session.snapshot(), end);
    assert!(session.shown().is_none());
    assert_eq!(session.next_action(), None);
}
