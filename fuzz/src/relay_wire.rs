use card_pin::wire::ControlId;
use card_pin_relay::fuzzing::{read_answer, read_request};
use serde_json::{Value, json};

/// Reads bodies of the device and of Enfuce like the relay. The first byte chooses the kind; the rest is the body.
///
/// Only documented bodies pass, and a body that has passed passes again unchanged.
pub fn relay_wire(data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let name = ["tzpk", "set", "view"][usize::from(choice % 3)];
    if choice & 0x80 == 0 {
        request(name, body);
    } else {
        answer(name, body);
    }
}

fn request(name: &str, body: &[u8]) {
    let Some((control_id, sent)) = read_request(name, body) else { return };
    let field = if name == "set" { "pinBlock" } else { "publicKey" };
    // An object of these two fields and no other.
    let read: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(read, json!({"controlId": control_id, field: sent}));
    assert!(ControlId::new(control_id).is_ok(), "the module takes it, too");
    assert!(sent.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)));
}

fn answer(name: &str, body: &[u8]) {
    let Some(passed) = read_answer(name, body) else { return };
    for (field, value) in &passed {
        let known = ["pinBlock", "tzpk", "algorithm", "kcv", "pinBlockFormat", "pan"];
        assert!(known.contains(&field.as_str()) && name != "set");
        assert!(value.is_u64() || value.as_str().is_some_and(|text| text.len() <= 684 && text.is_ascii()));
    }
    assert_eq!(passed.contains_key("pinBlock"), name == "view");
    let again = Value::Object(passed.clone()).to_string();
    assert_eq!(read_answer(name, again.as_bytes()), Some(passed));
}
