//! Choose the PIN of a payment card on the customer's own device, so that nobody else ever has it.
//!
//! ```text
//! key:  random ──→ prime_search ──→ key_pair ──→ tzpk (unwrap) ─────┐
//! pin:  entry ──→ pin ──→ pin_block ──────→ tzpk (encrypt) ──→ wire ──→ web (post)
//! ```
//!
//! [`session`] knows the order; `web` carries it out in a browser: it searches in turns, posts, and sends the session's state
//! to the page, in the messages of [`protocol`]. A stage consumes the one before, so that a secret cannot outlive its step.
//!
//! The modules are listed in the order in which data flows; each uses only those above it.

#![cfg_attr(not(test), no_std)]

extern crate alloc;
/// The message of a panic, for tests only: the shipped module has none.
#[cfg(not(all(feature = "shipped", target_arch = "wasm32")))]
extern crate std;
#[cfg(all(feature = "fuzzing", target_arch = "wasm32"))]
compile_error!("the feature `fuzzing` is only for fuzz/ and timing/, and must not ship");

pub mod error;
pub mod secret;
pub mod random;
pub mod digits;
pub mod pan;
pub mod weak_pin;
pub mod entry;
pub mod pin;
pub mod pin_block;
mod prime_search;
mod spki;
pub mod key_pair;
pub mod tzpk;
pub mod wire;
pub mod session;
pub mod protocol;
#[cfg(target_arch = "wasm32")]
pub mod web;
