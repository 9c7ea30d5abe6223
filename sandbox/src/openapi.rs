//! The OpenAPI description of all routes. A test checks that it describes every route in a `Table`.

use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::http::Table;

pub(crate) const DOCUMENT: &str = include_str!("../openapi.json");

pub(crate) fn table() -> Table<()> {
    vec![("/openapi.json", get(show))]
}

/// `GET /openapi.json`
async fn show() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
