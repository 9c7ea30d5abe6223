//! The server's side of a session by OpenSSL's command line, so that no code of ours, nor of the crates we use,
//! stands on both ends: OpenSSL wraps the TZPK under our public key, and decrypts our PIN block.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use base64ct::{Base64, Encoding};
use card_pin::{
    entry::PinRules,
    error::Error,
    key_pair::KeySize,
    random::SystemRandom,
    session::{ControlIdSource, Event, Session},
    weak_pin::WeakPin,
    wire::{ControlId, Endpoint, Request},
};
use common::{answer, field, run};
use serde_json::json;
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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

/// Sets `pin` in a session whose server is OpenSSL, and gives how it ended and the block as OpenSSL decrypts it.
fn set(pin: &[u8], key: &[u8], key_size: KeySize, digest: &str) -> (Event, Option<Vec<u8>>) {
    let rules = PinRules::new(4, 12, true, WeakPin::Reject).unwrap();
    let source = ControlIdSource::Given(ControlId::new("token".to_owned()).unwrap());
    let mut session = Session::open(rules, key_size, source, SystemRandom);
    pin.iter().for_each(|&digit| session.press(digit).unwrap());
    session.confirm().unwrap();
    pin.iter().for_each(|&digit| session.press(digit).unwrap());
    session.submit().unwrap();

    let mut block = None;
    let (events, _) = run(
        &mut session,
        |request| match request.endpoint {
            Endpoint::Tzpk => {
                let tzpk = Base64::encode_string(&wrap(request, key, digest));
                Some(answer(200, json!({"tzpk": tzpk}).to_string()))
            }
            Endpoint::Set => {
                let encrypted = Base64::decode_vec(&field(request, "pinBlock")).unwrap();
                let three_parts = if key.len() == 16 { [key, &key[..8]].concat() } else { key.to_vec() };
                let decrypt = ["enc", "-d", "-des-ede3", "-nopad", "-K", &hex(&three_parts)];
                block = Some(openssl(&decrypt, &encrypted));
                Some(answer(200, "{}"))
            }
        },
        || None,
    );
    (*events.last().unwrap(), block)
}

/// Format 1, read off by its definition: control nibble, length, digits.
fn assert_holds(block: &[u8], pin: &[u8]) {
    let digits: String = pin.iter().map(u8::to_string).collect();
    let expected = format!("1{:x}{digits}", pin.len());
    assert_eq!(hex(block)[..expected.len()], expected);
    assert_eq!(block.len(), 8);
}

#[test]
fn openssl_unwraps_what_it_wrapped() {
    let double = openssl(&["rand", "16"], b"");
    let triple = openssl(&["rand", "24"], b"");
    let pins: [&[u8]; 3] = [&[4, 8, 2, 6], &[9, 0, 7, 1, 3, 5], &[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]];
    for (pin, key) in pins.into_iter().zip([&double, &triple, &double]) {
        let (end, block) = set(pin, key, KeySize::Rsa2048, "sha256");
        assert_eq!(end, Event::Success);
        assert_holds(&block.unwrap(), pin);
    }
}

#[test]
fn larger_key_pairs_work_as_well() {
    let key = openssl(&["rand", "16"], b"");
    for key_size in [KeySize::Rsa3072, KeySize::Rsa4096] {
        let (end, block) = set(&[4, 8, 2, 6], &key, key_size, "sha256");
        assert_eq!(end, Event::Success);
        assert_holds(&block.unwrap(), &[4, 8, 2, 6]);
    }
}

#[test]
fn a_key_that_openssl_wrapped_with_another_hash_is_refused() {
    for digest in ["sha1", "sha384"] {
        let (end, block) = set(&[4, 8, 2, 6], &[0x5b; 16], KeySize::Rsa2048, digest);
        assert_eq!((end, block), (Event::Failed(Error::TzpkInvalid), None), "{digest}");
    }
}

/// OpenSSL's own opinion of the primes and the exponents of a key pair, as far as a public key shows it.
#[test]
fn openssl_reads_the_public_key() {
    let mut session = Session::open(
        PinRules::default(),
        KeySize::Rsa2048,
        ControlIdSource::Given(ControlId::new("token".to_owned()).unwrap()),
        SystemRandom,
    );
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
