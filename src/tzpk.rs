//! `Tzpk`: the temporary PIN key, under which the PIN block is encrypted. It is used once.

use crate::{error::Error, key_pair::KeyPair, pin_block::PinBlock, secret::Secret};
use des::{
    TdesEde3,
    cipher::{Block, BlockCipherEncrypt, KeyInit},
    weak_key_test,
};
use rand::TryCryptoRng;

/// A TDEA key of two or three different parts (NIST SP 800-67 Rev. 2, 3.1), held as K1‖K2‖K3.
#[derive(Debug)]
pub struct Tzpk(Secret<24>);

impl Tzpk {
    /// Consumes the key pair and unwraps the key that came wrapped under it.
    ///
    /// # Errors
    /// [`Error::TzpkInvalid`] whatever is wrong with the wrapped key: see [`KeyPair::unwrap`] and
    /// [`Tzpk::from_bytes`]. [`Error::EntropyUnavailable`].
    pub fn unwrap<R: TryCryptoRng>(wrapped: &[u8], key_pair: KeyPair, random: &mut R) -> Result<Self, Error> {
        Self::from_bytes(&key_pair.unwrap(wrapped, random)?)
    }

    /// Takes 16 bytes as K1‖K2 with K3 = K1 (keying option 2), 24 bytes as K1‖K2‖K3.
    ///
    /// Parity bits are not looked at: TDEA does not use them, and issuers' key managers differ.
    ///
    /// # Errors
    /// [`Error::TzpkInvalid`] for every other length, for equal parts (single DES in disguise) and for weak,
    /// semi-weak and possibly weak parts (SP 800-67 Rev. 1, 3.4.2; the table is that of the `des` crate).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if !matches!(bytes.len(), 16 | 24) {
            return Err(Error::TzpkInvalid);
        }
        let mut key = Secret::<24>::zeroed();
        // EXPOSE: the key is laid out and checked in secret memory; the verdict alone leaves.
        let parts = key.expose_mut();
        parts[..bytes.len()].copy_from_slice(bytes);
        parts.iter_mut().for_each(|byte| *byte = with_odd_parity(*byte));
        weak_key_test(&parts[..bytes.len()]).map_err(|_| Error::TzpkInvalid)?;
        if bytes.len() == 16 {
            parts.copy_within(..8, 16);
        }
        Ok(Self(key))
    }

    /// Consumes the key and the block and gives the block encrypted with TDEA, ECB of one block
    /// (SP 800-67 Rev. 2, 3.2).
    #[must_use]
    pub fn encrypt(self, pin_block: PinBlock) -> [u8; 8] {
        // EXPOSE: the key schedule, which the cipher wipes on drop.
        let cipher = TdesEde3::new(self.0.expose().into());
        // EXPOSE: the clear block goes in; `encrypted` holds nothing but ciphertext at any time.
        let mut encrypted = Block::<TdesEde3>::default();
        cipher.encrypt_block_b2b(pin_block.expose().into(), &mut encrypted);
        encrypted.into()
    }
}

/// The byte with its lowest bit set so that the number of ones is odd (SP 800-67 Rev. 2, 3.1).
fn with_odd_parity(byte: u8) -> u8 {
    let seven = byte & 0xfe;
    seven | (seven.count_ones() as u8 & 1 ^ 1)
}
