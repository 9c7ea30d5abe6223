//! The faults that a test can plan, and the queue of planned faults.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use base64ct::{Base64, Encoding};
use serde::Deserialize;
use serde_json::Value;

use crate::hsm::{KeyMaterial, OaepHash};

/// How many times one plan may strike.
const MAX_TIMES: u16 = 1000;

/// Where a fault strikes, whichever API the request uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Endpoint {
    /// Asking for a TZPK.
    Tzpk,
    /// Sending the PIN block.
    Set,
    /// Viewing the PIN.
    View,
    /// Showing or changing a card.
    Card,
    /// Listing a card's plastics.
    Plastics,
    /// Asking for a control id.
    PinControl,
    /// Asking for a bearer token.
    Token,
    /// Asking for the keys of the identity provider.
    Jwks,
    /// Asking the issuer whether a customer may.
    Authorize,
}

impl Endpoint {
    const NAMES: &str = "\"tzpk\" | \"set\" | \"view\" | \"card\" | \"plastics\" | \"pin_control\" | \"token\" | \"jwks\" | \"authorize\"";
}

/// A fault. The work of the endpoint is done only in `cut_after`, `cut_body`, `stall_body`, `mislabelled` and the faults of
/// a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// The answer is 302 to the request's path plus `-elsewhere`.
    Redirect,
    /// No answer is sent until the client gives up.
    Stall,
    /// The request is read, then the connection is closed without an answer.
    Cut,
    /// The same, but the work was done.
    CutAfter,
    /// The work was done; the answer breaks off in the middle of its body.
    CutBody,
    /// The work was done; the answer stops in the middle of its body, and its connection stays open.
    StallBody,
    /// The work was done; the answer has the media type of HTML instead of JSON.
    Mislabelled,
    /// The answer is 200 with an HTML page, like that of a captive portal.
    Html,
    /// The answer is 200 with `application/json` and a body that is not JSON.
    NotJson,
    /// The answer is 200 with valid JSON of more than 64 KiB.
    TooLarge,
    /// The answer has this status, 400 to 599, and a problem body.
    Status(u16),
    /// The wrapped key lacks its last byte.
    Truncated,
    /// One bit of the wrapped key is flipped.
    Flipped,
    /// The key is wrapped with SHA-1 in place of SHA-256.
    Sha1,
    /// The wrapped key has this many random bytes: 8, 15, 16, 24 or 33.
    KeyBytes(u8),
    /// The wrapped key is K1‖K1.
    SingleDes,
    /// The wrapped key's first half is a weak DES key.
    Weak,
    /// The `tzpk` field is not base64.
    NotBase64,
    /// The identity provider publishes other keys under the names of its own.
    WrongKey,
}

/// A fault of the key in an otherwise good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyFault {
    None,
    Truncated,
    Flipped,
    NotBase64,
    Sha1,
    Material(KeyMaterial),
}

impl KeyFault {
    pub(crate) fn material(self) -> KeyMaterial {
        match self {
            Self::Material(material) => material,
            _ => KeyMaterial::Proper,
        }
    }

    pub(crate) fn oaep_hash(self) -> OaepHash {
        match self {
            Self::Sha1 => OaepHash::Sha1,
            _ => OaepHash::Sha256,
        }
    }

    /// The `tzpk` field for this wrapped key.
    pub(crate) fn encode(self, mut wrapped: Vec<u8>) -> String {
        match self {
            Self::Truncated => {
                wrapped.pop();
            }
            Self::Flipped => {
                // The lowest bit: the number stays below the modulus, so that it fails in the padding and not before.
                if let Some(last) = wrapped.last_mut() {
                    *last ^= 1;
                }
            }
            Self::NotBase64 => return format!("*{}", Base64::encode_string(&wrapped)),
            Self::None | Self::Sha1 | Self::Material(_) => {}
        }
        Base64::encode_string(&wrapped)
    }
}

/// A fault that is going to strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Plan {
    on: Endpoint,
    fault: Fault,
    #[serde(default = "once")]
    times: u16,
    /// How many calls succeed before the fault strikes.
    #[serde(default)]
    after: u16,
}

fn once() -> u16 {
    1
}

/// Why a plan is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlanRefusal {
    Shape,
    Times,
    Status,
    KeyBytes,
    KeyFaultElsewhere,
    WrongKeyElsewhere,
}

impl PlanRefusal {
    pub(crate) fn detail(self) -> String {
        let detail = match self {
            Self::Shape => {
                return format!(
                    "The body is {{\"on\": {}, \"fault\": …, \"times\": n, \"after\": n}}; fault is one of redirect, stall, cut, cut_after, \
                     cut_body, stall_body, mislabelled, html, not_json, too_large, {{\"status\": n}}, truncated, flipped, sha1, \
                     {{\"key_bytes\": n}}, single_des, weak, not_base64, wrong_key.",
                    Endpoint::NAMES
                );
            }
            Self::Times => "times has to be 1 to 1000.",
            Self::Status => "status has to be 400 to 599.",
            Self::KeyBytes => "key_bytes has to be 8, 15, 16, 24 or 33.",
            Self::KeyFaultElsewhere => {
                "This fault is one of the TZPK: it goes with \"on\": \"tzpk\" or \"view\" only."
            }
            Self::WrongKeyElsewhere => "wrong_key goes with \"on\": \"jwks\" only.",
        };
        detail.to_owned()
    }
}

