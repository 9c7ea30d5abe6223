//! The description of all that is served. A route that stands in a `Table` has to be described.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};

use crate::app::App;

const DOCUMENT: &str = include_str!("../openapi.json");

/// Paths with what answers there.
pub(crate) type Table = Vec<(&'static str, MethodRouter<App>)>;

/// The router with a table's routes.
pub(crate) fn add(router: Router<App>, table: Table) -> Router<App> {
    table.into_iter().fold(router, |router, (path, methods)| router.route(path, methods))
}

pub(crate) fn table() -> Table {
    vec![("/openapi.json", get(show))]
}

/// `GET /openapi.json`: all of this, for programs.
async fn show() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{enfuce, issuer, levers};

    #[test]
    fn the_document_describes_every_route_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
        let described: BTreeSet<_> =
            document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let served = [enfuce::table(), enfuce::nextgen_table(), issuer::table(), levers::table(), table()];
        assert_eq!(described, served.into_iter().flatten().map(|(path, _)| path).collect());
    }
}
