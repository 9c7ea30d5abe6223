//! One number after the other, for engines without SIMD.

use super::{Lanes, Wide};
use core::{
    array,
    ops::{Add, BitAnd, BitOr, BitXor, Sub},
};
use zeroize::Zeroize;

/// `N` numbers of 32 bits.
#[derive(Clone, Copy)]
pub(in crate::prime_search) struct Portable<const N: usize>([u32; N]);

/// `N` numbers of 64 bits.
#[derive(Clone, Copy)]
pub(in crate::prime_search) struct PortableWide<const N: usize>([u64; N]);

impl<const N: usize> Portable<N> {
    #[inline(always)]
    fn zip(self, other: Self, operation: impl Fn(u32, u32) -> u32) -> Self {
        Self(array::from_fn(|place| operation(self.0[place], other.0[place])))
    }
}

impl<const N: usize> PortableWide<N> {
    #[inline(always)]
    fn zip(self, other: Self, operation: impl Fn(u64, u64) -> u64) -> Self {
        Self(array::from_fn(|place| operation(self.0[place], other.0[place])))
    }
}

impl<const N: usize> Add for Portable<N> {
    type Output = Self;

    /// No sum of narrow numbers wraps: a debug build checks it.
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl<const N: usize> BitAnd for Portable<N> {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
}

impl<const N: usize> BitOr for Portable<N> {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }
}

impl<const N: usize> BitXor for Portable<N> {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }
}

impl<const N: usize> Zeroize for Portable<N> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> Lanes for Portable<N> {
    const COUNT: usize = N;
    const ZERO: Self = Self([0; N]);
    type Wide = PortableWide<N>;

    fn from_fn(value: impl FnMut(usize) -> u32) -> Self {
        Self(array::from_fn(value))
    }

    fn splat(value: u32) -> Self {
        Self([value; N])
    }

    fn lane(&self, place: usize) -> u32 {
        self.0.get(place).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.zip(other, u32::wrapping_sub)
    }

    #[inline(always)]
    fn times_low(self, other: Self) -> Self {
        self.zip(other, u32::wrapping_mul)
    }

    #[inline(always)]
    fn times(self, other: Self) -> PortableWide<N> {
        PortableWide(array::from_fn(|place| u64::from(self.0[place]) * u64::from(other.0[place])))
    }

    #[inline(always)]
    fn shr(self, bits: u32) -> Self {
        Self(self.0.map(|value| value >> bits))
    }

    #[inline(always)]
    fn equals(self, other: Self) -> Self {
        // The top bit of d | −d is set for every d but zero.
        self.zip(other, |a, b| {
            let difference = a ^ b;
            ((difference | difference.wrapping_neg()) >> 31).wrapping_sub(1)
        })
    }
}

impl<const N: usize> Add for PortableWide<N> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, u64::wrapping_add)
    }
}

impl<const N: usize> Sub for PortableWide<N> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, u64::wrapping_sub)
    }
}

impl<const N: usize> Wide for PortableWide<N> {
    const ZERO: Self = Self([0; N]);
    type Narrow = Portable<N>;

    fn splat(value: u32) -> Self {
        Self([value.into(); N])
    }

    #[inline(always)]
    fn shr(self, bits: u32) -> Self {
        Self(self.0.map(|value| value >> bits))
    }

    #[inline(always)]
    fn low(self, bits: u32) -> Self {
        Self(self.0.map(|value| value & ((1 << bits) - 1)))
    }

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "what it is for")]
    fn narrow(self) -> Portable<N> {
        Portable(self.0.map(|value| value as u32))
    }
}
