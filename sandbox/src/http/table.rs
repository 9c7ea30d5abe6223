//! Routes as data, so that a test can hold them against their description.

use axum::Router;
use axum::routing::MethodRouter;

/// Paths and their handlers, for a part with the state `S`.
pub(crate) type Table<S> = Vec<(&'static str, MethodRouter<S>)>;

/// The router of a part: its routes, and the state that their handlers are handed.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(table: Table<S>, state: S) -> Router {
    let router = table.into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    router.with_state(state)
}
