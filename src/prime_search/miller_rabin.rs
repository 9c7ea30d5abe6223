//! The Miller-Rabin test (FIPS 186-5, B.3.1), which no composite number passes for more than a quarter of the bases.

use super::{
    lanes::Lanes,
    montgomery::{LimbLayout, Modulus, Residue},
    natural::Natural,
};
use crate::{error::Error, random};
use alloc::{vec, vec::Vec};
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

/// The bits of the exponent that one multiplication covers.
const WINDOW_BITS: u32 = 4;

/// The least number of squarings after the power, whatever p − 1 is. One prime in 2^8 has more trailing zeros in p − 1 and takes
/// more; for it the running time shows how many.
const SQUARINGS: usize = 7;

/// How often a base is drawn at most. n has its top two bits set, so that a draw is a base with a probability of at least 3/4;
/// the probability that a sound source gives none in 64 draws is below 2^−128.
const DRAWS: usize = 64;

/// Draws a base for a round of Miller-Rabin for n: 1 < b < n − 1 (FIPS 186-5, B.3.1, steps 4.1 and 4.2).
///
/// It is drawn here because the ranges of the `rand` crate end at 128 bits.
///
/// # Errors
/// [`Error::EntropyUnavailable`] when the source fails, or gives no base in [`DRAWS`] draws.
pub(super) fn draw_base<R: TryCryptoRng>(n: &Natural, random: &mut R) -> Result<Natural, Error> {
    let mut bytes = Zeroizing::new(vec![0; n.precision() / 8]);
    for _ in 0..DRAWS {
        random::fill(random, &mut bytes)?;
        let base = Natural::from_be_bytes(&bytes);
        // n is odd: b < n − 1 is the same as b + 1 < n.
        let is_below = base.plus(1).is_some_and(|next| next.minus(n).1);
        if is_below && base.shifted_down(1).words().iter().any(|word| *word != 0) {
            return Ok(base);
        }
    }
    Err(Error::EntropyUnavailable)
}

/// Does one round in each lane; returns all ones in the lanes whose candidate passes with its base.
///
/// A candidate is odd and greater than one. A base counts as already in Montgomery form: if it is uniformly random, so
/// is the residue that it represents.
#[cfg_attr(simd, target_feature(enable = "simd128"))]
pub(super) fn round<L: Lanes>(candidates: &[&Natural], bases: &[&Natural]) -> L {
    let bits = candidates.first().map_or(0, |candidate| candidate.precision());
    let layout = LimbLayout::of(bits);
    let mut modulus = Modulus::<L>::new(layout, candidates);
    // n − 1 = d · 2^s with d odd; n is odd, so that n − 1 is n without its lowest bit.
    let less_one: Vec<Natural> = candidates.iter().map(|n| n.without_lowest_bit()).collect();
    let twos: Zeroizing<Vec<usize>> = Zeroizing::new(less_one.iter().map(Natural::trailing_zeros).collect());
    let odd_parts: Vec<Natural> =
        less_one.iter().zip(twos.iter()).map(|(number, zeros)| number.shifted_down(*zeros)).collect();

    let table = powers(&mut modulus, layout, candidates, bases);
    let (mut power, mut next, mut factor) =
        (Residue::<L>::zero(layout), Residue::zero(layout), Residue::zero(layout));
    power.select(&table, L::ZERO);
    for place in (0..bits).step_by(WINDOW_BITS as usize).rev() {
        for _ in 0..WINDOW_BITS {
            modulus.square(&mut next, &power, L::ZERO);
            core::mem::swap(&mut power, &mut next);
        }
        let digits = L::from_fn(|lane| {
            odd_parts.get(lane).or(odd_parts.last()).map_or(0, |d| d.bits_at(place, WINDOW_BITS))
        });
        factor.select(&table, digits);
        modulus.multiply(&mut next, &power, &factor);
        core::mem::swap(&mut power, &mut next);
    }

    // It passes where b^d is one, or where b^d or one of its first s − 1 squares is −1.
    let minus_one = Residue::from_naturals(layout, &less_one.iter().collect::<Vec<_>>());
    let mut passed = modulus.is_one(&power) | modulus.from_montgomery(&power).equals(&minus_one);
    let most = twos.iter().max().copied().unwrap_or_default().max(SQUARINGS + 1);
    for squarings in 1..most {
        modulus.square(&mut next, &power, L::ZERO);
        core::mem::swap(&mut power, &mut next);
        let counts = L::from_fn(|lane| {
            let zeros = twos.get(lane).or(twos.last()).copied().unwrap_or_default();
            u32::from(squarings < zeros).wrapping_neg()
        });
        passed = passed | modulus.from_montgomery(&power).equals(&minus_one) & counts;
    }
    passed
}

/// b^0 to b^15 in Montgomery form.
fn powers<L: Lanes>(
    modulus: &mut Modulus<L>,
    layout: LimbLayout,
    candidates: &[&Natural],
    bases: &[&Natural],
) -> Vec<Residue<L>> {
    let ones: Vec<Natural> = candidates.iter().map(|n| radix_residue(n, layout)).collect();
    let mut table = vec![
        Residue::from_naturals(layout, &ones.iter().collect::<Vec<_>>()),
        Residue::from_naturals(layout, bases),
    ];
    for exponent in 2..1 << WINDOW_BITS {
        let mut power = Residue::zero(layout);
        modulus.multiply(&mut power, &table[exponent - 1], &table[1]);
        table.push(power);
    }
    table
}

/// R modulo n, by doubling the highest power of two below n.
fn radix_residue(n: &Natural, layout: LimbLayout) -> Natural {
    let exponent = n.bit_length() - 1;
    (exponent..layout.radix_bits()).fold(n.power_of_two(exponent), |residue, _| residue.doubled(n))
}
