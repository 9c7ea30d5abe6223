//! The private key, in the function of `rsa` that `key_pair` uses it with. This is called directly, because a `KeyPair` cannot be made
//! of given numbers.

use crate::{
    class::Class,
    measure::{Expected, Stopwatch, Subject, stopwatch},
    random::Dice,
};
use card_pin_testing::constant;
use rand::rngs::SysRng;
use rsa::{
    BoxedUint, PrivateKey,
    hazmat::rsa_decrypt_and_check,
    traits::{PrivateKeyParts, PublicKeyParts},
};
use std::rc::Rc;

/// Fewer measurements than of the others, because each takes milliseconds.
const MEASUREMENTS: usize = 10_000;
/// How many keys there are to choose from. Making them takes a while, and Memcheck needs only one.
const KEYS: u8 = if cfg!(feature = "memcheck") { 1 } else { 100 };

/// Whether the result, raised to the public exponent, is the operand again.
const PROVED: usize = 1;
/// For each of the two blinded primes, checks that never fail: twice that it is odd, once that it divides no power of two, and eight in
/// each of two divisions.
const BLINDED: usize = 2 * (2 + 1 + 2 * 8);

/// The bytes of a modulus.
const SIZE: usize = 256;

struct Key {
    modulus: [u8; SIZE],
    /// The two primes and the private exponent, one after the other.
    private: [u8; 2 * SIZE],
}

impl Key {
    fn make() -> Self {
        let key = PrivateKey::new(&mut SysRng, 8 * SIZE).unwrap();
        let primes = key.primes().iter().map(|prime| prime.to_be_bytes()).collect::<Vec<_>>().concat();
        let private = [&*primes, &key.d().to_be_bytes()].concat();
        Self { modulus: (*key.n().to_be_bytes()).try_into().unwrap(), private: private.try_into().unwrap() }
    }
}

pub(super) fn all() -> [Subject; 2] {
    let keys: Rc<[Key]> = (0..KEYS).map(|_| Key::make()).collect();
    [
        ("private key tried: one / any", tried(Rc::clone(&keys)), PROVED),
        ("private key used, blinded: one / any", used(keys), PROVED + BLINDED),
    ]
    .map(|(name, stopwatch, findings)| Subject {
        name,
        measurements: MEASUREMENTS,
        batch: 1,
        findings,
        expected: Expected::Even,
        stopwatch,
    })
}

fn number(bytes: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice(bytes, 8 * bytes.len() as u32).unwrap()
}

/// Less than every modulus.
fn operand() -> BoxedUint {
    number(&[0x5a; SIZE])
}

/// A private key of a class. Its modulus is public.
fn key(class: Class, dice: &mut Dice, keys: &[Key]) -> PrivateKey {
    let (one, any) = (&keys[0], &keys[usize::from(dice.below(KEYS))]);
    let modulus = class.choose_public(one.modulus, any.modulus);
    let private = class.choose(one.private, any.private);
    let (primes, exponent) = private.split_at(SIZE);
    let primes = primes.chunks(SIZE / 2).map(number).collect();
    PrivateKey::from_components(number(&modulus), BoxedUint::from(65_537_u64), number(exponent), primes)
        .unwrap()
}

/// As a new key is tried.
fn tried(keys: Rc<[Key]>) -> Stopwatch {
    stopwatch(
        move |class, dice| (key(class, dice, &keys), operand()),
        |(key, operand)| (rsa_decrypt_and_check(&key, None::<&mut SysRng>, &operand), key),
    )
}

/// As a wrapped key is unwrapped, but blinded with a constant: what is blinded then differs from key to key as much as the key.
fn used(keys: Rc<[Key]>) -> Stopwatch {
    stopwatch(
        move |class, dice| (key(class, dice, &keys), operand()),
        |(key, operand)| (rsa_decrypt_and_check(&key, Some(&mut constant(0x5a)), &operand), key),
    )
}
