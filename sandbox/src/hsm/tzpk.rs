//! The temporary PIN key: TDEA as in NIST SP 800-67, double length (K1‖K2, used as K1‖K2‖K1) or triple, or AES (FIPS 197).

use aes::{Aes128, Aes192, Aes256};
use cmac::{Cmac, Mac};
use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{TdesEde2, TdesEde3, weak_key_test};
use zeroize::Zeroizing;

use super::error::HsmError;
use crate::random;

/// The length of a cipher block in bytes, of TDEA and of AES.
pub(crate) const TDEA_BLOCK: usize = 8;
pub(crate) const AES_BLOCK: usize = 16;

/// The cipher that a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Tdea,
    Aes,
}

/// What a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyMaterial {
    /// A proper key of the planned length; for TDEA with odd parity, no weak part and no two equal parts.
    Proper,
    /// Fault: this many random bytes, which are a proper key if the cipher has this length.
    Bytes(u8),
    /// Fault: K1‖K1, which is single DES in disguise.
    SingleDes,
    /// Fault: K1 is a weak DES key (SP 800-67 §3.4.2).
    Weak,
}

/// A temporary PIN key, or the bytes that a fault sends in its place. Wiped on drop.
pub(crate) struct Tzpk {
    algorithm: Algorithm,
    bytes: Zeroizing<Vec<u8>>,
}

impl Tzpk {
    /// Makes a key for one session; `length` is that of a proper key.
    pub(crate) fn make(algorithm: Algorithm, length: u8, material: KeyMaterial) -> Result<Self, HsmError> {
        let bytes = match (material, algorithm) {
            (KeyMaterial::Proper, Algorithm::Tdea) => make_tdea(length.into())?,
            (KeyMaterial::Proper, Algorithm::Aes) => make_bytes(length.into())?,
            (KeyMaterial::Bytes(length @ (16 | 24)), Algorithm::Tdea) => make_tdea(length.into())?,
            (KeyMaterial::Bytes(length), _) => make_bytes(length.into())?,
            (KeyMaterial::SingleDes, _) => {
                let mut bytes = make_tdea(16)?;
                bytes.copy_within(..8, 8);
                bytes
            }
            (KeyMaterial::Weak, _) => {
                let mut bytes = make_tdea(16)?;
                bytes[..8].fill(0x01);
                bytes
            }
        };
        Ok(Self { algorithm, bytes })
    }

