//! How a test waits.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// How long a test waits for anything. It is longer than anything takes on the slowest and busiest machine, so only a failing
/// test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The time between two checks.
pub(crate) const POLL: Duration = Duration::from_millis(25);

/// Checks repeatedly until there is a value.
///
/// # Errors
///
/// If there is nothing in time, and where looking fails; `what` then says what was waited for.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if Instant::now() > deadline {
            bail!("waited in vain for {what}");
        }
        tokio::time::sleep(POLL).await;
    }
}
