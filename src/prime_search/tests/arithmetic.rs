//! Arithmetic, against `num-bigint`.

use super::{WIDTHS, big, exact::Exact, natural, operand, power_of_two};
use crate::{
    prime_search::{
        Natural,
        lanes::{Lanes, portable::Portable},
        montgomery::{LimbLayout, Modulus, Residue, inverse},
    },
    random::SystemRandom,
};
use num_bigint::BigUint;
use rand::{Rng, SeedableRng, rand_core::UnwrapErr, rngs::SmallRng};

/// How many pairs of operands for each width and each kind of lanes; `cargo xtask soak` sets another figure.
fn pairs() -> u32 {
    std::env::var("CARD_PIN_OPERANDS").map_or(300, |figure| figure.parse().unwrap())
}

/// Seeded by the system; the seed is in the output of a test that fails.
fn random() -> SmallRng {
    let seed = UnwrapErr(SystemRandom::new()).next_u64();
    println!("seed {seed}");
    SmallRng::seed_from_u64(seed)
}

/// An odd modulus with its top bit set: the least, the greatest, or any.
fn modulus(bits: usize, random: &mut SmallRng) -> BigUint {
    let one = BigUint::from(1_u32);
    match random.next_u32() % 8 {
        0 => power_of_two(bits - 1) + one,
        1 => power_of_two(bits) - one,
        _ => operand(bits, random) | power_of_two(bits - 1) | one,
    }
}

/// A number less than `end`: the greatest, or any.
fn below(end: &BigUint, random: &mut SmallRng) -> BigUint {
    match random.next_u32() % 4 {
        0 => end - 1_u32,
        _ => operand(usize::try_from(end.bits()).unwrap().next_multiple_of(8), random) % end,
    }
}

/// The number in a lane, from its limbs.
fn value<L: Lanes>(number: &Residue<L>, layout: LimbLayout, lane: usize) -> BigUint {
    number
        .limbs()
        .rev()
        .fold(BigUint::ZERO, |value, limb| (value << layout.limb_bits as usize) + limb.lane(lane))
}

/// Numbers that are wider than the modulus, as they are between two operations.
fn number<L: Lanes>(layout: LimbLayout, numbers: &[BigUint]) -> Residue<L> {
    let wide = layout.radix_bits().next_multiple_of(32);
    let naturals: Vec<Natural> = numbers.iter().map(|number| natural(number, wide)).collect();
    Residue::from_naturals(layout, &naturals.iter().collect::<Vec<_>>())
}

/// ab/R mod n, a²/R, its double and a/R, each lane with operands of its own, up to 4n.
fn compare_with_num_bigint<L: Lanes>(bits: usize) {
    let mut random = random();
    let layout = LimbLayout::of(bits);
    let radix = power_of_two(layout.radix_bits());
    for _ in 0..pairs() {
        let moduli: Vec<BigUint> = (0..L::COUNT).map(|_| modulus(bits, &mut random)).collect();
        let mut draw =
            || -> Vec<BigUint> { moduli.iter().map(|n| below(&(n * 4_u32), &mut random)).collect() };
        let (a, b) = (draw(), draw());
        let naturals: Vec<Natural> = moduli.iter().map(|n| natural(n, bits)).collect();
        let mut modulus = Modulus::<L>::new(layout, &naturals.iter().collect::<Vec<_>>());
        let (first, second) = (number(layout, &a), number(layout, &b));
        let (mut product, mut square, mut double) =
            (Residue::zero(layout), Residue::zero(layout), Residue::zero(layout));
        modulus.multiply(&mut product, &first, &second);
        modulus.square(&mut square, &first, L::ZERO);
        modulus.square(&mut double, &first, L::splat(u32::MAX));
        let left = modulus.from_montgomery(&first);
        for (lane, n) in moduli.iter().enumerate() {
            let check = |number: &Residue<L>, expected: BigUint, limit: BigUint| {
                let value = value(number, layout, lane);
                assert!(value < limit, "{bits} bits: out of bounds");
                assert_eq!(value * &radix % n, expected % n, "{bits} bits");
            };
            check(&product, &a[lane] * &b[lane], n * 2_u32);
            check(&square, &a[lane] * &a[lane], n * 2_u32);
            check(&double, &a[lane] * &a[lane] * 2_u32, n * 4_u32);
            check(&left, a[lane].clone(), n + 1_u32);
        }
    }
}

