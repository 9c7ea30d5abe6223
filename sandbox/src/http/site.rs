//! Whose page a request comes from. A page of another site can have a browser send requests here, and the sandbox has no
//! sign-in that would keep them out.

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::host::Origin;
use super::json::is_media_type;
use super::problem::{Kind, Problem};

/// The hosted page: an issuer's site posts its form here, or frames it.
const HOSTED_PAGE: [&str; 2] = ["/pin-page/mobile", "/pin-page/frame"];

/// The sandbox's own: test controls, and the issuer's back-end, which knows its customer by nothing here.
const OWN: [&str; 2] = ["/sandbox/", "/issuer/"];

/// Marks a request that a page of another origin sent, and that no party meant to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Foreign;

/// Refuses what a page of another origin wants to change here, and marks everything else that such a page sends.
pub(crate) async fn check_site(State(origin): State<Origin>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if is_foreign(&request, &origin) && !HOSTED_PAGE.contains(&path) {
        if !request.method().is_safe() && OWN.iter().any(|own| path.starts_with(own)) {
            let detail = "A page of another origin may not send this: send it from the sandbox's own pages, or without a browser.";
            return Problem::new(Kind::OtherOrigin, detail).into_response();
        }
        // A browser sends no JSON to another origin without leave, and here it gets none. It came through a gateway of the
        // issuer's, which passes on where its page is.
        if !is_media_type(request.headers(), "application/json") {
            request.extensions_mut().insert(Foreign);
        }
    }
    next.run(request).await
}

/// By what the browser says (Fetch Metadata), and by the origin for a browser that does not. Other programs send neither.
fn is_foreign(request: &Request, origin: &Origin) -> bool {
    let value = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = value("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let own = [origin.base_url.clone(), format!("http://localhost:{}", origin.port)];
    value(header::ORIGIN.as_str()).is_some_and(|origin| !own.iter().any(|own| own == origin))
}
