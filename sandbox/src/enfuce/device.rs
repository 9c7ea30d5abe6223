//! What the customer's device calls itself, from the hosted page or a page of the issuer's.

use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;

use super::exchange::{self, CLASSIC, Call};
use crate::app::App;
use crate::http::{JsonBody, Problem};

/// `POST /pin-page/tzpk`
pub(super) async fn tzpk(State(app): State<App>, uri: Uri, body: Result<JsonBody, Problem>) -> Response {
    and_close(exchange::tzpk(Call { app: &app, spelling: &CLASSIC, path: uri.path(), body }).await)
}

/// `POST /pin-page/set`
pub(super) async fn set(State(app): State<App>, uri: Uri, body: Result<JsonBody, Problem>) -> Response {
    exchange::set(Call { app: &app, spelling: &CLASSIC, path: uri.path(), body }).await
}

/// `POST /pin-page/view`
pub(super) async fn view(State(app): State<App>, uri: Uri, body: Result<JsonBody, Problem>) -> Response {
    exchange::view(Call { app: &app, spelling: &CLASSIC, path: uri.path(), body }).await
}

/// Has `set` come on a connection of its own. Chromium and Firefox repeat a request by themselves, whatever its method,
/// where a connection that was used before is cut without an answer; on a fresh one they do not, and `set` must arrive
/// once at the most.
fn and_close(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
