//! See [`card_pin_fuzz::session`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| card_pin_fuzz::session(data));
