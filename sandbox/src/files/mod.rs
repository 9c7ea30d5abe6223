//! The files that are served: those of the built page, and those of the issuer's app.

mod app;
mod dist;
mod theme;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

pub(crate) use dist::Dist;

/// The path of Enfuce's hosted page and its files, and of the requests that it makes.
pub(crate) const PAGE_FOLDER: &str = "/pin-page/";
/// The path of the issuer's own copy of `dist/`, for the issuer's page with the pad.
pub(crate) const MODULE_FOLDER: &str = "/card-pin/";

/// The routes of all files. They have no table, because they are not part of the API.
pub(crate) fn routes(dist: Arc<Dist>) -> Router {
    let of_app =
        app::paths().fold(Router::new(), |router, path| router.route(path, get(async || app::answer(path))));
    let folders = [PAGE_FOLDER, MODULE_FOLDER].map(|folder| format!("{folder}{{*file}}"));
    folders.iter().fold(of_app, |router, path| router.route(path, get(dist::file))).with_state(dist)
}

/// Whether there is a file at this path.
pub(crate) fn is_file(dist: &Dist, path: &str) -> bool {
    let in_dist = [PAGE_FOLDER, MODULE_FOLDER].into_iter().find_map(|folder| path.strip_prefix(folder));
    in_dist.is_some_and(|name| dist.holds(name)) || app::paths().any(|file| file == path)
}
