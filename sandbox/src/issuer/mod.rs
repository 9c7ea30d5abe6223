//! The part that plays an issuer: its app, the small back-end behind the app, and the relay.
//!
//! The back-end talks to Enfuce over HTTP like any issuer. Of its own it keeps only the list of its card ids.

mod api;
mod client;
mod files;
mod relay;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use client::EnfuceClient;
pub(crate) use files::{MODULE_FOLDER, has_file};
pub(crate) use relay::make as make_relay;

use crate::app::App;
use crate::openapi::{self, Table};

/// The person in whose name the issuer acts.
const AUDIT_USER: &str = "issuer-app";

/// The issuer's routes.
pub(crate) fn routes(app: &App) -> Router<App> {
    openapi::add(files::routes(), table()).merge(relay::routes(app.relay()))
}

/// What the app asks the back-end.
pub(crate) fn table() -> Table {
    vec![
        ("/issuer/api/cards", get(api::list).post(api::create)),
        ("/issuer/api/cards/{id}/set-pin", post(api::set_pin)),
        ("/issuer/api/cards/{id}/view-pin", post(api::view_pin)),
        ("/issuer/api/cards/{id}/random-pin", post(api::random_pin)),
    ]
}
