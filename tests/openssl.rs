//! The server's side of a session by OpenSSL's command line, so that no code of ours, or of the crates that we use,
//! is on both ends: OpenSSL wraps the TZPK under our public key, and decrypts our PIN block.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use base64ct::{Base64, Encoding};
use card_pin::{
    entry::PinRules,
    error::Error,
    key_pair::KeySize,
    random::SystemRandom,
    session::{ControlIdSource, Operation, Session, Settings},
    weak_pin::WeakPin,
    wire::{Endpoint, Request},
};
use common::{Event, answer, field, given_source, hex, open, run, settings};
use serde_json::{Value, json};
use std::{
    io::Write,
    process::{Command, Stdio},
};

fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the `openssl` command is needed for this test: install the package openssl");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// `key` wrapped by OpenSSL under the public key of a `tzpk` request.
fn wrap(request: &Request, key: &[u8], digest: &str) -> Vec<u8> {
    let mut public_key = tempfile::NamedTempFile::new().unwrap();
    public_key.write_all(&Base64::decode_vec(&field(request, "publicKey")).unwrap()).unwrap();
    let path = public_key.path().to_str().unwrap();
    let (hash, mgf1) = (format!("rsa_oaep_md:{digest}"), format!("rsa_mgf1_md:{digest}"));
    let options = ["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", &hash, "-pkeyopt", &mgf1];
    let command = ["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", path];
    openssl(&[&command[..], &options].concat(), key)
}

/// A server of OpenSSL: its key, and the fields beside it.
struct Server<'a> {
    key: &'a [u8],
    digest: &'a str,
    beside: Value,
}

/// Sets `pin` in a session; returns the end and the encrypted block.
fn set(pin: &[u8], key_size: KeySize, server: &Server<'_>) -> (Event, Option<Vec<u8>>) {
    let rules = PinRules::new(4, 12, true, WeakPin::Reject).unwrap();
    let settings = Settings { key_size, ..settings(Operation::Set(rules), given_source()) };
    let mut session = Session::open(settings, SystemRandom::new());
    pin.iter().for_each(|&digit| session.press(digit).unwrap());
    session.confirm().unwrap();
    pin.iter().for_each(|&digit| session.press(digit).unwrap());
    session.submit().unwrap();

    let mut block = None;
    let (events, _) = run(
        &mut session,
        |request| {
            if request.endpoint == Endpoint::Set {
                block = Some(Base64::decode_vec(&field(request, "pinBlock")).unwrap());
                return Some(answer(200, "{}"));
            }
            let mut body = server.beside.clone();
            body["tzpk"] = Base64::encode_string(&wrap(request, server.key, server.digest)).into();
            Some(answer(200, body.to_string()))
        },
        || None,
    );
    (*events.last().unwrap(), block)
}

/// TDEA of one block under a key of two or three parts.
fn tdea(direction: &str, key: &[u8], block: &[u8]) -> Vec<u8> {
    let three_parts = if key.len() == 16 { [key, &key[..8]].concat() } else { key.to_vec() };
    openssl(&["enc", direction, "-des-ede3", "-nopad", "-K", &hex(&three_parts)], block)
}

fn aes(direction: &str, key: &[u8], block: &[u8]) -> Vec<u8> {
    let cipher = format!("-aes-{}-ecb", key.len() * 8);
    openssl(&["enc", direction, &cipher, "-nopad", "-K", &hex(key)], block)
}

fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}

/// Format 1, read off by its definition: control nibble, length, digits.
fn assert_holds(block: &[u8], pin: &[u8]) {
    let digits: String = pin.iter().map(u8::to_string).collect();
    let expected = format!("1{:x}{digits}", pin.len());
    assert_eq!(hex(block)[..expected.len()], expected);
    assert_eq!(block.len(), 8);
}

#[test]
fn openssl_decrypts_our_block() {
    let double = openssl(&["rand", "16"], b"");
    let triple = openssl(&["rand", "24"], b"");
    let pins: [&[u8]; 3] = [&[4, 8, 2, 6], &[9, 0, 7, 1, 3, 5], &[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]];
    for (pin, key) in pins.into_iter().zip([&double, &triple, &double]) {
        let server = Server { key, digest: "sha256", beside: json!({}) };
        let (end, block) = set(pin, KeySize::Rsa2048, &server);
        assert_eq!(end, Event::Success);
        assert_holds(&tdea("-d", key, &block.unwrap()), pin);
    }
}

#[test]
fn larger_key_pairs_work_as_well() {
    let key = openssl(&["rand", "16"], b"");
    for key_size in [KeySize::Rsa3072, KeySize::Rsa4096] {
        let server = Server { key: &key, digest: "sha256", beside: json!({}) };
        let (end, block) = set(&[4, 8, 2, 6], key_size, &server);
        assert_eq!(end, Event::Success);
        assert_holds(&tdea("-d", &key, &block.unwrap()), &[4, 8, 2, 6]);
    }
}

