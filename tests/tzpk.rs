//! The TZPK: published format 4 blocks, and every key that has to be refused.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use card_pin::{
    error::Error,
    pan::Pan,
    pin_block::Format,
    random::SystemRandom,
    tzpk::{KeyUsage, Tzpk},
};
use card_pin_testing::replay;
use common::{from_hex, pin};
use proptest::prelude::*;

const K1: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
const K2: [u8; 8] = [0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01];

fn tdea(bytes: &[u8]) -> Result<Tzpk, Error> {
    Tzpk::from_bytes(bytes, KeyUsage::Tdea(Format::Iso1))
}

fn aes(bytes: &[u8], account: &str) -> Result<Tzpk, Error> {
    Tzpk::from_bytes(bytes, KeyUsage::Aes(Pan::from_ascii(account.as_bytes()).unwrap()))
}

fn blocks(hex: &str) -> Vec<[u8; 8]> {
    from_hex(hex).chunks(8).map(|block| block.try_into().unwrap()).collect()
}

/// ANSI X9.24-3-2017 supplement, test vectors: the format 4 PIN block of two transactions.
#[test]
fn published_format_4_blocks() {
    let examples = [
        ("af8cb133a78f8dc2d1359f18527593fb", "a912150391ab65a67e52883d81ce2d15"),
        ("d30bdc73ec9714b000bec66bdb7b6d09", "52a00503bd34ba1383f6a7ee9fe2547f"),
    ];
    for (key, block) in examples {
        let (key, block) = (from_hex(key), from_hex(block));
        let random = from_hex("2f69adde2e9e7ace");
        let made = aes(&key, "4111111111111111").unwrap().encrypt(pin(&[1, 2, 3, 4]), &mut replay(random));
        assert_eq!(made.unwrap(), block);
        let read = aes(&key, "4111111111111111").unwrap().decrypt(&block).unwrap();
        assert_eq!(read.expose(), [1, 2, 3, 4]);
        // Moved to another account, it is not a block.
        let moved = aes(&key, "4111111111111112").unwrap().decrypt(&block);
        assert_eq!(moved.unwrap_err(), Error::BadResponse);
    }
}

#[test]
fn blocks_of_another_length_are_refused() {
    for len in (0..=32).filter(|len| ![8, 16].contains(len)) {
        assert_eq!(tdea(&[K1, K2].concat()).unwrap().decrypt(&vec![7; len]).unwrap_err(), Error::BadResponse);
        assert_eq!(
            aes(&[7; 16], "541333008902001").unwrap().decrypt(&vec![7; len]).unwrap_err(),
            Error::BadResponse
        );
    }
    assert_eq!(tdea(&[K1, K2].concat()).unwrap().decrypt(&[7; 16]).unwrap_err(), Error::BadResponse);
    assert_eq!(aes(&[7; 16], "541333008902001").unwrap().decrypt(&[7; 8]).unwrap_err(), Error::BadResponse);
}

#[test]
fn every_other_length_is_refused() {
    for len in (0..=64).filter(|len| ![16, 24].contains(len)) {
        let bytes: Vec<u8> = (1..=len).collect();
        assert_eq!(tdea(&bytes).unwrap_err(), Error::TzpkInvalid, "{len} bytes");
    }
    for len in (0..=64).filter(|len| ![16, 24, 32].contains(len)) {
        let bytes: Vec<u8> = (1..=len).collect();
        assert_eq!(aes(&bytes, "541333008902001").unwrap_err(), Error::TzpkInvalid, "{len} bytes");
    }
}

#[test]
fn single_des_in_disguise_is_refused() {
    let even: [u8; 8] = K1.map(|byte| byte ^ 1);
    let disguised = [
        [K1, K1].concat(),
        [K1, even].concat(),
        [K1, K1, K1].concat(),
        [K1, K1, K2].concat(),
        [K1, even, K2].concat(),
        [K1, K2, K2].concat(),
        [K2, K1, even].concat(),
    ];
    for bytes in disguised {
        assert_eq!(tdea(&bytes).unwrap_err(), Error::TzpkInvalid, "{bytes:02x?}");
    }
}

/// Libraries that only know keys of 24 bytes repeat the first part. The parity of the repeated part may differ.
#[test]
fn a_key_of_two_parts_in_24_bytes_is_that_key() {
    let even: [u8; 8] = K1.map(|byte| byte ^ 1);
    let made =
        tdea(&[K1, K2].concat()).unwrap().encrypt(pin(&[1, 2, 3, 4]), &mut SystemRandom::new()).unwrap();
    for third in [K1, even] {
        let key = tdea(&[K1, K2, third].concat()).unwrap();
        assert_eq!(key.check_value()[..3], [0x86, 0xe9, 0x65]);
        assert_eq!(key.decrypt(&made).unwrap().expose(), [1, 2, 3, 4]);
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
        for bytes in [
            [key, K2].concat(),
            [K1, key].concat(),
            [K1, K2, key].concat(),
            [without_parity, K2].concat(),
            [key, K2, key].concat(),
        ] {
            assert_eq!(tdea(&bytes).unwrap_err(), Error::TzpkInvalid, "{bytes:02x?}");
        }
    }
}

proptest! {
    #[test]
    fn encrypted_blocks_are_decrypted(
        key in any::<[u8; 32]>(),
        digits in prop::collection::vec(0_u8..=9, 4..=12),
        account in "[0-9]{12,19}",
    ) {
        let pan = || Pan::from_ascii(account.as_bytes()).unwrap();
        let formats = || [Format::Iso0(pan()), Format::Iso1, Format::Iso3(pan())];
        for (len, place) in [(16, 0), (16, 1), (16, 2), (24, 0), (24, 1), (24, 2)] {
            let tzpk = || {
                let format = formats().into_iter().nth(place).unwrap();
                Tzpk::from_bytes(&key[..len], KeyUsage::Tdea(format)).unwrap()
            };
            let encrypted = tzpk().encrypt(pin(&digits), &mut SystemRandom::new()).unwrap();
            let decrypted = tzpk().decrypt(&encrypted).unwrap();
            prop_assert_eq!(decrypted.expose(), &digits[..]);
        }
        for len in [16, 24, 32] {
            let encrypted = aes(&key[..len], &account).unwrap().encrypt(pin(&digits), &mut SystemRandom::new()).unwrap();
            let decrypted = aes(&key[..len], &account).unwrap().decrypt(&encrypted).unwrap();
            prop_assert_eq!(decrypted.expose(), &digits[..]);
        }
    }
}
