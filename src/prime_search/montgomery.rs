//! Multiplication modulo odd numbers, one number in each lane (P. L. Montgomery, "Modular multiplication without trial
//! division", Math. Comp. 44, 1985).
//!
//! A number is split into limbs of `W` bits. A *tile* holds two limbs and their sum, so that the product of two tiles takes
//! three multiplications instead of four (Karatsuba). There are `T` tiles, and R = 2^(2TW). A second level of Karatsuba, tiles
//! of tiles, would save a fifth of the multiplications but no time: its additions and its shorter loops cost as much
//! (measured in V8).
//!
//! # Bounds
//! | bits of n | W | T | R / n ≥ | 2T · (2^W − 1)² < |
//! | --- | --- | --- | --- | --- |
//! | 1024 | 29 | 18 | 2^20 | 2^63.2 |
//! | 1536 | 29 | 27 | 2^30 | 2^63.8 |
//! | 2048 | 28 | 37 | 2^24 | 2^62.3 |
//!
//! *Values.* For a, b < 4n, Montgomery's result (ab + qn) / R, with q < R, is less than 16n² / R + n < (1 + 2^−16) n; doubled,
//! it is less than 4n again. So no result needs a comparison with n, or a subtraction of n.
//!
//! *Limbs* are less than 2^W; the sum of two limbs is less than 2^(W+1) ≤ 2^30.
//!
//! *Columns.* At most 2T products are added in the column of one limb, each at most (2^W − 1)². The carry from the column
//! below adds less than 2^(64−W), and the reduction adds one limb. So a column is less than 2^64. Only the sum of the
//! products of sums may be more, and is computed modulo 2^64: the subtractions that follow give the middle column, which is
//! less than 2^64. The tests compute all of this with 128 bits and check each bound.

use super::{
    lanes::{Lanes, Wide},
    natural::Natural,
};
use alloc::{vec, vec::Vec};
use core::hint;
use zeroize::Zeroizing;

/// Two limbs, their sum, and padding: with a size that is a power of two, a tile's address takes a shift.
type Tile<L> = [L; 4];

#[inline(always)]
fn tile<L: Lanes>(low: L, high: L) -> Tile<L> {
    [low, high, low + high, L::ZERO]
}

/// How a number is split into limbs.
#[derive(Clone, Copy)]
pub(super) struct LimbLayout {
    /// `T`.
    tiles: usize,
    /// `W`.
    pub(super) limb_bits: u32,
}

impl LimbLayout {
    /// The layout for a modulus of 1024, 1536 or 2048 bits.
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

/// A residue modulo n in each lane, as a number less than 4n. Secret, and wiped when dropped.
pub(super) struct Residue<L: Lanes>(Zeroizing<Vec<Tile<L>>>);

impl<L: Lanes> Residue<L> {
    /// Zero in each lane.
    pub(super) fn zero(layout: LimbLayout) -> Self {
        Self(Zeroizing::new(vec![[L::ZERO; 4]; layout.tiles]))
    }

    /// One in each lane.
    fn one(layout: LimbLayout) -> Self {
        Self::from_limbs(layout, |limb| L::splat(u32::from(limb == 0)))
    }

    /// The number whose limbs are given, by the limb's place.
    fn from_limbs(layout: LimbLayout, limb: impl Fn(usize) -> L) -> Self {
        Self(Zeroizing::new((0..layout.tiles).map(|at| tile(limb(2 * at), limb(2 * at + 1))).collect()))
    }

    /// A number for each lane; unused lanes repeat the last one.
    pub(super) fn from_naturals(layout: LimbLayout, numbers: &[&Natural]) -> Self {
        Self::from_limbs(layout, |limb| {
            L::from_fn(|lane| {
                let number = numbers.get(lane).or(numbers.last());
                number.map_or(0, |number| number.bits_at(limb * layout.limb_bits as usize, layout.limb_bits))
            })
        })
    }

    /// 2^exponent in each lane, for exponents less than R's, in constant time.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    pub(super) fn powers_of_two(layout: LimbLayout, exponent: impl Fn(usize) -> u32) -> Self {
        let exponents = L::from_fn(exponent);
        let mut place = 0;
        let mut limbs = Zeroizing::new(Vec::with_capacity(layout.limbs()));
        for _ in 0..layout.limbs() {
            let mut limb = L::ZERO;
            for bit in 0..layout.limb_bits {
                limb = limb | exponents.equals(L::splat(place)) & L::splat(1 << bit);
                place += 1;
            }
            limbs.push(limb);
        }
        Self::from_limbs(layout, |at| limbs.get(at).copied().unwrap_or(L::ZERO))
    }

