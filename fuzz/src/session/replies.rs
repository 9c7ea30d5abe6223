//! The answers of a server.

use std::sync::OnceLock;

use arbitrary::Unstructured;
use base64ct::{Base64, Encoding};
use card_pin::wire::{Answer, Endpoint, Reply};
use card_pin_sandbox::fuzzing::{Key, wrap_key};
use serde_json::json;

use super::model::{HandedOut, Model};
use crate::device::{ascii, digits, key_pair};

/// The keys that a server may send: those of TDEA, those of AES, and bytes that are not a key.
const KEYS: [(bool, &[u8]); 8] = [
    (false, b"\x01\x23\x45\x67\x89\xab\xcd\xef\x23\x45\x67\x89\xab\xcd\xef\x01"),
    (
        false,
        b"\x01\x23\x45\x67\x89\xab\xcd\xef\x23\x45\x67\x89\xab\xcd\xef\x01\x45\x67\x89\xab\xcd\xef\x01\x23",
    ),
    (true, &[0x2b; 16]),
    (true, &[0x2b; 24]),
    (true, &[0x2b; 32]),
    (false, b"\x01\x01\x01\x01\x01\x01\x01\x01\x23\x45\x67\x89\xab\xcd\xef\x01"),
    (false, b"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"),
    (false, b""),
];

/// Each of them under this process's key pair.
fn wrapped() -> &'static [Vec<u8>] {
    static WRAPPED: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    WRAPPED.get_or_init(|| {
        let public_key = key_pair().to_spki_base64();
        KEYS.map(|(is_aes, bytes)| wrap_key(public_key, &Key::new(is_aes, bytes)).unwrap()).to_vec()
    })
}

/// An answer without a key.
pub(super) fn plain(data: &mut Unstructured<'_>) -> arbitrary::Result<Reply> {
    Ok(match data.int_in_range(0..=3)? {
        0 => Reply::Failed,
        1 => Reply::TimedOut,
        _ => {
            let statuses =
                [200, 204, 301, 400, 401, 409, 410, 429, 500, 503, 600, 0].map(|status| (status, None));
            let busy = [(503, Some(1)), (503, Some(15)), (429, Some(30)), (429, Some(31))];
            let (status, retry_after_seconds) = *data.choose(&[&statuses[..], &busy].concat())?;
            let bodies: [Option<&[u8]>; 6] =
                [Some(b"{}"), None, Some(b""), Some(b"{\"tzpk\":\"AAAA\"}"), Some(b"["), Some(b"<html>")];
            let body = data.choose(&bodies)?.map(<[u8]>::to_vec);
            Reply::Answered(Answer { status, is_html: false, retry_after_seconds, body })
        }
    })
}

/// The answer that the session waits for, with a fault; records in the model which key it contains.
pub(super) fn right(
    data: &mut Unstructured<'_>,
    endpoint: Endpoint,
    model: &mut Model,
    may_be_slow: bool,
) -> arbitrary::Result<Reply> {
    if endpoint == Endpoint::Set || data.ratio(1, 4)? {
        return plain(data);
    }
    if endpoint == Endpoint::Status {
        let status = *data.choose(&["S", "W", "D", "X"])?;
        return Ok(success(json!({"pinStatus": status}).to_string()));
    }
    let place = data.choose_index(KEYS.len())?;
    let (is_aes, bytes) = KEYS[place];
    let mut ciphertext = wrapped()[place].clone();
    if !may_be_slow {
        // A length that is refused at once.
        ciphertext.pop();
    }
    let key = Key::new(is_aes, bytes);
    let format = *data.choose(if is_aes { &[4, 4, 4, 4, 1] } else { &[0, 1, 3, 1, 4] })?;
    let pan = digits(data, 12, 19)?;
    let mut body = json!({"tzpk": Base64::encode_string(&ciphertext)});
    if is_aes || data.arbitrary()? {
        body["algorithm"] = json!(if is_aes { "AES" } else { "TDEA" });
    }
    // By default, TDEA has format 1 and AES 4.
    if format != if is_aes { 4 } else { 1 } || data.arbitrary()? {
        body["pinBlockFormat"] = json!(format);
    }
    if format != 1 || data.arbitrary()? {
        body["pan"] = json!(ascii(&pan));
    }
    if data.arbitrary()? {
        let value = key.check_value().unwrap_or_default();
        body["kcv"] = json!(if data.ratio(1, 4)? { "000000".to_owned() } else { value });
    }
    let shown = digits(data, 4, 12)?;
    if endpoint == Endpoint::View {
        let block = key.make_block(format, &pan, &shown).unwrap_or_default();
        body["pinBlock"] = json!(Base64::encode_string(&block));
    }
    model.hand_out(HandedOut { key, format, pan, shown });
    Ok(success(body.to_string()))
}

fn success(body: String) -> Reply {
    let body = Some(body.into_bytes());
    Reply::Answered(Answer { status: 200, is_html: false, retry_after_seconds: None, body })
}
