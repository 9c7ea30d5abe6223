//! What `cargo xtask bench` measures in a browser: the parts of the core that the shipped module has no reason to
//! export, and beside them what the `rsa` crate does by itself.

use base64ct::{Base64, Encoding};
use card_pin::{
    key_pair::{KeyPair, KeySize},
    random::SystemRandom,
};
use rsa::pkcs8::EncodePublicKey;
use wasm_bindgen::prelude::*;

/// Makes a key pair of `bits` and returns its public key as SubjectPublicKeyInfo in DER, to be checked.
///
/// # Errors
/// A message that names what is wrong: another size than 2048, 3072 or 4096, or no randomness.
#[wasm_bindgen]
pub fn make_key_pair(bits: u32) -> Result<Vec<u8>, JsError> {
    let size = KeySize::from_bits(bits).ok_or_else(|| JsError::new("bits: 2048, 3072 or 4096"))?;
    let key_pair = KeyPair::make(size, &mut SystemRandom::new())?;
    Base64::decode_vec(key_pair.to_spki_base64()).map_err(|_| JsError::new("the public key is not base64"))
}

/// Like [`make_key_pair`], but with the `rsa` crate's own generation, for any size that it supports.
///
/// # Errors
/// The crate's own error.
#[wasm_bindgen]
pub fn make_key_pair_by_rsa_crate(bits: u32) -> Result<Vec<u8>, JsError> {
    let private_key = rsa::PrivateKey::new(&mut SystemRandom::new(), bits as usize)?;
    Ok(private_key.as_public_key().to_public_key_der()?.into_vec())
}
