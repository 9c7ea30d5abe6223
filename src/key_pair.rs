//! `KeyPair`: the RSA key under which the TZPK travels. It is made here, used once, and never leaves.
//!
//! The search for primes runs in small steps, so that a page or worker stays responsive while it lasts. Its
//! parts are those of the `rsa` crate's own generation (`crypto-primes`: a sieve over small primes, then a
//! Miller-Rabin test to base 2 and a strong Lucas test); the key is assembled and checked by the `rsa` crate.

use crate::{error::Error, random};
use base64ct::{Base64, Encoding};
use core::{fmt, num::NonZeroU32};
use crypto_primes::{Flavor, hazmat::SmallFactorsSieve, is_prime};
use rand_core::TryCryptoRng;
use rsa::{BoxedUint, pkcs8::EncodePublicKey};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The public exponent, F4.
const PUBLIC_EXPONENT: u64 = 65_537;

/// The size of the RSA modulus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeySize {
    /// 2048 bits, the size that Enfuce documents.
    #[default]
    Rsa2048,
    /// 3072 bits.
    Rsa3072,
    /// 4096 bits.
    Rsa4096,
}

impl KeySize {
    /// The size of that many bits, if there is one.
    #[must_use]
    pub fn from_bits(bits: u32) -> Option<Self> {
        [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096].into_iter().find(|size| size.bits() == bits)
    }

    /// The bits of the modulus.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
        }
    }
}

/// A search for the two primes of a key pair, taken step by step.
pub struct KeyPairSearch {
    size: KeySize,
    /// Large, and on the heap so that it is never moved about.
    sieve: Option<Box<SmallFactorsSieve<BoxedUint>>>,
    first: Option<BoxedUint>,
}

impl KeyPairSearch {
    /// A search that has not begun.
    #[must_use]
    pub fn new(size: KeySize) -> Self {
        Self { size, sieve: None, first: None }
    }

    /// Tests one candidate, some milliseconds for a 2048-bit key; `None` while there is no key pair yet.
    ///
    /// # Errors
    /// [`Error::EntropyUnavailable`].
    pub fn step<R: TryCryptoRng>(&mut self, random: &mut R) -> Result<Option<KeyPair>, Error> {
        let mut sieve = match self.sieve.take() {
            Some(sieve) => sieve,
            None => self.make_sieve(random)?,
        };
        let Some(candidate) = sieve.next() else {
            return Ok(None);
        };
        if !is_prime(Flavor::Any, &candidate) {
            self.sieve = Some(sieve);
            return Ok(None);
        }
        match self.first.take() {
            None => {
                self.first = Some(candidate);
                Ok(None)
            }
            Some(first) => Ok(assemble(first, candidate, self.size)),
        }
    }

    /// A sieve that walks upwards from a random odd number of half the modulus' bits with its top two bits set,
    /// so that the product of two has all its bits (FIPS 186-5, A.1.3, steps 4.2 to 4.4 and 5.2 to 5.5).
    fn make_sieve<R: TryCryptoRng>(
        &self,
        random: &mut R,
    ) -> Result<Box<SmallFactorsSieve<BoxedUint>>, Error> {
        let bits = self.size.bits() / 2;
        let mut bytes = Zeroizing::new(vec![0; bits as usize / 8]);
        random::fill(random, &mut bytes)?;
        if let Some(top) = bytes.first_mut() {
            *top |= 0b1100_0000;
        }
        if let Some(bottom) = bytes.last_mut() {
            *bottom |= 1;
        }
        // Neither can fail: the bytes are as many as the bits asked for, and the sieve is not wider than them.
        let start = BoxedUint::from_be_slice(&bytes, bits).map_err(|_| Error::EntropyUnavailable)?;
        let width = NonZeroU32::new(bits).ok_or(Error::EntropyUnavailable)?;
        SmallFactorsSieve::new(start, width, false).map(Box::new).map_err(|_| Error::EntropyUnavailable)
    }
}

/// The key of two primes, or `None` where they do not go together and the search has to begin again: they are
/// too near (FIPS 186-5, A.1.3, step 5.5), or one less than a prime is a multiple of the public exponent.
fn assemble(p: BoxedUint, q: BoxedUint, size: KeySize) -> Option<KeyPair> {
    let distance = Zeroizing::new(if p > q { p.wrapping_sub(&q) } else { q.wrapping_sub(&p) });
    if distance.bit_width() <= size.bits() / 2 - 100 {
        return None;
    }
    let private_key = rsa::PrivateKey::from_p_q(p, q, BoxedUint::from(PUBLIC_EXPONENT)).ok()?;
    let public_key = Base64::encode_string(private_key.as_public_key().to_public_key_der().ok()?.as_bytes());
    Some(KeyPair { private_key: Box::new(private_key), public_key })
}

impl fmt::Debug for KeyPairSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPairSearch({} bits)", self.size.bits())
    }
}

/// An RSA key pair.
// A search for each of millions of runs would take for ever.
#[cfg_attr(feature = "fuzzing", derive(Clone))]
pub struct KeyPair {
    /// On the heap, so that moving the pair moves no part of the key.
    private_key: Box<rsa::PrivateKey>,
    public_key: String,
}

impl KeyPair {
    /// Makes a key pair, without a break.
    ///
    /// # Errors
    /// [`Error::EntropyUnavailable`].
    pub fn make<R: TryCryptoRng>(size: KeySize, random: &mut R) -> Result<Self, Error> {
        let mut search = KeyPairSearch::new(size);
        loop {
            if let Some(key_pair) = search.step(random)? {
                return Ok(key_pair);
            }
        }
    }

    /// The public key as base64 of its SubjectPublicKeyInfo in DER (RFC 5280, 4.1.2.7; RFC 8017, A.1.1).
    #[must_use]
    pub fn to_spki_base64(&self) -> &str {
        &self.public_key
    }

    /// Consumes the key pair and gives the bytes that were encrypted under its public key with RSA-OAEP
    /// (RFC 8017, 7.1.2), SHA-256 for both hash and MGF1, empty label. The private operation is blinded.
    ///
    /// # Errors
    /// [`Error::TzpkInvalid`] for every ciphertext that does not decrypt, whatever the reason;
    /// [`Error::EntropyUnavailable`] when nothing can be drawn for the blinding.
    pub fn unwrap<R: TryCryptoRng>(
        self,
        wrapped: &[u8],
        random: &mut R,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.private_key.oaep_decrypt_with_rng::<Sha256, _>(random, wrapped).map(Zeroizing::new).map_err(
            |error| match error {
                rsa::Error::Rng => Error::EntropyUnavailable,
                _ => Error::TzpkInvalid,
            },
        )
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(…)")
    }
}

// What needs a private key from outside, which there is no way to make but in here. The vectors are native only.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
