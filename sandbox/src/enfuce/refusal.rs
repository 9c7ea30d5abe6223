//! The error that a device gets if its control id is refused.

use crate::http::{Kind, Problem};
use crate::store::control_ids::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (kind, detail) = match refusal {
            Refusal::Unknown => (Kind::Unknown, "There is no such control id."),
            Refusal::OtherScope => (
                Kind::OtherScope,
                "The control id was issued for another scope: setting needs SET_PIN, viewing VIEW_PIN.",
            ),
            Refusal::AlreadyUsed => (Kind::AlreadyUsed, "The control id is used up: ask for a new one."),
            Refusal::PageAlreadyFetched => {
                (Kind::AlreadyUsed, "The page of this control id was already fetched: ask for a new one.")
            }
            Refusal::NoKeyYet => {
                (Kind::WrongState, "No TZPK was asked for with this control id: ask for it first.")
            }
            Refusal::OtherKey => {
                (Kind::OtherKey, "A TZPK was already sent to another public key: ask for a new control id.")
            }
            Refusal::Expired => (Kind::Expired, "The control id has expired: ask for a new one."),
            Refusal::Store => return crate::store::StoreError.into(),
        };
        Self::new(kind, detail)
    }
}
