//! Finds the private key in the memory, by a factor.

use anyhow::{Context, Result, ensure};
use base64ct::{Base64, Encoding};
use num_bigint::BigUint;
use std::collections::HashMap;

/// All bytes before the modulus in the SubjectPublicKeyInfo of an RSA key of 2048 bits (RFC 5280, 4.1.2.7; RFC 8017, A.1.1).
const BEFORE_MODULUS: [u8; 33] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
    0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00,
];
/// The bytes after it: the exponent 65537.
const AFTER_MODULUS: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
const PUBLIC_EXPONENT: u32 = 65_537;
/// The number of bytes of a modulus, and of a prime.
const MODULUS: usize = 256;
const PRIME: usize = MODULUS / 2;
/// Limbs have four or eight bytes, and a number begins where a limb begins.
const ALIGNMENT: usize = 4;
/// The bits of a limb in the search for primes.
const LIMB_BITS: usize = 29;

/// The modulus of a public key as the device sends it.
///
/// # Errors
///
/// If it is not a key of 2048 bits with the exponent 65537.
pub(super) fn modulus(spki: &[u8]) -> Result<BigUint> {
    let behind = spki.strip_prefix(&BEFORE_MODULUS).context("no RSA key of 2048 bits")?;
    let modulus = behind.strip_suffix(&AFTER_MODULUS).context("another exponent than 65537")?;
    ensure!(modulus.len() == MODULUS, "no RSA key of 2048 bits");
    Ok(BigUint::from_bytes_be(modulus))
}

/// The modulus of a public key that is in a memory in the form in which the device sends it, as base64.
pub(super) fn modulus_in(memory: &[u8]) -> Option<BigUint> {
    // The number of bytes before the modulus is a multiple of three, so their base64 does not depend on the modulus.
    let before = Base64::encode_string(&BEFORE_MODULUS);
    let length = 4 * (BEFORE_MODULUS.len() + MODULUS + AFTER_MODULUS.len()).div_ceil(3);
    memory.windows(length).filter(|window| window.starts_with(before.as_bytes())).find_map(|window| {
        let spki = Base64::decode_vec(std::str::from_utf8(window).ok()?).ok()?;
        modulus(&spki).ok()
    })
}

/// Encrypts a message as RSA does it without padding.
pub(super) fn encrypt(message: &[u8], modulus: &BigUint) -> Vec<u8> {
    let encrypted = BigUint::from_bytes_be(message).modpow(&PUBLIC_EXPONENT.into(), modulus);
    to_length(encrypted.to_bytes_be(), MODULUS)
}

/// Every number of a prime's size in this memory that divides the modulus, and its place: at any alignment of a limb, and in any
/// order of limbs and bytes.
pub(super) fn factors(memory: &[u8], modulus: &BigUint) -> Vec<(usize, BigUint)> {
    let mut found = Vec::new();
    for (number, window) in memory.windows(PRIME).step_by(ALIGNMENT).enumerate() {
        for order in ORDERS {
            // A prime is odd, and one of half the modulus' bits has its two highest bits set.
            if window[order.lowest()] & 1 == 1 && window[order.highest()] >> 6 == 0b11 {
                let candidate = order.read(window);
                if (modulus % &candidate) == BigUint::ZERO {
                    found.push((number * ALIGNMENT, candidate));
                }
            }
        }
    }
    found
}

/// The places at which a memory contains two neighbouring limbs of a factor, as the search for primes splits it
/// (`src/prime_search/montgomery.rs`): each limb of 29 bits is in a word of its own. The second is one word after the first, or
/// four words after it if there are four numbers side by side.
pub(super) fn tiles(memory: &[u8], factors: &[BigUint]) -> Vec<usize> {
    let limb = |factor: &BigUint, place: usize| -> u32 {
        let limb = (factor >> (LIMB_BITS * place)) % (BigUint::from(1_u8) << LIMB_BITS);
        limb.try_into().unwrap_or_default()
    };
    let tiles: HashMap<u32, u32> = factors
        .iter()
        .flat_map(|factor| {
            (0..8 * PRIME / LIMB_BITS).step_by(2).map(move |at| (limb(factor, at), limb(factor, at + 1)))
        })
        .collect();
    let (words, _) = memory.as_chunks::<ALIGNMENT>();
    let word = |at: usize| words.get(at).map(|bytes| u32::from_le_bytes(*bytes));
    let is_tile = |at: usize| {
        let high = word(at).and_then(|low| tiles.get(&low));
        high.is_some_and(|high| [1, 4].into_iter().any(|distance| word(at + distance) == Some(*high)))
    };
    (0..words.len()).filter(|at| is_tile(*at)).map(|at| at * ALIGNMENT).collect()
}

/// An order of bytes: the number of bytes of a limb, each of which begins with its lowest byte, and whether the lowest limb comes
/// first.
#[derive(Clone, Copy)]
struct Order {
    limb: usize,
    lowest_first: bool,
}

/// The lowest byte first; the highest first; and limbs of 32 and 64 bits from the highest, each from its lowest byte.
const ORDERS: [Order; 4] = [
    Order { limb: 1, lowest_first: true },
    Order { limb: 1, lowest_first: false },
    Order { limb: 4, lowest_first: false },
    Order { limb: 8, lowest_first: false },
];

impl Order {
    fn lowest(self) -> usize {
        if self.lowest_first { 0 } else { PRIME - self.limb }
    }

