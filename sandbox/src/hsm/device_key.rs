//! The device's public key: what is accepted, and wrapping a TZPK under it.

use base64ct::{Base64, Encoding};
use rand::rngs::SysRng;
use rsa::PublicKey;
use rsa::pkcs1;
use rsa::pkcs8::der::Decode;
use rsa::pkcs8::{Document, SubjectPublicKeyInfoRef};
use rsa::traits::PublicKeyParts;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::error::HsmError;
use super::tzpk::Tzpk;

const MIN_BITS: u32 = 2048;
const MAX_BITS: u32 = 4096;
/// F4 = 65537 as big-endian bytes.
const EXPONENT: [u8; 3] = [0x01, 0x00, 0x01];

/// Why a public key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceKeyError {
    /// Not base64 with padding, in one line.
    Base64,
    /// Not PEM with the label `PUBLIC KEY`.
    Pem,
    /// Not the DER of a SubjectPublicKeyInfo of an RSA key.
    Spki,
    /// A modulus outside 2048 to 4096 bits.
    Size,
    /// A public exponent other than 65537.
    Exponent,
}

/// The hash of OAEP, of its mask and of its (empty) label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OaepHash {
    /// The hash that the contract asks for.
    Sha256,
    /// Fault: the default of many libraries.
    Sha1,
}

/// An acceptable RSA public key of a device.
pub(crate) struct DeviceKey {
    key: PublicKey,
    fingerprint: [u8; 32],
}

impl DeviceKey {
    /// Reads base64 of a SubjectPublicKeyInfo in DER.
    pub(crate) fn from_spki_base64(text: &str) -> Result<Self, DeviceKeyError> {
        Self::from_spki_der(&Base64::decode_vec(text).map_err(|_| DeviceKeyError::Base64)?)
    }

    /// Reads a SubjectPublicKeyInfo in PEM (RFC 7468 §13).
    pub(crate) fn from_spki_pem(text: &str) -> Result<Self, DeviceKeyError> {
        match Document::from_pem(text) {
            Ok(("PUBLIC KEY", der)) => Self::from_spki_der(der.as_bytes()),
            _ => Err(DeviceKeyError::Pem),
        }
    }

    /// Reads a SubjectPublicKeyInfo in DER (RFC 5280 §4.1), algorithm rsaEncryption (RFC 8017 §A.1).
    fn from_spki_der(der: &[u8]) -> Result<Self, DeviceKeyError> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| DeviceKeyError::Spki)?;
        // The `rsa` crate also reads keys that are for PSS signatures only.
        if spki.algorithm.oid != pkcs1::ALGORITHM_OID {
            return Err(DeviceKeyError::Spki);
        }
        let key = PublicKey::try_from(spki).map_err(|_| DeviceKeyError::Spki)?;
        if !(MIN_BITS..=MAX_BITS).contains(&key.n().bit_width_vartime()) {
            return Err(DeviceKeyError::Size);
        }
        if *key.e_bytes() != EXPONENT {
            return Err(DeviceKeyError::Exponent);
        }
        Ok(Self { key, fingerprint: Sha256::digest(der).into() })
    }

    /// SHA-256 of the DER, to know the key again.
    pub(crate) fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// RSAES-OAEP (RFC 8017 §7.1.1) of the raw key, with an empty label.
    pub(crate) fn wrap(&self, tzpk: &Tzpk, hash: OaepHash) -> Result<Vec<u8>, HsmError> {
        // EXPOSE: encrypted under the device's key; only ciphertext is returned.
        let wrapped = match hash {
            OaepHash::Sha256 => self.key.oaep_encrypt_with_rng::<Sha256, _>(&mut SysRng, tzpk.expose()),
            OaepHash::Sha1 => self.key.oaep_encrypt_with_rng::<Sha1, _>(&mut SysRng, tzpk.expose()),
        };
        wrapped.map_err(|_| HsmError::Entropy)
    }
}
