//! The key pairs made from one stream of random bytes: the same natively, in WebAssembly, and with and without SIMD.
//!
//! The moduli are those of `tests/fixtures/replayed_stream.py`, which does the same in Python.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use base64ct::{Base64, Encoding};
use card_pin::key_pair::{KeyPair, KeySize};
use card_pin_testing::{Fill, Source};
use sha2::{Digest, Sha256};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// SHA-256 of 0, of 1, of 2 and so on, as eight big-endian bytes.
fn stream() -> Source<impl Fill> {
    let mut stream = (0_u64..).flat_map(|block| Sha256::digest(block.to_be_bytes()));
    Source(move |to: &mut [u8]| {
        to.fill_with(|| stream.next().unwrap());
        Ok(())
    })
}

#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
fn one_stream_makes_the_same_keys_everywhere() {
    let expected = [
        (KeySize::Rsa2048, "a7466a02806c91154118e60c6c5e64470c9628faabbc67949e5f404ce8e0c355"),
        (KeySize::Rsa3072, "64195012e6ce58ada922efd885c0c57764261880731fded8545145a560f10af0"),
        (KeySize::Rsa4096, "8be2f783ce3c162f35628d210c31721b4d12e1cab7d0bc20617c8f6af40c9c5b"),
    ];
    for (size, digest) in expected {
        let key_pair = KeyPair::make(size, &mut stream()).unwrap();
        let der = Base64::decode_vec(key_pair.to_spki_base64()).unwrap();
        // Behind the modulus stands the exponent, an INTEGER of three bytes (RFC 8017, A.1.1).
        let end = der.len() - 5;
        let modulus = &der[end - size.bits() as usize / 8..end];
        let found: String = Sha256::digest(modulus).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, digest, "{} bits", size.bits());
    }
}
