//! The bearer tokens of issuers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use crate::clock::Instant;
use crate::config::TOKEN_SECONDS;
use crate::random::{self, NoEntropy};

/// The hashes of the valid tokens, and when each expires. A restart forgets them all.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    issued: Mutex<HashMap<[u8; 32], Instant>>,
}

impl Tokens {
    /// Whether this token was given out and has not expired.
    pub(super) fn knows(&self, token: &str, now: Instant) -> bool {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let hash: [u8; 32] = Sha256::digest(token).into();
        issued.get(&hash).is_some_and(|until| now < *until)
    }

    /// A fresh token: 256 random bits.
    pub(super) fn make(&self, now: Instant) -> Result<String, NoEntropy> {
        let mut bytes = [0; 32];
        random::fill(&mut bytes)?;
        let token = Base64UrlUnpadded::encode_string(&bytes);
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|_, until| now < *until);
        issued.insert(Sha256::digest(&token).into(), now.plus_ms(TOKEN_SECONDS * 1000));
        Ok(token)
    }
}
