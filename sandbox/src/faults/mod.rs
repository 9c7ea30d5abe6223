//! What goes wrong on purpose: the queue of it, and how it looks from outside.

mod broken;
mod queue;

pub(crate) use broken::{CutConnection, Misbehaviour};
pub(crate) use queue::{Endpoint, Faults, KeyFault, Plan};
