//! card-pin in real browsers, against the sandbox, over WebDriver.

/// The three engines, their drivers and how they are started.
mod engine;
/// The pad as a customer sees and touches it.
mod pad;
/// Children that surely end.
mod process;
/// A sandbox for one test.
mod sandbox;
/// What a document or a request leaves behind.
mod traces;
/// A session with a browser.
mod webdriver;

pub use engine::{Browser, Engine};
pub use pad::{Hand, Pad, random_pin};
pub use sandbox::{Sandbox, WaitingCard};
pub use traces::{Trace, traces_in_document};
pub use webdriver::WebDriver;
