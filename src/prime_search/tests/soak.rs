//! Many pairs, each prime tested by OpenSSL: `cargo xtask soak`.

use super::search::find;
use num_bigint::BigUint;
use std::{collections::HashSet, process::Command, sync::mpsc, thread};

/// How many pairs OpenSSL is given at a time.
const AT_ONCE: usize = 50;

#[test]
#[ignore = "takes hours: `cargo xtask soak`"]
fn openssl_takes_every_number_for_a_prime() {
    let pairs: usize = std::env::var("CARD_PIN_SOAK_PAIRS").map_or(100, |figure| figure.parse().unwrap());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (sender, checked) = mpsc::channel();
    let mut seen = HashSet::new();
    thread::scope(|scope| {
        for thread in 0..threads {
            let (sender, share) = (sender.clone(), (pairs + thread) / threads);
            scope.spawn(move || {
                for done in (0..share).step_by(AT_ONCE) {
                    let primes: Vec<_> = (done..share.min(done + AT_ONCE)).flat_map(|_| find(1024)).collect();
                    assert_primes(&primes);
                    // There is no receiver if another thread has a finding.
                    if sender.send(primes).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for prime in checked.into_iter().flatten() {
            assert!(prime.bits() == 1024 && prime.bit(1022));
            assert_ne!(&prime % 65_537_u32, 1_u32.into());
            assert!(seen.insert(prime), "the same prime again");
            if seen.len() % 2000 == 0 {
                println!("{} primes", seen.len());
            }
        }
    });
    assert_eq!(seen.len(), 2 * pairs);
    println!("{} primes, all different, and all prime to OpenSSL", seen.len());
}

fn assert_primes(primes: &[BigUint]) {
    let numbers = primes.iter().map(|prime| format!("{prime:x}"));
    let output = Command::new("openssl").args(["prime", "-hex"]).args(numbers).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().count(), primes.len(), "{}", String::from_utf8_lossy(&output.stderr));
    for line in printed.lines() {
        // A line is "C0… (C0…) is prime", or ends with "is not prime".
        assert!(line.ends_with(") is prime"), "{line}");
    }
}

/// The soak relies on this output.
#[test]
#[should_panic = "is not prime"]
fn openssl_tells_a_composite_number() {
    assert_primes(&[super::power_of_two(1023) + 1_u32]);
}
