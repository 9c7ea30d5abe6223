//! Finds candidates without small factors: the odd numbers from a random start that no small prime divides, in random order.

use super::{
    lanes::{Fastest, Lanes, Wide},
    montgomery::inverse,
    natural::Natural,
};
use crate::{error::Error, random};
use alloc::{vec, vec::Vec};
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

/// How many odd numbers a window holds.
pub(super) const ODD_NUMBERS: usize = 1 << 14;

/// The small primes are below this. Twice the bound would leave 6 % fewer candidates, but sieving would cost the time that
/// saves.
pub(super) const BOUND: u32 = 1 << 17;

/// The public exponent, to which p − 1 must be coprime; a prime below the bound.
const PUBLIC_EXPONENT: u32 = 65_537;

/// A group of small primes p, one in each lane, with the constants for division by them. Nothing in here is secret.
struct Divisors<L> {
    primes: L,
    /// −p^−1 modulo 2^32.
    negated_inverses: L,
    /// −2^(b + 31) modulo p, b being the width of a candidate in bits.
    factors: L,
}

/// The small primes, for candidates of one width.
pub(super) struct Sieve {
    divisors: Vec<Divisors<Fastest>>,
    bits: usize,
}

/// The candidates of one window, in random order.
pub(super) struct Window {
    start: Natural,
    /// Half the distances from the start of the candidates that are still to be tried.
    offsets: Zeroizing<Vec<u32>>,
}

impl Sieve {
    /// A sieve for candidates of that many bits, a multiple of 32.
    pub(super) fn new(bits: usize) -> Self {
        let divisors = small_primes().chunks(Fastest::COUNT).map(|group| Divisors::of(group, bits)).collect();
        Self { divisors, bits }
    }

    /// Draws a start, odd and with its top two bits set, so that the product of two has all its bits (FIPS 186-5,
    /// A.1.3, steps 4.2 to 4.4), and sieves the numbers from there on.
    ///
    /// # Errors
    /// [`Error::EntropyUnavailable`] when the source fails, or gives a start so near to the end of its width that the window
    /// would go beyond it: all bits of such a start but the last 15 are ones, which a sound source gives once in 2^1007.
    pub(super) fn open_window<R: TryCryptoRng>(&self, random: &mut R) -> Result<Window, Error> {
        let start = draw_start(self.bits, random)?;
        if start.plus(2 * ODD_NUMBERS as u32).is_none() {
            return Err(Error::EntropyUnavailable);
        }
        let mut offsets = self.sieve(&start);
        shuffle(&mut offsets, random)?;
        Ok(Window { start, offsets })
    }

    /// Half the distances from the start of the odd numbers n that no small prime divides and where the public exponent does not
    /// divide n − 1; the greatest first.
    ///
    /// This loop and the two others that are never inlined would make the large function hot that they are inlined into. An engine
    /// would optimise it while the search begins: in WebKit the first test of candidates then took 20 ms more.
    #[inline(never)]
    fn sieve(&self, start: &Natural) -> Zeroizing<Vec<u32>> {
        let mut is_out = Zeroizing::new(vec![false; ODD_NUMBERS]);
        let mut cross_out = |from: u32, prime: u32| {
            for is_out in is_out.iter_mut().skip(from as usize).step_by(prime as usize) {
                *is_out = true;
            }
        };
        for divisors in &self.divisors {
            let firsts = divisors.first_multiples(start);
            for lane in 0..Fastest::COUNT {
                let (first, prime) = (firsts.lane(lane), divisors.primes.lane(lane));
                cross_out(first, prime);
                if prime == PUBLIC_EXPONENT {
                    // start + 2d ≡ 1 (mod e) where d is 1/2 = (e + 1)/2 more than where start + 2d ≡ 0.
                    cross_out((first + PUBLIC_EXPONENT.div_ceil(2)) % PUBLIC_EXPONENT, prime);
                }
            }
        }
        // Room for all: growing would leave a copy behind.
        let mut offsets = Zeroizing::new(Vec::with_capacity(ODD_NUMBERS));
        let numbered = (0..ODD_NUMBERS as u32).zip(is_out.iter()).rev();
        offsets.extend(numbered.filter(|(_, is_out)| !**is_out).map(|(offset, _)| offset));
        offsets
    }
}

impl Window {
    /// The next candidate, if there is one left.
    pub(super) fn next(&mut self) -> Option<Natural> {
        let offset = self.offsets.pop()?;
        self.start.plus(2 * offset)
    }
}

