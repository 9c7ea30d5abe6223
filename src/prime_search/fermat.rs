//! Fermat's test to base 2: what nearly every composite number fails, in the least time.

use super::{
    lanes::Lanes,
    montgomery::{Cut, Modulus, Number},
    natural::Natural,
};
use alloc::vec::Vec;

/// The bits of the exponent that the first number takes in.
const FIRST_BITS: u32 = 10;

/// All ones in the lanes of the candidates n with 2^(n−1) ≡ 1 (mod n).
///
/// A candidate is odd and has its top two bits set; there are as many as lanes, or fewer, and all have the same width.
/// Whatever they are, the operations are the same.
#[cfg_attr(simd, target_feature(enable = "simd128"))]
pub(super) fn test<L: Lanes>(candidates: &[&Natural]) -> L {
    let bits = candidates.first().map_or(0, |candidate| candidate.bits());
    let cut = Cut::of(bits);
    let mut modulus = Modulus::<L>::new(cut, candidates);
    // 2^−(n−1) is one exactly where 2^(n−1) is; and −(n−1), as a number with a sign, is E − 2^bits with
    // E = 2^bits − n + 1. E's top bits T give the first number: 2^(T − 2^FIRST_BITS) in Montgomery's form is that times R,
    // a power of two without a fraction, and less than n as T < 2^(FIRST_BITS−2).
    let exponents: Vec<Natural> =
        candidates.iter().filter_map(|candidate| candidate.complement().plus(2)).collect();
    let rest = bits - FIRST_BITS as usize;
    let exponent = |lane: usize| exponents.get(lane).or(exponents.last());
    let first = u32::try_from(cut.radix_bits()).unwrap_or_default() - (1 << FIRST_BITS);
    let mut power = Number::powers_of_two(cut, |lane| {
        first + exponent(lane).map_or(0, |exponent| exponent.bits_at(rest, FIRST_BITS))
    });
    let mut next = Number::zero(cut);
    for place in (0..rest).rev() {
        let bit = L::from_fn(|lane| exponent(lane).map_or(0, |exponent| exponent.bits_at(place, 1)));
        modulus.square(&mut next, &power, L::ZERO.minus(bit));
        core::mem::swap(&mut power, &mut next);
    }
    modulus.is_one(&power)
}
