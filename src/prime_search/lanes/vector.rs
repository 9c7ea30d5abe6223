//! Four numbers in one 128-bit register of WebAssembly.

use super::{Lanes, Wide};
use core::{
    arch::wasm32::{
        u32x4, u32x4_add, u32x4_eq, u32x4_extract_lane, u32x4_mul, u32x4_shr, u32x4_shuffle, u32x4_splat,
        u32x4_sub, u64x2, u64x2_add, u64x2_extmul_high_u32x4, u64x2_extmul_low_u32x4, u64x2_shr, u64x2_splat,
        u64x2_sub, v128, v128_and, v128_or, v128_xor,
    },
    ops::{Add, BitAnd, BitOr, BitXor, Sub},
};
use zeroize::{Zeroize, optimization_barrier};

/// Four numbers of 32 bits.
#[derive(Clone, Copy)]
pub(in crate::prime_search) struct Vector(v128);

/// Four numbers of 64 bits: those of lanes 0 and 1, and those of lanes 2 and 3. That is how a product of two vectors
/// comes out of the machine, in two instructions and without a shuffle.
#[derive(Clone, Copy)]
pub(in crate::prime_search) struct VectorWide(v128, v128);

impl Add for Vector {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(u32x4_add(self.0, other.0))
    }
}

impl BitAnd for Vector {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(v128_and(self.0, other.0))
    }
}

impl BitOr for Vector {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(v128_or(self.0, other.0))
    }
}

impl BitXor for Vector {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }
}

impl Zeroize for Vector {
    fn zeroize(&mut self) {
        *self = Self::ZERO;
        optimization_barrier(self);
    }
}

impl Lanes for Vector {
    const COUNT: usize = 4;
    const ZERO: Self = Self(u64x2(0, 0));
    type Wide = VectorWide;

    fn from_fn(mut value: impl FnMut(usize) -> u32) -> Self {
        Self(u32x4(value(0), value(1), value(2), value(3)))
    }

    #[inline(always)]
    fn splat(value: u32) -> Self {
        Self(u32x4_splat(value))
    }

    #[inline(always)]
    fn lane(&self, place: usize) -> u32 {
        match place {
            0 => u32x4_extract_lane::<0>(self.0),
            1 => u32x4_extract_lane::<1>(self.0),
            2 => u32x4_extract_lane::<2>(self.0),
            3 => u32x4_extract_lane::<3>(self.0),
            _ => 0,
        }
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Self(u32x4_sub(self.0, other.0))
    }

    #[inline(always)]
    fn times_low(self, other: Self) -> Self {
        Self(u32x4_mul(self.0, other.0))
    }

    #[inline(always)]
    fn times(self, other: Self) -> VectorWide {
        VectorWide(u64x2_extmul_low_u32x4(self.0, other.0), u64x2_extmul_high_u32x4(self.0, other.0))
    }

    #[inline(always)]
    fn shr(self, bits: u32) -> Self {
        Self(u32x4_shr(self.0, bits))
    }

    #[inline(always)]
    fn equals(self, other: Self) -> Self {
        Self(u32x4_eq(self.0, other.0))
    }
}

impl Add for VectorWide {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(u64x2_add(self.0, other.0), u64x2_add(self.1, other.1))
    }
}

impl Sub for VectorWide {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(u64x2_sub(self.0, other.0), u64x2_sub(self.1, other.1))
    }
}

impl Wide for VectorWide {
    const ZERO: Self = Self(u64x2(0, 0), u64x2(0, 0));
    type Narrow = Vector;

    #[inline(always)]
    fn splat(value: u32) -> Self {
        Self(u64x2_splat(value.into()), u64x2_splat(value.into()))
    }

    #[inline(always)]
    fn shr(self, bits: u32) -> Self {
        Self(u64x2_shr(self.0, bits), u64x2_shr(self.1, bits))
    }

    #[inline(always)]
    fn low(self, bits: u32) -> Self {
        let mask = u64x2_splat((1 << bits) - 1);
        Self(v128_and(self.0, mask), v128_and(self.1, mask))
    }

    #[inline(always)]
    fn narrow(self) -> Vector {
        Vector(u32x4_shuffle::<0, 2, 4, 6>(self.0, self.1))
    }
}
