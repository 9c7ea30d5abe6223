//! The clear PIN blocks of ISO 9564-1, before encryption and after decryption.

mod nibbles;

mod iso0;
mod iso1;
mod iso3;
mod iso4;

use crate::{digits::Digits, error::Error, pan::Pan, pin::Pin, secret::Secret};
use rand_core::TryCryptoRng;

pub use iso4::{PinField, account_field};

/// The formats of ISO 9564-1 that TDEA encrypts, with the account number that a block is bound to.
#[derive(Debug)]
pub enum Format {
    /// Format 0: PIN and account number. The same PIN and card give the same block.
    Iso0(Pan),
    /// Format 1: PIN and random fill.
    Iso1,
    /// Format 3: PIN, account number and random fill.
    Iso3(Pan),
}

/// A clear PIN block of eight bytes.
#[derive(Debug)]
pub struct PinBlock(Secret<8>);

impl PinBlock {
    /// Consumes a PIN and makes its block (ISO 9564-1:2017, 9.3).
    ///
    /// # Errors
    /// [`Error::EntropyUnavailable`] when `random` fails: formats 1 and 3 are filled with random nibbles.
    pub fn make<R: TryCryptoRng>(pin: Pin, format: &Format, random: &mut R) -> Result<Self, Error> {
        let digits = pin.into_digits();
        match format {
            Format::Iso0(pan) => Ok(Self(iso0::encode(&digits, pan))),
            Format::Iso1 => iso1::encode(&digits, random).map(Self),
            Format::Iso3(pan) => iso3::encode(&digits, pan, random).map(Self),
        }
    }

    /// Takes a decrypted block, which is not checked yet.
    #[must_use]
    pub fn from_secret(block: Secret<8>) -> Self {
        Self(block)
    }

    /// Consumes a block and returns its digits.
    ///
    /// # Errors
    /// [`Error::BadResponse`] unless the block has that format.
    pub fn into_digits(self, format: &Format) -> Result<Digits, Error> {
        match format {
            Format::Iso0(pan) => iso0::decode(self.0, pan),
            Format::Iso1 => iso1::decode(&self.0),
            Format::Iso3(pan) => iso3::decode(self.0, pan),
        }
    }

    /// The clear block.
    #[must_use]
    pub fn expose(&self) -> &[u8; 8] {
        // EXPOSE: passed on to the cipher.
        self.0.expose()
    }
}
