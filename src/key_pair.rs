//! `KeyPair`: the RSA key under which the server wraps the TZPK. It is made here, tried once, unwraps one TZPK, and never leaves.
//!
//! The search for primes runs in small steps, so that a page or worker stays responsive while it lasts. The `rsa` crate assembles
//! and checks the key.

use crate::{
    error::Error,
    prime_search::{Natural, PrimePairSearch},
    spki::to_spki_der,
};
use alloc::{boxed::Box, string::String, vec, vec::Vec};
use base64ct::{Base64, Encoding};
use core::fmt;
use crypto_bigint::{BoxedUint, ConcatenatingMul, Gcd, NonZero, Odd};
use rand_core::TryCryptoRng;
use rsa::{hazmat::rsa_decrypt_and_check, traits::PublicKeyParts};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The public exponent, F4.
const PUBLIC_EXPONENT: u64 = 65_537;

/// The size of the RSA modulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySize {
    /// 2048 bits, the size that Enfuce documents.
    Rsa2048,
    /// 3072 bits.
    Rsa3072,
    /// 4096 bits.
    Rsa4096,
}

impl KeySize {
    /// The size with this many bits; `None` for an unsupported size.
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
    primes: PrimePairSearch,
    /// A key pair that has not been tried yet.
    untried: Option<KeyPair>,
    /// How many key pairs were inconsistent, or could not be assembled.
    inconsistent: u8,
}

impl KeyPairSearch {
    /// A search that has not started.
    #[must_use]
    pub fn new(size: KeySize) -> Self {
        Self { size, primes: Self::primes(size), untried: None, inconsistent: 0 }
    }

    fn primes(size: KeySize) -> PrimePairSearch {
        PrimePairSearch::new(size.bits() as usize / 2)
    }

    /// Tests some candidates, a few milliseconds for a 2048-bit key; `None` while there is no key pair yet. The last step tries
    /// the key pair, so that a device which computes wrongly never sends its public key.
    ///
    /// # Errors
    /// [`Error::EntropyUnavailable`] when `random` fails, or gives bytes that no sound source gives. [`Error::Closed`] on a device that
    /// finds no primes, or on which no key pair proves consistent: it computes wrongly.
    pub fn step<R: TryCryptoRng>(&mut self, random: &mut R) -> Result<Option<KeyPair>, Error> {
        match self.untried.take() {
            Some(key_pair) if key_pair.is_consistent::<R>() => return Ok(Some(key_pair)),
            Some(_) => {}
            None => match self.primes.step(random)? {
                None => return Ok(None),
                Some(primes) => {
                    self.untried = assemble(&primes, self.size);
                    if self.untried.is_some() {
                        return Ok(None);
                    }
                }
            },
        }
        self.inconsistent += 1;
        self.primes = Self::primes(self.size);
        if self.inconsistent < ATTEMPTS { Ok(None) } else { Err(Error::Closed) }
    }
}

/// Makes the key of two primes; `None` if the `rsa` crate refuses them. On a device that computes correctly the search finds no
/// such pair.
fn assemble(primes: &[Natural; 2], size: KeySize) -> Option<KeyPair> {
    let [p, q] = primes
        .each_ref()
        .map(|prime| BoxedUint::from_be_slice_truncated(&prime.to_be_bytes(), size.bits() / 2));
    let private_key = private_key(p, q)?;
    let public_key = Base64::encode_string(&to_spki_der(&private_key.n_bytes(), &private_key.e_bytes()));
    Some(KeyPair { private_key: Box::new(private_key), public_key })
}

/// The private key of two primes.
///
/// The constructor checks everything but the size of e. Nothing else calls it, and this function is not inlined: so the compiler sees
/// that there are two primes, and leaves out the code that finds the primes of a given d, which is 4 KB with brotli.
#[inline(never)]
fn private_key(p: BoxedUint, q: BoxedUint) -> Option<rsa::PrivateKey> {
    let (n, d) = (p.concatenating_mul(&q), private_exponent(&p, &q)?);
    rsa::PrivateKey::from_components_with_large_exponent(n, BoxedUint::from(PUBLIC_EXPONENT), d, vec![p, q])
        .ok()
}

