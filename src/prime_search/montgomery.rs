//! Multiplication modulo odd numbers, a number in each lane (P. L. Montgomery, "Modular multiplication without trial
//! division", Math. Comp. 44, 1985).
//!
//! A number is cut into limbs of `W` bits, and they are taken two by two: a *tile* holds two limbs and their sum, so that
//! the product of two tiles takes three multiplications instead of four (Karatsuba). There are `T` tiles, and
//! R = 2^(2TW). The same once more, with tiles of tiles, would take a fifth of the multiplications away, but no time: its
//! additions, and its loops half as long, cost what that saves (measured in V8).
//!
//! # Bounds
//! | bits of n | W | T | R / n ≥ | 2T · (2^W − 1)² < |
//! | --- | --- | --- | --- | --- |
//! | 1024 | 29 | 18 | 2^20 | 2^63.2 |
//! | 1536 | 29 | 27 | 2^30 | 2^63.8 |
//! | 2048 | 28 | 37 | 2^24 | 2^62.3 |
//!
//! *Values.* For a, b < 4n, Montgomery's result (ab + qn) / R, with q < R, is less than 16n² / R + n < (1 + 2^−16) n; and
//! doubled, less than 4n again. So nothing is ever compared with n, and nothing subtracted.
//!
//! *Limbs* are less than 2^W; the sum of two less than 2^(W+1) ≤ 2^30.
//!
//! *Columns.* The products that meet at one limb's place are at most 2T, each at most (2^W − 1)². With them come what
//! the column below carries, less than 2^(64−W), and in the reduction one limb. So a column is less than 2^64. Only
//! the product of the sums may be more, and is taken modulo 2^64: what is taken away from it then gives the middle
//! column, which is less. The tests compute the same with 128 bits, and check each.

use super::{
    lanes::{Lanes, Wide},
    natural::Natural,
};
use alloc::{vec, vec::Vec};
use core::hint;
use zeroize::Zeroizing;

/// Two limbs, their sum, and nothing: at a distance of a power of two, tiles are found by a shift.
type Tile<L> = [L; 4];

#[inline(always)]
fn tile<L: Lanes>(low: L, high: L) -> Tile<L> {
    [low, high, low + high, L::ZERO]
}

/// How a number is cut.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// `T`.
    tiles: usize,
    /// `W`.
    pub(super) limb_bits: u32,
}

impl Cut {
    /// That of a modulus of 1024, 1536 or 2048 bits.
    pub(super) fn of(modulus_bits: usize) -> Self {
        let limb_bits = if modulus_bits > 1536 { 28 } else { 29 };
        Self { tiles: modulus_bits.div_ceil(2 * limb_bits as usize), limb_bits }
    }

    /// The exponent of R.
    pub(super) fn radix_bits(self) -> usize {
        2 * self.tiles * self.limb_bits as usize
    }

    /// How many limbs there are.
    fn limbs(self) -> usize {
        2 * self.tiles
    }
}

/// A number in each lane, less than 4n. Secret, and wiped when dropped.
pub(super) struct Number<L: Lanes>(Zeroizing<Vec<Tile<L>>>);

impl<L: Lanes> Number<L> {
    /// Zero in each lane.
    pub(super) fn zero(cut: Cut) -> Self {
        Self(Zeroizing::new(vec![[L::ZERO; 4]; cut.tiles]))
    }

    /// One in each lane.
    fn one(cut: Cut) -> Self {
        Self::from_limbs(cut, |limb| L::splat(u32::from(limb == 0)))
    }

    /// The number whose limbs are given, by the limb's place.
    fn from_limbs(cut: Cut, limb: impl Fn(usize) -> L) -> Self {
        Self(Zeroizing::new((0..cut.tiles).map(|at| tile(limb(2 * at), limb(2 * at + 1))).collect()))
    }

    /// A number for each lane; the last one for the lanes that are over.
    pub(super) fn from_naturals(cut: Cut, numbers: &[&Natural]) -> Self {
        Self::from_limbs(cut, |limb| {
            L::from_fn(|lane| {
                let number = numbers.get(lane).or(numbers.last());
                number.map_or(0, |number| number.bits_at(limb * cut.limb_bits as usize, cut.limb_bits))
            })
        })
    }

