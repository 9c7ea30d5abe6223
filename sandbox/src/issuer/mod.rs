//! The part that plays an issuer: its app, the small back-end behind the app, and the relay.
//!
//! The back-end talks to Enfuce over HTTP like any issuer. It stores only the list of its card ids.

mod api;
mod authorize;
mod client;
mod relay;

use std::sync::Arc;

use axum::routing::{get, post};

pub(crate) use client::EnfuceClient;
pub(crate) use relay::routes as relay_routes;

use crate::faults::Faults;
use crate::http::Table;
use crate::store::Store;

/// The person in whose name the issuer acts.
const AUDIT_USER: &str = "issuer-app";

/// The parts that the issuer's routes use.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) store: Store,
    pub(crate) enfuce_client: Arc<EnfuceClient>,
    pub(crate) faults: Arc<Faults>,
}

/// The back-end's routes for the app.
pub(crate) fn table() -> Table<Issuer> {
    vec![
        ("/issuer/api/cards", get(api::list).post(api::create)),
        ("/issuer/api/cards/{id}/set-pin", post(api::set_pin)),
        ("/issuer/api/cards/{id}/view-pin", post(api::view_pin)),
        ("/issuer/api/cards/{id}/random-pin", post(api::random_pin)),
        ("/issuer/api/authorize", post(authorize::ask)),
    ]
}
