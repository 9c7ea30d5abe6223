//! Ways in for `fuzz/` only: what is read from the device and from Enfuce, without a connection.

use serde_json::{Map, Value};

use crate::operation::Operation;
use crate::wire;

/// The operations, by the last part of their path.
fn operation(name: &str) -> Option<Operation> {
    match name {
        "tzpk" => Some(Operation::Tzpk),
        "set" => Some(Operation::Set),
        "view" => Some(Operation::View),
        _ => None,
    }
}

/// The control id, and the key or block, of a request's body; `None` if it is refused.
#[must_use]
pub fn read_request(name: &str, body: &[u8]) -> Option<(String, String)> {
    let request = wire::read_request(operation(name)?, body).ok()?;
    Some((request.control_id, request.sent))
}

/// The part of an answer of Enfuce that the device gets; `None` if it is refused.
#[must_use]
pub fn read_answer(name: &str, body: &[u8]) -> Option<Map<String, Value>> {
    wire::read_answer(operation(name)?, body)
}
