//! A local stand-in for Enfuce, and for an issuer, to try card-pin against.
//!
//! ```text
//! issuer app ──→ issuer back-end ──Basic──→ enfuce (cards, pincontrol) ──→ store (SQLite)
//!      └─ web view ──→ hosted page ──→ enfuce (device: tzpk, set) ──→ hsm ──┘
//! ```
//!
//! It plays both sides of a PIN's way on one laptop: the back-end of the issuer asks for a control id, the customer's
//! page sends its key and its PIN block, and a simulated HSM decrypts the block *with its own code*, so that a mistake in
//! card-pin cannot hide behind the same mistake here. It listens on 127.0.0.1 only, and nothing in it is fit for real PINs.

// In the order of their dependencies: each module uses only those above it.
mod error;
mod config;
mod clock;
mod random;
mod luhn;
mod hsm;
mod store;
mod http;
mod files;
mod faults;
mod recorder;
mod enfuce;
mod idp;
mod test_controls;
mod issuer;
mod openapi;
mod server;
mod app;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;

pub use app::{Running, start};
pub use config::{Config, ENFUCE_REQUESTS, Embossing};
pub use error::Error;
