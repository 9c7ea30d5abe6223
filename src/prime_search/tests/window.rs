//! The window, number by number.

use super::{WIDTHS, big, power_of_two};
use crate::{
    error::Error,
    prime_search::sieve::{BOUND, ODD_NUMBERS, Sieve},
    random::SystemRandom,
};
use card_pin_testing::replay;
use num_bigint::BigUint;
use std::collections::BTreeSet;

/// The odd primes below the bound, by trial division.
fn small_primes() -> Vec<u32> {
    let mut primes: Vec<u32> = Vec::new();
    for number in (3..BOUND).step_by(2) {
        if primes.iter().take_while(|prime| *prime * *prime <= number).all(|prime| number % prime != 0) {
            primes.push(number);
        }
    }
    primes
}

/// All candidates of a window, in its order.
fn drain(start: &BigUint, order: Vec<u8>, bits: usize) -> Vec<BigUint> {
    let mut bytes = super::natural(start, bits).to_be_bytes().to_vec();
    bytes.extend(order);
    let mut window = Sieve::new(bits).open_window(&mut replay(bytes)).unwrap();
    std::iter::from_fn(|| window.next()).map(|candidate| big(&candidate)).collect()
}

/// How many bytes are drawn for the order of the candidates in the window from this start.
fn order_bytes(start: &BigUint, bits: usize) -> usize {
    let bytes = super::natural(start, bits).to_be_bytes().to_vec();
    (0..)
        .step_by(4)
        .find(|more| {
            let bytes = bytes.iter().copied().chain(std::iter::repeat_n(0, *more)).collect();
            Sieve::new(bits).open_window(&mut replay(bytes)).is_ok()
        })
        .unwrap()
}

#[test]
fn a_window_contains_the_numbers_that_no_small_prime_divides() {
    let primes = small_primes();
    for bits in WIDTHS {
        let mut bytes = vec![0; bits / 8];
        crate::random::fill(&mut SystemRandom::new(), &mut bytes).unwrap();
        let start = BigUint::from_bytes_be(&bytes)
            | power_of_two(bits - 1)
            | power_of_two(bits - 2)
            | BigUint::from(1_u32);
        let mut expected: BTreeSet<BigUint> = (0..ODD_NUMBERS as u32).map(|half| &start + 2 * half).collect();
        for prime in &primes {
            let residue = u32::try_from(&start % *prime).unwrap();
            let first = (0..*prime).find(|half| (residue + 2 * half) % prime == 0).unwrap();
            for half in (first..ODD_NUMBERS as u32).step_by(*prime as usize) {
                expected.remove(&(&start + 2 * half));
            }
        }
        expected.retain(|candidate| candidate % 65_537_u32 != BigUint::from(1_u32));
        let found = drain(&start, vec![0; 4 * expected.len()], bits);
        assert_eq!(found.len(), expected.len());
        // Zeros for the order leave it as it is.
        assert!(found.iter().eq(&expected));
    }
}

#[test]
fn the_order_is_drawn() {
    let start = power_of_two(1024) - power_of_two(1000) + 1_u32;
    let bytes = order_bytes(&start, 1024);
    let ascending = drain(&start, vec![0; bytes], 1024);
    let mut random = vec![0; bytes];
    crate::random::fill(&mut SystemRandom::new(), &mut random).unwrap();
    let shuffled = drain(&start, random, 1024);
    assert_ne!(shuffled, ascending);
    assert_eq!(shuffled.into_iter().collect::<BTreeSet<_>>(), ascending.into_iter().collect());
}

/// No sound source gives a start so close to the end that the window would go beyond it.
#[test]
fn no_window_passes_the_end() {
    let sieve = Sieve::new(1024);
    let open = |start: BigUint| {
        let order = vec![0; 4 * ODD_NUMBERS];
        sieve.open_window(&mut replay([start.to_bytes_be(), order].concat())).err()
    };
    let end = power_of_two(1024);
    let width = 2 * ODD_NUMBERS as u32;
    assert_eq!(open(&end - 1_u32), Some(Error::EntropyUnavailable));
    assert_eq!(open(&end - width + 1_u32), Some(Error::EntropyUnavailable));
    assert_eq!(open(&end - width - 1_u32), None);
}

#[test]
fn a_start_has_its_top_two_bits_and_its_lowest() {
    let order = vec![0; 4 * ODD_NUMBERS];
    let window = Sieve::new(1024).open_window(&mut replay([vec![0; 128], order].concat()));
    let first = big(&window.unwrap().next().unwrap());
    assert!(first.bit(1023) && first.bit(1022) && first.bit(0));
}

#[test]
fn no_randomness_is_an_error() {
    let sieve = Sieve::new(1024);
    for bytes in [0, 127, 128, 132] {
        assert_eq!(
            sieve.open_window(&mut replay(vec![0x5a; bytes])).err(),
            Some(Error::EntropyUnavailable),
            "{bytes}"
        );
    }
}
