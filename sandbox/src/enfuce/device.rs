//! What the customer's device calls itself, from the hosted page or a page of the issuer's.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::exchange::{self, CLASSIC, Call};
use crate::app::App;
use crate::http::{JsonBody, Problem};

/// `POST /pin-page/tzpk`
pub(super) async fn tzpk(State(app): State<App>, uri: Uri, body: Result<JsonBody, Problem>) -> Response {
    exchange::tzpk(call(&app, &uri, body)).await
}

/// `POST /pin-page/set`
pub(super) async fn set(State(app): State<App>, uri: Uri, body: Result<JsonBody, Problem>) -> Response {
    exchange::set(call(&app, &uri, body)).await
}

/// `POST /pin-page/view`
pub(super) async fn view(State(app): State<App>, uri: Uri, body: Result<JsonBody, Problem>) -> Response {
    exchange::view(call(&app, &uri, body)).await
}

fn call<'a>(app: &'a App, uri: &'a Uri, body: Result<JsonBody, Problem>) -> Call<'a> {
    Call { app, spelling: &CLASSIC, path: uri.path(), opened_ms: Some(app.page_opened_ms()), body }
}
