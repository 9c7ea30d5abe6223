//! SIMD lanes: the code that uses them is written once, for engines with SIMD and without.
//!
//! In a build with `cfg(simd)` only the functions that compute with lanes are compiled for WebAssembly's SIMD instructions,
//! each by its attribute. If the whole crate were, the optimiser could not remove unused arguments between it and the standard
//! library, which is compiled without SIMD, and the text of every panic would stay in the module.

#[cfg(any(test, not(simd)))]
pub(super) mod portable;
#[cfg(simd)]
pub(super) mod vector;

#[cfg(all(test, simd))]
mod tests;

use core::ops::{Add, BitAnd, BitOr, BitXor, Sub};
use zeroize::Zeroize;

/// The lanes that are fastest in this build.
#[cfg(simd)]
pub(super) type Fastest = vector::Vector;
/// The lanes that are fastest in this build.
#[cfg(not(simd))]
pub(super) type Fastest = portable::Portable<1>;

/// A 32-bit number in each lane. No operation takes longer for one value than for another.
pub(super) trait Lanes:
    Copy + Add<Output = Self> + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self> + Zeroize
{
    /// How many lanes there are: 1, 2 or 4.
    const COUNT: usize;
    /// Zero in each.
    const ZERO: Self;
    /// The type of a product.
    type Wide: Wide<Narrow = Self>;

    /// The value of each lane, by its place.
    fn from_fn(value: impl FnMut(usize) -> u32) -> Self;

    /// The same value in each lane.
    fn splat(value: u32) -> Self;

    /// The value in one lane; zero for a lane that does not exist, which is a bug of the caller.
    fn lane(&self, place: usize) -> u32;

    /// The difference, modulo 2^32.
    fn minus(self, other: Self) -> Self;

    /// The product, modulo 2^32.
    fn times_low(self, other: Self) -> Self;

    /// The whole product.
    fn times(self, other: Self) -> Self::Wide;

    /// Shifted right by fewer than 32 bits.
    fn shr(self, bits: u32) -> Self;

    /// All ones in the lanes where both are equal, zero in the others.
    fn equals(self, other: Self) -> Self;
}

/// A 64-bit number in each lane.
///
/// Sums and differences wrap modulo 2^64, which Karatsuba's method relies on. Where a value must not wrap, a comment says so, and
/// the tests compute it with lanes that detect a wrap (`tests/exact.rs`).
pub(super) trait Wide: Copy + Add<Output = Self> + Sub<Output = Self> {
    /// Zero in each.
    const ZERO: Self;
    /// The type of its low half.
    type Narrow;

    /// The same value in each lane.
    fn splat(value: u32) -> Self;

    /// Shifted right by fewer than 64 bits.
    fn shr(self, bits: u32) -> Self;

    /// The low bits, fewer than 32.
    fn low(self, bits: u32) -> Self;

    /// The low 32 bits.
    fn narrow(self) -> Self::Narrow;
}
