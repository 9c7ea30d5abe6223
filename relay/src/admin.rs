//! The operators' endpoints, on a listener of its own, so that devices cannot keep it from answering.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::relay::Relay;

/// `GET /livez`, `/readyz` and `/metrics`.
pub(crate) fn router(relay: &Relay) -> Router {
    Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(relay.clone())
}

/// The relay stays ready while Enfuce is down, and while an identity provider is down that has answered before: otherwise all
/// copies would become unready at the same time, and nobody could tell the customers.
async fn ready(State(relay): State<Relay>) -> Response {
    if relay.is_stopping() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    if !relay.is_ready() {
        let reason = "the identity provider's keys are not found yet\n";
        return (StatusCode::SERVICE_UNAVAILABLE, reason).into_response();
    }
    "ready\n".into_response()
}

async fn metrics(State(relay): State<Relay>) -> Response {
    const OPEN_METRICS: HeaderValue =
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    ([(header::CONTENT_TYPE, OPEN_METRICS)], relay.figures()).into_response()
}
