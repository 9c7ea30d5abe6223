//! The description of all that is served. A route that stands in a `Table` has to be described.

use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::http::Table;

pub(crate) const DOCUMENT: &str = include_str!("../openapi.json");

pub(crate) fn table() -> Table<()> {
    vec![("/openapi.json", get(show))]
}

/// `GET /openapi.json`: all of this, for programs.
async fn show() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
