//! The temporary PIN key: TDEA as in NIST SP 800-67, double length (K1‖K2, used as K1‖K2‖K1).

use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{TdesEde2, TdesEde3, weak_key_test};
use zeroize::Zeroizing;

use super::HsmError;
use super::pin_block::PIN_BLOCK_BYTES;
use crate::random;

/// What kind of key is made for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyMaterial {
    /// A proper double-length key: odd parity, no weak half, two different halves.
    DoubleLength,
    /// Fault: random bytes of this number; of a TDEA length they are a proper key.
    Bytes(u8),
    /// Fault: K1‖K1, which is single DES in disguise.
    SingleDes,
    /// Fault: K1 is a weak DES key (SP 800-67 §3.4.2).
    Weak,
}

/// A temporary PIN key, or the faulty thing handed out in its place. Wiped on drop.
pub(crate) struct Tzpk {
    bytes: Zeroizing<Vec<u8>>,
}

impl Tzpk {
    /// Makes a key for one session.
    pub(crate) fn make(material: KeyMaterial) -> Result<Self, HsmError> {
        match material {
            KeyMaterial::DoubleLength => Self::make_proper(16),
            KeyMaterial::Bytes(length @ (16 | 24)) => Self::make_proper(length.into()),
            KeyMaterial::Bytes(length) => {
                let mut bytes = Zeroizing::new(vec![0; length.into()]);
                random::fill(&mut bytes)?;
                Ok(Self { bytes })
            }
            KeyMaterial::SingleDes => {
                let mut tzpk = Self::make_proper(16)?;
                tzpk.bytes.copy_within(..8, 8);
                Ok(tzpk)
            }
            KeyMaterial::Weak => {
                let mut tzpk = Self::make_proper(16)?;
                tzpk.bytes[..8].fill(0x01);
                Ok(tzpk)
            }
        }
    }

    /// 16 or 24 random bytes with odd parity, drawn again until no part is weak and no two are equal.
    fn make_proper(length: usize) -> Result<Self, HsmError> {
        loop {
            let mut bytes = Zeroizing::new(vec![0; length]);
            random::fill(&mut bytes)?;
            for byte in bytes.iter_mut() {
                // The lowest bit makes the number of ones odd (FIPS 46-3, and SP 800-67 §3.4.1 after it).
                *byte ^= u8::from(byte.count_ones().is_multiple_of(2));
            }
            if weak_key_test(&bytes).is_ok() {
                return Ok(Self { bytes });
            }
        }
    }

    /// A key that comes back out of the database.
    pub(super) fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { bytes }
    }

    /// The raw key, to be sealed or wrapped and nothing else.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// Decrypts one block (ECB); nothing if this is no TDEA key.
    pub(super) fn decrypt(&self, block: [u8; PIN_BLOCK_BYTES]) -> Option<[u8; PIN_BLOCK_BYTES]> {
        let mut block = Array::from(block);
        match self.bytes.len() {
            16 => TdesEde2::new_from_slice(&self.bytes).ok()?.decrypt_block(&mut block),
            24 => TdesEde3::new_from_slice(&self.bytes).ok()?.decrypt_block(&mut block),
            _ => return None,
        }
        Some(block.into())
    }

    /// Encrypts one block (ECB); nothing if this is no TDEA key.
    pub(super) fn encrypt(&self, block: [u8; PIN_BLOCK_BYTES]) -> Option<[u8; PIN_BLOCK_BYTES]> {
        let mut block = Array::from(block);
        match self.bytes.len() {
            16 => TdesEde2::new_from_slice(&self.bytes).ok()?.encrypt_block(&mut block),
            24 => TdesEde3::new_from_slice(&self.bytes).ok()?.encrypt_block(&mut block),
            _ => return None,
        }
        Some(block.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(material: KeyMaterial) -> Vec<u8> {
        Tzpk::make(material).unwrap().expose().to_vec()
    }

    #[test]
    fn a_proper_key_has_odd_parity_and_two_halves() {
        for _ in 0..200 {
            let key = make(KeyMaterial::DoubleLength);
            assert_eq!(key.len(), 16);
            assert!(key.iter().all(|byte| byte.count_ones() % 2 == 1));
            assert_ne!(key[..8], key[8..]);
        }
        assert_ne!(make(KeyMaterial::DoubleLength), make(KeyMaterial::DoubleLength));
    }

    #[test]
    fn faulty_keys_are_faulty_as_named() {
        for length in [8, 15, 16, 24, 33] {
            assert_eq!(make(KeyMaterial::Bytes(length)).len(), usize::from(length));
        }
        let single = make(KeyMaterial::SingleDes);
        assert_eq!(single[..8], single[8..]);
        let weak = make(KeyMaterial::Weak);
        assert_eq!(weak[..8], [0x01; 8]);
        assert_ne!(weak[8..], [0x01; 8]);
    }

    // Ciphertexts from OpenSSL 3.0: `printf 141234aaaaaaaaaa | xxd -r -p | openssl enc -des-ede -nopad -K KEY` (two-key), and
    // `-des-ede3` with KEY's 24 bytes.
    const OPENSSL_DOUBLE: u64 = 0x8173_9710_556E_1518;
    const OPENSSL_TRIPLE: u64 = 0x4234_DC2C_92E1_D744;

    #[test]
    fn decrypts_what_openssl_encrypted() {
        let clear = 0x1412_34AA_AAAA_AAAA_u64.to_be_bytes();
        let double: Vec<u8> = (0..16).map(|index| 0x11 * index as u8).collect();
        let triple: Vec<u8> = (0..24).map(|index| 0x0A * index as u8).collect();
        let decrypt = |key: &[u8], block: u64| {
            Tzpk::from_bytes(Zeroizing::new(key.to_vec())).decrypt(block.to_be_bytes())
        };
        assert_eq!(decrypt(&double, OPENSSL_DOUBLE), Some(clear));
        assert_eq!(decrypt(&triple, OPENSSL_TRIPLE), Some(clear));
        assert_eq!(decrypt(&double[..8], OPENSSL_DOUBLE), None);
    }
}
