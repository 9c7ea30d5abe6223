//! The part that plays Enfuce.
//!
//! Two doors: the issuer's back-end comes with a password or a token (`cards`, `pincontrol`, `pki`; `oauth`, `nextgen`),
//! the customer's device with a control id (`page`, `device`). Behind both is one `exchange` of keys and PIN blocks.

mod auth;
mod card_number;
mod cards;
mod device;
mod dist;
pub(crate) mod embossing;
mod exchange;
mod idempotency;
mod nextgen;
mod oauth;
mod page;
mod pincontrol;
mod pki;
mod token;

use axum::routing::{get, post};
use axum::{Router, middleware};

pub(crate) use cards::{
    VALID_YEARS, parse_pin_status, parse_product, parse_uuid, plastic_json, unknown_card,
};
pub(crate) use dist::Dist;
pub(crate) use embossing::Made;
pub(crate) use oauth::Tokens;

use crate::app::App;

/// Where the hosted page and its files are, and where it posts.
pub(crate) const PAGE_FOLDER: &str = "/pin-page/";

/// Enfuce's routes.
pub(crate) fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/card/v4/{product}/customer/{customer_id}/account/{account_id}/{role}", post(cards::create))
        .route("/card/v4/{product}/{id}", get(cards::show).patch(cards::change))
        .route("/card/v3/{id}/plastic", get(cards::plastics))
        .route("/pincontrol/v2/plastic/{id}", post(pincontrol::create))
        .route("/pin/v3/set/tzpk", post(pki::tzpk))
        .route("/pin/v3/set", post(pki::set))
        .route("/pin/v3/view", post(pki::view))
        .route("/pin-page/mobile", post(page::mobile))
        .route("/pin-page/frame", get(page::frame))
        .route("/pin-page/tzpk", post(device::tzpk))
        .route("/pin-page/set", post(device::set))
        .route("/pin-page/view", post(device::view))
        .route("/pin-page/{file}", get(dist::file))
        .route("/oauth2/token", post(oauth::token))
        .merge(nextgen_routes(app))
}

fn nextgen_routes(app: &App) -> Router<App> {
    Router::new()
        .route("/v1/cards/{id}", get(nextgen::show))
        .route("/v1/cards/{id}/pinControl", post(nextgen::pin_control))
        .route("/v1/pin/pki/set/tzpk", post(pki::nextgen_tzpk))
        .route("/v1/pin/pki/set", post(pki::nextgen_set))
        .route("/v1/pin/pki/view", post(pki::nextgen_view))
        .route_layer(middleware::from_fn_with_state(app.clone(), nextgen::word_errors))
}
