use base64ct::{Base64, Encoding};
use card_pin_relay::fuzzing::read_request;
use card_pin_sandbox::fuzzing::{Key, wrap_key};
use serde_json::json;

use crate::device;

/// A device's public key as the server reads it: text (base64 or PEM), or DER, which is put into base64 first.
///
/// A key that the sandbox accepts wraps a TZPK to the length of the modulus, and both sandbox and relay accept card-pin's own key.
pub fn spki(data: &[u8]) {
    let key = Key::new(false, &[0x5b; 16]);
    let text = match std::str::from_utf8(data) {
        Ok(text) => text.to_owned(),
        Err(_) => Base64::encode_string(data),
    };
    if let Ok(wrapped) = wrap_key(&text, &key) {
        assert!((256..=512).contains(&wrapped.len()), "{} bytes", wrapped.len());
    }
    let own = device::key_pair().to_spki_base64();
    let request = json!({"controlId": "1", "publicKey": text}).to_string();
    if let Some((_, sent)) = read_request("tzpk", request.as_bytes()) {
        assert_eq!(sent, text);
    }
    if data.is_empty() {
        assert_eq!(wrap_key(own, &key).unwrap().len(), 256);
        let request = json!({"controlId": "1", "publicKey": own}).to_string();
        assert!(read_request("tzpk", request.as_bytes()).is_some());
    }
}
