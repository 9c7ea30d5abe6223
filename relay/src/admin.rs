//! What operators can ask, on a listener of its own: no number of devices can keep it from answering.

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

/// An Enfuce that is down does not make the relay unready, nor does an identity provider that was there once: all copies would go at
/// once, and nobody could tell the customers.
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
