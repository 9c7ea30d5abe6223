//! The part that plays Enfuce.
//!
//! The issuer's back-end authenticates with a password or a token (`cards`, `pincontrol`, `pki`; `oauth`, `nextgen`), the
//! customer's device with a control id (`page`, `device`). Both use one `exchange` of keys and PIN blocks.

mod auth;
mod card_number;
mod cards;
mod device;
pub(crate) mod embossing;
mod exchange;
mod idempotency;
mod nextgen;
mod oauth;
mod page;
mod page_words;
mod pincontrol;
mod pki;
mod refusal;
mod shared_key;
mod state;
mod tokens;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, middleware};

pub(crate) use cards::{
    VALID_YEARS, parse_id, parse_pin_status, parse_product, parse_uuid, plastic_json, unknown_card,
};
pub(crate) use embossing::Made;
pub(crate) use state::{Enfuce, Parts};
pub(crate) use tokens::Tokens;

use crate::faults::Endpoint;
use crate::http::{Table, add};

/// Enfuce's routes.
pub(crate) fn routes(enfuce: Enfuce) -> Router {
    let nextgen = add(Router::new(), nextgen_table())
        .route_layer(middleware::from_fn_with_state(enfuce.clone(), nextgen::format_errors));
    let classic = add(Router::new(), table()).route("/pin-page/{*file}", get(page::file));
    let inject_faults = middleware::from_fn_with_state(enfuce.clone(), inject_faults);
    classic.merge(nextgen).route_layer(inject_faults).with_state(enfuce)
}

/// Carries out the faults that are planned for an issuer's calls. The exchange of keys and blocks does so itself.
async fn inject_faults(
    State(enfuce): State<Enfuce>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let endpoint = match path.as_str() {
        "/card/v4/{brand}/{id}" | "/v1/cards/{id}" => Endpoint::Card,
        "/card/v3/{id}/plastic" => Endpoint::Plastics,
        "/pincontrol/v2/plastic/{plasticId}" | "/v1/cards/{id}/pinControl" => Endpoint::PinControl,
        "/oauth2/token" => Endpoint::Token,
        _ => return next.run(request).await,
    };
    let path = request.uri().path().to_owned();
    enfuce.faults.inject(endpoint, &path, next.run(request)).await
}

pub(crate) fn table() -> Table<Enfuce> {
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

pub(crate) fn nextgen_table() -> Table<Enfuce> {
    vec![
        ("/v1/cards/{id}", get(nextgen::show)),
        ("/v1/cards/{id}/pinControl", post(nextgen::pin_control)),
        ("/v1/pin/pki/set/tzpk", post(pki::nextgen_tzpk)),
        ("/v1/pin/pki/set", post(pki::nextgen_set)),
        ("/v1/pin/pki/view", post(pki::nextgen_view)),
    ]
}
