//! See [`card_pin_fuzz::sandbox_http`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| card_pin_fuzz::sandbox_http(data));
