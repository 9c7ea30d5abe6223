//! Wiping what this crate's own types cannot reach: the libraries' temporaries, on the heap and on the stack.

use std::alloc::System;
use zeroizing_alloc::ZeroAlloc;

/// Every block of the heap is wiped when it is freed, and when it is exchanged for a larger or a smaller one: numbers
/// that are computed with, texts on their way to and from JavaScript, futures.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);
