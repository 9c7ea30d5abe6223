//! What each answer of the server leads to: the code, nothing sent after it, and nothing left.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use base64ct::{Base64, Encoding};
use card_pin::{
    error::Error,
    session::{ControlIdSource, Event},
    wire::{Endpoint, MAX_REPLY_BYTES, Reply, Request},
};
use common::{KEY, answer, assert_ended, enter, field, given, good, key_reply, no_issuer, open, run, wrap};
use proptest::prelude::*;
use serde_json::json;

/// Runs a session in which `tzpk` is answered by `reply`, and gives how it ended.
fn end_after_tzpk(reply: impl Fn(&Request) -> Reply) -> (Event, usize) {
    let mut session = given();
    enter(&mut session);
    let (events, requests) = run(
        &mut session,
        |request| {
            assert_eq!(request.endpoint, Endpoint::Tzpk, "nothing is set without a TZPK");
            Some(reply(request))
        },
        no_issuer,
    );
    assert_ended(&mut session);
    (*events.last().unwrap(), requests.len())
}

#[test]
fn answers_to_tzpk_have_their_codes() {
    let cases: [(u16, Error); 14] = [
        (401, Error::ControlIdExpired),
        (403, Error::ControlIdExpired),
        (404, Error::ControlIdExpired),
        (410, Error::ControlIdExpired),
        (409, Error::AlreadyUsed),
        (400, Error::Rejected),
        (415, Error::Rejected),
        (429, Error::Rejected),
        (500, Error::ServerError),
        (503, Error::ServerError),
        (599, Error::ServerError),
        (199, Error::BadResponse),
        (304, Error::BadResponse),
        (600, Error::BadResponse),
    ];
    for (status, error) in cases {
        assert_eq!(end_after_tzpk(|_| answer(status, "{}")), (Event::Failed(error), 1), "{status}");
    }
    assert_eq!(end_after_tzpk(|_| Reply::TimedOut), (Event::Failed(Error::Timeout), 1));
    assert_eq!(end_after_tzpk(|_| Reply::Failed), (Event::Failed(Error::Network), 2), "asked once more");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    /// Whatever comes, the session ends with a code of its own, and holds nothing.
    #[test]
    fn any_answer_ends_with_a_code(status: u16, body: Vec<u8>, tzpk: String, as_json: bool) {
        let body = if as_json { json!({"tzpk": tzpk}).to_string().into_bytes() } else { body };
        let (end, _) = end_after_tzpk(|_| answer(status, body.clone()));
        prop_assert!(matches!(end, Event::Failed(error) if error != Error::OutcomeUnknown), "{:?}", end);
    }
}

#[test]
fn answers_that_are_no_json_are_bad_responses() {
    let deep = "[".repeat(10_000);
    let bodies: [&[u8]; 11] = [
        b"",
        b"<!doctype html><title>Log in</title>",
        b"{}",
        b"[]",
        b"null",
        b"{\"tzpk\":7}",
        b"[\"AAAA\",null,null,null,null,null]",
        b"{\"tzpk\":\"AAAA\"",
        b"{\"tzpk\":\"AAAA\",\"tzpk\":\"AAAA\"}",
        b"{\"tzpk\":\"\xff\"}",
        deep.as_bytes(),
    ];
    for body in bodies {
        assert_eq!(end_after_tzpk(|_| answer(200, body)), (Event::Failed(Error::BadResponse), 1));
    }
    let too_large = |_: &Request| Reply::Answered { status: 200, body: None };
    assert_eq!(end_after_tzpk(too_large), (Event::Failed(Error::BadResponse), 1));
    assert_eq!(MAX_REPLY_BYTES, 65_536);
    // Where an answer is read, so that no more of it is.
    assert!(include_str!("../www/courier.js").contains("const MAX_REPLY_BYTES = 64 * 1024;"));
}

/// `{"tzpk": …}` with these bytes.
fn wrapped(bytes: &[u8]) -> Reply {
    answer(200, json!({"tzpk": Base64::encode_string(bytes), "unknown": true}).to_string())
}

#[test]
fn whatever_is_wrong_with_the_tzpk_has_one_code() {
    let invalid = (Event::Failed(Error::TzpkInvalid), 1);
    for len in [0, 8, 15, 17, 23, 25, 32, 33] {
        assert_eq!(
            end_after_tzpk(|request| wrapped(&wrap(request, &vec![0x5b; len]))),
            invalid,
            "{len} bytes"
        );
    }
    let single = [KEY[..8].to_vec(), KEY[..8].to_vec()].concat();
    assert_eq!(end_after_tzpk(|request| wrapped(&wrap(request, &single))), invalid);
    let truncated = |request: &Request| wrapped(&wrap(request, &KEY)[..255]);
    assert_eq!(end_after_tzpk(truncated), invalid);
    let flipped = |request: &Request| {
        let mut ciphertext = wrap(request, &KEY);
        ciphertext[100] ^= 1;
        wrapped(&ciphertext)
    };
    assert_eq!(end_after_tzpk(flipped), invalid);
    assert_eq!(end_after_tzpk(|_| wrapped(&[])), invalid);
    assert_eq!(end_after_tzpk(|_| wrapped(&[0xff; 256])), invalid);
    for no_base64 in ["*", "AAAA=", "AA AA", "-_-_"] {
        assert_eq!(end_after_tzpk(|_| answer(200, json!({"tzpk": no_base64}).to_string())), invalid);
    }
}