    /// Two to a power less than R, for each lane, in the same time for each power.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    pub(super) fn powers_of_two(cut: Cut, exponent: impl Fn(usize) -> u32) -> Self {
        let exponents = L::from_fn(exponent);
        let mut place = 0;
        let mut limbs = Zeroizing::new(Vec::with_capacity(cut.limbs()));
        for _ in 0..cut.limbs() {
            let mut limb = L::ZERO;
            for bit in 0..cut.limb_bits {
                limb = limb | exponents.equals(L::splat(place)) & L::splat(1 << bit);
                place += 1;
            }
            limbs.push(limb);
        }
        Self::from_limbs(cut, |at| limbs.get(at).copied().unwrap_or(L::ZERO))
    }

    /// The number of `table` that each lane's index names. All of them are read, whatever the indices.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    pub(super) fn select(&mut self, table: &[Self], indices: L) {
        self.0.fill([L::ZERO; 4]);
        for (index, entry) in (0..).zip(table) {
            let mask = indices.equals(L::splat(index));
            for (to, from) in self.0.iter_mut().zip(entry.0.iter()) {
                for (to, from) in to.iter_mut().zip(from) {
                    *to = *to | *from & mask;
                }
            }
        }
    }

    /// All ones in the lanes where both have the same limbs.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    pub(super) fn equals(&self, other: &Self) -> L {
        let pairs = self.limbs().zip(other.limbs());
        pairs.fold(L::ZERO, |differences, (a, b)| differences | (a ^ b)).equals(L::ZERO)
    }

    /// The limbs, the least significant first.
    pub(super) fn limbs(&self) -> impl DoubleEndedIterator<Item = L> {
        self.0.iter().flat_map(|[low, high, ..]| [*low, *high])
    }
}

/// A modulus in each lane: odd.
pub(super) struct Modulus<L: Lanes> {
    cut: Cut,
    modulus: Number<L>,
    /// −n^−1 modulo 2^W.
    negated_inverse: L,
    /// q, while a product is reduced.
    quotient: Number<L>,
}

impl<L: Lanes> Modulus<L> {
    /// A modulus for each lane; the last one for the lanes that are over.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    pub(super) fn new(cut: Cut, moduli: &[&Natural]) -> Self {
        let modulus = Number::from_naturals(cut, moduli);
        let lowest = modulus.0.first().map_or(L::ZERO, |tile| tile[0]);
        Self {
            cut,
            modulus,
            negated_inverse: L::ZERO.minus(inverse(lowest)) & L::splat((1 << cut.limb_bits) - 1),
            quotient: Number::zero(cut),
        }
    }

    /// `to` = a² / R, doubled in the lanes where `doubled` is all ones.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    #[inline(never)]
    pub(super) fn square(&mut self, to: &mut Number<L>, a: &Number<L>, doubled: L) {
        // The same either way; but shifts by a constant, for the sizes that are in use, save 6 % of the time.
        match self.cut.limb_bits {
            29 => self.reduce(29, to, doubled, Square(&a.0)),
            limb_bits => self.reduce(limb_bits, to, doubled, Square(&a.0)),
        }
    }

    /// `to` = ab / R.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    #[inline(never)]
    pub(super) fn multiply(&mut self, to: &mut Number<L>, a: &Number<L>, b: &Number<L>) {
        self.reduce(self.cut.limb_bits, to, L::ZERO, Product(&a.0, &b.0));
    }

    /// a / R, which is at most n: (a + qn) / R with a, q < R.
    pub(super) fn leave(&mut self, a: &Number<L>) -> Number<L> {
        let mut left = Number::zero(self.cut);
        self.multiply(&mut left, a, &Number::one(self.cut));
        left
    }

    /// The lanes in which a / R is one.
    pub(super) fn is_one(&mut self, a: &Number<L>) -> L {
        self.leave(a).equals(&Number::one(self.cut))
    }

    /// Column by column, from the lowest: a product, whose columns the factors give, and the multiple of n that makes its
    /// lower half zero. The upper half of their sum is the result.
    #[inline(always)]
    fn reduce(&mut self, limb_bits: u32, to: &mut Number<L>, doubled: L, factors: impl Factors<L>) {
        let tiles = self.cut.tiles;
        let mask = L::splat((1 << limb_bits) - 1);
        let n = &*self.modulus.0;
        let (mut carried, mut reduced, mut doubling) = (L::Wide::ZERO, L::Wide::ZERO, L::ZERO);
        for column in 0..2 * tiles {
            let first = (column + 1).saturating_sub(tiles);
            let (low, middle, high) = factors.column(column, first, tiles.min(column + 1)).columns();
            let low = low + carried;
            let middle = middle + low.shr(limb_bits);
            carried = high + middle.shr(limb_bits);
            let (limb0, limb1) = (low.low(limb_bits), middle.low(limb_bits));

            // All of q that is known: below T, the product of its highest tile with the lowest of n is still to come.
            let end = tiles.min(column);
            let quotient = &self.quotient.0[first..end];
            let (low, middle, high) = products(quotient, &n[column + 1 - end..column + 1 - first]).columns();
            let low = low + reduced + limb0;
            let middle = middle + limb1;
            if column < tiles {
                // Read anew each time: an optimiser that widens them once, ahead of the loop, takes the engines' fast
                // multiplication of 32 bits from them, and 6 % more time.
                let [n0, n1, ..] = if cfg!(simd) { hint::black_box(n)[0] } else { n[0] };
                let q0 = low.narrow().times_low(self.negated_inverse) & mask;
                let low = low + q0.times(n0);
                let middle = middle + q0.times(n1) + low.shr(limb_bits);
                let q1 = middle.narrow().times_low(self.negated_inverse) & mask;
                let middle = middle + q1.times(n0);
                reduced = high + q1.times(n1) + middle.shr(limb_bits);
                self.quotient.0[column] = tile(q0, q1);
            } else {
                let middle = middle + low.shr(limb_bits);
                reduced = high + middle.shr(limb_bits);
                let limb0 = low.narrow() & mask;
                let sum0 = limb0 + (limb0 & doubled) + doubling;
                let limb1 = middle.narrow() & mask;
                let sum1 = limb1 + (limb1 & doubled) + sum0.shr(limb_bits);
                doubling = sum1.shr(limb_bits);
                to.0[column - tiles] = tile(sum0 & mask, sum1 & mask);
            }
        }
    }
}

