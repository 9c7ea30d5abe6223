//! The search for the two primes of an RSA key (FIPS 186-5, A.1.3), taken step by step.
//!
//! ```text
//! sieve ──→ fermat ──→ (a prime, twice) ──→ miller_rabin
//!   └─ natural  └──────── montgomery ─────────┘
//!                             └─ lanes
//! ```
//!
//! A window of odd numbers from a random start is sieved by the small primes; what is left is tried in random order
//! with Fermat's test to base 2. A number that passes is prime with overwhelming probability. Once there are two, both are
//! tested by Miller-Rabin with random bases, to an error below 2^−128.
//!
//! # What FIPS 186-5, A.1.3 and A.1.1 ask for
//! | step | demand | here |
//! | --- | --- | --- |
//! | 4.2, 5.2 | candidates from an approved random source | the start of a window, from the system's |
//! | 4.4, 5.4 | p, q ≥ √2 · 2^(nlen/2 − 1) | their top two bits are set: ≥ 1.5 · 2^(nlen/2 − 1) |
//! | 4.3, 5.3 | odd | the lowest bit is set, and the distances are even |
//! | 4.5, 5.6 | gcd(p − 1, e) = 1 | e = 65537 is prime: the sieve takes out what is 1 modulo e |
//! | 4.5.1, 5.6.1 | tests for primality: Table B.1, Appendix C | [`rounds`]: the rounds for 2^−128 |
//! | 4.7, 5.8 | failure after 5 · nlen and 10 · nlen candidates | failure after [`WINDOWS`] windows: 2^16 numbers for both primes |
//! | 5.5 | \|p − q\| > 2^(nlen/2 − 100) | [`Natural::is_far_from`]; a source that gives closer primes is broken, and the search fails |
//! | A.1.1 | 2^(nlen/2) < d < lcm(p − 1, q − 1) | d is e^−1 modulo the lcm (`key_pair.rs`), and more than lcm / e |
//!
//! lcm / e is below 2^(nlen/2) only if p − 1 and q − 1 have a common factor above 2^(nlen/2 − 17), which is nearly as long as
//! they are. Random primes have such a factor with a probability below 2^−1000, so there is nothing to check.
//!
//! # How far the distribution is from uniform
//! A prime's probability is inversely proportional to the number of primes in its window. Their mean is 46 for 1024 bits (2^14
//! odd numbers, each prime with probability 2 / ln 2^1024), 31 for 1536 and 23 for 2048; their variance is about the same. The
//! loss of entropy is about half the relative variance, 1/92 nat for 1024 bits: 0.016 of the 1012 bits of a uniform choice.
//! The most likely prime, alone in all its windows, is 46 times as likely as the mean: a loss of 5.5 bits of min-entropy.
//! A search that walks upwards to the next prime, as in `crypto-primes` and OpenSSL, takes a prime in proportion to the gap
//! before it, and loses more.
//!
//! # Side channels
//! Fermat's and Miller-Rabin's tests perform the same operations for all candidates of a width, except that Miller-Rabin's takes more
//! squarings for one prime in 2^8. The sieve, as every sieve does,
//! writes to places that depend on the start, in a window of 16 KiB. How many candidates are tried depends on random choices that
//! are not part of the key.

mod fermat;
mod lanes;
mod miller_rabin;
mod montgomery;
mod natural;
mod sieve;
// `num-bigint` and the vectors are native only.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

pub(crate) use natural::Natural;

use crate::error::Error;
use alloc::vec::Vec;
use core::iter;
use lanes::{Fastest, Lanes};
use rand_core::TryCryptoRng;
use sieve::{Sieve, Window};

/// |p − q| must exceed 2^(bits − 100) (FIPS 186-5, A.1.3, step 5.5).
const DISTANCE_BITS: usize = 100;

/// How many windows a search opens at most; FIPS 186-5 bounds the number of candidates (A.1.3, steps 4.7 and 5.8).
///
/// A sound source never needs so many. A pair takes two windows, one more if a window contains no prime, and two more if a
/// pair passes Fermat's test and fails Miller-Rabin's. So at least two mishaps are needed. A window contains 23 primes on
/// average at 2048 bits, and none with a probability of about e^−23 = 2^−33 (P. X. Gallagher, "On the distribution of
/// primes in short intervals", 1976), with e^−46 = 2^−66 at 1024. A composite number passes one round of Miller-Rabin, of which
/// Fermat's test is the greater part, with a probability below 2^−40 at 1024 bits and 2^−64 at 2048 (Damgård, Landrock,
/// Pomerance). One mishap of each kind, two failed pairs or three empty windows have a probability below 2^−78 at every size.
const WINDOWS: u32 = 4;