    /// Sets each lane to the table entry at that lane's index, in constant time: every entry is read.
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

/// An odd modulus in each lane.
pub(super) struct Modulus<L: Lanes> {
    layout: LimbLayout,
    modulus: Residue<L>,
    /// −n^−1 modulo 2^W.
    negated_inverse: L,
    /// The limbs of q while a product is reduced.
    quotient: Residue<L>,
}

impl<L: Lanes> Modulus<L> {
    /// A modulus for each lane; unused lanes repeat the last one.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    pub(super) fn new(layout: LimbLayout, moduli: &[&Natural]) -> Self {
        let modulus = Residue::from_naturals(layout, moduli);
        let lowest = modulus.0.first().map_or(L::ZERO, |tile| tile[0]);
        Self {
            layout,
            modulus,
            negated_inverse: L::ZERO.minus(inverse(lowest)) & L::splat((1 << layout.limb_bits) - 1),
            quotient: Residue::zero(layout),
        }
    }

    /// `to` = a² / R, doubled in the lanes where `doubled` is all ones.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    pub(super) fn square(&mut self, to: &mut Residue<L>, a: &Residue<L>, doubled: L) {
        match self.layout.limb_bits {
            29 => self.square_by::<29>(to, a, doubled),
            _ => self.square_by::<28>(to, a, doubled),
        }
    }

    /// [`square`](Self::square) for limbs of a known size: shifts by a constant save 6 % of the time. Each size has a function of its
    /// own, so that an engine which optimises functions once they are hot does so with half the code, and sooner.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    #[inline(never)]
    fn square_by<const LIMB_BITS: u32>(&mut self, to: &mut Residue<L>, a: &Residue<L>, doubled: L) {
        self.reduce(LIMB_BITS, to, doubled, Square(&a.0));
    }

    /// `to` = ab / R.
    #[cfg_attr(simd, target_feature(enable = "simd128"))]
    #[inline(never)]
    pub(super) fn multiply(&mut self, to: &mut Residue<L>, a: &Residue<L>, b: &Residue<L>) {
        self.reduce(self.layout.limb_bits, to, L::ZERO, Product(&a.0, &b.0));
    }

    /// Converts a from Montgomery form: a / R modulo n. The result is at most n: it is (a + qn) / R with a, q < R.
    #[allow(clippy::wrong_self_convention, reason = "the usual name; it works with the modulus's buffer")]
    pub(super) fn from_montgomery(&mut self, a: &Residue<L>) -> Residue<L> {
        let mut left = Residue::zero(self.layout);
        self.multiply(&mut left, a, &Residue::one(self.layout));
        left
    }

    /// The lanes in which a / R is one.
    pub(super) fn is_one(&mut self, a: &Residue<L>) -> L {
        self.from_montgomery(a).equals(&Residue::one(self.layout))
    }

    /// Montgomery's reduction, column by column from the lowest: adds to the product of `factors` the multiple of n that
    /// makes its lower half zero. The upper half of the sum is the result.
    #[inline(always)]
    fn reduce(&mut self, limb_bits: u32, to: &mut Residue<L>, doubled: L, factors: impl Factors<L>) {
        let tiles = self.layout.tiles;
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

            // The tiles of q known so far. In the lower half, q's next tile times n's lowest tile is added below.
            let end = tiles.min(column);
            let quotient = &self.quotient.0[first..end];
            let (low, middle, high) = products(quotient, &n[column + 1 - end..column + 1 - first]).columns();
            let low = low + reduced + limb0;
            let middle = middle + limb1;
            if column < tiles {
                // Read again in each iteration. Otherwise the optimiser widens both to 64 bits before the loop, and engines
                // cannot use their fast 32-bit multiplication: that costs 6 % of the time.
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

/// Sums of products of tiles: of the low limbs, of the high limbs, and of the limbs' sums.
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

    /// The three columns that the products of tiles add to, from the lowest.
    #[inline(always)]
    fn columns(self) -> (W, W, W) {
        let Self([low, high, both]) = self;
        (low, both - low - high, high)
    }
}

/// The sum of the products of the tiles of `x` with those of `y` in reverse order.
#[inline(always)]
fn products<L: Lanes>(x: &[Tile<L>], y: &[Tile<L>]) -> Products<L::Wide> {
    let mut sums = Products::ZERO;
    for (x, y) in x.iter().zip(y.iter().rev()) {
        sums = sums.plus(x, y);
    }
    sums
}

/// The two factors of a product.
trait Factors<L: Lanes> {
    /// The sum of the products in a column: of tile i of the first factor with tile `column` − i of the second, for i in
    /// `first..end`.
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
    /// Each product of two different tiles is computed once and doubled.
    #[inline(always)]
    fn column(&self, column: usize, first: usize, end: usize) -> Products<L::Wide> {
        let half = column.div_ceil(2).max(first);
        let sums = products(&self.0[first..half], &self.0[column + 1 - half..column + 1 - first]).twice();
        if column.is_multiple_of(2) && half < end { sums.plus(&self.0[half], &self.0[half]) } else { sums }
    }
}

/// The inverse of an odd number modulo 2^32, by Newton's iteration: an odd number is its own inverse to three bits, and each step
/// doubles that.
#[cfg_attr(simd, target_feature(enable = "simd128"))]
pub(super) fn inverse<L: Lanes>(odd: L) -> L {
    (0..4).fold(odd, |inverse, _| inverse.times_low(L::splat(2).minus(odd.times_low(inverse))))
}