/// d = e⁻¹ mod λ(n), with λ(n) = lcm(p − 1, q − 1) (FIPS 186-5, A.1.1). `None` if e divides λ(n).
///
/// `rsa::PrivateKey::from_p_q` computes this inverse at the width of n, which takes most of its time. Because e is small, the inverse of
/// λ(n) modulo e is enough: with k = e − λ(n)⁻¹ mod e, d = (k · λ(n) + 1) / e. `rsa` then checks that e · d ≡ 1 modulo p − 1 and q − 1.
fn private_exponent(p: &BoxedUint, q: &BoxedUint) -> Option<BoxedUint> {
    let one = BoxedUint::one();
    let e = Odd::new(BoxedUint::from(PUBLIC_EXPONENT)).into_option()?;
    let [p1, q1] = [p, q].map(|prime| Zeroizing::new(prime.wrapping_sub(&one)));
    let gcd = Zeroizing::new(NonZero::new(p1.gcd(&*q1)).into_option()?);
    let lcm = Zeroizing::new(p1.wrapping_div(&*gcd).concatenating_mul(&*q1));
    let remainder = Zeroizing::new(lcm.rem(e.as_nz_ref()));
    let inverse = Zeroizing::new(remainder.invert_odd_mod(&e).into_option()?);
    let k = Zeroizing::new(e.wrapping_sub(&*inverse));
    let multiple = Zeroizing::new(lcm.concatenating_mul(&k));
    Some(multiple.wrapping_add(&one).div_rem(e.as_nz_ref()).0)
}

impl fmt::Debug for KeyPairSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPairSearch({} bits)", self.size.bits())
    }
}

/// An RSA key pair.
// A search in each of millions of runs would take too long.
#[cfg_attr(feature = "fuzzing", derive(Clone))]
pub struct KeyPair {
    /// On the heap, so that moving the pair moves no part of the key.
    private_key: Box<rsa::PrivateKey>,
    public_key: String,
}

impl KeyPair {
    /// Makes a key pair in one go.
    ///
    /// # Errors
    /// Those of [`KeyPairSearch::step`].
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

    /// Tries the key pair (SP 800-56B Rev. 2, 6.4.1.1: a pair-wise consistency test). The `rsa` crate raises the result of the
    /// private operation to the public exponent, and compares. Nobody chooses the operand, so it is not blinded, which would
    /// take nearly twice as long. The type of the random source is that of [`Self::unwrap_key`], whose code this shares.
    fn is_consistent<R: TryCryptoRng>(&self) -> bool {
        // The number is shorter, and so less, than any modulus.
        let operand = BoxedUint::from_be_slice_truncated(&TRIED, self.private_key.n().bits_precision());
        rsa_decrypt_and_check(&*self.private_key, None::<&mut R>, &operand).is_ok()
    }

    /// Consumes the key pair and returns the bytes that were encrypted under its public key with RSA-OAEP
    /// (RFC 8017, 7.1.2), SHA-256 for both hash and MGF1, empty label. The private operation is blinded.
    ///
    /// # Errors
    /// [`Error::TzpkInvalid`] for every ciphertext that does not decrypt, whatever the reason;
    /// [`Error::EntropyUnavailable`] when nothing can be drawn for the blinding.
    pub fn unwrap_key<R: TryCryptoRng>(
        self,
        wrapped: &[u8],
        random: &mut R,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let decrypted =
            repeat_if_wrong(|| self.private_key.oaep_decrypt_with_rng::<Sha256, _>(&mut *random, wrapped));
        decrypted.map(Zeroizing::new).map_err(|error| match error {
            rsa::Error::Rng => Error::EntropyUnavailable,
            _ => Error::TzpkInvalid,
        })
    }
}

/// How often the private operation is tried at most, and how many key pairs are made until one proves consistent.
const ATTEMPTS: u8 = 3;
/// The number that a key pair is tried with. Any number whose power is larger than the modulus works.
const TRIED: [u8; 16] = [0x5a; 16];

/// Repeats a private operation that the device computed wrongly, as WebKit sometimes does with a module
/// that it has just loaded. The `rsa` crate raises each result to the public exponent: `Internal` says that this did not give
/// the ciphertext. This does not depend on the content of the ciphertext, so that a repetition reveals nothing.
fn repeat_if_wrong<T>(mut operation: impl FnMut() -> rsa::Result<T>) -> rsa::Result<T> {
    let mut result = operation();
    for _ in 1..ATTEMPTS {
        if !matches!(result, Err(rsa::Error::Internal)) {
            break;
        }
        result = operation();
    }
    result
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(…)")
    }
}

// Tests that need a given private key, which can only be built in here. The vectors are native only.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
