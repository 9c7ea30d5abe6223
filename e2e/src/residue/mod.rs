//! Searches for secrets where they must not be: in the vault's WebAssembly memory, which is kept beyond the session's end, and in
//! the JavaScript heaps around it.
//!
//! The test acts as the server, so it knows every secret of a session, or computes it from the private key that is in the memory
//! while it is needed.

/// What the browser's JavaScript heaps hold.
mod heap;
/// The server, in the test's hands.
mod issuer;
/// What is looked for, and where it may be.
mod kinds;
/// What was searched, and what was found.
mod report;
/// The private key, found in the memory by its factor.
mod rsa_key;
mod schedules;
/// The secrets of one session, and each form they could be left behind in.
mod secrets;
/// One session with a vault that is tapped.
mod session;

pub use heap::Heaps;
pub use issuer::{Asked, Issuer};
pub use kinds::{Kind, Kinds};
pub use report::Report;
pub use secrets::PinKey;
pub use session::{Opening, TappedSession, World};
