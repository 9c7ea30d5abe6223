//! ISO 9564-1:2017, 9.3.5: format 3 PIN block: that of format 0, with a random fill of A to F.

use super::nibbles::{fill_places, get_pin, random_letter, set, set_pin, xor_account};
use crate::{digits::Digits, error::Error, pan::Pan, secret::Secret};
use ctutils::CtGt;
use rand_core::TryCryptoRng;

/// The control nibble of format 3.
const CONTROL: u8 = 3;

pub(super) fn encode<R: TryCryptoRng>(
    digits: &Digits,
    pan: &Pan,
    random: &mut R,
) -> Result<Secret<8>, Error> {
    let mut block = Secret::zeroed();
    // EXPOSE: the block is written in place, in secret memory.
    let bytes: &mut [u8; 8] = block.expose_mut();
    for place in fill_places(digits) {
        set(bytes, place, random_letter(random)?);
    }
    set_pin(bytes, CONTROL, digits);
    xor_account(bytes, pan);
    Ok(block)
}

/// # Errors
/// [`Error::BadResponse`] unless the control nibble, the length, every digit and every fill nibble are those of a format 3 block
/// for this account number.
pub(super) fn decode(mut block: Secret<8>, pan: &Pan) -> Result<Digits, Error> {
    // EXPOSE: the account number is taken out in place, and the digits read into secret memory.
    xor_account(block.expose_mut(), pan);
    get_pin(block.expose(), CONTROL, |nibble| nibble.ct_gt(&9))
}
