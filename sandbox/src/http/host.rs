//! Checks the host of a request. Only the address that the sandbox listens on is answered, so that no other site's name can be pointed
//! at it (DNS rebinding), and one spelling of it for pages, because the frame's origin has to match the issuer's.

use axum::extract::{Request, State};
use axum::http::{Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::problem::{Kind, Problem};

/// The one address at which the sandbox answers.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) port: u16,
    /// Without a slash at its end.
    pub(crate) base_url: String,
}

impl Origin {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, base_url: format!("http://127.0.0.1:{port}") }
    }
}

/// Answers 421 to any other host, and sends `GET /` on `localhost` to 127.0.0.1.
pub(crate) async fn check_host(State(origin): State<Origin>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // A request line in absolute form overrides the header (RFC 9112 §3.2.2).
    let host = request.uri().authority().map(|authority| authority.as_str()).or(host).unwrap_or_default();
    let port = origin.port;
    if host.eq_ignore_ascii_case(&format!("localhost:{port}")) {
        if request.method() == Method::GET && path_is_root(request.uri()) {
            return Redirect::temporary(&format!("{}/", origin.base_url)).into_response();
        }
    } else if host != format!("127.0.0.1:{port}") {
        let detail = format!("The sandbox answers at {} only.", origin.base_url);
        return Problem::new(Kind::Misdirected, detail).into_response();
    }
    next.run(request).await
}

fn path_is_root(uri: &Uri) -> bool {
    uri.path() == "/"
}
