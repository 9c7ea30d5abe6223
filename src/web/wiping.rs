//! Wiping what this crate's own types cannot reach: the libraries' temporaries, on the heap and on the stack.

use core::mem::MaybeUninit;
use rlsf::SmallGlobalTlsf;
use zeroize::Zeroize;
use zeroizing_alloc::ZeroAlloc;

/// Every block of the heap is wiped when it is freed, and when it is exchanged for a larger or a smaller one: numbers
/// that are computed with, texts on their way to and from JavaScript.
///
/// The allocator is a small one: with dlmalloc, which the standard library has on this target, a page would load 1400 bytes
/// more.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<SmallGlobalTlsf> = ZeroAlloc(SmallGlobalTlsf::new());

/// How deep a turn of the session can reach into the stack, of the megabyte that there is. The deepest, making and using
/// an RSA key of 4096 bits, takes 14 KiB.
const STACK_BYTES: usize = 64 * 1024;

/// Does what a turn of the session has to do, and then wipes the stack that it used: the ciphers are wiped where they
/// end their life, but not where they were before they were moved.
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
