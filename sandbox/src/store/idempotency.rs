//! Answers that are kept, so that a request sent again under the same key does its work once.

use rusqlite::{OptionalExtension, Transaction, params};

use super::StoreError;
use crate::clock::Instant;
use crate::config::IDEMPOTENCY_MS;

/// The answer that was kept under a key.
pub(crate) struct Kept {
    /// SHA-256 of the request that the answer is to.
    pub(crate) request: Vec<u8>,
    pub(crate) answer: String,
}

/// The answer under this key, unless it is too old.
pub(crate) fn find(tx: &Transaction<'_>, key: &str, now: Instant) -> Result<Option<Kept>, StoreError> {
    tx.execute("DELETE FROM kept_answers WHERE until_ms <= ?1", [now])?;
    let kept = tx.query_row("SELECT request, answer FROM kept_answers WHERE key = ?1", [key], |row| {
        Ok(Kept { request: row.get(0)?, answer: row.get(1)? })
    });
    Ok(kept.optional()?)
}

/// Keeps the answer to a request.
pub(crate) fn keep(tx: &Transaction<'_>, key: &str, kept: &Kept, now: Instant) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO kept_answers (key, request, answer, until_ms) VALUES (?1, ?2, ?3, ?4)",
        params![key, kept.request, kept.answer, now.plus_ms(IDEMPOTENCY_MS)],
    )?;
    Ok(())
}