    /// Restores a key from its sealed form in the database.
    pub(super) fn from_bytes(algorithm: Algorithm, bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { algorithm, bytes }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw key, to be sealed or wrapped and nothing else.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// Its check value in upper-case hex; `None` if this is not a key. TDEA: three bytes of the encryption of a zero block.
    /// AES: five bytes of the CMAC of sixteen zero bytes (ANSI X9.24-1-2017 annex A).
    pub(crate) fn check_value(&self) -> Option<String> {
        let bytes = match self.algorithm {
            Algorithm::Tdea => {
                let mut block = [0; TDEA_BLOCK];
                self.encrypt(&mut block)?;
                block[..3].to_vec()
            }
            Algorithm::Aes => {
                let tag = match self.bytes.len() {
                    16 => cmac_of_zeros::<Cmac<Aes128>>(&self.bytes)?,
                    24 => cmac_of_zeros::<Cmac<Aes192>>(&self.bytes)?,
                    32 => cmac_of_zeros::<Cmac<Aes256>>(&self.bytes)?,
                    _ => return None,
                };
                tag[..5].to_vec()
            }
        };
        Some(bytes.iter().map(|byte| format!("{byte:02X}")).collect())
    }

    /// Encrypts one block in place (ECB); `None` if this is not a key, or if the block does not have the cipher's length.
    pub(super) fn encrypt(&self, block: &mut [u8]) -> Option<()> {
        match (self.algorithm, self.bytes.len()) {
            (Algorithm::Tdea, 16) => encrypt_with::<TdesEde2>(&self.bytes, block),
            (Algorithm::Tdea, 24) => encrypt_with::<TdesEde3>(&self.bytes, block),
            (Algorithm::Aes, 16) => encrypt_with::<Aes128>(&self.bytes, block),
            (Algorithm::Aes, 24) => encrypt_with::<Aes192>(&self.bytes, block),
            (Algorithm::Aes, 32) => encrypt_with::<Aes256>(&self.bytes, block),
            _ => None,
        }
    }

    /// Undoes [`Self::encrypt`].
    pub(super) fn decrypt(&self, block: &mut [u8]) -> Option<()> {
        match (self.algorithm, self.bytes.len()) {
            (Algorithm::Tdea, 16) => decrypt_with::<TdesEde2>(&self.bytes, block),
            (Algorithm::Tdea, 24) => decrypt_with::<TdesEde3>(&self.bytes, block),
            (Algorithm::Aes, 16) => decrypt_with::<Aes128>(&self.bytes, block),
            (Algorithm::Aes, 24) => decrypt_with::<Aes192>(&self.bytes, block),
            (Algorithm::Aes, 32) => decrypt_with::<Aes256>(&self.bytes, block),
            _ => None,
        }
    }
}

fn encrypt_with<C: KeyInit + BlockCipherEncrypt>(key: &[u8], block: &mut [u8]) -> Option<()> {
    let block = <&mut Array<u8, C::BlockSize>>::try_from(block).ok()?;
    C::new_from_slice(key).ok()?.encrypt_block(block);
    Some(())
}

fn decrypt_with<C: KeyInit + BlockCipherDecrypt>(key: &[u8], block: &mut [u8]) -> Option<()> {
    let block = <&mut Array<u8, C::BlockSize>>::try_from(block).ok()?;
    C::new_from_slice(key).ok()?.decrypt_block(block);
    Some(())
}

fn cmac_of_zeros<M: Mac + KeyInit>(key: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(&[0; AES_BLOCK]);
    Some(mac.finalize().into_bytes().to_vec())
}

fn make_bytes(length: usize) -> Result<Zeroizing<Vec<u8>>, HsmError> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    random::fill(&mut bytes)?;
    Ok(bytes)
}

