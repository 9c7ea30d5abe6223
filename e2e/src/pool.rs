//! Browsers that tests use one after the other.

use crate::engine::{Browser, Engine};
use anyhow::{Context as _, Result};
use std::{
    io,
    ops::Deref,
    sync::{LazyLock, Mutex, PoisonError},
};
use tokio::runtime::Runtime;

/// How many tests use one browser, so that it does not grow throughout the whole suite.
const USERS: usize = 25;

/// One runtime for all tests, because a browser's session outlives the test that opened it.
static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(Runtime::new);

/// Browsers that wait for the next test. Nothing drops them: their processes end with the test's process (`process.rs`).
static IDLE: Mutex<Vec<Lent>> = Mutex::new(Vec::new());

/// A browser that one test uses. Given back it serves the next one; dropped, as after a failure, it ends.
#[derive(Debug)]
pub struct Lent {
    browser: Browser,
    users: usize,
    /// The window's size, which a test may change.
    size: (u64, u64),
}

/// Runs a test on the runtime that all tests share.
///
/// # Errors
///
/// What the test tells.
pub fn run_test(test: impl Future<Output = Result<()>>) -> Result<()> {
    RUNTIME.as_ref().context("the runtime of the tests has not started")?.block_on(test)
}

impl Engine {
    /// A browser that waits for a test, or else a new one.
    ///
    /// # Errors
    ///
    /// If none can be started.
    pub async fn lend(self) -> Result<Lent> {
        while let Some(waiting) = take_idle(self) {
            // It may have crashed meanwhile.
            if waiting.driver().is_blank().await {
                return Ok(waiting);
            }
        }
        let browser = self.start().await?;
        let size = browser.driver().size().await?;
        Ok(Lent { browser, users: 0, size })
    }
}

fn take_idle(engine: Engine) -> Option<Lent> {
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let place = idle.iter().position(|lent| lent.engine() == engine)?;
    Some(idle.swap_remove(place))
}

impl Lent {
    /// Cleans the browser, and keeps it for the next test. One that cannot be cleaned ends.
    pub async fn give_back(mut self) {
        self.users += 1;
        if self.users < USERS && self.driver().clean(self.size).await.is_ok() {
            IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(self);
        }
    }
}

impl Deref for Lent {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}
