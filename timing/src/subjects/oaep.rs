//! Keys that are wrapped with RSA-OAEP, unwrapped and checked. A key pair can be used only once and takes long to make, so each
//! run gets a copy.

use super::{aes, key};
use crate::{
    class::Class,
    measure::{Expected, Stopwatch, Subject, stopwatch},
    random::Dice,
};
use base64ct::{Base64, Encoding};
use card_pin::{
    key_pair::{KeyPair, KeySize},
    tzpk::{Tzpk, WrappedKey},
};
use rand::rngs::SysRng;
use rsa::{Oaep, PublicKey, pkcs8::DecodePublicKey};
use sha2::Sha256;
use std::rc::Rc;

/// Fewer measurements than of the others, because each takes milliseconds.
const MEASUREMENTS: usize = 10_000;

/// Whether the ciphertext is below the modulus, whether the private operation went well, and whether the padding is right.
const VERDICTS: usize = 3;
/// Branches on the message's length, which is that of the key and public, while it is copied. Other copying has other ones.
const COPY: usize = 21;
/// Branches on that length again, while the key is taken and the message wiped.
const TAKEN: usize = 10;
/// Whether the key has the check value.
const COMPARED: usize = 1;

const OUTCOME: &str = "whether it decrypts is public: the session ends";

/// The two halves of a key pair.
struct Pair {
    private: KeyPair,
    public: PublicKey,
}

/// A ciphertext of a class.
type Wrap = fn(Class, &mut Dice, &PublicKey) -> Vec<u8>;

pub(super) fn all() -> [Subject; 4] {
    let private = KeyPair::make(KeySize::Rsa2048, &mut SysRng).unwrap();
    let spki = Base64::decode_vec(private.to_spki_base64()).unwrap();
    let pair = Rc::new(Pair { private, public: PublicKey::from_public_key_der(&spki).unwrap() });
    let unwrapped = |wrap| unwrapped(Rc::clone(&pair), wrap);
    [
        ("OAEP: one wrapped key / any", Expected::Even, unwrapped(one_or_any), VERDICTS + COPY),
        ("OAEP: another label / noise, both refused", Expected::Even, unwrapped(label_or_noise), VERDICTS),
        ("OAEP: valid / noise", Expected::Known(OUTCOME), unwrapped(valid_or_noise), VERDICTS),
        (
            "check value compared: the first byte differs / any differs",
            Expected::Even,
            check_value_compared(Rc::clone(&pair)),
            VERDICTS + COPY + TAKEN + COMPARED,
        ),
    ]
    .map(|(name, expected, stopwatch, findings)| Subject {
        name,
        measurements: MEASUREMENTS,
        batch: 1,
        findings,
        expected,
        stopwatch,
    })
}

fn unwrapped(pair: Rc<Pair>, wrap: Wrap) -> Stopwatch {
    stopwatch(
        move |class, dice| (pair.private.clone(), wrap(class, dice, &pair.public)),
        |(private, wrapped)| private.unwrap_key(&wrapped, &mut SysRng),
    )
}

fn wrapped(tzpk: &[u8], key: &PublicKey) -> Vec<u8> {
    key.oaep_encrypt_with_rng::<Sha256, _>(&mut SysRng, tzpk).unwrap()
}

fn one_or_any(class: Class, dice: &mut Dice, public: &PublicKey) -> Vec<u8> {
    wrapped(&key::<16>(class, dice), public)
}

fn label_or_noise(class: Class, dice: &mut Dice, public: &PublicKey) -> Vec<u8> {
    let labelled = Oaep::<Sha256>::new_with_label(*b"label");
    let labelled = public.encrypt(&mut SysRng, labelled, &dice.bytes::<16>()).unwrap();
    let noise = noise(dice);
    class.choose(labelled.try_into().unwrap(), noise).to_vec()
}

fn valid_or_noise(class: Class, dice: &mut Dice, public: &PublicKey) -> Vec<u8> {
    let valid = one_or_any(Class::Random, dice, public);
    let noise = noise(dice);
    class.choose(valid.try_into().unwrap(), noise).to_vec()
}

/// Less than every modulus of 2048 bits.
fn noise(dice: &mut Dice) -> [u8; 256] {
    let mut noise = dice.bytes::<256>();
    noise[0] &= 0x7f;
    noise
}

/// A key with a check value that is not its own.
fn check_value_compared(pair: Rc<Pair>) -> Stopwatch {
    let make = move |class: Class, dice: &mut Dice| {
        let key = key::<16>(class, dice);
        let own = Tzpk::from_bytes(&key, aes()).unwrap().check_value();
        let own: [u8; 16] = own.try_into().unwrap();
        let differing_at = |place: u8| {
            let mut value = own;
            value[usize::from(place)] ^= 1;
            value
        };
        let value = class.choose(differing_at(0), differing_at(dice.below(16))).to_vec();
        let wrapped_key =
            WrappedKey { ciphertext: wrapped(&key, &pair.public), usage: aes(), check_value: Some(value) };
        (pair.private.clone(), wrapped_key)
    };
    stopwatch(make, |(private, wrapped_key)| Tzpk::unwrap_key(wrapped_key, private, &mut SysRng))
}
