//! card-pin's own requests and answers, which are the same for every platform: what a device may send, and what it gets.
//!
//! Only documented fields of the documented form pass. A request with any other field is refused, because a device that sends
//! more than ciphertext has a fault that should be noticed. Other fields of an answer are dropped, because Enfuce may add to its
//! API at any time.

use base64ct::{Base64, Encoding};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::operation::{Operation, Purpose};

/// The longest control id, the same as in the core. Enfuce's are UUIDs of 36 characters.
const MAX_CONTROL_ID_BYTES: usize = 4096;
/// The DER of RSA public keys of 2048 to 4096 bits with the exponent 65537.
const PUBLIC_KEY_BYTES: std::ops::RangeInclusive<usize> = 294..=550;
/// The AlgorithmIdentifier rsaEncryption with NULL parameters (RFC 3279 §2.3.1), after the four bytes of the outer
/// SEQUENCE (RFC 5280 §4.1).
const RSA_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// A TZPK wrapped with RSA-OAEP is as long as the modulus.
const WRAPPED_KEY_BYTES: [usize; 3] = [256, 384, 512];
/// The hexadecimal digits of a check value, or of as much as Enfuce sends of it: at least three bytes, at most a block.
const CHECK_VALUE_DIGITS: std::ops::RangeInclusive<usize> = 6..=32;

/// The byte order mark, which may come before JSON (RFC 8259 §8.1).
pub(crate) const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// The fault of a body. It names the field, and never repeats what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// A checked request of the device. It has no `Debug`, because it contains the control id.
pub(crate) struct Request {
    pub(crate) operation: Operation,
    pub(crate) control_id: String,
    /// Base64 of the public key, or for `set` of the encrypted block.
    pub(crate) sent: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyRequest {
    control_id: String,
    public_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetRequest {
    control_id: String,
    pin_block: String,
}

/// Reads a request's body.
///
/// # Errors
/// What names the field at fault.
pub(crate) fn read_request(operation: Operation, body: &[u8]) -> Result<Request, Malformed> {
    let (control_id, sent) = match operation {
        Operation::Tzpk | Operation::View => {
            let body: KeyRequest = read_object(body).ok_or(Malformed(
                "The body has to be a JSON object of the strings controlId and publicKey, and nothing else.",
            ))?;
            if !is_public_key(&body.public_key) {
                return Err(Malformed(
                    "publicKey has to be the base64 of an RSA key's SubjectPublicKeyInfo in DER, of 2048 to 4096 bits.",
                ));
            }
            (body.control_id, body.public_key)
        }
        Operation::Set => {
            let body: SetRequest = read_object(body).ok_or(Malformed(
                "The body has to be a JSON object of the strings controlId and pinBlock, and nothing else.",
            ))?;
            if !is_block(&body.pin_block) {
                return Err(Malformed("pinBlock has to be the base64 of 8 or 16 bytes."));
            }
            (body.control_id, body.pin_block)
        }
    };
    if !is_control_id(&control_id) {
        return Err(CONTROL_ID);
    }
    Ok(Request { operation, control_id, sent })
}

/// A checked request for a control id.
pub(crate) struct ControlIdRequest {
    pub(crate) card: String,
    pub(crate) purpose: Purpose,
}

/// Reads the body of a request for a control id.
///
/// # Errors
/// What names the field at fault.
pub(crate) fn read_control_id_request(body: &[u8]) -> Result<ControlIdRequest, Malformed> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Body {
        card_id: String,
        operation: String,
    }
    let body: Body = read_object(body).ok_or(Malformed(
        "The body has to be a JSON object of the strings cardId and operation, and nothing else.",
    ))?;
    if !is_enfuce_id(&body.card_id) {
        return Err(Malformed("cardId has to be 1 to 64 letters, digits and hyphens."));
    }
    let purpose =
        Purpose::from_name(&body.operation).ok_or(Malformed("operation has to be set-pin or view-pin."))?;
    Ok(ControlIdRequest { card: body.card_id, purpose })
}

/// Reads the body of a request for a status: its control id.
///
/// # Errors
/// What names the field at fault.
pub(crate) fn read_status_request(body: &[u8]) -> Result<String, Malformed> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Body {
        control_id: String,
    }
    let body: Body = read_object(body)
        .ok_or(Malformed("The body has to be a JSON object of the string controlId, and nothing else."))?;
    if is_control_id(&body.control_id) { Ok(body.control_id) } else { Err(CONTROL_ID) }
}

