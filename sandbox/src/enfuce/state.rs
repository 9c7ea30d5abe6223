//! The parts that Enfuce's routes use.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use super::tokens::Tokens;
use crate::clock::Clock;
use crate::config::Embossing;
use crate::faults::Faults;
use crate::files::Dist;
use crate::hsm::{Hsm, PinKeyPlan};
use crate::http::RateLimit;
use crate::store::Store;

/// A handle to the parts, cheap to clone.
#[derive(Clone)]
pub(crate) struct Enfuce(Arc<Parts>);

pub(crate) struct Parts {
    /// The origin under which everything is reached, without a slash at its end.
    pub(crate) base_url: String,
    /// `user:password`, as in HTTP Basic authentication.
    pub(crate) credentials: String,
    /// Frame key → the origin that may frame the page under it.
    pub(crate) frame_origins: HashMap<String, String>,
    /// When the embossing runs are.
    pub(crate) embossing: Embossing,
    pub(crate) clock: Arc<Clock>,
    pub(crate) store: Store,
    pub(crate) hsm: Arc<Hsm>,
    pub(crate) dist: Arc<Dist>,
    pub(crate) tokens: Tokens,
    pub(crate) rate_limit: RateLimit,
    /// How long a control id lives from its first use by the hosted page.
    pub(crate) page_opened_ms: u64,
    /// Whether the PKI calls of a back-end get no such extension (`--strict-control-ids`).
    pub(crate) strict_control_ids: bool,
    /// The kind of the next TZPKs.
    pub(crate) pin_key_plan: Mutex<PinKeyPlan>,
    pub(crate) faults: Arc<Faults>,
}

impl Enfuce {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Enfuce {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    pub(super) fn frame_origin(&self, key: &str) -> Option<&str> {
        self.frame_origins.get(key).map(String::as_str)
    }

    /// How long a control id lives from its first use by a back-end; `None` if the first use does not extend its life.
    pub(super) fn back_end_opened_ms(&self) -> Option<u64> {
        (!self.strict_control_ids).then_some(self.page_opened_ms)
    }

    /// The kind of the next TZPKs.
    pub(super) fn pin_key_plan(&self) -> PinKeyPlan {
        *self.pin_key_plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn plan_pin_keys(&self, plan: PinKeyPlan) {
        *self.pin_key_plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }
}