#[test]
fn products_are_those_of_num_bigint() {
    for bits in WIDTHS {
        compare_with_num_bigint::<Exact>(bits);
        compare_with_num_bigint::<Portable<1>>(bits);
        compare_with_num_bigint::<Portable<4>>(bits);
    }
}

/// The table of bounds in `montgomery.rs`.
#[test]
fn a_layout_leaves_the_room_that_the_bounds_need() {
    for (bits, limb_bits, tiles, room) in [(1024, 29, 18, 20), (1536, 29, 27, 30), (2048, 28, 37, 24)] {
        let layout = LimbLayout::of(bits);
        assert_eq!((layout.limb_bits as usize, layout.radix_bits()), (limb_bits, 2 * tiles * limb_bits));
        assert_eq!(layout.radix_bits() - bits, room);
        // The columns with their carries.
        let most = (1_u128 << limb_bits) - 1;
        let carried = 1_u128 << (64 - limb_bits);
        assert!(2 * tiles as u128 * most * most + carried + most < 1 << 64, "{bits}");
    }
}

#[test]
fn natural_numbers_are_those_of_num_bigint() {
    let mut random = random();
    for bits in WIDTHS {
        for _ in 0..pairs() {
            let (a, b) = (operand(bits, &mut random), operand(bits, &mut random));
            let (x, y) = (natural(&a, bits), natural(&b, bits));
            let all = power_of_two(bits);
            assert_eq!(big(&x), a);
            assert_eq!(x.bit_length() as u64, a.bits());
            assert_eq!(big(&x.complement()), &all - 1_u32 - &a);
            let small = random.next_u32();
            assert_eq!(x.plus(small).map(|sum| big(&sum)), Some(&a + small).filter(|sum| *sum < all));
            let (difference, is_less) = x.minus(&y);
            assert_eq!((big(&difference), is_less), ((&all + &a - &b) % &all, a < b));
            let place = random.next_u32() as usize % (bits + 40);
            assert_eq!(big(&x.shifted_down(place)), &a >> place);
            assert_eq!(BigUint::from(x.bits_at(place, 29)), (&a >> place) % power_of_two(29));
            assert_eq!(x.trailing_zeros() as u64, a.trailing_zeros().unwrap_or(bits as u64));
            assert_eq!(big(&x.power_of_two(place % bits)), power_of_two(place % bits));
            if a < b {
                assert_eq!(big(&x.doubled(&y)), &a * 2_u32 % &b);
            }
            let exponent = place % bits;
            let distance = if a < b { &b - &a } else { &a - &b };
            assert_eq!(x.is_far_from(&y, exponent), distance > power_of_two(exponent));
        }
    }
}

#[test]
fn far_is_more_than_the_power() {
    let number = |value: BigUint| natural(&value, 1024);
    let (base, distance) = (power_of_two(1023) + 1_u32, power_of_two(924));
    for (offset, is_far) in [(0, false), (2, true)] {
        let (near, far) = (number(base.clone()), number(&base + &distance + offset as u32));
        assert_eq!(near.is_far_from(&far, 924), is_far);
        assert_eq!(far.is_far_from(&near, 924), is_far);
    }
    assert!(!number(base.clone()).is_far_from(&number(base.clone()), 924));
    assert!(!number(base.clone()).is_far_from(&number(base + 2_u32), 924));
}

#[test]
fn an_inverse_is_one() {
    let mut random = random();
    for odd in [1, 3, u32::MAX].into_iter().chain((0..1000).map(|_| random.next_u32() | 1)) {
        assert_eq!(inverse(Exact(odd)).0.wrapping_mul(odd), 1);
    }
}

#[test]
fn powers_of_two_and_selections_are_those_asked_for() {
    let layout = LimbLayout::of(1024);
    let exponents = [0, 28, 29, 1043];
    let powers = Residue::<Portable<4>>::powers_of_two(layout, |lane| exponents[lane]);
    let table = [
        Residue::zero(layout),
        powers,
        number(layout, &[3_u32.into(), 5_u32.into(), 7_u32.into(), 9_u32.into()]),
    ];
    let mut selected = Residue::zero(layout);
    selected.select(&table, Portable::from_fn(|lane| [1, 2, 1, 0][lane]));
    let values: Vec<BigUint> = (0..4).map(|lane| value(&selected, layout, lane)).collect();
    assert_eq!(values, [power_of_two(0), 5_u32.into(), power_of_two(29), BigUint::ZERO]);
    assert_eq!(
        (0..4).map(|lane| selected.equals(&table[1]).lane(lane)).collect::<Vec<_>>(),
        [u32::MAX, 0, u32::MAX, 0]
    );
}
