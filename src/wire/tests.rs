#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{
    Answer, ControlId, Endpoint, Formats, KeyReply, MAX_REPLY_BYTES, Reply, read_key, read_set, read_status,
    status_request,
};
use crate::{error::Error, tzpk::KeyUsage};
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

/// The cases on which the core and the relay have to agree: the relay's tests read them, too.
fn shared() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/wire.json")).unwrap()
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap())
}

fn reply(status: u16, body: &[u8]) -> Reply {
    let body = Some(body.to_vec());
    Reply::Answered(Answer { status, is_html: false, retry_after_seconds: None, body })
}

fn html(status: u16, body: &[u8]) -> Reply {
    let body = Some(body.to_vec());
    Reply::Answered(Answer { status, is_html: true, retry_after_seconds: None, body })
}

fn retry_after(status: u16) -> Reply {
    let body = Some(Vec::new());
    Reply::Answered(Answer { status, is_html: false, retry_after_seconds: Some(30), body })
}

fn too_large(status: u16) -> Reply {
    Reply::Answered(Answer { status, is_html: false, retry_after_seconds: None, body: None })
}

#[test]
fn a_control_id_is_visible_ascii() {
    let control_ids = &shared()["controlIds"];
    let longest = usize::try_from(control_ids["longestBytes"].as_u64().unwrap()).unwrap();
    for id in texts(&control_ids["taken"]).chain(["x".repeat(longest).as_str()]) {
        assert!(ControlId::new(id.to_owned()).is_ok(), "{id}");
    }
    for id in texts(&control_ids["refused"]).chain(["x".repeat(longest + 1).as_str()]) {
        let error = if id.is_empty() { Error::ControlIdMissing } else { Error::ControlIdUnavailable };
        assert_eq!(ControlId::new(id.to_owned()), Err(error), "{id:?}");
    }
}

#[test]
fn an_answer_says_how_long_to_wait() {
    assert_eq!(retry_after(503).retry_after_seconds(), Some(30));
    for reply in [reply(503, b""), Reply::Failed, Reply::TimedOut] {
        assert_eq!(reply.retry_after_seconds(), None, "{reply:?}");
    }
}

#[test]
fn no_body_is_printed() {
    assert_eq!(format!("{:?}", reply(200, b"5413330089020011")), "Answered(Answer(200, …))");
}

#[test]
fn a_4xx_means_the_same_everywhere() {
    let cases = [
        (reply(401, b""), Error::NotAllowed),
        (html(403, b"<html>"), Error::NotAllowed),
        (reply(404, b"{}"), Error::ControlIdExpired),
        (
            reply(404, b"\xef\xbb\xbf {\"code\": \"control_id_unknown\", \"more\": [{}]}"),
            Error::ControlIdExpired,
        ),
        (reply(404, b""), Error::Rejected),
        (reply(404, b"null"), Error::Rejected),
        (reply(404, b"\"not found\""), Error::Rejected),
        (reply(404, b"[]"), Error::Rejected),
        (reply(404, b"{"), Error::Rejected),
        (reply(404, b"{} not found"), Error::Rejected),
        (html(404, b"<!doctype html><title>404</title>"), Error::Rejected),
        (too_large(404), Error::Rejected),
        (reply(410, b""), Error::ControlIdExpired),
        (reply(409, b""), Error::AlreadyUsed),
        (reply(408, b""), Error::Busy),
        (reply(424, b""), Error::Busy),
        (reply(425, b""), Error::Busy),
        (reply(429, b""), Error::Busy),
        (retry_after(429), Error::Busy),
        (too_large(429), Error::Busy),
        (reply(400, b""), Error::Rejected),
        (reply(415, b"{}"), Error::Rejected),
        (reply(426, b"{}"), Error::Rejected),
        (retry_after(499), Error::Rejected),
        (too_large(422), Error::Rejected),
    ];
    for (reply, error) in cases {
        assert_eq!(read_set(&reply), Err(error), "{reply:?}");
        assert_eq!(read_status(&reply), Err(error), "{reply:?}");
        let shown = format!("{reply:?}");
        assert_eq!(read_key(Endpoint::Tzpk, any_format(), reply).unwrap_err(), error, "{shown}");
    }
}

#[test]
fn other_ends_of_a_request_before_the_pin_is_sent() {
    let cases = [
        (Reply::Failed, Error::Network),
        (Reply::TimedOut, Error::Timeout),
        (reply(500, b"{}"), Error::ServerError),
        (reply(503, b"{}"), Error::ServerError),
        (retry_after(503), Error::Busy),
        (retry_after(502), Error::ServerError),
        (reply(599, b""), Error::ServerError),
        (reply(0, b"{}"), Error::BadResponse),
        (reply(199, b"{}"), Error::BadResponse),
        (too_large(200), Error::BadResponse),
        (reply(304, b"{}"), Error::BadResponse),
        (reply(600, b"{}"), Error::BadResponse),
    ];
    for (reply, error) in cases {
        assert_eq!(read_status(&reply), Err(error), "{reply:?}");
        let shown = format!("{reply:?}");
        assert_eq!(read_key(Endpoint::View, any_format(), reply).unwrap_err(), error, "{shown}");
    }
}

#[test]
fn a_complete_200_201_or_204_says_that_the_pin_is_set() {
    let bodies: [&[u8]; 8] =
        [b"", b"{}", b"OK", b"null", b"\xef\xbb\xbf", b"\xef\xbb\xbf{}", b"a<b", &[b'x'; MAX_REPLY_BYTES]];
    for status in [200, 201, 204] {
        for body in bodies {
            assert_eq!(read_set(&reply(status, body)), Ok(()), "{status} {}", body.escape_ascii());
        }
    }
}

