//! ISO 9564-1 PIN blocks of formats 0, 1 and 3 and PIN fields of format 4, against published examples and as
//! properties.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use card_pin::{
    error::Error,
    pan::Pan,
    pin_block::{Format, PinBlock, PinField, account_field},
    random::SystemRandom,
    secret::Secret,
};
use card_pin_testing::replay;
use common::pin;
use proptest::prelude::*;

/// A published block, the random bytes that it was filled with, and its content.
struct Example {
    block: [u8; 8],
    fill: &'static [u8],
    format: fn() -> Format,
    digits: &'static [u8],
}

/// The words that give the letters BFEDBECFDB: a highest byte of at least 256k/6 gives letter k, counted from A.
const LETTERS: [u8; 40] = {
    let top_bytes = [43, 214, 171, 128, 43, 171, 86, 214, 128, 43];
    let mut bytes = [0; 40];
    let mut place = 0;
    while place < top_bytes.len() {
        bytes[4 * place + 3] = top_bytes[place];
        place += 1;
    }
    bytes
};

fn examples() -> [Example; 4] {
    [
        // EFTlab BP-Tools, "Complete list of PIN blocks", ISO-0.
        Example {
            block: [0x04, 0x12, 0xac, 0x89, 0xab, 0xcd, 0xef, 0x67],
            fill: &[],
            format: || Format::Iso0(pan("43219876543210987")),
            digits: &[1, 2, 3, 4],
        },
        // Enfuce's set-PIN guide, the example for PIN 1234.
        Example {
            block: [0x14, 0x12, 0x34, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa],
            fill: &[0xaa; 8],
            format: || Format::Iso1,
            digits: &[1, 2, 3, 4],
        },
        // IBM 4758 CCA Basic Services Reference, Release 2.54, Appendix E, "ISO-1 PIN-Block Format".
        Example {
            block: [0x16, 0x12, 0x34, 0x56, 0x6a, 0xbc, 0xfd, 0xe1],
            fill: &[0, 0, 0, 0, 0x6a, 0xbc, 0xfd, 0xe1],
            format: || Format::Iso1,
            digits: &[1, 2, 3, 4, 5, 6],
        },
        // EFTlab BP-Tools, "Complete list of PIN blocks", ISO-3. Without the account number its fill is BFEDBECFDB;
        // a letter is A and the integer part of 6w / 2^32, w being four drawn bytes, the lowest first.
        Example {
            block: [0x34, 0x12, 0xac, 0xc9, 0xb9, 0x8c, 0xdf, 0x43],
            fill: &LETTERS,
            format: || Format::Iso3(pan("43219876543210987")),
            digits: &[1, 2, 3, 4],
        },
    ]
}

fn pan(digits: &str) -> Pan {
    Pan::from_ascii(digits.as_bytes()).unwrap()
}

fn decoded(bytes: [u8; 8], format: &Format) -> Result<Vec<u8>, Error> {
    let mut secret = Secret::zeroed();
    *secret.expose_mut() = bytes;
    PinBlock::from_secret(secret).into_digits(format).map(|digits| digits.expose().to_vec())
}

fn formats() -> [Format; 3] {
    [Format::Iso0(pan("5413330089020011")), Format::Iso1, Format::Iso3(pan("5413330089020011"))]
}

#[test]
fn published_examples_are_decoded() {
    for Example { block, format, digits, .. } in examples() {
        assert_eq!(decoded(block, &format()).unwrap(), digits, "{block:02x?}");
    }
}

#[test]
fn published_examples_are_encoded() {
    for Example { block, fill, format, digits } in examples() {
        let made = PinBlock::make(pin(digits), &format(), &mut replay(fill.to_vec())).unwrap();
        assert_eq!(made.expose(), &block, "{block:02x?}");
    }
}

