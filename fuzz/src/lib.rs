//! The fuzz targets: each is a function that takes any bytes, and panics if card-pin, the sandbox or the relay misbehaves.
//!
//! `cargo xtask fuzz` runs them under libFuzzer; `tests/corpus.rs` gives each the files of its corpus.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a target fails by panicking")]

mod base64;
mod device;
mod hsm;
mod pin_block;
mod relay_config;
mod relay_wire;
mod reply;
mod sandbox_http;
mod session;
mod spki;
mod tzpk;

pub use base64::base64;
pub use hsm::hsm;
pub use pin_block::pin_block;
pub use relay_config::relay_config;
pub use relay_wire::relay_wire;
pub use reply::reply;
pub use sandbox_http::sandbox_http;
pub use session::{session, session_events};
pub use spki::spki;
pub use tzpk::tzpk;

/// A target's name and its function.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 10] = [
    ("reply", reply),
    ("base64", base64),
    ("spki", spki),
    ("pin_block", pin_block),
    ("tzpk", tzpk),
    ("session", session),
    ("hsm", hsm),
    ("sandbox_http", sandbox_http),
    ("relay_wire", relay_wire),
    ("relay_config", relay_config),
];
