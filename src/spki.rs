//! The encoding of a public key: a SubjectPublicKeyInfo in DER (RFC 5280, 4.1.2.7; X.690).
//!
//! The `rsa` crate's own encoder (its feature `encoding`, and the crates `der`, `spki`, `pkcs1` and `pkcs8` below it) would make
//! the wasm 19,173 bytes larger, 7,227 after Brotli at quality 11 (rsa 0.10.0, Rust 1.95). The tests compare with that encoder.

use alloc::{vec, vec::Vec};

/// `AlgorithmIdentifier`: a SEQUENCE of the OBJECT IDENTIFIER 1.2.840.113549.1.1.1, rsaEncryption, and NULL (RFC 3279, 2.3.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

// The identifier octets (X.690, 8.1.2).
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// Encodes the SubjectPublicKeyInfo of the RSA key with this modulus and public exponent, both unsigned and big-endian.
///
/// ```text
/// SEQUENCE { rsaEncryption, BIT STRING { SEQUENCE { INTEGER modulus, INTEGER exponent } } }
/// ```
pub(crate) fn to_spki_der(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    // RSAPublicKey (RFC 8017, A.1.1).
    let numbers = [integer(modulus), integer(exponent)].concat();
    let key = tagged(SEQUENCE, &numbers);
    // A bit string begins with the number of bits that its last byte does not use (X.690, 8.6.2.2).
    let bits = tagged(BIT_STRING, &[&[0], &*key].concat());
    tagged(SEQUENCE, &[&RSA_ENCRYPTION, &*bits].concat())
}

/// Encodes an unsigned big-endian number as an INTEGER: without leading zeros, except for one if the top bit would otherwise mean
/// a minus sign (X.690, 8.3).
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    let number = number.get(zeros..).unwrap_or_default();
    let sign: &[u8] = if number.first().is_none_or(|&byte| byte >= 0x80) { &[0] } else { &[] };
    tagged(INTEGER, &[sign, number].concat())
}

/// Encodes identifier, length and contents. A length up to 127 takes one byte; a longer one is preceded by 0x80 plus the number of
/// its bytes (X.690, 8.1.3 and 10.1).
fn tagged(identifier: u8, contents: &[u8]) -> Vec<u8> {
    let mut der = vec![identifier];
    match contents.len().to_be_bytes() {
        [.., 0, short @ ..=0x7f] => der.push(short),
        [.., 0, low] => der.extend([0x81, low]),
        // Two bytes are enough for a key of half a million bits.
        [.., high, low] => der.extend([0x82, high, low]),
    }
    der.extend(contents);
    der
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{integer, tagged, to_spki_der};
    use proptest::prelude::*;
    use rsa::{BoxedUint, PublicKey, pkcs8::EncodePublicKey, traits::PublicKeyParts};

    /// Encoded by hand after RFC 3279 and X.690. A modulus of two bytes is too short for a key, but has the form of one.
    #[test]
    fn a_small_key_byte_by_byte() {
        let mut der = vec![0x30, 0x1d];
        der.extend([
            0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
        ]);
        der.extend([0x03, 0x0c, 0x00, 0x30, 0x09, 0x02, 0x03, 0x00, 0x81, 0x01, 0x02, 0x02, 0x01, 0x01]);
        der[1] = u8::try_from(der.len() - 2).unwrap();
        assert_eq!(to_spki_der(&[0x00, 0x00, 0x81, 0x01], &[0x01, 0x01]), der);
    }

    #[test]
    fn integers_have_a_sign_and_no_more_bytes_than_they_need() {
        assert_eq!(integer(&[]), [0x02, 0x01, 0x00]);
        assert_eq!(integer(&[0, 0]), [0x02, 0x01, 0x00]);
        assert_eq!(integer(&[0, 0x7f]), [0x02, 0x01, 0x7f]);
        assert_eq!(integer(&[0x80]), [0x02, 0x02, 0x00, 0x80]);
        assert_eq!(integer(&[1, 0, 1]), [0x02, 0x03, 0x01, 0x00, 0x01]);
    }

    #[test]
    fn lengths_have_the_shortest_form() {
        let header = |length: usize, size: usize| tagged(0x04, &vec![0; length])[..size].to_vec();
        assert_eq!(header(0, 2), [0x04, 0x00]);
        assert_eq!(header(127, 2), [0x04, 0x7f]);
        assert_eq!(header(128, 3), [0x04, 0x81, 0x80]);
        assert_eq!(header(255, 3), [0x04, 0x81, 0xff]);
        assert_eq!(header(256, 4), [0x04, 0x82, 0x01, 0x00]);
        assert_eq!(header(65_535, 4), [0x04, 0x82, 0xff, 0xff]);
    }

    proptest! {
        /// The `rsa` crate's own encoding, for moduli of every size that a session can have.
        #[test]
        fn the_rsa_crate_writes_the_same(
            mut modulus in prop_oneof![
                proptest::collection::vec(any::<u8>(), 256),
                proptest::collection::vec(any::<u8>(), 384),
                proptest::collection::vec(any::<u8>(), 512),
            ],
            exponent in prop_oneof![Just(65_537_u64), (1_u64 << 16..1 << 32).prop_map(|half| 2 * half + 1)],
        ) {
            let last = modulus.len() - 1;
            modulus[0] |= 0x80;
            modulus[last] |= 1;
            let n = BoxedUint::from_be_slice_vartime(&modulus);
            let key = PublicKey::new(n, BoxedUint::from(exponent)).unwrap();
            let der = to_spki_der(&key.n_bytes(), &key.e_bytes());
            let theirs = key.to_public_key_der().unwrap();
            prop_assert_eq!(der.as_slice(), theirs.as_bytes());
        }
    }
}
