//! Searches for secrets where they must not be: in the vault's WebAssembly memory, which is kept beyond the session's end, and in
//! the JavaScript heaps around it.
//!
//! The test acts as the server, so it knows every secret of a session, or computes it from the private key that is in the memory
//! while it is needed.

mod heap;
mod issuer;
mod kinds;
mod report;
mod rsa_key;
mod schedules;
mod secrets;
mod session;

pub use heap::Heaps;
pub use issuer::{Asked, Issuer};
pub use kinds::{Kind, Kinds};
pub use report::Report;
pub use secrets::PinKey;
pub use session::{Opening, TappedSession, World};
