//! ISO 9564-1:2017, 9.3.3: format 1 PIN block, for a PIN that no account number is bound to.
//!
//! ```text
//! byte      0       1       2       3       4       5       6       7
//! nibble  C   N | P   P | P   P | P/T P/T| P/T P/T| P/T P/T| P/T P/T| T   T
//!
//! C  control, 1        N  number of digits, 4 to 12
//! P  PIN digit, 0 to 9        T  random fill, 0 to F
//! ```

use crate::{
    digits::{Digits, MAX_DIGITS, MIN_DIGITS},
    error::Error,
    random,
    secret::Secret,
};
use rand::TryCryptoRng;

/// The control nibble of format 1.
const CONTROL: u8 = 1;

/// Writes `digits`, 4 to 12 of them, as a block.
///
/// The fill is drawn for every nibble and the digits laid over it, so that a failing source leaves no block.
pub(super) fn encode<R: TryCryptoRng>(digits: &Digits, random: &mut R) -> Result<Secret<8>, Error> {
    let mut block = Secret::<8>::zeroed();
    // EXPOSE: the block is written in place, in secret memory.
    let bytes = block.expose_mut();
    random::fill(random, bytes)?;
    bytes[0] = CONTROL << 4 | digits.count();
    // EXPOSE: each digit goes to its nibble.
    for (place, &digit) in digits.expose().iter().enumerate() {
        let byte = &mut bytes[1 + place / 2];
        *byte = if place % 2 == 0 { digit << 4 | *byte & 0x0f } else { *byte & 0xf0 | digit };
    }
    Ok(block)
}

/// Reads the digits of a block.
///
/// # Errors
/// [`Error::BadResponse`] unless the control nibble, the length and every digit are those of a format 1 block.
pub(super) fn decode(block: &Secret<8>) -> Result<Digits, Error> {
    // EXPOSE: read nibble by nibble into secret memory.
    let bytes = block.expose();
    let (control, len) = (bytes[0] >> 4, bytes[0] & 0x0f);
    if control != CONTROL || !(MIN_DIGITS..=MAX_DIGITS).contains(&len) {
        return Err(Error::BadResponse);
    }
    let mut digits = Digits::none();
    for place in 0..usize::from(len) {
        let byte = bytes[1 + place / 2];
        let digit = if place % 2 == 0 { byte >> 4 } else { byte & 0x0f };
        digits.push(digit).map_err(|_| Error::BadResponse)?;
    }
    Ok(digits)
}
