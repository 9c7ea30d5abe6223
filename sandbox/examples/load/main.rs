//! How many PINs a second go through the relay and the sandbox, and whether one is lost or set twice on the way: as fast as they
//! can, and then under Enfuce's quota, with more customers at once than it lets through.
//!
//! Whole sessions, over HTTP: a control id, then `tzpk` and `set` through the relay, with card-pin itself as the device. Not
//! measured, because each device does it on its own, and beforehand: making the RSA keys, and the cards. Device, relay and sandbox are
//! one process here and share its processors, so what is printed is less than a relay alone can do.

#![allow(clippy::print_stdout, reason = "a command line talks to its terminal")]

mod places;
mod customer;
mod quota;
mod throughput;

use std::error::Error;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    throughput::measure().await?;
    quota::measure().await
}