/// Formats 0 and 3, with the check value that OpenSSL computes.
#[test]
fn openssl_decrypts_blocks_with_an_account_number() {
    for (format, head, fill) in [(0, "044826", "ffffffffff"), (3, "344826", "")] {
        let key = openssl(&["rand", "24"], b"");
        let kcv = hex(&tdea("-e", &key, &[0; 8])[..3]).to_uppercase();
        let beside = json!({"pinBlockFormat": format, "pan": "5413330089020011", "kcv": kcv});
        let (end, block) =
            set(&[4, 8, 2, 6], KeySize::Rsa2048, &Server { key: &key, digest: "sha256", beside });
        assert_eq!(end, Event::Success);
        let account = [0, 0, 0x33, 0x30, 0x08, 0x90, 0x20, 0x01];
        let field = hex(&xor(&tdea("-d", &key, &block.unwrap()), &account));
        assert_eq!(field[..6], *head);
        assert!(if fill.is_empty() {
            field[6..].chars().all(|nibble| nibble.is_ascii_lowercase())
        } else {
            field[6..] == *fill
        });
    }
}

/// Format 4 under each size of AES key, with the check value that OpenSSL computes.
#[test]
fn openssl_decrypts_format_4() {
    for bytes in ["16", "24", "32"] {
        let key = openssl(&["rand", bytes], b"");
        let cipher = format!("cipher:AES-{}-CBC", key.len() * 8);
        let mac_key = format!("hexkey:{}", hex(&key));
        let mac = openssl(&["mac", "-macopt", &cipher, "-macopt", &mac_key, "-binary", "CMAC"], &[0; 16]);
        let beside = json!({"algorithm": "AES", "pan": "5413330089020011", "kcv": hex(&mac[..5])});
        let (end, block) =
            set(&[4, 8, 2, 6], KeySize::Rsa2048, &Server { key: &key, digest: "sha256", beside });
        assert_eq!(end, Event::Success);
        let mut account = vec![0x45, 0x41, 0x33, 0x30, 0x08, 0x90, 0x20, 0x01, 0x10];
        account.resize(16, 0);
        let field = aes("-d", &key, &xor(&aes("-d", &key, &block.unwrap()), &account));
        assert_eq!(hex(&field)[..16], *"444826aaaaaaaaaa");
    }
}

#[test]
fn a_key_that_openssl_wrapped_with_another_hash_is_refused() {
    for digest in ["sha1", "sha384"] {
        let server = Server { key: &[0x5b; 16], digest, beside: json!({}) };
        let end = set(&[4, 8, 2, 6], KeySize::Rsa2048, &server);
        assert_eq!(end, (Event::Failed(Error::TzpkInvalid), None), "{digest}");
    }
}

/// Views a PIN whose block was encrypted by OpenSSL, with TDEA and with AES.
#[test]
fn a_pin_that_openssl_encrypted_is_shown() {
    let tdea_key = openssl(&["rand", "16"], b"");
    let tdea_block = tdea("-e", &tdea_key, &[0x16, 0x90, 0x71, 0x35, 0xc0, 0xff, 0xee, 0x11]);
    let aes_key = openssl(&["rand", "32"], b"");
    let account = [0x45, 0x41, 0x33, 0x30, 0x08, 0x90, 0x20, 0x01, 0x10, 0, 0, 0, 0, 0, 0, 0];
    let field = [&[0x46, 0x90, 0x71, 0x35, 0xaa, 0xaa, 0xaa, 0xaa][..], &[0x5e; 8]].concat();
    let aes_block = aes("-e", &aes_key, &xor(&aes("-e", &aes_key, &field), &account));
    let aes_use = json!({"algorithm": "AES", "pan": "5413330089020011"});
    for (key, block, mut body) in [(tdea_key, tdea_block, json!({})), (aes_key, aes_block, aes_use)] {
        let settings = settings(Operation::View, ControlIdSource::Provider);
        let mut session = Session::open(settings, SystemRandom::new());
        session.submit().unwrap();
        let (events, requests) = run(
            &mut session,
            |request| {
                body["tzpk"] = Base64::encode_string(&wrap(request, &key, "sha256")).into();
                body["pinBlock"] = Base64::encode_string(&block).into();
                Some(answer(200, body.to_string()))
            },
            || Some("token".to_owned()),
        );
        assert_eq!(requests, [Endpoint::View]);
        assert_eq!(events.last(), Some(&Event::Arrived));
        session.reveal();
        assert_eq!(session.shown().unwrap().expose(), [9, 0, 7, 1, 3, 5]);
    }
}

/// OpenSSL checks the primes and the exponents of a key pair, as far as a public key shows them.
#[test]
fn openssl_reads_the_public_key() {
    let mut session = open(given_source());
    let mut text = String::new();
    run(
        &mut session,
        |request| {
            let der = Base64::decode_vec(&field(request, "publicKey")).unwrap();
            let shown = openssl(&["pkey", "-pubin", "-inform", "DER", "-noout", "-text", "-pubcheck"], &der);
            text = String::from_utf8(shown).unwrap();
            None
        },
        || None,
    );
    for expected in ["Key is valid", "Public-Key: (2048 bit)", "Exponent: 65537 (0x10001)"] {
        assert!(text.contains(expected), "{text}");
    }
}