#[test]
fn whatever_else_comes_for_set_leaves_it_unknown() {
    let unknown = [
        html(200, b""),
        html(204, b"{}"),
        reply(200, b"<!doctype html><title>Log in</title>"),
        reply(201, b" \r\n\t<html>"),
        reply(200, b"\xef\xbb\xbf <html>"),
        reply(200, b"<?xml version=\"1.0\"?>"),
        too_large(200),
        too_large(204),
        reply(100, b""),
        reply(199, b""),
        reply(202, b"{}"),
        reply(203, b""),
        reply(205, b""),
        reply(206, b"{}"),
        reply(299, b"{}"),
        reply(302, b""),
        reply(304, b""),
        reply(500, b""),
        reply(503, b""),
        retry_after(503),
        reply(504, b""),
        reply(600, b""),
        Reply::Failed,
        Reply::TimedOut,
    ];
    for reply in unknown {
        assert_eq!(read_set(&reply), Err(Error::OutcomeUnknown), "{reply:?}");
    }
}

#[test]
fn pin_status_says_whether_the_pin_was_set() {
    let control_id = ControlId::new("a\"b".to_owned()).unwrap();
    let request = status_request(&control_id);
    assert_eq!((request.endpoint, &*request.body), (Endpoint::Status, r#"{"controlId":"a\"b"}"#));

    let read = |body: &str| read_status(&reply(200, body.as_bytes()));
    for (status, is_set) in
        [("S", true), ("SET", true), ("W", false), ("D", false), ("WAITING", false), ("GENERATED", false)]
    {
        assert_eq!(read(&json!({"pinStatus": status, "more": [1]}).to_string()), Ok(is_set), "{status}");
    }
    assert_eq!(read("\u{feff}{\"pinStatus\":\"S\"}"), Ok(true));
    let bad = [
        "",
        "{}",
        "[]",
        "\"S\"",
        "{\"pinStatus\":null}",
        "{\"pinStatus\":true}",
        "{\"pinStatus\":\"\"}",
        "{\"pinStatus\":\"s\"}",
        "{\"pinStatus\":\"S \"}",
        "{\"pinStatus\":\"S\",\"pinStatus\":\"W\"}",
        "{\"pinStatus\":\"S\"",
        "<html>",
    ];
    for body in bad {
        assert_eq!(read(body), Err(Error::BadResponse), "{body}");
    }
}

fn any_format() -> Formats {
    Formats::new(&[0, 1, 3, 4]).unwrap()
}

/// Reads an answer to `tzpk` with a ciphertext and, beside it, `fields`.
fn read_fields(formats: &[u8], mut fields: Value) -> Result<KeyReply, Error> {
    if fields["tzpk"].is_null() {
        fields["tzpk"] = Base64::encode_string(&[0x5a; 256]).into();
    }
    let body = fields.to_string();
    read_key(Endpoint::Tzpk, Formats::new(formats).unwrap(), reply(200, body.as_bytes()))
}

/// The formats that the page allows limit every answer of the server, also an answer without a format.
#[test]
fn the_server_may_ask_for_the_formats_allowed_alone() {
    let pan = "5413330089020011";
    let asked = [
        (json!({}), 1),
        (json!({"algorithm": "TDEA"}), 1),
        (json!({"pinBlockFormat": 1}), 1),
        (json!({"pinBlockFormat": 0, "pan": pan}), 0),
        (json!({"pinBlockFormat": 3, "pan": pan}), 3),
        (json!({"algorithm": "AES", "pan": pan}), 4),
        (json!({"algorithm": "AES", "pinBlockFormat": 4, "pan": pan}), 4),
    ];
    for allowed in [&[0][..], &[1], &[3], &[4], &[1, 4], &[0, 1, 3, 4]] {
        for (fields, format) in &asked {
            let read = read_fields(allowed, fields.clone());
            if allowed.contains(format) {
                let is_aes = matches!(read.unwrap().key.usage, KeyUsage::Aes(_));
                assert_eq!(is_aes, *format == 4, "{fields}");
            } else {
                assert_eq!(read.unwrap_err(), Error::BadResponse, "{fields} where {allowed:?} are allowed");
            }
        }
    }
}

#[test]
fn a_check_value_is_three_to_sixteen_bytes_in_hexadecimal() {
    for kcv in texts(&shared()["checkValues"]["taken"]) {
        let value = read_fields(&[1], json!({"kcv": kcv})).unwrap().key.check_value.unwrap();
        let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, kcv.to_lowercase());
    }
    for kcv in texts(&shared()["checkValues"]["refused"]) {
        assert_eq!(read_fields(&[1], json!({"kcv": kcv})).unwrap_err(), Error::BadResponse, "{kcv:?}");
    }
}

/// Faults that are visible on the network have other codes than faults inside the ciphertext.
#[test]
fn a_tzpk_that_is_not_a_ciphertext_is_a_bad_response() {
    let base64 = |len: usize| Base64::encode_string(&vec![0x5a; len]);
    for len in [256, 384, 512] {
        let read = read_fields(&[1], json!({"tzpk": base64(len)})).unwrap();
        assert_eq!(read.key.ciphertext, vec![0x5a; len]);
    }
    let lengths = [0, 16, 128, 255, 257, 513].map(base64);
    let whole = base64(256);
    let unpadded = whole.trim_end_matches('=');
    let texts = ["*", "AAAA=", "AA AA", "-_-_", unpadded, &format!("{whole}\n"), &whole.replace('W', "-")];
    for tzpk in lengths.iter().map(String::as_str).chain(texts) {
        assert_eq!(read_fields(&[1], json!({"tzpk": tzpk})).unwrap_err(), Error::BadResponse, "{tzpk}");
    }
}
