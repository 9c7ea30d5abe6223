//! Routes as data, so that a test can hold them against their description.

use axum::Router;
use axum::routing::MethodRouter;

/// Paths and their handlers, for a part with the state `S`.
pub(crate) type Table<S> = Vec<(&'static str, MethodRouter<S>)>;

/// Adds a table's routes to a router.
pub(crate) fn add<S: Clone + Send + Sync + 'static>(router: Router<S>, table: Table<S>) -> Router<S> {
    table.into_iter().fold(router, |router, (path, methods)| router.route(path, methods))
}
