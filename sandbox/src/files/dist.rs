//! The built page and the files that it loads.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Path as Name, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::theme;
use crate::error::Error;
use crate::http::{Kind, Problem};

/// The template that is filled for each control id.
const PAGE: &str = "page.html";

/// The page's style sheet, which ends with the issuer's theme.
const STYLE: &str = "page.css";

/// The policy for the vault: a worker does not inherit its page's policy, and without one of its own it could send anywhere.
/// Some of the files are pages, such as the template of the hosted page, which no other site may frame.
const POLICY: &str =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'self'";

/// The folder of the built page. Files are read at each request, so that a rebuilt page needs no restart.
pub(crate) struct Dist {
    folder: PathBuf,
    theme: String,
}

/// `GET /pin-page/{*file}` and `GET /card-pin/{*file}`
pub(super) async fn file(State(dist): State<Arc<Dist>>, Name(name): Name<String>) -> Response {
    dist.answer(&name)
}

impl Dist {
    /// Opens the folder, which has to contain the page, and reads the theme's file if there is one.
    pub(crate) fn open(folder: &Path, theme: Option<&Path>) -> Result<Self, Error> {
        let theme = theme.map(theme::read).transpose()?.unwrap_or_default();
        let dist = Self { folder: folder.to_owned(), theme };
        if dist.find(PAGE).is_none() {
            return Err(Error::Dist { dist: folder.to_owned() });
        }
        Ok(dist)
    }

    /// Whether the folder has a file of this name.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The page with its placeholders.
    pub(crate) fn page(&self) -> Result<String, Problem> {
        self.text(PAGE)
            .ok_or_else(|| Problem::new(Kind::Internal, "page.html cannot be read: build the page again."))
    }

    /// A file's text, if it is there.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.find(name).and_then(|path| fs::read_to_string(path).ok())
    }

    /// The answer to a request for a file.
    fn answer(&self, name: &str) -> Response {
        let Some(mut bytes) = self.find(name).and_then(|path| fs::read(path).ok()) else {
            return Problem::new(Kind::Unknown, "The built page has no such file.").into_response();
        };
        if name == STYLE {
            bytes.extend_from_slice(self.theme.as_bytes());
        }
        let mut response = bytes.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    }

    /// A file of exactly this path. Each part is compared with what its folder lists, so a path can lead nowhere else.
    fn find(&self, path: &str) -> Option<PathBuf> {
        let mut found = self.folder.clone();
        for part in path.split('/') {
            let mut entries = fs::read_dir(&found).ok()?.flatten();
            found = entries.find(|entry| entry.file_name() == OsStr::new(part))?.path();
        }
        found.is_file().then_some(found)
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "ts" | "md" | "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
