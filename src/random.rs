//! Draws random bytes and numbers from the system only, and tests them. If there are none, the result is an error.
//!
//! A browser's `crypto.getRandomValues` may have been replaced: by a polyfill, by a script on the page, by a stub of a
//! test. A replacement does not report that it gives the same bytes each time, so [`HealthTested`] tests the bytes.

mod health;

use crate::error::Error;
use alloc::{boxed::Box, vec};
use core::{convert::Infallible, fmt, mem};
use getrandom::SysRng;
use health::{BLOCK, Health, WINDOW};
use rand::distr::uniform::SampleRange;
use rand_core::{TryCryptoRng, TryRng, utils::next_word_via_fill};
use zeroize::{Zeroize, Zeroizing};

/// How many windows are tested and discarded before the first byte is given out: the start-up test of SP 800-90B, 4.3 (1),
/// takes at least 1024 samples.
const START_UP: usize = 2;

/// The system's random source, health-tested: `crypto.getRandomValues` in a browser, the kernel's elsewhere.
pub type SystemRandom = HealthTested<SysRng>;

/// A random source whose output runs through the health tests of NIST SP 800-90B, 4.3 and 4.4.
///
/// Before the first draw 1024 bytes are tested and discarded; after that every byte is tested before it is given out, and
/// the tests remember no byte that is given out except the last. A failure, of a test or of the source itself, is permanent:
/// every later draw fails, too. A sound source fails in about one of 2^50 key pairs.
pub struct HealthTested<R> {
    source: R,
    state: State,
}

enum State {
    /// The start-up test has not been done yet.
    New,
    /// Every byte so far has passed. The tests are on the heap, so that moving the source leaves no copy of what they remember.
    Sound(Box<Health>),
    Failed,
}

impl SystemRandom {
    /// The system's random source, from which nothing has been drawn yet.
    #[must_use]
    pub fn new() -> Self {
        Self::from_source(SysRng)
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: TryCryptoRng> HealthTested<R> {
    /// Puts the tests between `source` and those who draw from it.
    pub fn from_source(source: R) -> Self {
        Self { source, state: State::New }
    }

    fn draw(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        // The source counts as failed until this draw has passed.
        let mut health = match mem::replace(&mut self.state, State::Failed) {
            State::New => self.start_up()?,
            State::Sound(health) => health,
            State::Failed => return Err(Error::EntropyUnavailable),
        };
        self.draw_tested(&mut health, bytes)?;
        self.state = State::Sound(health);
        Ok(())
    }

    fn start_up(&mut self) -> Result<Box<Health>, Error> {
        let mut health = Box::new(Health::default());
        self.draw_tested(&mut health, &mut Zeroizing::new(vec![0; START_UP * (WINDOW - BLOCK)]))?;
        Ok(health)
    }

    fn draw_tested(&mut self, health: &mut Health, bytes: &mut [u8]) -> Result<(), Error> {
        let mut rest = &mut *bytes;
        while !rest.is_empty() {
            // The tests remember the first block of a window as long as the window lasts, so it is not given out.
            let is_sound =
                !health.is_at_window() || self.fill_tested(health, &mut *Zeroizing::new([0; BLOCK]));
            let (part, after) = rest.split_at_mut(rest.len().min(health.left_in_window()));
            if !(is_sound && self.fill_tested(health, part)) {
                // A caller that overlooks the error must not use these bytes.
                bytes.zeroize();
                return Err(Error::EntropyUnavailable);
            }
            rest = after;
        }
        Ok(())
    }

    fn fill_tested(&mut self, health: &mut Health, bytes: &mut [u8]) -> bool {
        self.source.try_fill_bytes(bytes).is_ok() && health.admits(bytes)
    }
}

impl<R: TryCryptoRng> TryRng for HealthTested<R> {
    type Error = Error;

    fn try_next_u32(&mut self) -> Result<u32, Error> {
        next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Error> {
        next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.draw(bytes)
    }
}

impl<R: TryCryptoRng> TryCryptoRng for HealthTested<R> {}

/// Shows nothing of what was drawn.
impl<R> fmt::Debug for HealthTested<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HealthTested(…)")
    }
}

/// Fills `bytes` from `random`.
///
/// # Errors
/// [`Error::EntropyUnavailable`] when the source fails. There is no other source to fall back on.
pub fn fill<R: TryCryptoRng>(random: &mut R, bytes: &mut [u8]) -> Result<(), Error> {
    random.try_fill_bytes(bytes).map_err(|_| Error::EntropyUnavailable)
}

/// Draws a number from `range`, each equally likely except for 2^−48 or less (`rand`'s documentation of
/// `UniformInt::sample_single_inclusive`).
///
/// It takes at most two words from the source, whatever they are: `rand` samples a range by Canon's method, which has no
/// rejection loop.
///
/// # Errors
/// [`Error::EntropyUnavailable`] when the source fails, or when the range is empty, so that there is nothing to draw.
pub fn in_range<T, R: TryCryptoRng>(random: &mut R, range: impl SampleRange<T>) -> Result<T, Error> {
    let mut source = Latch { random, has_failed: false };
    let drawn = range.sample_single(&mut source);
    if source.has_failed {
        return Err(Error::EntropyUnavailable);
    }
    drawn.map_err(|_| Error::EntropyUnavailable)
}

/// A source that cannot fail, as `rand`'s distributions require: it remembers a failure and gives zeros from then on.
///
/// A number that a distribution makes of the zeros is discarded. The distribution has to end with them, however, and sampling a
/// range does: a low half of zero needs no second draw.
struct Latch<'a, R> {
    random: &'a mut R,
    has_failed: bool,
}

impl<R: TryCryptoRng> TryRng for Latch<'_, R> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.has_failed = self.has_failed || self.random.try_fill_bytes(bytes).is_err();
        if self.has_failed {
            bytes.zeroize();
        }
        Ok(())
    }
}