impl Plan {
    pub(crate) fn from_json(body: Value) -> Result<Self, PlanRefusal> {
        let plan: Self = serde_json::from_value(body).map_err(|_| PlanRefusal::Shape)?;
        if !(1..=MAX_TIMES).contains(&plan.times) {
            return Err(PlanRefusal::Times);
        }
        match plan.fault {
            Fault::Status(status) if !(400..=599).contains(&status) => Err(PlanRefusal::Status),
            Fault::KeyBytes(length) if ![8, 15, 16, 24, 33].contains(&length) => Err(PlanRefusal::KeyBytes),
            Fault::WrongKey if plan.on != Endpoint::Jwks => Err(PlanRefusal::WrongKeyElsewhere),
            fault if fault.is_of_key() && !matches!(plan.on, Endpoint::Tzpk | Endpoint::View) => {
                Err(PlanRefusal::KeyFaultElsewhere)
            }
            _ => Ok(plan),
        }
    }
}

impl Fault {
    fn is_of_key(self) -> bool {
        match self {
            Self::Truncated
            | Self::Flipped
            | Self::Sha1
            | Self::KeyBytes(_)
            | Self::SingleDes
            | Self::Weak
            | Self::NotBase64 => true,
            Self::Redirect
            | Self::Stall
            | Self::Cut
            | Self::CutAfter
            | Self::CutBody
            | Self::StallBody
            | Self::Mislabelled
            | Self::WrongKey
            | Self::Html
            | Self::NotJson
            | Self::TooLarge
            | Self::Status(_) => false,
        }
    }
}

/// The planned faults that have not struck yet, in the order in which they were planned.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    planned: Mutex<VecDeque<Plan>>,
}

impl Faults {
    pub(crate) fn add(&self, plan: Plan) {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner).push_back(plan);
    }

    /// Takes the fault that strikes now out of the queue.
    pub(crate) fn take(&self, endpoint: Endpoint) -> Option<Fault> {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let index = planned.iter().position(|plan| plan.on == endpoint)?;
        let plan = planned.get_mut(index)?;
        if plan.after > 0 {
            plan.after -= 1;
            return None;
        }
        let fault = plan.fault;
        plan.times -= 1;
        if plan.times == 0 {
            planned.remove(index);
        }
        Some(fault)
    }

    pub(crate) fn clear(&self) {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(on: &str, fault: Value) -> Result<Plan, PlanRefusal> {
        Plan::from_json(json!({"on": on, "fault": fault}))
    }

    #[test]
    fn faults_are_read_by_name() {
        assert_eq!(plan("tzpk", json!("cut_body")).unwrap().fault, Fault::CutBody);
        assert_eq!(plan("set", json!({"status": 503})).unwrap().fault, Fault::Status(503));
        assert_eq!(plan("tzpk", json!({"key_bytes": 24})).unwrap().fault, Fault::KeyBytes(24));
        assert_eq!(plan("tzpk", json!("single_des")).unwrap().times, 1);
    }

    #[test]
    fn faults_that_do_not_fit_their_call_are_refused() {
        for on in ["set", "card", "jwks"] {
            assert_eq!(plan(on, json!("sha1")), Err(PlanRefusal::KeyFaultElsewhere), "{on}");
        }
        assert_eq!(plan("set", json!({"key_bytes": 8})), Err(PlanRefusal::KeyFaultElsewhere));
        assert_eq!(plan("tzpk", json!("wrong_key")), Err(PlanRefusal::WrongKeyElsewhere));
        assert_eq!(plan("tzpk", json!({"key_bytes": 9})), Err(PlanRefusal::KeyBytes));
        assert_eq!(plan("tzpk", json!({"status": 200})), Err(PlanRefusal::Status));
        assert_eq!(plan("show", json!("cut")), Err(PlanRefusal::Shape));
        assert_eq!(plan("set", json!("explode")), Err(PlanRefusal::Shape));
        assert_eq!(
            Plan::from_json(json!({"on": "set", "fault": "cut", "times": 0})),
            Err(PlanRefusal::Times)
        );
    }

    #[test]
    fn each_plan_strikes_as_often_as_planned_and_where_planned() {
        let faults = Faults::default();
        faults.add(Plan { on: Endpoint::Set, fault: Fault::Cut, times: 2, after: 0 });
        faults.add(Plan { on: Endpoint::Set, fault: Fault::Html, times: 1, after: 0 });
        assert_eq!(faults.take(Endpoint::Tzpk), None);
        let struck: Vec<_> = std::iter::from_fn(|| faults.take(Endpoint::Set)).collect();
        assert_eq!(struck, [Fault::Cut, Fault::Cut, Fault::Html]);
    }

    #[test]
    fn a_plan_lets_calls_go_well_first_and_keeps_its_place() {
        let faults = Faults::default();
        faults.add(Plan { on: Endpoint::Set, fault: Fault::Cut, times: 1, after: 2 });
        faults.add(Plan { on: Endpoint::Set, fault: Fault::Html, times: 1, after: 1 });
        let struck: Vec<_> = (0..6).map(|_| faults.take(Endpoint::Set)).collect();
        assert_eq!(struck, [None, None, Some(Fault::Cut), None, Some(Fault::Html), None]);
    }

    #[test]
    fn the_names_are_those_that_are_read() {
        for name in Endpoint::NAMES.split(" | ") {
            let on: Value = serde_json::from_str(name).unwrap();
            assert!(plan(on.as_str().unwrap(), json!("cut")).is_ok(), "{name}");
        }
    }
}
