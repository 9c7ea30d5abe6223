//! card-pin in real browsers, against the sandbox, over WebDriver.

/// The three engines, their drivers and how they are started.
mod engine;
/// A network between a browser and the sandbox.
mod network;
/// The pad as a customer sees and touches it.
mod pad;
/// Children that surely end.
mod process;
/// Looking for secrets where they must not be.
pub mod residue;
/// A sandbox for one test.
mod sandbox;
/// A web site of the issuer's.
mod site;
/// What a document or a request leaves behind.
mod traces;
/// A session with a browser.
mod webdriver;

pub use engine::{Browser, Engine};
pub use network::{Network, Seen};
pub use pad::{HIDE_PAGE, Hand, Pad, random_pin};
pub use sandbox::{Sandbox, WaitingCard};
pub use site::{Address, Site};
pub use traces::{Trace, traces_in_document};
pub use webdriver::WebDriver;

/// Makes a test for each engine out of an `async fn(Engine) -> anyhow::Result<()>`.
#[macro_export]
macro_rules! in_each_engine {
    ($test:ident) => {
        #[tokio::test]
        async fn in_chromium() -> anyhow::Result<()> {
            $test($crate::Engine::Chromium).await
        }

        #[tokio::test]
        async fn in_firefox() -> anyhow::Result<()> {
            $test($crate::Engine::Firefox).await
        }

        #[tokio::test]
        async fn in_webkit() -> anyhow::Result<()> {
            $test($crate::Engine::WebKit).await
        }
    };
}
