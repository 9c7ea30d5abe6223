//! What each answer of the server leads to: the code, nothing sent after it, and nothing left.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use base64ct::{Base64, Encoding};
use card_pin::{
    error::Error,
    session::ControlIdSource,
    wire::{Answer, Endpoint, MAX_REPLY_BYTES, Reply, Request},
};
use common::{
    Event, KEY, answer, assert_ended, enter, field, given, good, key_reply, no_issuer, open, run, wrap,
};
use proptest::prelude::*;
use serde_json::json;

/// An answer that differs.
fn with(reply: Reply, change: impl FnOnce(&mut Answer)) -> Reply {
    let Reply::Answered(mut answer) = reply else { panic!("{reply:?}") };
    change(&mut answer);
    Reply::Answered(answer)
}

fn with_retry_after(reply: Reply) -> Reply {
    with(reply, |answer| answer.retry_after_seconds = Some(30))
}

fn too_large(status: u16) -> Reply {
    with(answer(status, ""), |answer| answer.body = None)
}

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
    let cases: [(u16, Error); 13] = [
        (401, Error::NotAllowed),
        (403, Error::NotAllowed),
        (404, Error::ControlIdExpired),
        (410, Error::ControlIdExpired),
        (409, Error::AlreadyUsed),
        (400, Error::Rejected),
        (415, Error::Rejected),
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
    let waited_for = (Event::Failed(Error::Busy), 4);
    assert_eq!(end_after_tzpk(|_| with_retry_after(answer(503, "<html>"))), waited_for);
    for status in [408, 429] {
        assert_eq!(end_after_tzpk(|_| answer(status, "{}")), waited_for, "{status}");
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
fn answers_that_are_not_json_are_bad_responses() {
    let deep = "[".repeat(10_000);
    let bodies: [&[u8]; 13] = [
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
        b" \xef\xbb\xbf{\"tzpk\":\"AAAA\"}",
        b"\xef\xbb\xbf\xef\xbb\xbf{\"tzpk\":\"AAAA\"}",
        deep.as_bytes(),
    ];
    for body in bodies {
        assert_eq!(end_after_tzpk(|_| answer(200, body)), (Event::Failed(Error::BadResponse), 1));
    }
    assert_eq!(end_after_tzpk(|_| too_large(200)), (Event::Failed(Error::BadResponse), 1));
    assert_eq!(MAX_REPLY_BYTES, 65_536);
}

/// `{"tzpk": …}` with these bytes.
fn wrapped(bytes: &[u8]) -> Reply {
    answer(200, json!({"tzpk": Base64::encode_string(bytes), "unknown": true}).to_string())
}

#[test]
fn whatever_is_wrong_with_the_tzpk_has_one_code() {
    let invalid = (Event::Failed(Error::TzpkInvalid), 1);
    let altered = |change: fn(&mut Vec<u8>)| {
        move |request: &Request| {
            let mut ciphertext = wrap(request, &KEY);
            change(&mut ciphertext);
            wrapped(&ciphertext)
        }
    };
    for len in [0, 8, 15, 17, 23, 25, 32, 33] {
        assert_eq!(
            end_after_tzpk(|request| wrapped(&wrap(request, &vec![0x5b; len]))),
            invalid,
            "{len} bytes"
        );
    }
    let single = [KEY[..8].to_vec(), KEY[..8].to_vec()].concat();
    assert_eq!(end_after_tzpk(|request| wrapped(&wrap(request, &single))), invalid);
    assert_eq!(end_after_tzpk(altered(|ciphertext| ciphertext[100] ^= 1)), invalid);
    // As long as the modulus of another size of key.
    assert_eq!(end_after_tzpk(altered(|ciphertext| ciphertext.resize(384, 0))), invalid);
    assert_eq!(end_after_tzpk(|_| wrapped(&[0xff; 256])), invalid);
}

/// Some servers write one before JSON.
#[test]
fn a_byte_order_mark_is_skipped() {
    let marked = |request: &Request| {
        with(common::tzpk_reply(request, &KEY), |answer| {
            answer.body.as_mut().unwrap().splice(..0, *b"\xef\xbb\xbf");
        })
    };
    assert_eq!(end_with_key(marked), Event::Success);
}

/// Runs a session to its end in which `tzpk` is answered by `reply`, and `set` as it should be.
fn end_with_key(reply: impl Fn(&Request) -> Reply) -> Event {
    let mut session = given();
    enter(&mut session);
    let (events, _) = run(
        &mut session,
        |request| match request.endpoint {
            Endpoint::Tzpk => Some(reply(request)),
            _ => good(request),
        },
        no_issuer,
    );
    *events.last().unwrap()
}

/// Runs a session to its end in which `set` is answered by `reply`.
fn end_after_set(reply: Reply) -> Event {
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
    assert_eq!(requests, [Endpoint::Tzpk, Endpoint::Set], "set is sent once, whatever the answer");
    assert_ended(&mut session);
    *events.last().unwrap()
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
        (answer(401, ""), Event::Failed(Error::NotAllowed)),
        (answer(410, ""), Event::Failed(Error::ControlIdExpired)),
        (answer(409, ""), Event::Failed(Error::AlreadyUsed)),
        (answer(400, ""), Event::Failed(Error::Rejected)),
        (with_retry_after(answer(429, "")), Event::Failed(Error::Busy)),
        (answer(202, "{}"), Event::Failed(Error::OutcomeUnknown)),
        (answer(200, "<html>"), Event::Failed(Error::OutcomeUnknown)),
        (too_large(200), Event::Failed(Error::OutcomeUnknown)),
        (with_retry_after(answer(503, "")), Event::Failed(Error::OutcomeUnknown)),
        (Reply::Failed, Event::Failed(Error::OutcomeUnknown)),
        (Reply::TimedOut, Event::Failed(Error::OutcomeUnknown)),
    ];
    for (reply, end) in cases {
        let shown = format!("{reply:?}");
        assert_eq!(end_after_set(reply), end, "{shown}");
    }
}

/// The fields beside the key decide its use. Fields that do not fit together are refused, and no PIN is set.
#[test]
fn the_fields_beside_the_key_decide_its_use() {
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
        let end = end_with_key(|request| key_reply(request, &KEY, fields.clone()));
        assert_eq!(end, Event::Success, "{fields}");
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
    ];
    for fields in bad {
        let end = end_after_tzpk(|request| key_reply(request, &KEY, fields.clone()));
        assert_eq!(end, (Event::Failed(Error::BadResponse), 1), "{fields}");
    }
}

