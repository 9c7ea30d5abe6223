//! Faults for tests: the queue of planned faults, and how each is carried out.

mod broken;
mod queue;

pub(crate) use broken::{CutConnection, Misbehaviour};
pub(crate) use queue::{Endpoint, Faults, KeyFault, Plan};
