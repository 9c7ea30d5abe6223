//! The files of the issuer's app, compiled in.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::App;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

struct File {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

static FILES: [File; 4] = [
    File { path: "/", media_type: "text/html; charset=utf-8", text: include_str!("../../issuer/index.html") },
    File {
        path: "/app.js",
        media_type: "text/javascript; charset=utf-8",
        text: include_str!("../../issuer/app.js"),
    },
    File {
        path: "/style.css",
        media_type: "text/css; charset=utf-8",
        text: include_str!("../../issuer/style.css"),
    },
    File { path: "/icon.svg", media_type: "image/svg+xml", text: include_str!("../../issuer/icon.svg") },
];

/// Whether the app has a file at this path.
pub(crate) fn has_file(path: &str) -> bool {
    FILES.iter().any(|file| file.path == path)
}

pub(super) fn routes() -> Router<App> {
    FILES.iter().fold(Router::new(), |router, file| router.route(file.path, get(|| async { answer(file) })))
}

fn answer(file: &File) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    (headers, file.text).into_response()
}