/// A server may send any prefix of the check value, from three bytes on.
#[test]
fn a_check_value_is_a_prefix_of_the_keys_own() {
    for kcv in ["86E965", "86e965", "86E965BD", "86e965bd1ec44461"] {
        let end = end_with_key(|request| key_reply(request, &KEY, json!({"kcv": kcv})));
        assert_eq!(end, Event::Success, "{kcv}");
    }
    for kcv in ["", "86E9", "86E965B"] {
        let end = end_after_tzpk(|request| key_reply(request, &KEY, json!({"kcv": kcv})));
        assert_eq!(end, (Event::Failed(Error::BadResponse), 1), "{kcv}");
    }
}

/// ANSI X9.24-1-2017, A.3, by `openssl mac`; AES in ECB, as old modules have it, is not taken.
#[test]
fn a_check_value_of_an_aes_key_is_a_cmac() {
    let key = 0xf795_e6cc_0f57_4e53_3e06_f615_715c_454d_u128.to_be_bytes();
    let reply = |kcv: &'static str| {
        move |request: &Request| {
            key_reply(request, &key, json!({"algorithm": "AES", "pan": "5413330089020011", "kcv": kcv}))
        }
    };
    for kcv in ["FCA062", "FCA0622072", "fca0622072dbaea1"] {
        assert_eq!(end_with_key(reply(kcv)), Event::Success, "{kcv}");
    }
    for kcv in ["AF7E5A", "AF7E5AA06E", "F6BAC8"] {
        assert_eq!(end_after_tzpk(reply(kcv)), (Event::Failed(Error::TzpkInvalid), 1), "{kcv}");
    }
}

#[test]
fn a_check_value_of_another_key_is_refused() {
    // The last is longer than a block of the cipher.
    for kcv in ["000000", "86E964", "86E965BE", "0000000000", "86E965BD1EC4446100"] {
        let end = end_after_tzpk(|request| key_reply(request, &KEY, json!({"kcv": kcv})));
        assert_eq!(end, (Event::Failed(Error::TzpkInvalid), 1), "{kcv}");
    }
}
