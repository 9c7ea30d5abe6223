//! The files of the issuer's app, compiled in.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::http::{Kind, Problem};

/// `wasm-unsafe-eval`, the worker and the policy's name are what card-pin needs on a page of one's own.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
                      img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types card-pin";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

struct File {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

macro_rules! files {
    ($($path:literal, $name:literal, $media_type:expr;)*) => {
        [$(File { path: $path, media_type: $media_type, text: include_str!(concat!("../../issuer/", $name)) }),*]
    };
}

static FILES: &[File] = &files![
    "/", "index.html", HTML;
    "/app.js", "app.js", SCRIPT;
    "/back-end.js", "back-end.js", SCRIPT;
    "/card-states.js", "card-states.js", SCRIPT;
    "/cards.js", "cards.js", SCRIPT;
    "/clock.js", "clock.js", SCRIPT;
    "/dom.js", "dom.js", SCRIPT;
    "/operator.js", "operator.js", SCRIPT;
    "/pin-dialog.js", "pin-dialog.js", SCRIPT;
    "/texts.js", "texts.js", SCRIPT;
    "/wire.js", "wire.js", SCRIPT;
    "/wire-fields.js", "wire-fields.js", SCRIPT;
    "/style.css", "style.css", STYLE;
    "/card.css", "card.css", STYLE;
    "/dialog.css", "dialog.css", STYLE;
    "/wire.css", "wire.css", STYLE;
    "/icon.svg", "icon.svg", "image/svg+xml";
];

/// The paths at which the app has files.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|file| file.path)
}

/// The answer to a request for the file at this path.
pub(super) fn answer(path: &str) -> Response {
    let Some(file) = FILES.iter().find(|file| file.path == path) else {
        return Problem::new(Kind::Unknown, "The issuer's app has no such file.").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    (headers, file.text).into_response()
}
