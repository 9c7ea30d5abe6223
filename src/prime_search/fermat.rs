//! Fermat's test to base 2, the fastest test that nearly every composite number fails.

use super::{
    lanes::Lanes,
    montgomery::{LimbLayout, Modulus, Residue},
    natural::Natural,
};
use alloc::vec::Vec;

/// How many of the exponent's top bits the starting value covers.
const FIRST_BITS: u32 = 10;

/// Returns all ones in the lanes of the candidates n with 2^(n−1) ≡ 1 (mod n).
///
/// A candidate is odd and has its top two bits set; there are at most as many as lanes, all of the same width. The sequence of
/// operations does not depend on their values.
#[cfg_attr(simd, target_feature(enable = "simd128"))]
pub(super) fn test<L: Lanes>(candidates: &[&Natural]) -> L {
    let bits = candidates.first().map_or(0, |candidate| candidate.precision());
    let layout = LimbLayout::of(bits);
    let mut modulus = Modulus::<L>::new(layout, candidates);
    // 2^−(n−1) is one exactly where 2^(n−1) is, and −(n−1) = E − 2^bits with E = 2^bits − n + 1. E's top bits T give the
    // starting value 2^(T − 2^FIRST_BITS). Its Montgomery form is that times R: an integral power of two, and less than n as
    // T < 2^(FIRST_BITS−2).
    let exponents: Vec<Natural> =
        candidates.iter().filter_map(|candidate| candidate.complement().plus(2)).collect();
    let rest = bits - FIRST_BITS as usize;
    let exponent = |lane: usize| exponents.get(lane).or(exponents.last());
    let first = u32::try_from(layout.radix_bits()).unwrap_or_default() - (1 << FIRST_BITS);
    let mut power = Residue::powers_of_two(layout, |lane| {
        first + exponent(lane).map_or(0, |exponent| exponent.bits_at(rest, FIRST_BITS))
    });
    let mut next = Residue::zero(layout);
    for place in (0..rest).rev() {
        let bit = L::from_fn(|lane| exponent(lane).map_or(0, |exponent| exponent.bits_at(place, 1)));
        modulus.square(&mut next, &power, L::ZERO.minus(bit));
        core::mem::swap(&mut power, &mut next);
    }
    modulus.is_one(&power)
}
