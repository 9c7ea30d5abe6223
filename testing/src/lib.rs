//! Random sources for tests, natively and in WebAssembly. This crate does not use the core, so that the core's own tests
//! can use it.

use std::{error, fmt};

use rand_core::{TryCryptoRng, TryRng, utils::next_word_via_fill};

/// There is no randomness left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no randomness left")
    }
}

impl error::Error for Exhausted {}

/// Fills buffers with the bytes of a random source, or fails. A function does, too.
pub trait Fill {
    /// Fills the whole buffer.
    ///
    /// # Errors
    /// If this source has to fail, or has too few bytes left.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Exhausted>;
}

impl<F: FnMut(&mut [u8]) -> Result<(), Exhausted>> Fill for F {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Exhausted> {
        self(bytes)
    }
}

/// A random source whose bytes all come from [`Fill::fill`].
pub struct Source<T>(pub T);

impl<T: Fill> TryRng for Source<T> {
    type Error = Exhausted;

    fn try_next_u32(&mut self) -> Result<u32, Exhausted> {
        next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Exhausted> {
        next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Exhausted> {
        self.0.fill(bytes)
    }
}

impl<T: Fill> TryCryptoRng for Source<T> {}

/// Shows nothing of the bytes: a session prints its source, and is searched for secrets.
impl<T> fmt::Debug for Source<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// Gives these bytes, and then fails. A buffer that is longer than what is left takes nothing.
#[must_use]
pub fn replay(bytes: Vec<u8>) -> Source<impl Fill> {
    let mut at = 0;
    Source(move |to: &mut [u8]| {
        let given = bytes.get(at..at + to.len()).ok_or(Exhausted)?;
        to.copy_from_slice(given);
        at += to.len();
        Ok(())
    })
}

/// Gives the same byte for ever.
#[must_use]
pub fn constant(byte: u8) -> Source<impl Fill> {
    Source(move |to: &mut [u8]| {
        to.fill(byte);
        Ok(())
    })
}
