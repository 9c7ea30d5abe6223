//! The customer's device: card-pin itself, natively, and by hand where a test has to know the keys.

use base64ct::{Base64, Encoding};
use card_pin::entry::PinRules;
use card_pin::key_pair::KeySize;
use card_pin::random::SystemRandom;
use card_pin::session::{Action, ControlIdSource, End, Operation, Session, Settings};
use card_pin::weak_pin::{Personal, WeakPin};
use card_pin::wire::{self, ControlId, Endpoint, Formats, Reply};
use des::TdesEde2;
use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use rand::rngs::SysRng;
use rsa::PrivateKey;
use rsa::pkcs8::EncodePublicKey;
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::OnceLock;

use crate::process::{Answer, Relay};

/// Sets a PIN through the relay with card-pin's own session; gives how it ended, and the bodies that were sent.
pub(crate) async fn set_pin(relay: &Relay, control_id: &str, pin: &str) -> (End, Vec<String>) {
    let digits: Vec<u8> = pin.bytes().map(|digit| digit - b'0').collect();
    let count = u8::try_from(digits.len()).unwrap();
    let rules = PinRules::new(count, count, true, WeakPin::Reject).unwrap();
    let settings = Settings {
        operation: Operation::Set(rules),
        personal: Personal::default(),
        key_size: KeySize::Rsa2048,
        control_id_source: ControlIdSource::Given(ControlId::new(control_id.to_owned()).unwrap()),
        formats: Formats::new(&[0, 1, 3, 4]).unwrap(),
        can_look_up: false,
    };
    let mut session = Session::open(settings, SystemRandom::new());
    digits.iter().chain(&digits).for_each(|&digit| session.press(digit).unwrap());
    session.submit().unwrap();
    let mut sent = Vec::new();
    while let Some(action) = session.next_action() {
        match action {
            Action::SearchKeyPair => while session.search_key_pair() {},
            Action::AskControlId => panic!("the control id was given"),
            Action::Wait(seconds) => panic!("the relay wants {seconds} seconds"),
            Action::Post(request) => {
                let path = if request.endpoint == Endpoint::Set { "/set" } else { "/tzpk" };
                sent.push(request.body.clone());
                let answer = relay.post(path, &serde_json::from_str(&request.body).unwrap()).await;
                let body = Some(answer.text.into_bytes());
                let reply = Reply::Answered(wire::Answer {
                    status: answer.status,
                    is_html: false,
                    retry_after_seconds: None,
                    body,
                });
                session.reply(reply);
            }
        }
    }
    (session.snapshot().end.unwrap(), sent)
}

/// One key for all tests of a run: making one takes a while.
pub(crate) fn key() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| PrivateKey::new(&mut SysRng, 2048).unwrap())
}

pub(crate) fn public_key() -> String {
    Base64::encode_string(key().to_public_key().to_public_key_der().unwrap().as_bytes())
}

/// A request for a TZPK that has the shape that is wanted.
pub(crate) fn key_request(control_id: &str) -> Value {
    json!({"controlId": control_id, "publicKey": public_key()})
}

/// A `set` with a block, encrypted or not: to the relay they look alike.
pub(crate) fn set_request(control_id: &str, block: &[u8]) -> Value {
    json!({"controlId": control_id, "pinBlock": Base64::encode_string(block)})
}

/// The TZPK in an answer.
pub(crate) fn unwrap(answer: &Answer) -> Vec<u8> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let wrapped = Base64::decode_vec(answer.json()["tzpk"].as_str().unwrap()).unwrap();
    key().oaep_decrypt_with_rng::<Sha256, _>(&mut SysRng, &wrapped).unwrap()
}

pub(crate) fn encrypt(tzpk: &[u8], clear: [u8; 8]) -> [u8; 8] {
    let mut block = Array::from(clear);
    TdesEde2::new_from_slice(tzpk).unwrap().encrypt_block(&mut block);
    block.into()
}

pub(crate) fn decrypt(tzpk: &[u8], block: &[u8]) -> [u8; 8] {
    let mut block = Array::from(<[u8; 8]>::try_from(block).unwrap());
    TdesEde2::new_from_slice(tzpk).unwrap().decrypt_block(&mut block);
    block.into()
}