fn draw_start<R: TryCryptoRng>(bits: usize, random: &mut R) -> Result<Natural, Error> {
    let mut bytes = Zeroizing::new(vec![0; bits / 8]);
    random::fill(random, &mut bytes)?;
    if let Some(top) = bytes.first_mut() {
        *top |= 0b1100_0000;
    }
    if let Some(bottom) = bytes.last_mut() {
        *bottom |= 1;
    }
    Ok(Natural::from_be_bytes(&bytes))
}

/// Shuffles: each draw has the same probabilities up to a factor of 1 ± 2^−18, each order up to 1 ± 2^−11 (R. Durstenfeld, "Algorithm 235", CACM 7, 1964).
///
/// The shuffle of the `rand` crate would ask the system for randomness hundreds of times; this one asks once.
#[inline(never)]
fn shuffle<R: TryCryptoRng>(offsets: &mut [u32], random: &mut R) -> Result<(), Error> {
    let mut bytes = Zeroizing::new(vec![0; 4 * offsets.len()]);
    random::fill(random, &mut bytes)?;
    let (words, _) = bytes.as_chunks();
    for (last, word) in words.iter().enumerate().rev() {
        let back = (u64::from(u32::from_le_bytes(*word)) * (last as u64 + 1)) >> 32;
        offsets.swap(last, last - back as usize);
    }
    Ok(())
}

impl<L: Lanes> Divisors<L> {
    /// The divisors for a group of small primes; unused lanes repeat the last one.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    fn of(group: &[u32], bits: usize) -> Self {
        let prime = |lane: usize| group.get(lane).or(group.last()).copied().unwrap_or(3);
        let primes = L::from_fn(prime);
        let negated_inverses = L::ZERO.minus(inverse(primes));
        // 2^(b − 1) in Montgomery form with R = 2^32 is 2^(b + 31): square and double.
        let exponent = bits - 1;
        let one = L::from_fn(|lane| ((1_u64 << 32) % u64::from(prime(lane))) as u32);
        let power = (0..=exponent.ilog2()).rev().fold(one, |power, bit| {
            let square = reduce(power.times(power), primes, negated_inverses);
            if exponent >> bit & 1 == 1 { conditional_sub(square + square, primes) } else { square }
        });
        Self { primes, negated_inverses, factors: primes.minus(power) }
    }

    /// For each prime, half the distance from an odd start to the first odd number that it divides: −start / 2 modulo p.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    fn first_multiples(&self, start: &Natural) -> L {
        let Self { primes, negated_inverses, factors } = *self;
        // Adds word by word from the lowest, and divides by 2^32 modulo p each time. The residue is at most p + 1: the sum of
        // residue, word and a multiple of p less than 2^32 · p is less than 2^32 · (p + 2).
        let residue = start.words().iter().fold(L::Wide::ZERO, |residue, word| {
            let sum = residue + L::Wide::splat(*word);
            (sum + sum.narrow().times_low(negated_inverses).times(primes)).shr(32)
        });
        // The residue is start / 2^b; the factor −2^(b + 31), divided by 2^32 in the reduction, makes it −start / 2.
        reduce(residue.narrow().times(factors), primes, negated_inverses)
    }
}

/// A product of two numbers of at most p + 1, divided by 2^32 modulo p.
#[inline(always)]
fn reduce<L: Lanes>(product: L::Wide, primes: L, negated_inverses: L) -> L {
    // At most (p + 1)² / 2^32 + p, which is less than 2p.
    let sum = product + product.narrow().times_low(negated_inverses).times(primes);
    conditional_sub(sum.shr(32).narrow(), primes)
}

/// Subtracts p from a number less than 2p unless it is less than p, in constant time.
#[inline(always)]
fn conditional_sub<L: Lanes>(number: L, primes: L) -> L {
    let is_less = L::ZERO.minus(number.minus(primes).shr(31));
    number.minus(primes & (is_less ^ L::splat(u32::MAX)))
}

/// The odd primes below the bound (Eratosthenes).
#[inline(never)]
fn small_primes() -> Vec<u32> {
    let mut is_out = vec![false; BOUND as usize];
    let mut primes = Vec::new();
    for number in (3..BOUND).step_by(2) {
        if is_out.get(number as usize).is_some_and(|is_out| *is_out) {
            continue;
        }
        primes.push(number);
        let square = number.saturating_mul(number) as usize;
        for is_out in is_out.iter_mut().skip(square).step_by(2 * number as usize) {
            *is_out = true;
        }
    }
    primes
}
