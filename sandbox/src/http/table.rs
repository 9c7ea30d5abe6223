//! Routes as data, so that a test can hold them against their description.

use axum::Router;
use axum::routing::MethodRouter;

/// Paths with what answers there, for a part with the state `S`.
pub(crate) type Table<S> = Vec<(&'static str, MethodRouter<S>)>;

/// The router with a table's routes.
pub(crate) fn add<S: Clone + Send + Sync + 'static>(router: Router<S>, table: Table<S>) -> Router<S> {
    table.into_iter().fold(router, |router, (path, methods)| router.route(path, methods))
}
