//! Wipes the memory that this crate's own types cannot reach: the libraries' temporaries, on the heap and on the stack.

use core::mem::MaybeUninit;
use rlsf::SmallGlobalTlsf;
use zeroize::Zeroize;
use zeroizing_alloc::ZeroAlloc;

/// Wipes every block of the heap when it is freed or reallocated: numbers that are computed with, and texts on their way to and
/// from JavaScript.
///
/// The allocator below it is smaller than the standard library's on this target (`docs/adr/0009-allocator.md`).
#[global_allocator]
static ALLOCATOR: ZeroAlloc<SmallGlobalTlsf> = ZeroAlloc(SmallGlobalTlsf::new());

/// How many bytes of the stack, which has a megabyte, a turn of the session can use. The deepest, making and using
/// an RSA key of 4096 bits, takes 14 KiB.
const STACK_BYTES: usize = 64 * 1024;

/// Runs a turn of the session, and then wipes the stack that it used: the ciphers wipe themselves where they are dropped, but not
/// where they were before they were moved.
pub(super) fn with_stack_wiped<T>(turn: impl FnOnce() -> T) -> T {
    let outcome = on_own_frame(turn);
    wipe_stack();
    outcome
}

/// Keeps the turn's variables out of the frame of the caller, which is not wiped.
#[inline(never)]
fn on_own_frame<T>(turn: impl FnOnce() -> T) -> T {
    turn()
}

/// Overwrites the stack below the caller's frame. The writes are volatile: no compiler may leave them out.
#[inline(never)]
fn wipe_stack() {
    let mut unused = [const { MaybeUninit::<u64>::uninit() }; STACK_BYTES / size_of::<u64>()];
    unused.zeroize();
}
