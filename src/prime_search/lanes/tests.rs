//! The lanes of WebAssembly's SIMD against the portable ones.
#![allow(clippy::cast_possible_truncation, reason = "random numbers are cut to size")]

use super::{Lanes, Wide, portable::Portable, vector::Vector};
use crate::random::{SystemRandom, fill};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// A number for each lane: any, the least, the greatest, or its neighbour's.
fn draw() -> [u32; 4] {
    let mut bytes = [0; 20];
    assert!(fill(&mut SystemRandom::new(), &mut bytes).is_ok());
    let (words, _) = bytes.as_chunks();
    let word = |place: usize| words.get(place).map_or(0, |word: &[u8; 4]| u32::from_le_bytes(*word));
    std::array::from_fn(|lane| match word(4) >> (4 * lane) & 7 {
        0 => 0,
        1 => u32::MAX,
        2 => word(lane ^ 1),
        _ => word(lane),
    })
}

fn lanes<L: Lanes>(value: L) -> [u32; 4] {
    std::array::from_fn(|lane| value.lane(lane))
}

/// Every operation on the same numbers.
fn all<L: Lanes>(a: [u32; 4], b: [u32; 4], bits: u32) -> Vec<[u32; 4]> {
    let (x, y) = (L::from_fn(|lane| a[lane]), L::from_fn(|lane| b[lane]));
    let half = |value: L| value.shr(1);
    let narrow =
        [half(x) + half(y), x.minus(y), x & y, x | y, x ^ y, x.times_low(y), x.shr(bits), x.equals(y)];
    let product = x.times(y);
    let wide = [
        product,
        product + L::Wide::splat(a[0]),
        L::Wide::splat(b[0]) - product,
        product.shr(bits),
        product.shr(32 + bits),
        product.low(bits),
    ];
    let words = wide.iter().flat_map(|wide| [wide.narrow(), wide.shr(32).narrow()]);
    narrow.into_iter().chain(words).chain([L::ZERO, L::splat(a[1])]).map(lanes).collect()
}

#[wasm_bindgen_test]
fn simd_computes_what_portable_code_does() {
    for round in 0..20_000 {
        let (a, b) = (draw(), draw());
        assert_eq!(all::<Vector>(a, b, round % 31), all::<Portable<4>>(a, b, round % 31), "{a:?} {b:?}");
    }
}
