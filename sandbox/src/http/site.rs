//! Checks which site's page sent a request. A page of another site can make a browser send requests here, and the sandbox has no
//! sign-in that would refuse them.

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::host::Origin;
use super::json::is_media_type;
use super::problem::{Kind, Problem};

/// The hosted page: an issuer's site posts its form here, or frames it.
const HOSTED_PAGE: [&str; 2] = ["/pin-page/mobile", "/pin-page/frame"];

/// Paths for the sandbox's own pages: test controls, and the issuer's back-end, which does not authenticate its customer here.
const OWN: [&str; 2] = ["/sandbox/", "/issuer/"];

/// Marks a request that a page of another origin sent without any party's intention.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CrossOrigin;

/// Refuses changes that a page of another origin asks for, and marks its other requests.
pub(crate) async fn check_site(State(origin): State<Origin>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if is_cross_origin(&request, &origin) && !HOSTED_PAGE.contains(&path) {
        if !request.method().is_safe() && OWN.iter().any(|own| path.starts_with(own)) {
            let detail = "A page of another origin may not send this: send it from the sandbox's own pages, or without a browser.";
            return Problem::new(Kind::OtherOrigin, detail).into_response();
        }
        // A browser sends JSON to another origin only after a preflight, and here that fails. So this request came through a gateway
        // of the issuer's, which passes the origin of its page on.
        if !is_media_type(request.headers(), "application/json") {
            request.extensions_mut().insert(CrossOrigin);
        }
    }
    next.run(request).await
}

/// Decides by Fetch Metadata, or by the origin if the browser sends no Fetch Metadata. Other programs send neither.
fn is_cross_origin(request: &Request, origin: &Origin) -> bool {
    let value = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = value("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let own = [origin.base_url.clone(), format!("http://localhost:{}", origin.port)];
    value(header::ORIGIN.as_str()).is_some_and(|origin| !own.iter().any(|own| own == origin))
}