/// The sums of products of tiles: low limbs, high limbs, and sums.
#[derive(Clone, Copy)]
struct Products<W>([W; 3]);

impl<W: Wide> Products<W> {
    const ZERO: Self = Self([W::ZERO; 3]);

    #[inline(always)]
    fn plus<L: Lanes<Wide = W>>(self, x: &Tile<L>, y: &Tile<L>) -> Self {
        let Self([low, high, both]) = self;
        Self([low + x[0].times(y[0]), high + x[1].times(y[1]), both + x[2].times(y[2])])
    }

    #[inline(always)]
    fn twice(self) -> Self {
        let Self([low, high, both]) = self;
        Self([low + low, high + high, both + both])
    }

    /// The columns of a place, of the next, and of the one after it.
    #[inline(always)]
    fn columns(self) -> (W, W, W) {
        let Self([low, high, both]) = self;
        (low, both - low - high, high)
    }
}

/// The products of the tiles of `x` with those of `y` from behind.
#[inline(always)]
fn products<L: Lanes>(x: &[Tile<L>], y: &[Tile<L>]) -> Products<L::Wide> {
    let mut sums = Products::ZERO;
    for (x, y) in x.iter().zip(y.iter().rev()) {
        sums = sums.plus(x, y);
    }
    sums
}

/// What is multiplied.
trait Factors<L: Lanes> {
    /// The products that meet in a column: those of the tiles `first..end` of the first factor with those of the second
    /// that are at `column` less theirs.
    fn column(&self, column: usize, first: usize, end: usize) -> Products<L::Wide>;
}

struct Product<'a, L>(&'a [Tile<L>], &'a [Tile<L>]);

impl<L: Lanes> Factors<L> for Product<'_, L> {
    #[inline(always)]
    fn column(&self, column: usize, first: usize, end: usize) -> Products<L::Wide> {
        products(&self.0[first..end], &self.1[column + 1 - end..column + 1 - first])
    }
}

struct Square<'a, L>(&'a [Tile<L>]);

impl<L: Lanes> Factors<L> for Square<'_, L> {
    /// Each product of two different tiles comes twice.
    #[inline(always)]
    fn column(&self, column: usize, first: usize, end: usize) -> Products<L::Wide> {
        let half = column.div_ceil(2).max(first);
        let sums = products(&self.0[first..half], &self.0[column + 1 - half..column + 1 - first]).twice();
        if column.is_multiple_of(2) && half < end { sums.plus(&self.0[half], &self.0[half]) } else { sums }
    }
}

/// The inverse modulo 2^32 of an odd number, by Newton: correct to three bits, and to twice as many with each step.
#[cfg_attr(simd, target_feature(enable = "simd128"))]
pub(super) fn inverse<L: Lanes>(odd: L) -> L {
    (0..4).fold(odd, |inverse, _| inverse.times_low(L::splat(2).minus(odd.times_low(inverse))))
}
