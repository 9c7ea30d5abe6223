//! AES keys and their check values.

use crate::{error::Error, secret::Secret};
use aes::{
    Aes128, Aes192, Aes256,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, KeyInit, consts::U16},
};
use cmac::{Cmac, Mac};

/// An AES key (FIPS 197) of one of its three sizes.
#[derive(Debug)]
pub enum AesKey {
    /// 128 bits.
    Aes128(Secret<16>),
    /// 192 bits.
    Aes192(Secret<24>),
    /// 256 bits.
    Aes256(Secret<32>),
}

impl AesKey {
    /// Takes 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// [`Error::TzpkInvalid`] for every other length.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        match bytes.len() {
            16 => Ok(Self::Aes128(secret(bytes))),
            24 => Ok(Self::Aes192(secret(bytes))),
            32 => Ok(Self::Aes256(secret(bytes))),
            _ => Err(Error::TzpkInvalid),
        }
    }

    /// The CMAC (NIST SP 800-38B) of a zero block, which begins with the check value (ANSI X9.24-1-2017, A.3).
    pub(super) fn check_value(&self) -> [u8; 16] {
        // EXPOSE: key schedules, which the ciphers wipe on drop.
        match self {
            Self::Aes128(key) => mac_of_zeros(Cmac::<Aes128>::new(key.expose().into())),
            Self::Aes192(key) => mac_of_zeros(Cmac::<Aes192>::new(key.expose().into())),
            Self::Aes256(key) => mac_of_zeros(Cmac::<Aes256>::new(key.expose().into())),
        }
    }

    pub(super) fn encrypt(&self, block: &[u8; 16]) -> [u8; 16] {
        // EXPOSE: key schedules, which the ciphers wipe on drop.
        match self {
            Self::Aes128(key) => encrypt(&Aes128::new(key.expose().into()), block),
            Self::Aes192(key) => encrypt(&Aes192::new(key.expose().into()), block),
            Self::Aes256(key) => encrypt(&Aes256::new(key.expose().into()), block),
        }
    }

    pub(super) fn decrypt(&self, block: &[u8; 16]) -> Secret<16> {
        // EXPOSE: key schedules, which the ciphers wipe on drop.
        match self {
            Self::Aes128(key) => decrypt(&Aes128::new(key.expose().into()), block),
            Self::Aes192(key) => decrypt(&Aes192::new(key.expose().into()), block),
            Self::Aes256(key) => decrypt(&Aes256::new(key.expose().into()), block),
        }
    }
}

/// Copies `bytes`, of which there are `N`, into secret memory.
fn secret<const N: usize>(bytes: &[u8]) -> Secret<N> {
    let mut secret = Secret::zeroed();
    // EXPOSE: copied within secret memory.
    secret.expose_mut().copy_from_slice(bytes);
    secret
}

fn mac_of_zeros(mut mac: impl Mac<OutputSize = U16>) -> [u8; 16] {
    mac.update(&[0; 16]);
    mac.finalize().into_bytes().into()
}

fn encrypt<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>>(cipher: &C, block: &[u8; 16]) -> [u8; 16] {
    // Contains only ciphertext at any time.
    let mut encrypted = [0; 16];
    cipher.encrypt_block_b2b(block.into(), (&mut encrypted).into());
    encrypted
}

fn decrypt<C: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>>(
    cipher: &C,
    block: &[u8; 16],
) -> Secret<16> {
    let mut clear = Secret::zeroed();
    // EXPOSE: decrypted in secret memory.
    cipher.decrypt_block_b2b(block.into(), clear.expose_mut().into());
    clear
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197, Appendix C: the example of each key size.
    #[test]
    fn fips_197_examples() {
        let plain: [u8; 16] = std::array::from_fn(|place| place as u8 * 0x11);
        let key: [u8; 32] = std::array::from_fn(|place| place as u8);
        let examples = [
            (16, 0x69c4_e0d8_6a7b_0430_d8cd_b780_70b4_c55a_u128),
            (24, 0xdda9_7ca4_864c_dfe0_6eaf_70a0_ec0d_7191),
            (32, 0x8ea2_b7ca_5167_45bf_eafc_4990_4b49_6089),
        ];
        for (len, expected) in examples {
            let key = AesKey::from_bytes(&key[..len]).unwrap();
            let encrypted = key.encrypt(&plain);
            assert_eq!(u128::from_be_bytes(encrypted), expected);
            assert_eq!(key.decrypt(&encrypted).expose(), &plain);
        }
    }
}