    fn highest(self) -> usize {
        if self.lowest_first { PRIME - 1 } else { self.limb - 1 }
    }

    fn read(self, bytes: &[u8]) -> BigUint {
        BigUint::from_bytes_le(&self.turn(bytes))
    }

    /// Converts from this order to the one with the lowest byte first, and back.
    fn turn(self, bytes: &[u8]) -> Vec<u8> {
        if self.lowest_first { bytes.to_vec() } else { bytes.rchunks(self.limb).flatten().copied().collect() }
    }
}

/// A private key, with everything that somebody who finds it could use.
#[derive(Debug)]
pub(super) struct PrivateKey {
    /// Each number, and its length in bytes.
    numbers: Vec<(BigUint, usize)>,
}

impl PrivateKey {
    /// The key that belongs to a modulus and one of its factors.
    ///
    /// # Errors
    ///
    /// If the factor is not a factor.
    pub(super) fn of(modulus: &BigUint, p: &BigUint) -> Result<Self> {
        let one = BigUint::from(1_u8);
        let q = modulus / p;
        ensure!(&(p * &q) == modulus, "no factor");
        let (p1, q1) = (p - &one, &q - &one);
        let inverse = |of: &BigUint, of_modulus: &BigUint| of.modinv(of_modulus).context("no inverse");
        let e = BigUint::from(PUBLIC_EXPONENT);
        let totient = &p1 * &q1;
        let lambda = &totient / gcd(&p1, &q1);
        let mut numbers = Vec::new();
        for d in [inverse(&e, &totient)?, inverse(&e, &lambda)?] {
            numbers.extend([(&e * &d, MODULUS + ALIGNMENT), (d, MODULUS)]);
        }
        // The upper half of φ(n) is that of n.
        numbers.extend([(&totient % (&one << (8 * PRIME)), PRIME), (lambda, MODULUS)]);
        for (prime, other) in [(p, &q), (&q, p)] {
            // The numbers that are precomputed for Montgomery's multiplication: R, its square and its cube (R = 2^1024).
            let r = (&one << (8 * PRIME)) % prime;
            let (r2, r3) = (&r * &r % prime, &r * &r * &r % prime);
            let d = inverse(&e, &(prime - &one))?;
            let coefficient = inverse(other, prime)?;
            numbers.extend([prime.clone(), d, coefficient, r, r2, r3].map(|number| (number, PRIME)));
        }
        Ok(Self { numbers })
    }

    /// Each number in each order of its bytes.
    pub(super) fn forms(&self) -> impl Iterator<Item = Vec<u8>> {
        self.numbers.iter().flat_map(|(number, length)| {
            let bytes = to_length_le(number.to_bytes_le(), *length);
            ORDERS.map(|order| order.turn(&bytes))
        })
    }
}

fn gcd(a: &BigUint, b: &BigUint) -> BigUint {
    let (mut a, mut b) = (a.clone(), b.clone());
    while b != BigUint::ZERO {
        (a, b) = (b.clone(), a % b);
    }
    a
}

fn to_length(bytes: Vec<u8>, length: usize) -> Vec<u8> {
    [vec![0; length - bytes.len()], bytes].concat()
}

fn to_length_le(mut bytes: Vec<u8>, length: usize) -> Vec<u8> {
    bytes.resize(length, 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two numbers of 1024 bits with the highest two and the lowest set; whether they are prime does not matter here.
    fn factors_of_a_modulus() -> (BigUint, BigUint) {
        let number = |seed: u8| {
            let mut bytes: Vec<u8> =
                (0..PRIME).map(|place| (place as u8).wrapping_mul(seed) ^ seed).collect();
            bytes[0] |= 1;
            bytes[PRIME - 1] |= 0b1100_0000;
            BigUint::from_bytes_le(&bytes)
        };
        (number(167), number(91))
    }

    #[test]
    fn a_factor_is_found_in_every_order_and_nothing_else_is() {
        let (p, q) = factors_of_a_modulus();
        let modulus = &p * &q;
        let mut memory = vec![0xff; 4096];
        assert!(factors(&memory, &modulus).is_empty());
        for (place, order) in ORDERS.into_iter().enumerate() {
            let at = 512 * (place + 1) + 4;
            memory[at..at + PRIME].copy_from_slice(&order.turn(&p.to_bytes_le()));
        }
        let found = factors(&memory, &modulus);
        assert_eq!(found, [(516, p.clone()), (1028, p.clone()), (1540, p.clone()), (2052, p)]);
    }

    #[test]
    fn limbs_of_a_factor_are_found_in_either_layout_and_nothing_else_is() {
        let (p, q) = factors_of_a_modulus();
        let mut memory = vec![0xff; 4096];
        assert!(tiles(&memory, &[p.clone(), q.clone()]).is_empty());
        let limb = |of: &BigUint, place: usize| -> [u8; 4] {
            let limb: u32 = ((of >> (29 * place)) % (1_u32 << 29)).try_into().unwrap();
            limb.to_le_bytes()
        };
        for (at, of, place, distance) in [(400, &p, 6, 4), (900, &q, 32, 16), (1200, &q, 7, 4)] {
            memory[at..at + 4].copy_from_slice(&limb(of, place));
            memory[at + distance..at + distance + 4].copy_from_slice(&limb(of, place + 1));
        }
        // A tile begins at an even place.
        assert_eq!(tiles(&memory, &[p, q]), [400, 900]);
    }
}