/// The rounds of Miller-Rabin after which a random candidate that passed is composite with a probability below 2^−128.
///
/// FIPS 186-5, C.1, gives the bound (Damgård, Landrock, Pomerance): with 6 rounds 2^−137 for 1024 bits, with 4 rounds 2^−137
/// for 1536 and 2^−161 for 2048. The sieve and Fermat's test come on top: they remove only composite numbers.
///
/// The bound needs no Lucas test. One would take two multiplications per bit, as long as two of the 22 batches of Fermat's test
/// that a key takes on average, for numbers that are known to be prime with overwhelming probability.
const fn rounds(bits: usize) -> usize {
    if bits < 1536 { 6 } else { 4 }
}

/// A search for two primes of the same width.
pub(crate) struct PrimePairSearch {
    bits: usize,
    sieve: Sieve,
    state: State,
}

enum State {
    /// The search for the first prime, or for the second once the first is found, in the last of this many windows.
    Searching { first: Option<Natural>, window: Option<Window>, windows: u32 },
    /// Both primes are found, and have passed this many rounds of Miller-Rabin.
    Proving { pair: [Natural; 2], tests: usize, windows: u32 },
}

impl State {
    /// The search for the first prime, after this many windows.
    const fn begin(windows: u32) -> Self {
        Self::Searching { first: None, window: None, windows }
    }
}

impl PrimePairSearch {
    /// A search for primes of 1024, 1536 or 2048 bits.
    pub(crate) fn new(bits: usize) -> Self {
        Self { bits, sieve: Sieve::new(bits), state: State::begin(0) }
    }

    /// Opens a window, or tests as many numbers as there are lanes; `None` while there is no pair yet.
    ///
    /// After a pair or an error the search starts again.
    ///
    /// # Errors
    /// [`Error::EntropyUnavailable`] when the source fails, or is not sound: two primes are too close to each other.
    /// [`Error::Closed`] when [`WINDOWS`] contain no pair: the device computes wrongly, because the source is tested.
    pub(crate) fn step<R: TryCryptoRng>(&mut self, random: &mut R) -> Result<Option<[Natural; 2]>, Error> {
        match core::mem::replace(&mut self.state, State::begin(0)) {
            State::Searching { first, window, windows } => {
                self.state = self.search(first, window, windows, random)?;
                Ok(None)
            }
            State::Proving { pair, tests, windows } => self.prove(pair, tests, windows, random),
        }
    }

    fn search<R: TryCryptoRng>(
        &self,
        first: Option<Natural>,
        window: Option<Window>,
        windows: u32,
        random: &mut R,
    ) -> Result<State, Error> {
        let Some(mut window) = window else {
            if windows == WINDOWS {
                return Err(Error::Closed);
            }
            let window = Some(self.sieve.open_window(random)?);
            return Ok(State::Searching { first, window, windows: windows + 1 });
        };
        let mut candidates: Vec<Natural> = iter::from_fn(|| window.next()).take(Fastest::COUNT).collect();
        if candidates.is_empty() {
            return Ok(State::Searching { first, window: None, windows });
        }
        let Some(place) = first_that_passes(&candidates) else {
            return Ok(State::Searching { first, window: Some(window), windows });
        };
        let prime = candidates.swap_remove(place);
        match first {
            None => Ok(State::Searching { first: Some(prime), window: None, windows }),
            Some(first) if first.is_far_from(&prime, self.bits - DISTANCE_BITS) => {
                Ok(State::Proving { pair: [first, prime], tests: 0, windows })
            }
            // Two random primes are this close once in 2^98.
            Some(_) => Err(Error::EntropyUnavailable),
        }
    }

    /// Tests p and q alternately, as many rounds at once as there are lanes.
    fn prove<R: TryCryptoRng>(
        &mut self,
        pair: [Natural; 2],
        tests: usize,
        windows: u32,
        random: &mut R,
    ) -> Result<Option<[Natural; 2]>, Error> {
        let until = (2 * rounds(self.bits)).min(tests + Fastest::COUNT);
        let candidates: Vec<&Natural> = (tests..until).map(|test| &pair[test % 2]).collect();
        let bases = candidates
            .iter()
            .map(|candidate| miller_rabin::draw_base(candidate, random))
            .collect::<Result<Vec<_>, _>>()?;
        if !all_pass(&candidates, &bases) {
            self.state = State::begin(windows);
            return Ok(None);
        }
        if until == 2 * rounds(self.bits) {
            return Ok(Some(pair));
        }
        self.state = State::Proving { pair, tests: until, windows };
        Ok(None)
    }
}

/// The index of the first candidate that passes Fermat's test. There are at most as many as lanes.
fn first_that_passes(candidates: &[Natural]) -> Option<usize> {
    let passed = fermat::test::<Fastest>(&candidates.iter().collect::<Vec<_>>());
    (0..candidates.len()).find(|lane| passed.lane(*lane) != 0)
}

/// Whether every candidate passes a round with its base. There are at most as many as lanes.
fn all_pass(candidates: &[&Natural], bases: &[Natural]) -> bool {
    let passed = miller_rabin::round::<Fastest>(candidates, &bases.iter().collect::<Vec<_>>());
    (0..candidates.len()).all(|lane| passed.lane(lane) != 0)
}
