//! Reads and writes blocks nibble by nibble; shared by the formats.

use crate::{
    digits::{Digits, MAX_DIGITS, MIN_DIGITS},
    error::Error,
    pan::Pan,
    random,
};
use ctutils::{Choice, CtEq, CtGt, CtLt};
use rand_core::TryCryptoRng;

/// The nibble at `place`, counted from the most significant one.
pub(super) fn get(bytes: &[u8], place: usize) -> u8 {
    let byte = bytes[place / 2];
    if place.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f }
}

/// Writes the nibble at `place`, counted from the most significant one.
pub(super) fn set(bytes: &mut [u8], place: usize, nibble: u8) {
    let byte = &mut bytes[place / 2];
    *byte = if place.is_multiple_of(2) { nibble << 4 | *byte & 0x0f } else { *byte & 0xf0 | nibble };
}

/// Writes control nibble, length and digits over the start of a block that is already filled.
pub(super) fn set_pin(bytes: &mut [u8], control: u8, digits: &Digits) {
    bytes[0] = control << 4 | digits.count();
    // EXPOSE: each digit goes to its nibble, in secret memory.
    for (place, &digit) in digits.expose().iter().enumerate() {
        set(bytes, 2 + place, digit);
    }
}

/// Reads the PIN from a block with this control nibble; `is_fill` decides which fill nibbles are allowed.
///
/// It checks every nibble whatever the others are, and there is one error: the time that this takes depends only on the number of
/// digits, not on the digits or on the fault.
///
/// # Errors
/// [`Error::BadResponse`] unless the control nibble is `control`, the length is 4 to 12, every digit is 0 to 9 and `is_fill` holds
/// for every nibble after the PIN.
pub(super) fn get_pin(bytes: &[u8; 8], control: u8, is_fill: impl Fn(u8) -> Choice) -> Result<Digits, Error> {
    let len = get(bytes, 1);
    let mut is_good = get(bytes, 0).ct_eq(&control) & !len.ct_lt(&MIN_DIGITS) & !len.ct_gt(&MAX_DIGITS);
    for (place, index) in (2..16).zip(0_u8..) {
        let nibble = get(bytes, place);
        let is_in_pin = index.ct_lt(&len);
        is_good &= (is_in_pin & nibble.ct_lt(&10)) | (!is_in_pin & is_fill(nibble));
    }
    if !is_good.to_bool() {
        return Err(Error::BadResponse);
    }
    let mut digits = Digits::empty();
    for place in 0..usize::from(len) {
        digits.push(get(bytes, 2 + place))?;
    }
    Ok(digits)
}

/// The places of the fill nibbles of an eight-byte block.
pub(super) fn fill_places(digits: &Digits) -> core::ops::Range<usize> {
    2 + usize::from(digits.count())..16
}

/// ISO 9564-1:2017, 9.3.2.3: the account number field of formats 0 and 3, combined into the block.
///
/// ```text
/// nibble  0 0 0 0 | A A A A A A A A A A A A      the twelve rightmost digits without the check digit
/// ```
pub(super) fn xor_account(bytes: &mut [u8; 8], pan: &Pan) {
    // EXPOSE: each digit is combined into its nibble, in secret memory.
    let (_check, account) = pan.expose().split_last().unwrap_or((&0, &[]));
    for (place, &digit) in (4..16).rev().zip(account.iter().rev()) {
        let combined = get(bytes, place) ^ digit;
        set(bytes, place, combined);
    }
}

/// A random nibble from A to F.
///
/// # Errors
/// [`Error::EntropyUnavailable`].
pub(super) fn random_letter<R: TryCryptoRng>(random: &mut R) -> Result<u8, Error> {
    random::in_range(random, 0x0a..=0x0f)
}
