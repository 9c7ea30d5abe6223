//! RSA-OAEP as `KeyPair::unwrap_key` calls it. A key pair there is used once and takes long to make, so this measures
//! the call to the `rsa` crate, blinded in the same way.

use crate::{
    class::Class,
    measure::{Expected, Stopwatch, Subject, stopwatch},
    random::Dice,
};
use rand::rngs::SysRng;
use rsa::{Oaep, PrivateKey, PublicKey};
use sha2::Sha256;
use std::rc::Rc;

/// Fewer measurements than of the others, because each takes milliseconds.
const MEASUREMENTS: usize = 10_000;

/// Whether the ciphertext is below the modulus, whether the private operation went well, and whether the padding is right.
const VERDICTS: usize = 3;
/// Branches on the message's length, which is that of the key and public, while it is copied. Other copying has other ones.
const COPY: usize = 21;

const OUTCOME: &str = "whether it decrypts is public: the session ends";

/// A ciphertext of a class.
type Wrap = fn(Class, &mut Dice, &PublicKey) -> Option<Vec<u8>>;

pub(super) fn all() -> Vec<Subject> {
    let Ok(key) = PrivateKey::new(&mut SysRng, 2048).map(Rc::new) else { return Vec::new() };
    let subjects: [(_, _, Wrap, _); 3] = [
        ("OAEP: one wrapped key / any", Expected::Even, one_or_any, VERDICTS + COPY),
        ("OAEP: another label / noise, both refused", Expected::Even, label_or_noise, VERDICTS),
        ("OAEP: valid / noise", Expected::Known(OUTCOME), valid_or_noise, VERDICTS + COPY),
    ];
    let subject = |(name, expected, wrap, verdicts)| Subject {
        name,
        measurements: MEASUREMENTS,
        verdicts,
        expected,
        stopwatch: unwrapped(&key, wrap),
    };
    subjects.into_iter().map(subject).collect()
}

fn unwrapped(key: &Rc<PrivateKey>, wrap: Wrap) -> Stopwatch {
    let (private, public) = (Rc::clone(key), key.to_public_key());
    stopwatch(
        move |class, dice| wrap(class, dice, &public).into_iter().collect(),
        move |wrapped: Vec<u8>| private.oaep_decrypt_with_rng::<Sha256, _>(&mut SysRng, &wrapped),
    )
}

fn one_or_any(class: Class, dice: &mut Dice, key: &PublicKey) -> Option<Vec<u8>> {
    let tzpk = class.choose([0x4c; 16], dice.bytes());
    key.oaep_encrypt_with_rng::<Sha256, _>(&mut SysRng, &tzpk).ok()
}

fn label_or_noise(class: Class, dice: &mut Dice, key: &PublicKey) -> Option<Vec<u8>> {
    let labelled = Oaep::<Sha256>::new_with_label(*b"label");
    let labelled = key.encrypt(&mut SysRng, labelled, &dice.bytes::<16>()).ok()?;
    let noise = noise(dice);
    Some(class.choose(labelled.try_into().ok()?, noise).to_vec())
}

fn valid_or_noise(class: Class, dice: &mut Dice, key: &PublicKey) -> Option<Vec<u8>> {
    let valid = one_or_any(Class::Random, dice, key)?;
    let noise = noise(dice);
    Some(class.choose(valid.try_into().ok()?, noise).to_vec())
}

/// Less than every modulus of 2048 bits.
fn noise(dice: &mut Dice) -> [u8; 256] {
    let mut noise = dice.bytes::<256>();
    noise[0] &= 0x7f;
    noise
}
