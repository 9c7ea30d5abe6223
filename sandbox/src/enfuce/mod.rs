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
mod page_words;
mod pincontrol;
mod pki;
mod shared_key;
mod theme;
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
use crate::openapi::{Table, add};

/// Where the hosted page and its files are, and where it posts.
pub(crate) const PAGE_FOLDER: &str = "/pin-page/";

/// Enfuce's routes.
pub(crate) fn routes(app: &App) -> Router<App> {
    let nextgen = add(Router::new(), nextgen_table())
        .route_layer(middleware::from_fn_with_state(app.clone(), nextgen::word_errors));
    add(Router::new(), table()).merge(nextgen).route("/pin-page/{*file}", get(dist::file))
}

pub(crate) fn table() -> Table {
    vec![
        ("/card/v4/{brand}/customer/{customerId}/account/{accountId}/{cardRole}", post(cards::create)),
        ("/card/v4/{brand}/{id}", get(cards::show).patch(cards::change)),
        ("/card/v3/{id}/plastic", get(cards::plastics)),
        ("/pincontrol/v2/plastic/{plasticId}", post(pincontrol::create)),
        ("/pin/v2/{plasticId}", post(shared_key::set)),
        ("/pin/v3/set/tzpk", post(pki::tzpk)),
        ("/pin/v3/set", post(pki::set)),
        ("/pin/v3/view", post(pki::view)),
        ("/oauth2/token", post(oauth::token)),
        ("/pin-page/mobile", post(page::mobile)),
        ("/pin-page/frame", get(page::frame)),
        ("/pin-page/tzpk", post(device::tzpk)),
        ("/pin-page/set", post(device::set)),
        ("/pin-page/view", post(device::view)),
    ]
}

pub(crate) fn nextgen_table() -> Table {
    vec![
        ("/v1/cards/{id}", get(nextgen::show)),
        ("/v1/cards/{id}/pinControl", post(nextgen::pin_control)),
        ("/v1/pin/pki/set/tzpk", post(pki::nextgen_tzpk)),
        ("/v1/pin/pki/set", post(pki::nextgen_set)),
        ("/v1/pin/pki/view", post(pki::nextgen_view)),
    ]
}