#[test]
fn malformed_blocks_are_refused() {
    // Under an account number of zeros the field stands in the block as it is.
    let zeros = || pan("0000000000000000");
    type Bound = fn(Pan) -> Format;
    let refused: [([u8; 8], Bound); 15] = [
        ([0x04, 0x12, 0x34, 0xff, 0xff, 0xff, 0xff, 0xff], |_| Format::Iso1), // format 0
        ([0x24, 0x12, 0x34, 0xff, 0xff, 0xff, 0xff, 0xff], |_| Format::Iso1), // format 2
        ([0x13, 0x12, 0x3a, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa], |_| Format::Iso1), // three digits
        ([0x1d, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x3a], |_| Format::Iso1), // thirteen digits
        ([0x14, 0x12, 0x3a, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa], |_| Format::Iso1), // fourth digit is a letter
        ([0x1c, 0x12, 0x34, 0x56, 0x78, 0x90, 0x1f, 0xaa], |_| Format::Iso1), // twelfth digit is a letter
        ([0x34, 0x12, 0x34, 0xff, 0xff, 0xff, 0xff, 0xff], Format::Iso0),     // format 3
        ([0x03, 0x12, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff], Format::Iso0),     // three digits
        ([0x04, 0x12, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff], Format::Iso0),     // fourth digit is a letter
        ([0x04, 0x12, 0x34, 0xef, 0xff, 0xff, 0xff, 0xff], Format::Iso0),     // first fill is not F
        ([0x04, 0x12, 0x34, 0xff, 0xff, 0xff, 0xff, 0xfe], Format::Iso0),     // last fill is not F
        ([0x04, 0x12, 0x34, 0xff, 0xff, 0xff, 0xff, 0xff], Format::Iso3),     // format 0
        ([0x3d, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x3a], Format::Iso3),     // thirteen digits
        ([0x34, 0x12, 0x34, 0x9f, 0xff, 0xff, 0xff, 0xff], Format::Iso3),     // first fill is a digit
        ([0x34, 0x12, 0x34, 0xff, 0xff, 0xff, 0xff, 0xf9], Format::Iso3),     // last fill is a digit
    ];
    for (bytes, format) in refused {
        assert_eq!(decoded(bytes, &format(zeros())), Err(Error::BadResponse), "{bytes:02x?}");
    }
}

/// A block that was moved to another account is refused, or contains the digits of another PIN.
#[test]
fn a_block_is_bound_to_its_account() {
    for format in [Format::Iso0 as fn(Pan) -> Format, Format::Iso3] {
        let block =
            PinBlock::make(pin(&[4, 8, 2, 6]), &format(pan("5413330089020011")), &mut SystemRandom::new());
        let moved = block.unwrap().into_digits(&format(pan("4111111111111111")));
        assert!(moved.is_err());
    }
}

/// An account number shorter than twelve digits and the check digit is padded with zeros.
#[test]
fn short_and_long_account_numbers() {
    for (digits, combined) in [("123456789012", 0x0123_4567_8901), ("1234567890123456789", 0x7890_1234_5678)]
    {
        let block =
            PinBlock::make(pin(&[4, 8, 2, 6]), &Format::Iso0(pan(digits)), &mut SystemRandom::new()).unwrap();
        let plain = 0x0448_26ff_ffff_ffff_u64;
        assert_eq!(u64::from_be_bytes(*block.expose()), plain ^ combined, "{digits}");
    }
}

/// ANSI X9.24-3-2017 supplement, test vectors, the format 4 PIN block.
#[test]
fn published_format_4_fields() {
    let field = PinField::make(pin(&[1, 2, 3, 4]), &mut replay(FIELD[8..].to_vec())).unwrap();
    assert_eq!(field.expose(), &FIELD);
    assert_eq!(field.into_digits().unwrap().expose(), [1, 2, 3, 4]);
    let account = account_field(&pan("4111111111111111"));
    assert_eq!(account.expose()[..8], [0x44, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11]);
    assert_eq!(account.expose()[8..], [0x10, 0, 0, 0, 0, 0, 0, 0]);
}

const FIELD: [u8; 16] =
    [0x44, 0x12, 0x34, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0x2f, 0x69, 0xad, 0xde, 0x2e, 0x9e, 0x7a, 0xce];

