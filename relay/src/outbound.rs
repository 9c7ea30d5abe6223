//! The relay's own requests, to Enfuce and to the issuer's systems.

mod cause;
mod client;

use reqwest::{Client, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::failure::{Failure, Kind};
use crate::trace::Active;
use crate::wire::BYTE_ORDER_MARK;
pub(crate) use cause::{of as failure, word as cause};
pub use client::ClientError;
pub(crate) use client::{Settings, make as client};

/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Sends a request, and waits for the head of the answer.
pub(crate) async fn send(request: RequestBuilder, deadline: Instant) -> Result<Response, Failure> {
    match timeout_at(deadline, request.send()).await {
        Ok(sent) => sent.map_err(|error| failure(&error)),
        Err(_) => Err(Failure::new(Kind::TimedOut, "timeout_head")),
    }
}

/// Does the same as a part of a trace.
pub(crate) async fn send_traced(
    request: RequestBuilder,
    deadline: Instant,
    span: &mut Active,
) -> Result<Response, Failure> {
    let response = send(request.headers(span.headers()), deadline).await?;
    span.answered(response.status());
    Ok(response)
}

/// Checks that an address answers, with any status.
pub(crate) async fn reach(client: &Client, url: &Url, deadline: Instant) -> Result<(), Failure> {
    send(client.get(url.clone()), deadline).await.map(drop)
}

/// An answer that has no documented meaning.
pub(crate) const UNDOCUMENTED: Failure = Failure::new(Kind::BadAnswer, "undocumented_answer");

/// Reads the JSON in a body. It goes through a `Value`, because the parser's own errors may quote the body.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    serde_json::from_slice::<Value>(body).and_then(serde_json::from_value).ok()
}

/// Reads the whole body of an answer, if it comes in time.
pub(crate) async fn body_until(response: &mut Response, deadline: Instant) -> Result<Vec<u8>, Failure> {
    let late = Err(Failure::new(Kind::TimedOut, "timeout_body"));
    timeout_at(deadline, body(response)).await.unwrap_or(late)
}

/// The whole body of an answer.
pub(crate) async fn body(response: &mut Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Failure::new(Kind::BadAnswer, "answer_cut"))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Failure::new(Kind::BadAnswer, "answer_too_large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
