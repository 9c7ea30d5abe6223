//! The part that plays an issuer: its app, the small back-end behind the app, and the relay.
//!
//! The back-end talks to Enfuce over HTTP like any issuer. It stores only the list of its card ids.

mod api;
mod authorize;
mod client;
mod relay;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use card_pin_relay::Relay;

pub(crate) use client::EnfuceClient;
pub(crate) use relay::make as make_relay;

use crate::faults::Faults;
use crate::files::{Dist, app};
use crate::http::{Table, add};
use crate::store::Store;

/// The person in whose name the issuer acts.
const AUDIT_USER: &str = "issuer-app";

/// The parts that the issuer's routes use.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) store: Store,
    pub(crate) dist: Arc<Dist>,
    pub(crate) enfuce_client: Arc<EnfuceClient>,
    pub(crate) faults: Arc<Faults>,
}

/// The issuer's routes, with its relay's.
pub(crate) fn routes(issuer: Issuer, relay: &Relay) -> Router {
    let files = app::paths().fold(Router::new(), |router, path| {
        router.route(path, get(move || async move { app::answer(path) }))
    });
    add(files, table()).route("/card-pin/{*file}", get(module)).with_state(issuer).merge(relay::routes(relay))
}

/// `GET /card-pin/{*file}`
async fn module(State(issuer): State<Issuer>, Path(name): Path<String>) -> Response {
    issuer.dist.answer(&name)
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
