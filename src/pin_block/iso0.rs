//! ISO 9564-1:2017, 9.3.2: format 0 PIN block.
//!
//! ```text
//! byte        0       1       2       3       4       5       6       7
//! PIN       0   N | P   P | P   P | P/F P/F| P/F P/F| P/F P/F| P/F P/F| F   F
//! account   0   0 | 0   0 | A   A | A   A  | A   A  | A   A  | A   A  | A   A      XOR
//!
//! N  number of digits, 4 to 12     P  PIN digit     F  fill, always F     A  account number without check digit
//! ```

use super::nibbles::{get_pin, set_pin, xor_account};
use crate::{digits::Digits, error::Error, pan::Pan, secret::Secret};
use ctutils::CtEq;

/// The control nibble of format 0.
const CONTROL: u8 = 0;
const FILL: u8 = 0x0f;

pub(super) fn encode(digits: &Digits, pan: &Pan) -> Secret<8> {
    let mut block = Secret::zeroed();
    // EXPOSE: the block is written in place, in secret memory.
    let bytes: &mut [u8; 8] = block.expose_mut();
    bytes.fill(FILL << 4 | FILL);
    set_pin(bytes, CONTROL, digits);
    xor_account(bytes, pan);
    block
}

/// # Errors
/// [`Error::BadResponse`] unless the control nibble, the length, every digit and every fill nibble are those of a format 0 block
/// for this account number.
pub(super) fn decode(mut block: Secret<8>, pan: &Pan) -> Result<Digits, Error> {
    // EXPOSE: the account number is taken out in place, and the digits read into secret memory.
    xor_account(block.expose_mut(), pan);
    get_pin(block.expose(), CONTROL, |nibble| nibble.ct_eq(&FILL))
}
