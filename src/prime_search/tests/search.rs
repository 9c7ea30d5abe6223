use super::{Exhausted, Source, WIDTHS, big, is_prime, power_of_two};
use crate::{error::Error, prime_search::PrimePairSearch, random::SystemRandom};
use num_bigint::BigUint;
use rand::TryRng;

pub(super) fn find(bits: usize) -> [BigUint; 2] {
    finish(PrimePairSearch::new(bits))
}

fn finish(mut search: PrimePairSearch) -> [BigUint; 2] {
    loop {
        if let Some(pair) = search.step(&mut SystemRandom::new()).unwrap() {
            return pair.each_ref().map(big);
        }
    }
}

#[test]
fn a_pair_is_what_fips_186_5_asks_for() {
    for bits in WIDTHS {
        let [p, q] = find(bits);
        let bits = bits as u64;
        for prime in [&p, &q] {
            assert!(is_prime(prime));
            assert!(prime.bits() == bits && prime.bit(bits - 2));
            assert_ne!(prime % 65_537_u32, 1_u32.into());
        }
        assert_eq!((&p * &q).bits(), 2 * bits);
        let distance = if p > q { p - q } else { q - p };
        assert!(distance > power_of_two(bits as usize - 100));
    }
}

/// The bits below the top two, and the residues by small primes, are spread as those of random primes are.
#[test]
fn primes_are_spread_evenly() {
    const PAIRS: usize = 40;
    let primes: Vec<BigUint> = (0..PAIRS).flat_map(|_| find(1024)).collect();
    let count = |is: &dyn Fn(&BigUint) -> bool| primes.iter().filter(|prime| is(prime)).count() as f64;
    let total = primes.len() as f64;
    // Six standard deviations: a sound search fails once in some ten million runs.
    let check = |name: &str, count: f64, share: f64| {
        let deviation = (total * share * (1.0 - share)).sqrt();
        assert!((count - total * share).abs() < 6.0 * deviation, "{name}: {count} of {total}");
    };
    for bit in [1021, 1020, 1019, 512, 20, 3, 2, 1] {
        check(&format!("bit {bit}"), count(&|prime| prime.bit(bit)), 0.5);
    }
    for modulus in [3_u32, 5, 7] {
        for residue in 1..modulus {
            let share = 1.0 / f64::from(modulus - 1);
            check(
                &format!("{residue} modulo {modulus}"),
                count(&|prime| prime % modulus == residue.into()),
                share,
            );
        }
    }
    let distinct: std::collections::BTreeSet<_> = primes.iter().collect();
    assert_eq!(distinct.len(), primes.len());
}

/// At whichever draw the source fails, the search says so, and begins again where there is one.
#[test]
fn no_randomness_is_an_error_and_not_the_end() {
    // A start and an order for each prime, and the bases; sometimes another start, where a base is drawn again.
    for draws in 0..10 {
        let mut search = PrimePairSearch::new(1024);
        let mut left = draws;
        // The system's random source, so many times; and then none.
        let mut random = Source(|bytes: &mut [u8]| {
            left = usize::checked_sub(left, 1).ok_or(Exhausted)?;
            SystemRandom::new().try_fill_bytes(bytes).map_err(|_| Exhausted)
        });
        let error = loop {
            match search.step(&mut random) {
                Ok(found) => assert!(found.is_none(), "there were too few draws"),
                Err(error) => break error,
            }
        };
        assert_eq!(error, Error::EntropyUnavailable);
        let [p, q] = finish(search);
        assert_eq!((&p * &q).bits(), 2048);
    }
}
