//! What several targets need of a device: a key pair, PINs, account numbers, and randomness that can be repeated.

use std::sync::OnceLock;

use arbitrary::Unstructured;
use card_pin::entry::{Entry, PinRules};
use card_pin::key_pair::{KeyPair, KeySize};
use card_pin::pin::Pin;
use card_pin::random::SystemRandom;
use card_pin::weak_pin::WeakPin;
use rand::{Rng as _, SeedableRng as _, TryCryptoRng, TryRng, rngs::SmallRng};

/// The one key pair of this process.
pub(crate) fn key_pair() -> &'static KeyPair {
    static MADE: OnceLock<KeyPair> = OnceLock::new();
    MADE.get_or_init(|| KeyPair::make(KeySize::Rsa2048, &mut SystemRandom::new()).unwrap())
}

/// Whether this input may take the private operation of RSA, some milliseconds: one in 256 may, always the same.
pub(crate) fn may_be_slow(data: &[u8]) -> bool {
    // FNV-1a; its upper bits are the better ones.
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
#[derive(Debug)]
pub(crate) struct Dice {
    random: SmallRng,
    left: u32,
}

impl Dice {
    /// The same for the same seed; fails after so many draws.
    pub(crate) fn new(seed: u64, left: u32) -> Self {
        Self { random: SmallRng::seed_from_u64(seed), left }
    }
}

/// There is no randomness left.
#[derive(Debug)]
pub(crate) struct Exhausted;

impl std::fmt::Display for Exhausted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the dice are used up")
    }
}

impl std::error::Error for Exhausted {}

impl TryRng for Dice {
    type Error = Exhausted;

    fn try_next_u32(&mut self) -> Result<u32, Exhausted> {
        self.try_next_u64().map(|number| (number >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Exhausted> {
        self.left = self.left.checked_sub(1).ok_or(Exhausted)?;
        Ok(self.random.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Exhausted> {
        for chunk in bytes.chunks_mut(8) {
            let number = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Dice {}
