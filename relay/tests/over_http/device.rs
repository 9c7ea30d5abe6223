//! The customer's device, without card-pin's own code: a test has to know the keys.

use base64ct::{Base64, Encoding};
use des::TdesEde2;
use des::cipher::{Array, BlockCipherEncrypt, KeyInit};
use rand::rngs::SysRng;
use rsa::PrivateKey;
use rsa::pkcs8::EncodePublicKey;
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::OnceLock;

use crate::process::Answer;

/// One key for all tests of a run: making one takes a while.
pub(crate) fn key() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| PrivateKey::new(&mut SysRng, 2048).unwrap())
}

pub(crate) fn public_key() -> String {
    Base64::encode_string(key().to_public_key().to_public_key_der().unwrap().as_bytes())
}

/// A well-formed request for a TZPK.
pub(crate) fn key_request(control_id: &str) -> Value {
    json!({"controlId": control_id, "publicKey": public_key()})
}

/// A `set` with a block, encrypted or not: the relay cannot see the difference.
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
