//! TDEA keys, which of them are refused, and their check values.

use crate::{error::Error, pin_block::PinBlock, secret::Secret};
use ctutils::CtEq;
use des::{
    TdesEde3,
    cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
    weak_key_test,
};

/// A TDEA key with two or three different parts (NIST SP 800-67 Rev. 2, 3.1), held as K1‖K2‖K3.
#[derive(Debug)]
pub struct TdeaKey(Secret<24>);

impl TdeaKey {
    /// Takes 16 bytes as K1‖K2 with K3 = K1 (SP 800-67 Rev. 2, 3.2, keying option 2), 24 bytes as K1‖K2‖K3, where K3
    /// may be K1, too: some libraries have only keys of 24 bytes, and write a key of two parts in this way.
    ///
    /// Parity bits are ignored: TDEA does not use them, and issuers' key managers differ.
    ///
    /// # Errors
    /// [`Error::TzpkInvalid`] for every other length; for K1 = K2 and K2 = K3, because the equal parts cancel out and
    /// leave single DES; and for weak, semi-weak and possibly weak parts (SP 800-67 Rev. 1, 3.4.2; the table is
    /// that of the `des` crate).
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if !matches!(bytes.len(), 16 | 24) {
            return Err(Error::TzpkInvalid);
        }
        let mut key = Secret::<24>::zeroed();
        // EXPOSE: the key is laid out and checked in secret memory; only the outcome is returned.
        let parts = key.expose_mut();
        parts[..bytes.len()].copy_from_slice(bytes);
        parts.iter_mut().for_each(|byte| *byte = with_odd_parity(*byte));
        if bytes.len() == 16 {
            parts.copy_within(..8, 16);
        }
        let is_single_des = parts[..8].ct_eq(&parts[8..16]) | parts[8..16].ct_eq(&parts[16..]);
        if is_single_des.to_bool() || parts.chunks_exact(8).any(|part| weak_key_test(part).is_err()) {
            return Err(Error::TzpkInvalid);
        }
        Ok(Self(key))
    }

    /// The encryption of a zero block, which begins with the check value (ANSI X9.24-1-2017, A.2).
    pub(super) fn check_value(&self) -> [u8; 8] {
        self.encrypt_bytes(&[0; 8])
    }

    pub(super) fn encrypt(&self, block: &PinBlock) -> [u8; 8] {
        // EXPOSE: the clear block goes in, ciphertext comes out.
        self.encrypt_bytes(block.expose())
    }

    pub(super) fn decrypt(&self, block: &[u8; 8]) -> Secret<8> {
        let mut clear = Secret::zeroed();
        // EXPOSE: decrypted in secret memory.
        self.cipher().decrypt_block_b2b(block.into(), clear.expose_mut().into());
        clear
    }

    fn encrypt_bytes(&self, block: &[u8; 8]) -> [u8; 8] {
        // Holds nothing but ciphertext at any time.
        let mut encrypted = Block::<TdesEde3>::default();
        self.cipher().encrypt_block_b2b(block.into(), &mut encrypted);
        encrypted.into()
    }

    fn cipher(&self) -> TdesEde3 {
        // EXPOSE: the key schedule, which the cipher wipes on drop.
        TdesEde3::new(self.0.expose().into())
    }
}

/// The byte with its lowest bit set so that the number of ones is odd (SP 800-67 Rev. 2, 3.1).
fn with_odd_parity(byte: u8) -> u8 {
    let seven = byte & 0xfe;
    seven | (seven.count_ones() as u8 & 1 ^ 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const K1: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
    const K2: [u8; 8] = [0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01];
    const K3: [u8; 8] = [0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23];

    fn encrypt(key: &[u8], block: [u8; 8]) -> [u8; 8] {
        let key = TdeaKey::from_bytes(key).unwrap();
        let encrypted = key.encrypt_bytes(&block);
        assert_eq!(key.decrypt(&encrypted).expose(), &block);
        encrypted
    }

    fn blocks(hex: &str) -> Vec<[u8; 8]> {
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        bytes.chunks(8).map(|block| block.try_into().unwrap()).collect()
    }

    /// NIST, "Examples with Intermediate Values", TDES_ECB: the plaintext and both keying options.
    #[test]
    fn nist_ecb_examples() {
        let plain = blocks("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        let three_keys = blocks("714772f339841d34267fcc4bd2949cc3ee11c22a576a303876183f99c0b6de87");
        let two_keys = blocks("06ede3d82884090aff322c19f0518486730576972a666e58b6c88cf107340d3d");
        for (place, &block) in plain.iter().enumerate() {
            assert_eq!(encrypt(&[K1, K2, K3].concat(), block), three_keys[place]);
            assert_eq!(encrypt(&[K1, K2].concat(), block), two_keys[place]);
        }
    }

    /// NIST SP 800-67 Rev. 1, Appendix B: "The qufck brown fox jump" under three keys.
    #[test]
    fn sp_800_67_example() {
        let plain: Vec<[u8; 8]> =
            b"The qufck brown fox jump".chunks(8).map(|block| block.try_into().unwrap()).collect();
        let cipher = blocks("a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900");
        for (block, expected) in plain.into_iter().zip(cipher) {
            assert_eq!(encrypt(&[K1, K2, K3].concat(), block), expected);
        }
    }

    #[test]
    fn a_key_of_two_parts_has_two_forms() {
        assert_eq!(encrypt(&[K1, K2, K1].concat(), [7; 8]), encrypt(&[K1, K2].concat(), [7; 8]));
    }

    #[test]
    fn parity_bits_are_not_looked_at() {
        let even: Vec<u8> = [K1, K2].concat().iter().map(|byte| byte ^ 1).collect();
        assert_eq!(encrypt(&even, [7; 8]), encrypt(&[K1, K2].concat(), [7; 8]));
    }
}
