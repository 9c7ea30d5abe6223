//! The whole search.

use super::{WIDTHS, big, is_prime, natural, power_of_two, primality};
use crate::{
    error::Error,
    prime_search::{PrimePairSearch, State, WINDOWS},
    random::SystemRandom,
};
use card_pin_testing::{Exhausted, Source};
use num_bigint::BigUint;
use rand::TryRng;

pub(super) fn find(bits: usize) -> [BigUint; 2] {
    finish(PrimePairSearch::new(bits))
}

fn finish(mut search: PrimePairSearch) -> [BigUint; 2] {
    let mut random = SystemRandom::new();
    loop {
        if let Some(pair) = search.step(&mut random).unwrap() {
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

/// The bits below the top two, and the residues modulo small primes, are distributed like those of random primes.
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

/// The search reports a failure of the source at any draw, and starts again with a source that works.
#[test]
fn no_randomness_is_an_error_and_not_the_end() {
    // A start and an order for each prime, and the bases.
    for draws in 0..10 {
        let mut search = PrimePairSearch::new(1024);
        let (mut system, mut left) = (SystemRandom::new(), draws);
        // The system's random source, for this many draws.
        let mut random = Source(|bytes: &mut [u8]| {
            left = usize::checked_sub(left, 1).ok_or(Exhausted)?;
            system.try_fill_bytes(bytes).map_err(|_| Exhausted)
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

/// After four windows without a prime there is no fifth.
#[test]
fn a_search_ends_after_so_many_windows() {
    let mut random = SystemRandom::new();
    let mut search = PrimePairSearch::new(1024);
    for _ in 0..WINDOWS {
        assert!(search.step(&mut random).unwrap().is_none());
        let State::Searching { window: Some(window), .. } = &mut search.state else { panic!("it is open") };
        while window.next().is_some() {}
        assert!(search.step(&mut random).unwrap().is_none());
    }
    assert_eq!(search.step(&mut random).err(), Some(Error::Closed));
    // It can start again.
    assert!(search.step(&mut random).is_ok());
}

/// The windows of a pair that is found to be composite still count.
#[test]
fn a_composite_pair_counts() {
    let mut random = SystemRandom::new();
    let composites = [primality::carmichael_numbers(), primality::pseudoprimes_to_base_2()];
    for (windows, is_end) in [(WINDOWS - 1, false), (WINDOWS, true)] {
        let mut search = PrimePairSearch::new(1024);
        let pair = composites.each_ref().map(|numbers| natural(&numbers[0], 1024));
        search.state = State::Proving { pair, tests: 0, windows };
        while matches!(search.state, State::Proving { .. }) {
            assert!(search.step(&mut random).unwrap().is_none());
        }
        assert_eq!(search.step(&mut random).err().is_some(), is_end);
    }
}

/// The same start twice: p = q.
#[test]
fn primes_too_close_to_each_other_are_an_error() {
    let start = power_of_two(1023) + power_of_two(1022) + 1_u32;
    let mut search = PrimePairSearch::new(1024);
    let mut random = Source(|bytes: &mut [u8]| {
        bytes.fill(0);
        if bytes.len() == 128 {
            bytes.copy_from_slice(&start.to_bytes_be());
        }
        Ok(())
    });
    let error = (0..10_000).find_map(|_| search.step(&mut random).err());
    assert_eq!(error, Some(Error::EntropyUnavailable));
}
