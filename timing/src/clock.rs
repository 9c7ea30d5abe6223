//! The meter for running times.

use std::time::Instant;

pub(crate) struct Meter(Instant);

impl Meter {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Nanoseconds.
    pub(crate) fn stop(self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Does nothing: a clock does not need to know which bytes are secret.
pub(crate) fn mark<const N: usize>(bytes: [u8; N]) -> [u8; N] {
    bytes
}
