//! The random source of a session under test: it gives the starts of two searches for a prime, draws the rest from
//! the system, and fails on demand.

use card_pin_testing::{Exhausted, Fill};
use crypto_primes::{Flavor, hazmat::SmallFactorsSieve, is_prime};
use rand::{TryRng, rngs::SysRng};
use rsa::BoxedUint;
use std::{cell::RefCell, collections::VecDeque, num::NonZeroU32, rc::Rc, sync::LazyLock};

/// Bits of a prime of an RSA-2048 key.
const BITS: u32 = 1024;

/// Primes that were searched for once. A search that starts at one finds it with its first candidates, so that
/// thousands of sessions have real keys, made by the code under test, in the time of a few.
static PRIMES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| (0..4).map(|_| search_prime()).collect());

fn search_prime() -> Vec<u8> {
    let mut start = [0; BITS as usize / 8];
    SysRng.try_fill_bytes(&mut start).unwrap();
    start[0] |= 0b1100_0000;
    start[start.len() - 1] |= 1;
    let start = BoxedUint::from_be_slice(&start, BITS).unwrap();
    let mut sieve = SmallFactorsSieve::new(start, NonZeroU32::new(BITS).unwrap(), false).unwrap();
    let prime = sieve.find(|candidate| is_prime(Flavor::Any, candidate)).unwrap();
    prime.to_be_bytes().to_vec()
}

/// The state that the test and the session share.
#[derive(Default)]
struct State {
    starts: VecDeque<Vec<u8>>,
    fails: bool,
    failures: usize,
}

/// A handle on a source; clones are the same source.
#[derive(Clone, Default)]
pub(crate) struct Starts(Rc<RefCell<State>>);

impl Starts {
    /// For a source that makes the session's key of two of the primes, and another key of the others; `pair` says which.
    pub(crate) fn new(pair: usize) -> Self {
        let (first, distance) = (pair % PRIMES.len(), 1 + pair / PRIMES.len() % (PRIMES.len() - 1));
        let second = (first + distance) % PRIMES.len();
        let others = (0..PRIMES.len()).filter(|&place| place != first && place != second);
        let starts = [first, second].into_iter().chain(others).map(|place| PRIMES[place].clone()).collect();
        Self(Rc::new(RefCell::new(State { starts, ..State::default() })))
    }

    /// From now on nothing can be drawn.
    pub(crate) fn fail(&self) {
        self.0.borrow_mut().fails = true;
    }

    pub(crate) fn fails(&self) -> bool {
        self.0.borrow().fails
    }

    /// How many draws have failed.
    pub(crate) fn failures(&self) -> usize {
        self.0.borrow().failures
    }
}

impl Fill for Starts {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Exhausted> {
        let state = &mut *self.0.borrow_mut();
        if state.fails {
            state.failures += 1;
            return Err(Exhausted);
        }
        // A search draws no single word; the digits of a suggestion are one each.
        if state.starts.is_empty() || bytes.len() <= size_of::<u64>() {
            SysRng.try_fill_bytes(bytes).unwrap();
        } else if bytes.len() == BITS as usize / 8 {
            bytes.copy_from_slice(&state.starts.pop_front().unwrap());
        } else {
            // The order in which candidates are tried: ascending, from the start.
            bytes.fill(0);
        }
        Ok(())
    }
}