#[test]
fn malformed_format_4_fields_are_refused() {
    for (place, byte) in [(0, 0x34), (0, 0x43), (0, 0x4d), (2, 0x3a), (3, 0xab), (7, 0xa0)] {
        let mut field = Secret::zeroed();
        *field.expose_mut() = FIELD;
        field.expose_mut()[place] = byte;
        assert_eq!(PinField::from_secret(field).into_digits().unwrap_err(), Error::BadResponse, "{byte:x}");
    }
}

#[test]
fn without_randomness_there_is_no_block() {
    for too_few in 0..8 {
        let made = PinBlock::make(pin(&[4, 8, 2, 6]), &Format::Iso1, &mut replay(vec![0; too_few]));
        assert_eq!(made.unwrap_err(), Error::EntropyUnavailable);
        let made = PinField::make(pin(&[4, 8, 2, 6]), &mut replay(vec![0; too_few]));
        assert_eq!(made.unwrap_err(), Error::EntropyUnavailable);
    }
    let format = Format::Iso3(pan("5413330089020011"));
    let made = PinBlock::make(pin(&[4, 8, 2, 6]), &format, &mut replay(vec![0; 39]));
    assert_eq!(made.unwrap_err(), Error::EntropyUnavailable);
}

/// Each letter has a sixth of all pairs of words, to within one: the first pair that gives letter k is ⌈k · 2^64 / 6⌉, the first
/// word being its upper half.
#[test]
fn the_letters_of_format_3_are_equally_likely() {
    let zeros = Format::Iso3(pan("0000000000000000"));
    let first_letter = |pair: u64| {
        let drawn = pair.rotate_left(32).to_le_bytes().repeat(10);
        let block = PinBlock::make(pin(&[4, 8, 2, 6]), &zeros, &mut replay(drawn)).unwrap();
        block.expose()[3] >> 4
    };
    for k in 1..6_u8 {
        let first = (u128::from(k) << 64).div_ceil(6) as u64;
        assert_eq!((first_letter(first - 1), first_letter(first)), (0x0a + k - 1, 0x0a + k));
    }
    assert_eq!((first_letter(0), first_letter(u64::MAX)), (0x0a, 0x0f));
}

#[test]
fn every_nibble_of_the_fill_takes_every_value() {
    let zeros = || pan("0000000000000000");
    let mut random = SystemRandom::new();
    for (format, values) in [(Format::Iso1, 0..=15), (Format::Iso3(zeros()), 10..=15)] {
        let mut seen = [[false; 16]; 10];
        for _ in 0..2000 {
            let block = PinBlock::make(pin(&[4, 8, 2, 6]), &format, &mut random).unwrap();
            for (place, seen) in seen.iter_mut().enumerate() {
                let byte = block.expose()[3 + place / 2];
                let nibble = if place % 2 == 0 { byte >> 4 } else { byte & 0x0f };
                seen[usize::from(nibble)] = true;
            }
        }
        // A value is missing by chance once in 10^53.
        for seen in seen {
            let expected: [bool; 16] = std::array::from_fn(|value| values.contains(&value));
            assert_eq!(seen, expected);
        }
    }
}

proptest! {
    #[test]
    fn encoded_pins_are_decoded(digits in prop::collection::vec(0_u8..=9, 4..=12)) {
        for format in formats() {
            let block = PinBlock::make(pin(&digits), &format, &mut SystemRandom::new()).unwrap();
            prop_assert_eq!(usize::from(block.expose()[0] & 0x0f), digits.len());
            let decoded = block.into_digits(&format).unwrap();
            prop_assert_eq!(decoded.expose(), &digits[..]);
        }
        let field = PinField::make(pin(&digits), &mut SystemRandom::new()).unwrap();
        let decoded = field.into_digits().unwrap();
        prop_assert_eq!(decoded.expose(), &digits[..]);
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in any::<[u8; 8]>()) {
        for format in formats() {
            if let Ok(digits) = decoded(bytes, &format) {
                prop_assert_eq!(usize::from(bytes[0] & 0x0f), digits.len());
                prop_assert!(digits.iter().all(|&digit| digit <= 9));
            }
        }
    }
}
