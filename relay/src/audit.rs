//! Hashes names for the audit record. The hash has a key: whoever has the key can find a customer's lines, and nobody else can
//! tell whose they are.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret_string::SecretString;
use crate::trace::hex;

/// How many bytes of the hash are written. They are enough to distinguish all customers of an issuer.
const WRITTEN_BYTES: usize = 16;

/// Makes the hashes.
pub(crate) struct Hasher(SecretString);

impl Hasher {
    pub(crate) fn new(key: SecretString) -> Self {
        Self(key)
    }

    /// The first 16 bytes of HMAC-SHA-256 (RFC 2104) in hexadecimal, of the kind of name, a zero byte, and the name.
    pub(crate) fn hash(&self, kind: &str, name: &[u8]) -> String {
        // HMAC accepts a key of any length.
        // EXPOSE: a key of HMAC; the hash does not reveal it.
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(self.0.expose().as_bytes()) else {
            return String::new();
        };
        let hash = mac.chain_update(kind).chain_update([0]).chain_update(name).finalize().into_bytes();
        hex(&hash[..WRITTEN_BYTES])
    }
}
