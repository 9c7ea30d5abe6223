//! Choose the PIN of a payment card on the customer's own device, so that nobody else ever holds it.
//!
//! ```text
//! key:  random ──→ prime_search ──→ key_pair ──→ tzpk (unwrap) ─────┐
//! pin:  entry ──→ pin ──→ pin_block ──────→ tzpk (encrypt) ──→ wire ──→ web (post)
//! ```
//!
//! [`session`] knows the order; `web` carries it out in a browser: it searches in turns, posts, and tells the page where
//! the session is, in the messages of [`protocol`]. A stage consumes the one before, so that a secret cannot outlive its
//! step.
//!
//! The modules stand in the order in which data flows; each uses only those above it.

#![cfg_attr(not(test), no_std)]

extern crate alloc;
/// It says what panicked, and where: in tests, and not in what ships.
#[cfg(not(all(feature = "shipped", target_arch = "wasm32")))]
extern crate std;
#[cfg(all(feature = "fuzzing", target_arch = "wasm32"))]
compile_error!("the feature `fuzzing` is for fuzz/ alone, and no part of what ships");

/// The one error type: a code and nothing else.
pub mod error;
/// The one type for secret bytes, wiped on drop.
pub mod secret;
/// Randomness from the system, and from nowhere else.
pub mod random;
/// Decimal digits as numbers, in secret memory.
pub mod digits;
/// The account number that a block may be bound to.
pub mod pan;
/// Which PINs are easily guessed.
pub mod weak_pin;
/// Digits in, erase, clear, confirm: a pure state machine.
pub mod entry;
/// A PIN, made only from a finished entry.
pub mod pin;
/// The clear PIN blocks of ISO 9564-1, formats 0, 1, 3 and 4.
pub mod pin_block;
/// The two primes of an RSA key.
mod prime_search;
/// The form in which a public key leaves: SubjectPublicKeyInfo in DER.
mod spki;
/// The RSA key pair: search, public key, unwrapping.
pub mod key_pair;
/// The temporary PIN key, TDEA or AES: checked when unwrapped, used for one block.
pub mod tzpk;
/// Request and reply bodies.
pub mod wire;
/// The whole order, from an empty pad to the server's answer.
pub mod session;
/// Every message between the page and the vault.
pub mod protocol;
/// The surface that JavaScript calls, and what speaks to the browser.
#[cfg(target_arch = "wasm32")]
pub mod web;
