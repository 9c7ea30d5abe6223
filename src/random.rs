//! Randomness: from the system alone, and an error where the system has none.

use crate::error::Error;
use rand_core::TryCryptoRng;

/// The system's random source: `crypto.getRandomValues` in a browser, the kernel's elsewhere.
pub use getrandom::SysRng as SystemRandom;

/// Fills `bytes` from `random`.
///
/// # Errors
/// [`Error::EntropyUnavailable`] when the source fails. There is no other source to fall back on.
pub fn fill<R: TryCryptoRng>(random: &mut R, bytes: &mut [u8]) -> Result<(), Error> {
    random.try_fill_bytes(bytes).map_err(|_| Error::EntropyUnavailable)
}
