//! Faults for tests: the queue of planned faults, and how each is carried out.

mod inject;
mod queue;

pub(crate) use inject::{CutConnection, Misbehaviour};
pub(crate) use queue::{Endpoint, Faults, KeyFault, Plan};
