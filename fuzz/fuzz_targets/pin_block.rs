//! See [`card_pin_fuzz::pin_block`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| card_pin_fuzz::pin_block(data));
