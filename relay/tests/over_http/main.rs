//! The real relay, as a process of its own, driven over real HTTP, in front of an upstream that answers and fails in every way.
//! `sandbox/tests/over_http/through_the_relay.rs` tests it in front of the sandbox.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod certificates;
mod documented;
mod upstream;
mod process;
mod device;
mod issuer;
mod pin_api;
mod valkey;

mod answers;
mod configuration;
mod control_ids;
mod deployment;
mod gateway;
mod identity;
mod limits;
mod online;
mod openapi;
mod operating;
mod platforms;
mod quota_store;
mod reloading;
mod secrecy;
mod seeing;
mod stopping;
mod tls;
mod tracing;
