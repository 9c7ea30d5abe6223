//! The calls that the customer's device makes itself, from the hosted page or a page of the issuer's.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::exchange::{self, CLASSIC, Call};
use super::state::Enfuce;
use crate::http::{JsonBody, Problem};

/// `POST /pin-page/tzpk`
pub(super) async fn tzpk(
    State(enfuce): State<Enfuce>,
    uri: Uri,
    body: Result<JsonBody, Problem>,
) -> Response {
    exchange::tzpk(call(&enfuce, &uri, body)).await
}

/// `POST /pin-page/set`
pub(super) async fn set(State(enfuce): State<Enfuce>, uri: Uri, body: Result<JsonBody, Problem>) -> Response {
    exchange::set(call(&enfuce, &uri, body)).await
}

/// `POST /pin-page/view`
pub(super) async fn view(
    State(enfuce): State<Enfuce>,
    uri: Uri,
    body: Result<JsonBody, Problem>,
) -> Response {
    exchange::view(call(&enfuce, &uri, body)).await
}

fn call<'a>(enfuce: &'a Enfuce, uri: &'a Uri, body: Result<JsonBody, Problem>) -> Call<'a> {
    Call { enfuce, spelling: &CLASSIC, path: uri.path(), opened_ms: Some(enfuce.page_opened_ms), body }
}
