//! The parts against other implementations, and the promises of a search.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the output of a test that fails")]

mod arithmetic;
mod exact;
mod primality;
mod search;
mod soak;
mod window;

use super::Natural;
use num_bigint::BigUint;

/// The widths of the primes of the three sizes of keys.
const WIDTHS: [usize; 3] = [1024, 1536, 2048];

fn natural(number: &BigUint, bits: usize) -> Natural {
    let bytes = number.to_bytes_be();
    let mut padded = vec![0; bits / 8 - bytes.len()];
    padded.extend(bytes);
    Natural::from_be_bytes(&padded)
}

fn big(number: &Natural) -> BigUint {
    BigUint::from_bytes_be(&number.to_be_bytes())
}

/// Whether the number is prime according to another implementation.
fn is_prime(number: &BigUint) -> bool {
    let number = rsa::BoxedUint::from_be_slice_vartime(&number.to_bytes_be());
    crypto_primes::is_prime(crypto_primes::Flavor::Any, &number)
}

fn power_of_two(exponent: usize) -> BigUint {
    BigUint::from(1_u32) << exponent
}

/// Random numbers below two to the power of `bits`, and numbers with long carries: all ones, all zeros but one, and runs of
/// both, in limbs of any size.
fn operand(bits: usize, random: &mut impl rand::Rng) -> BigUint {
    let mut bytes = vec![0; bits / 8];
    match random.next_u32() % 4 {
        0 => bytes.fill(0xff),
        1 => {
            let mut fill = 0;
            for byte in &mut bytes {
                if random.next_u32().is_multiple_of(8) {
                    fill = !fill;
                }
                *byte = fill;
            }
        }
        _ => random.fill_bytes(&mut bytes),
    }
    let mut number = BigUint::from_bytes_be(&bytes);
    if random.next_u32().is_multiple_of(4) {
        number ^= power_of_two(random.next_u32() as usize % bits);
    }
    number
}
