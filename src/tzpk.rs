//! `Tzpk`: the temporary PIN key, under which a PIN block travels. It is used once.

mod aes_key;
mod tdea_key;

use crate::{
    digits::Digits,
    error::Error,
    key_pair::KeyPair,
    pan::Pan,
    pin::Pin,
    pin_block::{Format, PinBlock, PinField, account_field},
    secret::Secret,
};
use aes_key::AesKey;
use alloc::vec::Vec;
use ctutils::CtEq;
use rand_core::TryCryptoRng;
use tdea_key::TdeaKey;

/// The cipher that the key is for, and the block that it encrypts, as in the server's answer.
#[derive(Debug)]
pub enum KeyUsage {
    /// TDEA with a block of eight bytes.
    Tdea(Format),
    /// AES with format 4 for this account number.
    Aes(Pan),
}

/// A key as the server sends it.
#[derive(Debug)]
pub struct WrappedKey {
    /// The key, encrypted under the public key of the session's key pair.
    pub ciphertext: Vec<u8>,
    /// The cipher and the block.
    pub usage: KeyUsage,
    /// Its check value, or the first bytes of it, if the server sends one.
    pub check_value: Option<Vec<u8>>,
}

/// A key that was checked, and its use.
#[derive(Debug)]
pub enum Tzpk {
    /// A key for one block of eight bytes.
    Tdea(TdeaKey, Format),
    /// A key for one format 4 block.
    Aes(AesKey, Pan),
}

impl Tzpk {
    /// Consumes the key pair and unwraps the key that is wrapped under it. A check value that came with it has
    /// to be the beginning of the key's own; it is compared in constant time.
    ///
    /// # Errors
    /// [`Error::TzpkInvalid`] whatever is wrong with the wrapped key: see [`KeyPair::unwrap_key`] and
    /// [`Tzpk::from_bytes`]. [`Error::EntropyUnavailable`].
    pub fn unwrap_key<R: TryCryptoRng>(
        wrapped: WrappedKey,
        key_pair: KeyPair,
        random: &mut R,
    ) -> Result<Self, Error> {
        let WrappedKey { ciphertext, usage, check_value } = wrapped;
        let key = Self::from_bytes(&key_pair.unwrap_key(&ciphertext, random)?, usage)?;
        match check_value {
            Some(value) if !key.has_check_value(&value) => Err(Error::TzpkInvalid),
            _ => Ok(key),
        }
    }

    /// Takes a raw key: for TDEA 16 or 24 bytes, for AES 16, 24 or 32.
    ///
    /// # Errors
    /// [`Error::TzpkInvalid`] for every other length, and for weak TDEA keys.
    pub fn from_bytes(bytes: &[u8], usage: KeyUsage) -> Result<Self, Error> {
        match usage {
            KeyUsage::Tdea(format) => Ok(Self::Tdea(TdeaKey::from_bytes(bytes)?, format)),
            KeyUsage::Aes(pan) => Ok(Self::Aes(AesKey::from_bytes(bytes)?, pan)),
        }
    }

    /// The block of which the first bytes are the key's check value (ANSI X9.24-1-2017, Annex A): three bytes of eight
    /// for TDEA, five of sixteen for AES, and in practice fewer or more.
    #[must_use]
    pub fn check_value(&self) -> Vec<u8> {
        match self {
            Self::Tdea(key, _) => key.check_value().to_vec(),
            Self::Aes(key, _) => key.check_value().to_vec(),
        }
    }

    fn has_check_value(&self, value: &[u8]) -> bool {
        self.check_value().get(..value.len()).is_some_and(|own| own.ct_eq(value).to_bool())
    }

    /// Consumes the key and the PIN, makes the PIN's block, and returns it encrypted: 8 bytes from TDEA (ECB of one
    /// block, SP 800-67 Rev. 2, 3.2), 16 from AES (ISO 9564-1:2017, 9.4.2.4).
    ///
    /// # Errors
    /// [`Error::EntropyUnavailable`].
    pub fn encrypt<R: TryCryptoRng>(self, pin: Pin, random: &mut R) -> Result<Vec<u8>, Error> {
        match self {
            Self::Tdea(key, format) => Ok(key.encrypt(&PinBlock::make(pin, &format, random)?).to_vec()),
            Self::Aes(key, pan) => {
                let field = PinField::make(pin, random)?;
                // EXPOSE: `inner` is ciphertext; combined with the account number it is encrypted again.
                let mut inner = key.encrypt(field.expose());
                xor(&mut inner, &account_field(&pan));
                Ok(key.encrypt(&inner).to_vec())
            }
        }
    }

    /// Consumes the key and returns the digits of a block that was encrypted under it.
    ///
    /// # Errors
    /// [`Error::BadResponse`] unless the decrypted block has the expected format.
    pub fn decrypt(self, encrypted: &[u8]) -> Result<Digits, Error> {
        match self {
            Self::Tdea(key, format) => {
                let block = encrypted.try_into().map_err(|_| Error::BadResponse)?;
                PinBlock::from_secret(key.decrypt(block)).into_digits(&format)
            }
            Self::Aes(key, pan) => {
                let block = encrypted.try_into().map_err(|_| Error::BadResponse)?;
                let mut inner = key.decrypt(block);
                // EXPOSE: the account number is taken out in place.
                xor(inner.expose_mut(), &account_field(&pan));
                PinField::from_secret(key.decrypt(inner.expose())).into_digits()
            }
        }
    }
}

fn xor(block: &mut [u8; 16], field: &Secret<16>) {
    // EXPOSE: combined in place.
    block.iter_mut().zip(field.expose()).for_each(|(byte, other)| *byte ^= other);
}
