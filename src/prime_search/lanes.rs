//! Several numbers computed with at once, one in each lane: everything above is written once, for any engine.
//!
//! In a build with `cfg(simd)` the functions that compute with lanes are compiled for WebAssembly's SIMD instructions, each
//! by its attribute, and nothing else is: between functions that are and the standard library, which never is, the optimiser
//! takes out no arguments, and the text of every panic would stay in the module.

/// One number after the other, for engines without SIMD.
#[cfg(any(test, not(simd)))]
pub(super) mod portable;
/// Four numbers in one 128-bit register of WebAssembly.
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
    /// How many there are: 1, 2 or 4.
    const COUNT: usize;
    /// Zero in each.
    const ZERO: Self;
    /// What a product needs.
    type Wide: Wide<Narrow = Self>;

    /// The value of each lane, by its place.
    fn from_fn(value: impl FnMut(usize) -> u32) -> Self;

    /// The same value in each lane.
    fn splat(value: u32) -> Self;

    /// The value in one lane. A place that is not there is a defect of the caller, and gives zero.
    fn lane(&self, place: usize) -> u32;

    /// The difference, modulo 2^32.
    fn minus(self, other: Self) -> Self;

    /// The product, modulo 2^32.
    fn times_low(self, other: Self) -> Self;

    /// The whole product.
    fn times(self, other: Self) -> Self::Wide;

    /// Shifted down by fewer than 32 bits.
    fn shr(self, bits: u32) -> Self;

    /// All ones in the lanes where both are equal, zero in the others.
    fn equals(self, other: Self) -> Self;
}

/// A 64-bit number in each lane.
///
/// Sums and differences are modulo 2^64, which Karatsuba's trick makes use of; what must not wrap is said where it is
/// computed, and the tests compute it with lanes that notice (`tests/exact.rs`).
pub(super) trait Wide: Copy + Add<Output = Self> + Sub<Output = Self> {
    /// Zero in each.
    const ZERO: Self;
    /// What it is narrowed to.
    type Narrow;

    /// The same value in each lane.
    fn splat(value: u32) -> Self;

    /// Shifted down by fewer than 64 bits.
    fn shr(self, bits: u32) -> Self;

    /// The low bits, fewer than 32.
    fn low(self, bits: u32) -> Self;

    /// The low 32 bits.
    fn narrow(self) -> Self::Narrow;
}
