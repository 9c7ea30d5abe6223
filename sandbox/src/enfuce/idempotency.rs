//! `x-idempotency-key`: a request that is sent again does its work once, and gets the answer that the first one got.

use axum::http::HeaderMap;
use rusqlite::Transaction;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock::Instant;
use crate::http::{Fields, Kind, Problem};
use crate::store::idempotency::{self, Kept};

const HEADER: &str = "x-idempotency-key";
const MAX_CHARS: usize = 64;

/// The key of a request, and a digest of the request. Only successful answers are kept: a request that failed is tried again.
pub(super) struct KeptAnswer {
    key: String,
    request: Vec<u8>,
}

impl KeptAnswer {
    /// Reads the header, if there is one. `path` and `body` have to be the same the next time.
    pub(super) fn read(
        headers: &HeaderMap,
        path: &impl std::fmt::Debug,
        body: &Fields,
    ) -> Result<Option<Self>, Problem> {
        let Some(key) = headers.get(HEADER) else { return Ok(None) };
        let key = key.to_str().ok().filter(|key| (1..=MAX_CHARS).contains(&key.len()));
        let key = key.ok_or_else(|| {
            Problem::malformed(format!("{HEADER} has to be 1 to {MAX_CHARS} visible characters of ASCII."))
        })?;
        // Each part is in quotes and the members are sorted: no two different requests look the same.
        let request = Sha256::digest(format!("{path:?} {}", body.to_json()));
        Ok(Some(Self { key: key.to_owned(), request: request.to_vec() }))
    }

    /// The answer that the same request got before.
    pub(super) fn find(&self, tx: &Transaction<'_>, now: Instant) -> Result<Option<Value>, Problem> {
        let Some(kept) = idempotency::find(tx, &self.key, now)? else { return Ok(None) };
        if kept.request != self.request {
            let detail =
                "x-idempotency-key was used for another request in the last 24 hours: take a new key.";
            return Err(Problem::new(Kind::KeyReused, detail));
        }
        let answer = serde_json::from_str(&kept.answer);
        answer.map(Some).map_err(|_| Problem::from(crate::store::StoreError))
    }

    /// Keeps the answer for the next time.
    pub(super) fn keep(self, tx: &Transaction<'_>, answer: &Value, now: Instant) -> Result<(), Problem> {
        let kept = Kept { request: self.request, answer: answer.to_string() };
        idempotency::keep(tx, &self.key, &kept, now).map_err(Problem::from)
    }
}
