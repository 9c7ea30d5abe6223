//! The TZPK: TDEA against NIST's vectors, and every key that has to be refused.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use card_pin::{error::Error, pin_block::PinBlock, secret::Secret, tzpk::Tzpk};
use proptest::prelude::*;

const K1: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
const K2: [u8; 8] = [0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01];
const K3: [u8; 8] = [0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23];

fn encrypt(key: &[u8], block: [u8; 8]) -> [u8; 8] {
    let mut secret = Secret::zeroed();
    *secret.expose_mut() = block;
    Tzpk::from_bytes(key).unwrap().encrypt(PinBlock::from_secret(secret))
}

fn blocks(hex: &str) -> Vec<[u8; 8]> {
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    bytes.chunks(8).map(|block| block.try_into().unwrap()).collect()
}

/// NIST, "Examples with Intermediate Values", TDES_ECB: the plaintext and both keying options.
#[test]
fn nist_ecb_examples() {
    let plain = blocks("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    let three_keys = blocks("714772f339841d34267fcc4bd2949cc3ee11c22a576a303876183f99c0b6de87");
    let two_keys = blocks("06ede3d82884090aff322c19f0518486730576972a666e58b6c88cf107340d3d");
    for (place, &block) in plain.iter().enumerate() {
        assert_eq!(encrypt(&[K1, K2, K3].concat(), block), three_keys[place]);
        assert_eq!(encrypt(&[K1, K2].concat(), block), two_keys[place]);
    }
}

/// NIST SP 800-67 Rev. 1, Appendix B: "The qufck brown fox jump" under three keys.
#[test]
fn sp_800_67_example() {
    let plain: Vec<[u8; 8]> =
        b"The qufck brown fox jump".chunks(8).map(|block| block.try_into().unwrap()).collect();
    let cipher = blocks("a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900");
    for (block, expected) in plain.into_iter().zip(cipher) {
        assert_eq!(encrypt(&[K1, K2, K3].concat(), block), expected);
    }
}

#[test]
fn parity_bits_are_not_looked_at() {
    let even: Vec<u8> = [K1, K2].concat().iter().map(|byte| byte ^ 1).collect();
    assert_eq!(encrypt(&even, [7; 8]), encrypt(&[K1, K2].concat(), [7; 8]));
}

#[test]
fn every_other_length_is_refused() {
    for len in (0..=64).filter(|len| ![16, 24].contains(len)) {
        let bytes: Vec<u8> = (1..=len).collect();
        assert_eq!(Tzpk::from_bytes(&bytes).unwrap_err(), Error::TzpkInvalid, "{len} bytes");
    }
}

#[test]
fn single_des_in_disguise_is_refused() {
    let even: [u8; 8] = K1.map(|byte| byte ^ 1);
    let disguised = [
        [K1, K1].concat(),
        [K1, even].concat(),
        [K1, K1, K2].concat(),
        [K1, K2, K2].concat(),
        [K1, K2, K1].concat(),
    ];
    for bytes in disguised {
        assert_eq!(Tzpk::from_bytes(&bytes).unwrap_err(), Error::TzpkInvalid, "{bytes:02x?}");
    }
}

/// NIST SP 800-67 Rev. 2, 3.3.2: the four weak keys and the six pairs of semi-weak keys.
#[test]
fn weak_keys_are_refused_as_any_part() {
    let weak = blocks(concat!(
        "0101010101010101fefefefefefefefee0e0e0e0f1f1f1f11f1f1f1f0e0e0e0e",
        "011f011f010e010e1f011f010e010e0101e001e001f101f1e001e001f101f101",
        "01fe01fe01fe01fefe01fe01fe01fe011fe01fe00ef10ef1e01fe01ff10ef10e",
        "1ffe1ffe0efe0efefe1ffe1ffe0efe0ee0fee0fef1fef1fefee0fee0fef1fef1",
    ));
    assert_eq!(weak.len(), 16);
    for key in weak {
        let without_parity = key.map(|byte| byte & 0xfe);
        for bytes in
            [[key, K2].concat(), [K1, key].concat(), [K1, K2, key].concat(), [without_parity, K2].concat()]
        {
            assert_eq!(Tzpk::from_bytes(&bytes).unwrap_err(), Error::TzpkInvalid, "{bytes:02x?}");
        }
    }
}

proptest! {
    #[test]
    fn random_keys_are_taken(key in any::<[u8; 24]>(), block in any::<[u8; 8]>()) {
        prop_assert!(encrypt(&key[..16], block) != block || encrypt(&key, block) != block);
    }
}
