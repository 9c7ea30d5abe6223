//! The control ids that devices get: sealed, and bound to a customer, a card, a purpose and a time. Any copy can open a control
//! id that another copy has sealed. A device never sees Enfuce's own control id.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64ct::{Base64UrlUnpadded, Encoding};
use rand::TryRng;
use rand::rngs::SysRng;
use serde::{Deserialize, Serialize};

use crate::operation::Purpose;

/// How long a control id can be used for `tzpk`, `set` and `view`. Enfuce's own control id usually expires sooner.
pub(crate) const LIFE: Duration = Duration::from_secs(300);
/// How long its status can be asked for after that.
pub(crate) const STATUS_LIFE: Duration = Duration::from_secs(3600);
/// The largest difference between the clocks of two copies.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);
/// SP 800-38D §8.2.2: with random nonces of 96 bits a key serves for 2^32 of them.
const NONCE_BYTES: usize = 12;

/// The content of a token.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// Enfuce's own control id.
    pub(crate) control_id: String,
    pub(crate) card: String,
    /// The card's product, if it is known. Older versions of the relay do not seal one.
    #[serde(default)]
    pub(crate) card_product: Option<String>,
    purpose: String,
    /// In Unix time.
    sealed_at: u64,
}

impl Sealed {
    pub(crate) fn new(control_id: String, card: String, purpose: Purpose) -> Self {
        let purpose = purpose.name().to_owned();
        Self { control_id, card, card_product: None, purpose, sealed_at: now() }
    }

    pub(crate) fn of_product(self, card_product: Option<String>) -> Self {
        Self { card_product, ..self }
    }
}

/// Why a token is refused.
pub(crate) enum Refusal {
    /// It is forged, sealed with a removed key, or for another customer or purpose. The reason is not revealed.
    Unknown,
    /// It has expired. Its content is for the audit record.
    Expired(Sealed),
}

/// Seals with the first key, and opens with all of them.
pub(crate) struct Sealer(Vec<Aes256Gcm>);

impl Sealer {
    pub(crate) fn new(keys: &[[u8; 32]]) -> Self {
        Self(keys.iter().map(|key| Aes256Gcm::new(key.into())).collect())
    }

    /// A token for a customer; `None` if the system gives no random bytes.
    pub(crate) fn seal(&self, sealed: &Sealed, customer: &[u8]) -> Option<String> {
        let mut nonce = [0; NONCE_BYTES];
        SysRng.try_fill_bytes(&mut nonce).ok()?;
        let text = serde_json::to_vec(sealed).ok()?;
        let payload = Payload { msg: &text, aad: customer };
        let ciphertext = self.0.first()?.encrypt(&Nonce::from(nonce), payload).ok()?;
        Some(Base64UrlUnpadded::encode_string(&[&nonce, &*ciphertext].concat()))
    }

    /// Opens a customer's token.
    pub(crate) fn open(
        &self,
        token: &str,
        customer: &[u8],
        purpose: Purpose,
        life: Duration,
    ) -> Result<Sealed, Refusal> {
        let sealed = self.decrypt(token, customer).ok_or(Refusal::Unknown)?;
        if purpose.name() != sealed.purpose {
            return Err(Refusal::Unknown);
        }
        let (now, sealed_at) = (now(), sealed.sealed_at);
        let is_early = sealed_at > now + CLOCK_DIFFERENCE.as_secs();
        if is_early || now > sealed_at + life.as_secs() {
            return Err(Refusal::Expired(sealed));
        }
        Ok(sealed)
    }

    fn decrypt(&self, token: &str, customer: &[u8]) -> Option<Sealed> {
        let bytes = Base64UrlUnpadded::decode_vec(token).ok()?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let open = |key: &Aes256Gcm| {
            key.decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: customer }).ok()
        };
        serde_json::from_slice(&self.0.iter().find_map(open)?).ok()
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Opens a customer's control id, or says why it is refused.
    fn open(sealer: &Sealer, token: &str, customer: &str) -> Result<String, &'static str> {
        let opened = sealer.open(token, customer.as_bytes(), Purpose::SetPin, LIFE);
        opened.map(|sealed| sealed.control_id).map_err(|refusal| match refusal {
            Refusal::Unknown => "unknown",
            Refusal::Expired(sealed) => {
                assert_eq!(sealed.card, "a-card");
                "expired"
            }
        })
    }

    #[test]
    fn only_its_customer_can_use_it_for_its_purpose_in_its_time() {
        let sealer = Sealer::new(&[[1; 32]]);
        let made = || Sealed::new("an-id".to_owned(), "a-card".to_owned(), Purpose::SetPin);
        let token = sealer.seal(&made(), b"ada").unwrap();
        assert_eq!(open(&sealer, &token, "ada"), Ok("an-id".to_owned()));
        assert_eq!(open(&sealer, &token, "eve"), Err("unknown"));
        assert_ne!(token, sealer.seal(&made(), b"ada").unwrap(), "no two are alike");
        let view = sealer.open(&token, b"ada", Purpose::ViewPin, LIFE);
        assert!(matches!(view, Err(Refusal::Unknown)));
        for (sealed_at, result) in [
            (now() - LIFE.as_secs() - 2, Err("expired")),
            (now() + 30, Ok("an-id".to_owned())),
            (now() + 3600, Err("expired")),
        ] {
            let token = sealer.seal(&Sealed { sealed_at, ..made() }, b"ada").unwrap();
            assert_eq!(open(&sealer, &token, "ada"), result);
        }
    }

    #[test]
    fn what_was_changed_is_not_taken() {
        let sealer = Sealer::new(&[[1; 32]]);
        let sealed = Sealed::new("an-id".to_owned(), "a-card".to_owned(), Purpose::SetPin);
        let token = sealer.seal(&sealed, b"ada").unwrap();
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(open(&sealer, &changed, "ada"), Err("unknown"), "{place}");
        }
        for text in ["", "A", "an-id", &token[1..], "ä"] {
            assert_eq!(open(&sealer, text, "ada"), Err("unknown"));
        }
    }

    #[test]
    fn keys_change_in_turn_without_a_token_lost() {
        let (old, new) = ([1; 32], [2; 32]);
        let sealed = Sealed::new("an-id".to_owned(), "a-card".to_owned(), Purpose::SetPin);
        let by = |keys: &[[u8; 32]]| Sealer::new(keys).seal(&sealed, b"ada").unwrap();
        let (from_old, from_new) = (by(&[old, new]), by(&[new, old]));
        for keys in [[old, new], [new, old]] {
            let sealer = Sealer::new(&keys);
            assert!(open(&sealer, &from_old, "ada").is_ok() && open(&sealer, &from_new, "ada").is_ok());
        }
        assert_eq!(open(&Sealer::new(&[new]), &from_old, "ada"), Err("unknown"));
    }
}
