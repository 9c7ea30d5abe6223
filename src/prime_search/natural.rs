//! Natural numbers of a fixed width: the candidates, bases and primes of a search.

use alloc::vec::Vec;
use zeroize::Zeroizing;

/// A number of a fixed number of 32-bit words, the least significant first. Secret, and wiped when dropped.
pub(crate) struct Natural(Zeroizing<Vec<u32>>);

impl Natural {
    /// The number of these big-endian bytes, as wide as they are. Their count is a multiple of four.
    pub(crate) fn from_be_bytes(bytes: &[u8]) -> Self {
        let (words, _) = bytes.as_chunks();
        Self(Zeroizing::new(words.iter().rev().map(|word: &[u8; 4]| u32::from_be_bytes(*word)).collect()))
    }

    /// The big-endian bytes, as many as the number is wide.
    pub(crate) fn to_be_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(4 * self.0.len()));
        for word in self.0.iter().rev() {
            bytes.extend_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// The words, the least significant first.
    pub(super) fn words(&self) -> &[u32] {
        &self.0
    }

    /// The width in bits.
    pub(super) fn precision(&self) -> usize {
        32 * self.0.len()
    }

    /// The `count` bits, at most 32, from bit `place` upwards; bits above the width are zero.
    pub(super) fn bits_at(&self, place: usize, count: u32) -> u32 {
        let word = |index| u64::from(self.0.get(index).copied().unwrap_or_default());
        let pair = word(place / 32) | word(place / 32 + 1) << 32;
        low_word(pair >> (place % 32) & ((1 << count) - 1))
    }

    /// The sum, or `None` where it exceeds the width.
    pub(super) fn plus(&self, small: u32) -> Option<Self> {
        let mut carry = u64::from(small);
        let sum = self.map(|word| {
            carry += u64::from(word);
            let low = low_word(carry);
            carry >>= 32;
            low
        });
        (carry == 0).then_some(sum)
    }

    /// 2^width − 1 − self.
    pub(super) fn complement(&self) -> Self {
        self.map(|word| !word)
    }

    /// Shifted right by `bits`.
    pub(super) fn shifted_down(&self, bits: usize) -> Self {
        Self(Zeroizing::new((0..self.0.len()).map(|index| self.bits_at(32 * index + bits, 32)).collect()))
    }

    /// The number with its lowest bit cleared: for an odd number, n − 1.
    pub(super) fn without_lowest_bit(&self) -> Self {
        let mut lowest = 1;
        self.map(|word| word & !core::mem::take(&mut lowest))
    }

    /// The position of the highest one, counted from 1; zero for zero.
    pub(super) fn bit_length(&self) -> usize {
        let zero_words = self.0.iter().rev().take_while(|word| **word == 0).count();
        let zeros = self.0.iter().rev().nth(zero_words).map_or(0, |word| word.leading_zeros() as usize);
        self.precision() - 32 * zero_words - zeros
    }

    /// 2^exponent, of the same width.
    pub(super) fn power_of_two(&self, exponent: usize) -> Self {
        let mut place = 0;
        self.map(|_| {
            let word = u32::from(exponent / 32 == place) << (exponent % 32);
            place += 1;
            word
        })
    }

    /// How many zero bits are below the lowest one; the width for zero.
    pub(super) fn trailing_zeros(&self) -> usize {
        let zero_words = self.0.iter().take_while(|word| **word == 0).count();
        32 * zero_words + self.0.get(zero_words).map_or(0, |word| word.trailing_zeros() as usize)
    }

    /// self − other modulo 2^width, and whether `other` is greater.
    pub(super) fn minus(&self, other: &Self) -> (Self, bool) {
        let mut borrow = 0;
        let mut others = other.0.iter();
        let difference = self.map(|word| {
            let rest = i64::from(word) - i64::from(others.next().copied().unwrap_or_default()) + borrow;
            borrow = rest >> 32;
            low_word(rest.cast_unsigned())
        });
        (difference, borrow < 0)
    }

    /// 2 · self modulo `modulus`, which has the same width and is greater than self.
    pub(super) fn doubled(&self, modulus: &Self) -> Self {
        let mut carry = 0;
        let double = self.map(|word| {
            let low = word << 1 | carry;
            carry = word >> 31;
            low
        });
        let (reduced, is_less) = double.minus(modulus);
        // 2x < 2 · modulus: the difference is the residue where there was a carry, or no borrow.
        let keep = (u32::from(is_less) & !carry & 1).wrapping_neg();
        let mut doubles = double.0.iter();
        reduced.map(|word| word & !keep | doubles.next().copied().unwrap_or_default() & keep)
    }

    /// Whether |self − other| > 2^exponent.
    pub(super) fn is_far_from(&self, other: &Self, exponent: usize) -> bool {
        let (difference, is_less) = self.minus(other);
        let distance = if is_less { other.minus(self).0 } else { difference };
        // More than 2^exponent: a higher bit is set, or that bit and a lower one.
        let is_above = !distance.shifted_down(exponent + 1).is_zero();
        let is_at = distance.bits_at(exponent, 1) == 1 && distance.trailing_zeros() < exponent;
        is_above || is_at
    }

    fn is_zero(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn map(&self, mut word: impl FnMut(u32) -> u32) -> Self {
        Self(Zeroizing::new(self.0.iter().map(|old| word(*old)).collect()))
    }
}

/// The low half.
#[allow(clippy::cast_possible_truncation, reason = "it takes the low half")]
fn low_word(value: u64) -> u32 {
    value as u32
}