/// 16 or 24 random bytes with odd parity, drawn again until no part is weak and no two are equal.
fn make_tdea(length: usize) -> Result<Zeroizing<Vec<u8>>, HsmError> {
    loop {
        let mut bytes = make_bytes(length)?;
        for byte in bytes.iter_mut() {
            // The lowest bit makes the number of ones odd (FIPS 46-3, and SP 800-67 §3.4.1 after it).
            *byte ^= u8::from(byte.count_ones().is_multiple_of(2));
        }
        if weak_key_test(&bytes).is_ok() {
            return Ok(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(material: KeyMaterial) -> Vec<u8> {
        Tzpk::make(Algorithm::Tdea, 16, material).unwrap().expose().to_vec()
    }

    #[test]
    fn a_proper_tdea_key_has_odd_parity_and_unequal_parts() {
        for _ in 0..200 {
            let key = make(KeyMaterial::Proper);
            assert_eq!(key.len(), 16);
            assert!(key.iter().all(|byte| byte.count_ones() % 2 == 1));
            assert_ne!(key[..8], key[8..]);
        }
        assert_ne!(make(KeyMaterial::Proper), make(KeyMaterial::Proper));
    }

    #[test]
    fn proper_keys_have_the_length_asked_for() {
        for (algorithm, length) in
            [(Algorithm::Tdea, 24), (Algorithm::Aes, 16), (Algorithm::Aes, 24), (Algorithm::Aes, 32)]
        {
            let key = Tzpk::make(algorithm, length, KeyMaterial::Proper).unwrap();
            assert_eq!(key.expose().len(), usize::from(length));
            assert_eq!(key.check_value().unwrap().len(), if algorithm == Algorithm::Aes { 10 } else { 6 });
        }
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

    fn key(algorithm: Algorithm, bytes: &[u8]) -> Tzpk {
        Tzpk::from_bytes(algorithm, Zeroizing::new(bytes.to_vec()))
    }

    // Ciphertexts from OpenSSL 3.0: `printf 141234aaaaaaaaaa | xxd -r -p | openssl enc -des-ede -nopad -K KEY` (two-key), and
    // `-des-ede3` with KEY's 24 bytes.
    const OPENSSL_DOUBLE: u64 = 0x8173_9710_556E_1518;
    const OPENSSL_TRIPLE: u64 = 0x4234_DC2C_92E1_D744;

    #[test]
    fn tdea_is_openssls() {
        let clear = 0x1412_34AA_AAAA_AAAA_u64.to_be_bytes();
        let double: Vec<u8> = (0..16).map(|index| 0x11 * index as u8).collect();
        let triple: Vec<u8> = (0..24).map(|index| 0x0A * index as u8).collect();
        for (bytes, block) in [(&double, OPENSSL_DOUBLE), (&triple, OPENSSL_TRIPLE)] {
            let mut text = block.to_be_bytes();
            key(Algorithm::Tdea, bytes).decrypt(&mut text).unwrap();
            assert_eq!(text, clear);
            key(Algorithm::Tdea, bytes).encrypt(&mut text).unwrap();
            assert_eq!(text, block.to_be_bytes());
        }
        assert_eq!(key(Algorithm::Tdea, &double[..8]).decrypt(&mut [0; 8]), None);
        assert_eq!(key(Algorithm::Tdea, &double).decrypt(&mut [0; 16]), None);
    }

    // FIPS 197, appendices C.1 to C.3.
    #[test]
    fn aes_is_that_of_the_standard() {
        let bytes: Vec<u8> = (0..32).collect();
        let clear: [u8; 16] = core::array::from_fn(|index| 0x11 * index as u8);
        for (length, expected) in [
            (16, 0x69C4_E0D8_6A7B_0430_D8CD_B780_70B4_C55A_u128),
            (24, 0xDDA9_7CA4_864C_DFE0_6EAF_70A0_EC0D_7191),
            (32, 0x8EA2_B7CA_5167_45BF_EAFC_4990_4B49_6089),
        ] {
            let mut block = clear;
            key(Algorithm::Aes, &bytes[..length]).encrypt(&mut block).unwrap();
            assert_eq!(u128::from_be_bytes(block), expected);
            key(Algorithm::Aes, &bytes[..length]).decrypt(&mut block).unwrap();
            assert_eq!(block, clear);
        }
        assert_eq!(key(Algorithm::Aes, &bytes[..15]).encrypt(&mut [0; 16]), None);
    }

    // OpenSSL 3.0: `openssl enc -des-ede -nopad -K KEY` of eight zero bytes (and `-des-ede3`), and
    // `openssl mac -cipher AES-128-CBC -macopt hexkey:KEY CMAC` of sixteen (and -192-, -256-).
    #[test]
    fn check_values_are_openssls() {
        let double: Vec<u8> = (0..16).map(|index| 0x11 * index as u8).collect();
        let triple: Vec<u8> = (0..24).map(|index| 0x0A * index as u8).collect();
        let longest: Vec<u8> = double.iter().copied().chain(0..16).collect();
        let value = |algorithm, bytes: &[u8]| key(algorithm, bytes).check_value();
        assert_eq!(value(Algorithm::Tdea, &double).as_deref(), Some("FB0975"));
        assert_eq!(value(Algorithm::Tdea, &triple).as_deref(), Some("77057F"));
        assert_eq!(value(Algorithm::Aes, &double).as_deref(), Some("53E107B36E"));
        assert_eq!(value(Algorithm::Aes, &longest[..24]).as_deref(), Some("6676C5B47B"));
        assert_eq!(value(Algorithm::Aes, &longest).as_deref(), Some("35A00CFC2C"));
        assert_eq!(value(Algorithm::Tdea, &double[..15]), None);
    }
}
