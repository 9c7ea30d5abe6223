//! Completes every answer: the same protective headers everywhere, and our error body where the framework made its own.

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::{Kind, Problem};

/// Marks an error answer that has no body on purpose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WithoutBody;

/// Adds the headers, and turns an error answer without one of our bodies into a problem of the same status.
pub(crate) async fn complete(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let status = response.status();
    if (status.is_client_error() || status.is_server_error()) && !has_own_body(&response) {
        let allow = response.headers().get(header::ALLOW).cloned();
        response =
            Problem::new(Kind::from_status(status), "The request could not be read as this path expects it.")
                .into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn has_own_body(response: &Response) -> bool {
    let content_type =
        response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    // The framework's own bodies are plain text.
    [b"application/problem+json".as_slice(), b"application/json", b"text/html"]
        .iter()
        .any(|ours| content_type.starts_with(ours))
        || response.extensions().get::<WithoutBody>().is_some()
}
