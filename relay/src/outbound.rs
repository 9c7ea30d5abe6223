//! Requests that the relay makes itself, to Enfuce and to the issuer's own systems.

mod cause;
mod client;

use reqwest::Response;

use crate::failure::{Failure, Kind};
pub(crate) use cause::{of as failure, word as cause};
pub use client::ClientError;
pub(crate) use client::{Settings, make as client};

/// The largest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

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
