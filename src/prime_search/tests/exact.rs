//! One lane of numbers without a limit: a test fails if the shipped lanes would wrap where they must not.

use crate::prime_search::lanes::{Lanes, Wide};
use std::ops::{Add, BitAnd, BitOr, BitXor, Sub};
use zeroize::Zeroize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exact(pub(super) u32);

/// It has room for sums that wrap in 64 bits. They may wrap as long as they are only subtracted from, but not when they are used.
#[derive(Clone, Copy)]
pub(super) struct ExactWide(u128);

impl ExactWide {
    fn used(self) -> u64 {
        u64::try_from(self.0).expect("a column is wider than 64 bits")
    }
}

impl Add for Exact {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("a sum is wider than 32 bits"))
    }
}

impl BitAnd for Exact {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Exact {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitXor for Exact {
    type Output = Self;

    fn bitxor(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
}

impl Zeroize for Exact {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl Lanes for Exact {
    const COUNT: usize = 1;
    const ZERO: Self = Self(0);
    type Wide = ExactWide;

    fn from_fn(mut value: impl FnMut(usize) -> u32) -> Self {
        Self(value(0))
    }

    fn splat(value: u32) -> Self {
        Self(value)
    }

    fn lane(&self, place: usize) -> u32 {
        assert_eq!(place, 0);
        self.0
    }

    fn minus(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }

    fn times_low(self, other: Self) -> Self {
        Self(self.0.wrapping_mul(other.0))
    }

    fn times(self, other: Self) -> ExactWide {
        ExactWide(u128::from(self.0) * u128::from(other.0))
    }

    fn shr(self, bits: u32) -> Self {
        Self(self.0 >> bits)
    }

    fn equals(self, other: Self) -> Self {
        Self(if self == other { u32::MAX } else { 0 })
    }
}

impl Add for ExactWide {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for ExactWide {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("a difference is below zero"))
    }
}

impl Wide for ExactWide {
    const ZERO: Self = Self(0);
    type Narrow = Exact;

    fn splat(value: u32) -> Self {
        Self(value.into())
    }

    fn shr(self, bits: u32) -> Self {
        Self((self.used() >> bits).into())
    }

    fn low(self, bits: u32) -> Self {
        Self((self.used() & ((1 << bits) - 1)).into())
    }

    fn narrow(self) -> Exact {
        Exact((self.used() & u64::from(u32::MAX)).try_into().unwrap())
    }
}

#[test]
#[should_panic = "a column is wider than 64 bits"]
fn an_overflow_is_noticed() {
    let most = Exact(u32::MAX);
    let _ = (most.times(most) + most.times(most)).narrow();
}
