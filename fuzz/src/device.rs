//! The parts of a device that several targets need: a key pair, PINs, account numbers, and repeatable randomness.

use std::sync::OnceLock;

use arbitrary::Unstructured;
use card_pin::entry::{Entry, PinRules};
use card_pin::key_pair::{KeyPair, KeySize};
use card_pin::pin::Pin;
use card_pin::random::SystemRandom;
use card_pin::weak_pin::WeakPin;
use card_pin_testing::{Exhausted, Fill, Source};
use rand::{Rng as _, SeedableRng as _, rngs::SmallRng};

/// The one key pair of this process.
pub(crate) fn key_pair() -> &'static KeyPair {
    static MADE: OnceLock<KeyPair> = OnceLock::new();
    MADE.get_or_init(|| KeyPair::make(KeySize::Rsa2048, &mut SystemRandom::new()).unwrap())
}

/// Whether this input may use RSA's private operation, which takes some milliseconds: one in 256 may, always the same.
pub(crate) fn may_be_slow(data: &[u8]) -> bool {
    // FNV-1a, three lines: the standard library's hasher promises no stable result, so that a finding might not repeat. The upper
    // bits are mixed best.
    let hash = data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash >> 56 == 0
}

/// `least` to `most` numbers from 0 to 9.
pub(crate) fn digits(data: &mut Unstructured<'_>, least: usize, most: usize) -> arbitrary::Result<Vec<u8>> {
    let count = data.int_in_range(least..=most)?;
    (0..count).map(|_| data.int_in_range(0..=9)).collect()
}

/// Digits in ASCII.
pub(crate) fn ascii(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

/// A PIN as it comes out of the pad.
pub(crate) fn pin(digits: &[u8]) -> Pin {
    let count = u8::try_from(digits.len()).unwrap();
    let mut entry = Entry::new(PinRules::new(count, count, false, WeakPin::Allow).unwrap());
    digits.iter().for_each(|&digit| entry.press(digit).unwrap());
    Pin::from_entry(entry).map_err(|(_, error)| error).unwrap()
}

/// Repeatable numbers that may come to an end.
pub(crate) type Dice = Source<Rolls>;

/// The state of the dice.
pub(crate) struct Rolls {
    random: SmallRng,
    left: u32,
}

/// The same dice for the same seed; they fail after so many draws of up to eight bytes.
pub(crate) fn dice(seed: u64, left: u32) -> Dice {
    Source(Rolls { random: SmallRng::seed_from_u64(seed), left })
}

impl Fill for Rolls {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Exhausted> {
        for chunk in bytes.chunks_mut(8) {
            self.left = self.left.checked_sub(1).ok_or(Exhausted)?;
            let number = self.random.next_u64().to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
        Ok(())
    }
}