/// Whether a text can be a part of a path of Enfuce's. Enfuce's ids are UUIDs or numbers.
pub(crate) fn is_enfuce_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

const CONTROL_ID: Malformed = Malformed("controlId has to be 1 to 4096 visible ASCII characters.");

/// Reads a JSON object. It checks the first character, because serde would also accept an array with the fields in order.
fn read_object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(body).ok())?
}

/// The fields of Enfuce's answer for the device; `None` unless the answer has the documented form.
///
/// The content of the answer to `set` is not read: it is enough that Enfuce gave it completely, and that it is not a login page.
pub(crate) fn read_answer(operation: Operation, body: &[u8]) -> Option<Map<String, Value>> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    if operation == Operation::Set {
        return (!body.trim_ascii_start().starts_with(b"<")).then(Map::new);
    }
    let mut answer: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let mut passed = Map::new();
    for (name, needed, has_shape) in fields(operation) {
        match answer.remove(*name) {
            None | Some(Value::Null) if !needed => {}
            Some(value) if has_shape(&value) => drop(passed.insert((*name).to_owned(), value)),
            _ => return None,
        }
    }
    Some(passed)
}

/// A field of an answer: its name, whether it is required, and its form.
type Field = (&'static str, bool, fn(&Value) -> bool);

const ANSWER_FIELDS: [Field; 6] = [
    ("pinBlock", true, |value| value.as_str().is_some_and(is_block)),
    ("tzpk", true, |value| {
        let key = value.as_str().and_then(|text| Base64::decode_vec(text).ok());
        key.is_some_and(|key| WRAPPED_KEY_BYTES.contains(&key.len()))
    }),
    ("algorithm", false, |value| matches!(value.as_str(), Some("TDEA" | "AES"))),
    ("kcv", false, |value| value.as_str().is_some_and(is_check_value)),
    ("pinBlockFormat", false, |value| matches!(value.as_u64(), Some(0 | 1 | 3 | 4))),
    ("pan", false, |value| {
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        value.as_str().is_some_and(|text| (12..=19).contains(&text.len()) && is_number(text))
    }),
];

fn fields(operation: Operation) -> &'static [Field] {
    match operation {
        Operation::View => &ANSWER_FIELDS,
        Operation::Tzpk => &ANSWER_FIELDS[1..],
        Operation::Set => &[],
    }
}

fn is_control_id(text: &str) -> bool {
    (1..=MAX_CONTROL_ID_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_check_value(text: &str) -> bool {
    CHECK_VALUE_DIGITS.contains(&text.len())
        && text.len().is_multiple_of(2)
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_public_key(text: &str) -> bool {
    let Ok(der) = Base64::decode_vec(text) else { return false };
    let [0x30, 0x82, high, low, rest @ ..] = &*der else { return false };
    PUBLIC_KEY_BYTES.contains(&der.len())
        && usize::from(u16::from_be_bytes([*high, *low])) == rest.len()
        && rest.starts_with(&RSA_ALGORITHM)
}

fn is_block(text: &str) -> bool {
    Base64::decode_vec(text).is_ok_and(|block| matches!(block.len(), 8 | 16))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{is_check_value, is_control_id};
    use serde_json::Value;

    fn texts(list: &Value) -> impl Iterator<Item = &str> {
        list.as_array().unwrap().iter().map(|text| text.as_str().unwrap())
    }

    /// The core is tested with the same table, so the core accepts whatever passes here.
    #[test]
    fn the_module_and_the_relay_agree() {
        let shared: Value = serde_json::from_str(include_str!("../../tests/fixtures/wire.json")).unwrap();
        let (control_ids, check_values) = (&shared["controlIds"], &shared["checkValues"]);
        assert!(texts(&control_ids["taken"]).all(is_control_id));
        assert!(!texts(&control_ids["refused"]).any(is_control_id));
        let longest = usize::try_from(control_ids["longestBytes"].as_u64().unwrap()).unwrap();
        assert!(is_control_id(&"x".repeat(longest)) && !is_control_id(&"x".repeat(longest + 1)));
        assert!(texts(&check_values["taken"]).all(is_check_value));
        assert!(!texts(&check_values["refused"]).any(is_check_value));
    }
}
