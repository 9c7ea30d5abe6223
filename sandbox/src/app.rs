//! What every handler can reach, and all routes together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::{Router, middleware};
use card_pin_relay::Relay;

use crate::clock::Clock;
use crate::config::Embossing;
use crate::enfuce::{self, Dist, Tokens};
use crate::hsm::{Hsm, PinKeyPlan};
use crate::http::{self, RateLimit};
use crate::issuer::{self, EnfuceClient};
use crate::levers::{self, Faults, Wire};
use crate::openapi;
use crate::store::Store;

/// The parts of a running sandbox.
pub(crate) struct Parts {
    pub(crate) base_url: String,
    pub(crate) port: u16,
    /// `user:password`, as HTTP Basic authentication has it.
    pub(crate) credentials: String,
    /// Frame key → the origin that may frame the page under it.
    pub(crate) frame_origins: HashMap<String, String>,
    pub(crate) embossing: Embossing,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) hsm: Arc<Hsm>,
    pub(crate) dist: Dist,
    pub(crate) tokens: Tokens,
    pub(crate) rate_limit: RateLimit,
    /// How long a control id can be used from its first use.
    pub(crate) page_opened_ms: u64,
    /// Whether that does not go for the PKI calls of a back-end.
    pub(crate) strict_control_ids: bool,
    /// What the next TZPKs are.
    pub(crate) pin_key_plan: Mutex<PinKeyPlan>,
    pub(crate) faults: Faults,
    pub(crate) wire: Wire,
    pub(crate) enfuce_client: EnfuceClient,
    pub(crate) relay: Relay,
}

/// A handle to the parts, cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The origin under which everything is reached, without a slash at its end.
    pub(crate) fn base_url(&self) -> &str {
        &self.0.base_url
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port
    }

    pub(crate) fn credentials(&self) -> &str {
        &self.0.credentials
    }

    pub(crate) fn frame_origin(&self, key: &str) -> Option<&str> {
        self.0.frame_origins.get(key).map(String::as_str)
    }

    /// When the embossing runs are.
    pub(crate) fn embossing(&self) -> Embossing {
        self.0.embossing
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn hsm(&self) -> &Hsm {
        &self.0.hsm
    }

    /// The HSM for work that runs on another thread.
    pub(crate) fn hsm_handle(&self) -> Arc<Hsm> {
        Arc::clone(&self.0.hsm)
    }

    pub(crate) fn dist(&self) -> &Dist {
        &self.0.dist
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn rate_limit(&self) -> &RateLimit {
        &self.0.rate_limit
    }

    /// How long a control id lives from its first use where the hosted page comes with it.
    pub(crate) fn page_opened_ms(&self) -> u64 {
        self.0.page_opened_ms
    }

    /// The same where a back-end comes with it; `None` where its first use prolongs nothing.
    pub(crate) fn back_end_opened_ms(&self) -> Option<u64> {
        (!self.0.strict_control_ids).then_some(self.0.page_opened_ms)
    }

    /// What the next TZPKs are.
    pub(crate) fn pin_key_plan(&self) -> PinKeyPlan {
        *self.0.pin_key_plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn plan_pin_keys(&self, plan: PinKeyPlan) {
        *self.0.pin_key_plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.0.faults
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.0.wire
    }

    pub(crate) fn enfuce_client(&self) -> &EnfuceClient {
        &self.0.enfuce_client
    }

    pub(crate) fn relay(&self) -> &Relay {
        &self.0.relay
    }
}

/// All routes. The layers are listed from the inside out: a request is written down first, then its host is checked.
pub(crate) fn router(app: App) -> Router {
    openapi::add(Router::new(), openapi::table())
        .merge(enfuce::routes(&app))
        .merge(levers::routes())
        .merge(issuer::routes(&app))
        .method_not_allowed_fallback(http::method_not_allowed)
        .fallback(http::unknown_route)
        .layer(middleware::from_fn_with_state(app.clone(), http::check_host))
        .layer(middleware::from_fn_with_state(app.clone(), levers::record))
        .layer(middleware::from_fn(http::complete))
        .with_state(app)
}
