//! `PinBlock`: the clear PIN block, the last form a PIN has before it is encrypted.

mod iso1;

use crate::{digits::Digits, error::Error, pin::Pin, secret::Secret};
use rand::TryCryptoRng;

/// A clear PIN block of eight bytes.
#[derive(Debug)]
pub struct PinBlock(Secret<8>);

impl PinBlock {
    /// Consumes a PIN and makes its ISO 9564-1 format 1 block.
    ///
    /// # Errors
    /// [`Error::EntropyUnavailable`]: the block is filled with random nibbles.
    pub fn make_iso1<R: TryCryptoRng>(pin: Pin, random: &mut R) -> Result<Self, Error> {
        iso1::encode(&pin.into_digits(), random).map(Self)
    }

    /// A block that was decrypted elsewhere.
    #[must_use]
    pub fn from_secret(block: Secret<8>) -> Self {
        Self(block)
    }

    /// Consumes an ISO 9564-1 format 1 block and gives its digits.
    ///
    /// # Errors
    /// [`Error::BadResponse`] unless it is one.
    pub fn into_digits_iso1(self) -> Result<Digits, Error> {
        iso1::decode(&self.0)
    }

    /// The clear block.
    #[must_use]
    pub fn expose(&self) -> &[u8; 8] {
        // EXPOSE: handed on to the cipher.
        self.0.expose()
    }
}