/// SHA-1 where SHA-256 belongs. The `rsa` crate makes the ciphertext; OpenSSL's is tried in `openssl.rs`.
#[test]
fn a_key_wrapped_with_sha1_is_refused() {
    use rsa::{PublicKey, pkcs8::DecodePublicKey};
    let sha1 = |request: &Request| {
        let der = Base64::decode_vec(&field(request, "publicKey")).unwrap();
        let public_key = PublicKey::from_public_key_der(&der).unwrap();
        wrapped(&public_key.oaep_encrypt_with_rng::<sha1::Sha1, _>(&mut rand::rngs::SysRng, &KEY).unwrap())
    };
    assert_eq!(end_after_tzpk(sha1), (Event::Failed(Error::TzpkInvalid), 1));
}

#[test]
fn answers_to_set_say_set_not_set_or_unknown() {
    let cases = [
        (answer(200, "{}"), Event::Success),
        (answer(204, ""), Event::Success),
        (answer(299, "<html>"), Event::Success),
        (answer(410, ""), Event::Failed(Error::ControlIdExpired)),
        (answer(401, ""), Event::Failed(Error::ControlIdExpired)),
        (answer(409, ""), Event::Failed(Error::AlreadyUsed)),
        (answer(400, ""), Event::Failed(Error::Rejected)),
        (Reply::Answered { status: 422, body: None }, Event::Failed(Error::Rejected)),
        (Reply::Answered { status: 200, body: None }, Event::Failed(Error::OutcomeUnknown)),
        (answer(100, ""), Event::Failed(Error::OutcomeUnknown)),
        (answer(302, ""), Event::Failed(Error::OutcomeUnknown)),
        (answer(500, ""), Event::Failed(Error::OutcomeUnknown)),
        (answer(504, ""), Event::Failed(Error::OutcomeUnknown)),
        (Reply::Failed, Event::Failed(Error::OutcomeUnknown)),
        (Reply::TimedOut, Event::Failed(Error::OutcomeUnknown)),
    ];
    for (reply, end) in cases {
        let mut session = open(ControlIdSource::Provider);
        enter(&mut session);
        let mut reply = Some(reply);
        let (events, requests) = run(
            &mut session,
            |request| match request.endpoint {
                Endpoint::Set => Some(reply.take().unwrap()),
                _ => good(request),
            },
            || Some("token".to_owned()),
        );
        assert_eq!(events.last(), Some(&end));
        assert_eq!(requests, [Endpoint::Tzpk, Endpoint::Set], "set is sent once, whatever the answer");
        assert_ended(&mut session);
    }
}

/// What stands beside the key decides what it is for; what does not fit together is refused, and nothing is set.
#[test]
fn what_stands_beside_the_key() {
    let pan = "5413330089020011";
    let good = [
        json!({"algorithm": "TDEA"}),
        json!({"pinBlockFormat": 1, "pan": pan}),
        json!({"pinBlockFormat": 0, "pan": pan}),
        json!({"algorithm": "TDEA", "pinBlockFormat": 3, "pan": "123456789012"}),
        json!({"algorithm": "AES", "pan": pan}),
        json!({"algorithm": "AES", "pinBlockFormat": 4, "pan": "1234567890123456789"}),
        json!({"algorithm": null, "pinBlockFormat": null, "pan": null, "kcv": null, "more": [1]}),
    ];
    for fields in good {
        let mut session = given();
        enter(&mut session);
        let (events, _) = run(
            &mut session,
            |request| match request.endpoint {
                Endpoint::Tzpk => Some(key_reply(request, &KEY, fields.clone())),
                _ => Some(answer(200, "{}")),
            },
            no_issuer,
        );
        assert_eq!(events.last(), Some(&Event::Success), "{fields}");
    }
    let bad = [
        json!({"algorithm": "aes", "pan": pan}),
        json!({"algorithm": "DES"}),
        json!({"algorithm": "AES"}),
        json!({"algorithm": "AES", "pinBlockFormat": 1, "pan": pan}),
        json!({"pinBlockFormat": 0}),
        json!({"pinBlockFormat": 3}),
        json!({"pinBlockFormat": 2, "pan": pan}),
        json!({"pinBlockFormat": 4, "pan": pan}),
        json!({"pinBlockFormat": "1"}),
        json!({"pinBlockFormat": 256}),
        json!({"pinBlockFormat": 0, "pan": "5413 3300 8902 0011"}),
        json!({"pinBlockFormat": 0, "pan": 5_413_330_089_020_011_u64}),
        json!({"kcv": "08D7B"}),
        json!({"kcv": "08D7BX"}),
        json!({"kcv": "+8D7B4"}),
    ];
    for fields in bad {
        let end = end_after_tzpk(|request| key_reply(request, &KEY, fields.clone()));
        assert_eq!(end, (Event::Failed(Error::BadResponse), 1), "{fields}");
    }
}

#[test]
fn a_check_value_of_another_key_is_refused() {
    for kcv in ["", "00", "000000", "0000000000", "00000000000000"] {
        let end = end_after_tzpk(|request| key_reply(request, &KEY, json!({"kcv": kcv})));
        assert_eq!(end, (Event::Failed(Error::TzpkInvalid), 1), "{kcv}");
    }
}
