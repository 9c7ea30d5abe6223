//! ISO 9564-1 format 1 PIN blocks against published examples, and as properties.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use card_pin::{digits::Digits, error::Error, pin_block::PinBlock, random::SystemRandom, secret::Secret};
use common::{Replay, pin};
use proptest::prelude::*;

/// Enfuce's set-PIN guide, the example for PIN 1234.
const ENFUCE: ([u8; 8], &[u8]) = ([0x14, 0x12, 0x34, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa], &[1, 2, 3, 4]);
/// IBM 4758 CCA Basic Services Reference, Release 2.54, Appendix E, "ISO-1 PIN-Block Format", the example for
/// PIN 123456.
const IBM: ([u8; 8], &[u8]) = ([0x16, 0x12, 0x34, 0x56, 0x6a, 0xbc, 0xfd, 0xe1], &[1, 2, 3, 4, 5, 6]);

fn block(bytes: [u8; 8]) -> PinBlock {
    let mut secret = Secret::zeroed();
    *secret.expose_mut() = bytes;
    PinBlock::from_secret(secret)
}

fn decoded(bytes: [u8; 8]) -> Result<Vec<u8>, Error> {
    block(bytes).into_digits_iso1().map(|digits: Digits| digits.expose().to_vec())
}

#[test]
fn published_examples_are_decoded() {
    for (bytes, digits) in [ENFUCE, IBM] {
        assert_eq!(decoded(bytes).unwrap(), digits);
    }
}

/// The random fill is the published one, in the nibbles that the PIN leaves.
#[test]
fn published_examples_are_encoded() {
    for (bytes, digits) in [ENFUCE, IBM] {
        let block = PinBlock::make_iso1(pin(digits), &mut Replay(bytes.to_vec())).unwrap();
        assert_eq!(block.expose(), &bytes);
    }
}

#[test]
fn what_is_no_format_1_block_is_refused() {
    let not_blocks: [[u8; 8]; 6] = [
        [0x04, 0x12, 0x34, 0xff, 0xff, 0xff, 0xff, 0xff], // format 0
        [0x24, 0x12, 0x34, 0xff, 0xff, 0xff, 0xff, 0xff], // format 2
        [0x13, 0x12, 0x3a, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa], // three digits
        [0x1d, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x3a], // thirteen digits
        [0x14, 0x12, 0x3a, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa], // fourth digit is a letter
        [0x1c, 0x12, 0x34, 0x56, 0x78, 0x90, 0x1f, 0xaa], // twelfth digit is a letter
    ];
    for bytes in not_blocks {
        assert_eq!(decoded(bytes), Err(Error::BadResponse), "{bytes:02x?}");
    }
}

#[test]
fn without_randomness_there_is_no_block() {
    for too_few in 0..8 {
        let made = PinBlock::make_iso1(pin(&[4, 8, 2, 6]), &mut Replay(vec![0; too_few]));
        assert_eq!(made.unwrap_err(), Error::EntropyUnavailable);
    }
}

#[test]
fn every_nibble_of_the_fill_takes_every_value() {
    let mut seen = [[false; 16]; 10];
    for _ in 0..2000 {
        let block = PinBlock::make_iso1(pin(&[4, 8, 2, 6]), &mut SystemRandom).unwrap();
        for (place, seen) in seen.iter_mut().enumerate() {
            let byte = block.expose()[3 + place / 2];
            let nibble = if place % 2 == 0 { byte >> 4 } else { byte & 0x0f };
            seen[usize::from(nibble)] = true;
        }
    }
    // A value is missing by chance once in 10^53.
    assert!(seen.iter().flatten().all(|&seen| seen), "{seen:?}");
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(digits in prop::collection::vec(0_u8..=9, 4..=12)) {
        let block = PinBlock::make_iso1(pin(&digits), &mut SystemRandom).unwrap();
        let bytes = *block.expose();
        prop_assert_eq!(usize::from(bytes[0]), 0x10 + digits.len());
        let decoded = block.into_digits_iso1().unwrap();
        prop_assert_eq!(decoded.expose(), &digits[..]);
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in any::<[u8; 8]>()) {
        if let Ok(digits) = decoded(bytes) {
            prop_assert_eq!(usize::from(bytes[0]), 0x10 + digits.len());
            prop_assert!(digits.iter().all(|&digit| digit <= 9));
        }
    }
}
