//! The meter for dependencies on a secret: secret bytes are marked as undefined, and Valgrind's Memcheck counts each branch and
//! each address that depends on one (Langley, "Checking that functions are constant time with Valgrind", 2010).

use crabgrind::{
    RunMode, count_errors,
    memcheck::{MemState, mark_mem},
    run_mode,
};
use std::hint::black_box;

pub(crate) struct Meter(usize);

impl Meter {
    pub(crate) fn start() -> Self {
        Self(count_errors())
    }

    /// Findings.
    pub(crate) fn stop(self) -> u64 {
        (count_errors() - self.0) as u64
    }
}

/// Marks the bytes, and everything that is computed from them, as secret.
///
/// # Panics
///
/// If it does not run under Memcheck, because nothing would be counted.
pub(crate) fn mark<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    assert_eq!(run_mode(), RunMode::Valgrind, "run `cargo xtask nightly memcheck`");
    // It returns -1 for success, which this version reports as a failure. The control shows whether marking works.
    _ = mark_mem(bytes.as_mut_ptr().cast(), N, MemState::Undefined);
    black_box(bytes)
}
