//! ISO 9564-1:2017, 9.3.3: format 1 PIN block, which is not bound to an account number.
//!
//! ```text
//! byte      0       1       2       3       4       5       6       7
//! nibble  1   N | P   P | P   P | P/T P/T| P/T P/T| P/T P/T| P/T P/T| T   T
//!
//! N  number of digits, 4 to 12     P  PIN digit, 0 to 9     T  random fill, 0 to F
//! ```

use super::nibbles::{get_pin, set_pin};
use crate::{digits::Digits, error::Error, random, secret::Secret};
use ctutils::Choice;
use rand_core::TryCryptoRng;

/// The control nibble of format 1.
const CONTROL: u8 = 1;

/// Draws the fill for every nibble and writes the PIN over it.
pub(super) fn encode<R: TryCryptoRng>(digits: &Digits, random: &mut R) -> Result<Secret<8>, Error> {
    let mut block = Secret::zeroed();
    // EXPOSE: the block is written in place, in secret memory.
    let bytes: &mut [u8; 8] = block.expose_mut();
    random::fill(random, bytes)?;
    set_pin(bytes, CONTROL, digits);
    Ok(block)
}

/// # Errors
/// [`Error::BadResponse`] unless the control nibble, the length and every digit are those of a format 1 block.
pub(super) fn decode(block: &Secret<8>) -> Result<Digits, Error> {
    // EXPOSE: read nibble by nibble into secret memory.
    get_pin(block.expose(), CONTROL, |_| Choice::TRUE)
}
