//! The service by which an issuer's back-end relays what the cardholder's device sends to Enfuce's PIN API.
//!
//! ```text
//! device ──gateway──→ routes ──→ customer, limit ──→ wire ──→ enfuce (platform, credentials) ──→ Enfuce
//!                        └── log: one line for each request           classic or nextgen
//! ```
//!
//! The device speaks card-pin's own wire, whatever platform stands behind. What passes is a public key, a wrapped key
//! and an encrypted block: the relay has no key that opens any of them, and so cannot learn a PIN. It keeps no state but
//! rate limits and Enfuce's access token, and any number of copies can run side by side.

mod config;
mod customer;
mod enfuce;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod limit;
mod log;
mod problem;
mod routes;
mod server;
mod wire;

pub use config::{Auth, Config, ConfigError, Enfuce, Hidden, Limits, Platform, read_config};
pub use enfuce::ClientError;
pub use log::Log;
pub use routes::Relay;
pub use server::{ListenError, Running, start};
