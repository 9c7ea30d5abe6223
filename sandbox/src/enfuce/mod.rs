//! The part that plays Enfuce.
//!
//! Two doors: the issuer's back-end comes with a password (`cards`, `pincontrol`), the customer's device with a control
//! id (`page`, `device`).

mod auth;
mod card_number;
mod cards;
mod device;
mod dist;
mod page;
mod pincontrol;
mod token;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use cards::{parse_product, parse_uuid};
pub(crate) use dist::Dist;

use crate::app::App;

/// Where the hosted page and its files are, and where it posts.
pub(crate) const PAGE_FOLDER: &str = "/pin-page/";

/// Enfuce's routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/card/v4/{product}/customer/{customer_id}/account/{account_id}/{role}", post(cards::create))
        .route("/card/v4/{product}/{id}", get(cards::show))
        .route("/card/v3/{id}/plastic", get(cards::plastics))
        .route("/pincontrol/v2/plastic/{id}", post(pincontrol::create))
        .route("/pin-page/mobile", post(page::mobile))
        .route("/pin-page/frame", get(page::frame))
        .route("/pin-page/tzpk", post(device::tzpk))
        .route("/pin-page/set", post(device::set))
        .route("/pin-page/{file}", get(dist::file))
}
