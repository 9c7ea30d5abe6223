//! Relays what the cardholder's device sends to Enfuce's PIN API, as a part of an issuer's back-end.
//!
//! ```text
//! device ──gateway──→ routes ──→ identity, limit, wire, control_id ──→ admission ──→ enfuce ──→ Enfuce, classic or nextgen
//!                        │                                                 └── Valkey or Redis, where copies take turns
//!                        ├── authorize ──→ the issuer's own system
//!                        ├── log, audit: a line for each request, and a record for each operation
//!                        └── trace ──→ otlp: spans ──→ collector
//! operator ─────────→ admin: /livez, /readyz, /metrics
//! ```
//!
//! The device speaks card-pin's own wire, whatever platform stands behind. What passes is a public key, a wrapped key
//! and an encrypted block: the relay has no key that opens any of them, and so cannot learn a PIN. It keeps no state but
//! rate limits and Enfuce's access token, and any number of copies can run side by side. They take turns through a store, if there
//! is one.
//!
//! A module uses only modules that are listed above it.

mod version;
mod secret_string;
mod operation;
mod failure;
mod config;
mod watch;
mod metrics;
mod trace;
mod audit;
mod log;
mod limit;
mod wire;
mod control_id;
mod outbound;
mod otlp;
mod admission;
mod problem;
mod identity;
mod authorize;
mod enfuce;
mod relay;
mod online;
mod routes;
mod admin;
mod server;

#[cfg(feature = "fuzzing")]
pub mod fuzzing;

pub use config::{
    Auth, Authorize, Config, ConfigError, ControlIds, Customer, Enfuce, GatewayTls, Jwt, Limits, Listen,
    Platform, Quota, SealKeys, Store, StoreAddress, Traces, read_config,
};
pub use log::Log;
pub use online::{Finding, check_online};
pub use operation::Purpose;
pub use outbound::ClientError;
pub use relay::{Relay, ReloadError};
pub use secret_string::SecretString;
pub use server::{ListenError, Running, start};
pub use version::VERSION;
pub use watch::Watch;
