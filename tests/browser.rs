//! In a browser, in a dedicated worker as the vault runs: `wasm-pack test --headless --chrome` (or `--firefox`).
//! WebCrypto is on the other end, so this tests the browser's view of our keys.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use base64ct::{Base64, Encoding};
use card_pin::{
    entry::PinRules,
    error::Error,
    key_pair::{KeyPair, KeySize},
    random::SystemRandom,
    session::{Action, ControlIdSource, End, Operation, Session, Settings},
    weak_pin::{Personal, WeakPin},
    wire::{Answer, Endpoint, Formats, Reply, Request},
};
use js_sys::{Array, ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey)]
    fn import_key(
        format: &str,
        key: &Uint8Array,
        algorithm: &Object,
        extractable: bool,
        usages: &Array,
    ) -> Promise;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = encrypt)]
    fn encrypt(algorithm: &Object, key: &JsValue, data: &Uint8Array) -> Promise;
}

/// `key` wrapped by WebCrypto under a public key, with OAEP and `hash`.
async fn wrap(public_key: &str, key: &[u8], hash: &str) -> Vec<u8> {
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"RSA-OAEP".into()).unwrap();
    Reflect::set(&algorithm, &"hash".into(), &hash.into()).unwrap();
    let der = Uint8Array::from(&Base64::decode_vec(public_key).unwrap()[..]);
    let usages = Array::of1(&"encrypt".into());
    let imported = JsFuture::from(import_key("spki", &der, &algorithm, false, &usages)).await.unwrap();
    let wrapped = JsFuture::from(encrypt(&algorithm, &imported, &Uint8Array::from(key))).await.unwrap();
    Uint8Array::new(&wrapped.unchecked_into::<ArrayBuffer>()).to_vec()
}

const KEY: &[u8] = b"\x01\x23\x45\x67\x89\xab\xcd\xef\x23\x45\x67\x89\xab\xcd\xef\x01";

#[wasm_bindgen_test]
async fn keys_that_webcrypto_wraps_are_unwrapped() {
    let key_pair = KeyPair::make(KeySize::Rsa2048, &mut SystemRandom::new()).unwrap();
    let wrapped = wrap(key_pair.to_spki_base64(), KEY, "SHA-256").await;
    assert_eq!(**key_pair.unwrap_key(&wrapped, &mut SystemRandom::new()).unwrap(), *KEY);
}

#[wasm_bindgen_test]
async fn keys_that_webcrypto_wraps_with_sha1_are_refused() {
    let key_pair = KeyPair::make(KeySize::Rsa2048, &mut SystemRandom::new()).unwrap();
    let wrapped = wrap(key_pair.to_spki_base64(), KEY, "SHA-1").await;
    assert_eq!(key_pair.unwrap_key(&wrapped, &mut SystemRandom::new()).unwrap_err(), Error::TzpkInvalid);
}

#[wasm_bindgen_test]
fn keys_differ() {
    let make = || KeyPair::make(KeySize::Rsa2048, &mut SystemRandom::new()).unwrap();
    assert_ne!(make().to_spki_base64(), make().to_spki_base64());
}

#[wasm_bindgen_test]
async fn a_session_sets_a_pin() {
    let settings = Settings {
        operation: Operation::Set(PinRules::new(4, 4, true, WeakPin::Reject).unwrap()),
        personal: Personal::default(),
        key_size: KeySize::Rsa2048,
        control_id_source: ControlIdSource::Provider,
        formats: Formats::new(&[1, 4]).unwrap(),
        can_look_up: false,
    };
    let mut session = Session::open(settings, SystemRandom::new());
    [4, 8, 2, 6, 4, 8, 2, 6].iter().for_each(|&digit| session.press(digit).unwrap());
    session.submit().unwrap();
    let mut sent = Vec::new();
    while let Some(action) = session.next_action() {
        match action {
            Action::SearchKeyPair => while session.search_key_pair() {},
            Action::AskControlId => session.control_id(Some("token".to_owned())),
            Action::Wait(_) => panic!("the server is not busy"),
            Action::Post(Request { endpoint, body }) => {
                sent.push(endpoint);
                let body: serde_json::Value = serde_json::from_str(&body).unwrap();
                let reply = match endpoint {
                    Endpoint::Tzpk => {
                        let wrapped = wrap(body["publicKey"].as_str().unwrap(), KEY, "SHA-256").await;
                        format!("{{\"tzpk\":\"{}\"}}", Base64::encode_string(&wrapped))
                    }
                    Endpoint::Set => {
                        let block = Base64::decode_vec(body["pinBlock"].as_str().unwrap()).unwrap();
                        assert_eq!(block.len(), 8);
                        String::new()
                    }
                    Endpoint::View | Endpoint::Status => panic!("{endpoint:?}"),
                };
                let body = Some(reply.into_bytes());
                let answer = Answer { status: 200, is_html: false, retry_after_seconds: None, body };
                session.reply(Reply::Answered(answer));
            }
        }
    }
    assert_eq!(sent, [Endpoint::Tzpk, Endpoint::Set]);
    assert_eq!(session.snapshot().end, Some(End { code: None, retryable: false }));
}
