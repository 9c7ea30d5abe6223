//! The time that is kept over a restart, so that the clock does not go back and no embossing run is forgotten.

use rusqlite::{OptionalExtension, Transaction, params};

use super::StoreError;
use crate::clock::Instant;

/// How far the clock is ahead, and when the last embossing run was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    pub(crate) offset_ms: u64,
    pub(crate) last_run: Instant,
}

/// Reads the time. In a new database the last run counts as just now.
pub(crate) fn read(tx: &Transaction<'_>, now: Instant) -> Result<Time, StoreError> {
    let known = tx.query_row("SELECT offset_ms, last_run_ms FROM time", [], |row| {
        Ok(Time { offset_ms: row.get::<_, Instant>(0)?.0, last_run: row.get(1)? })
    });
    match known.optional()? {
        Some(time) => Ok(time),
        None => {
            let time = Time { offset_ms: 0, last_run: now };
            write(tx, time)?;
            Ok(time)
        }
    }
}

/// Stores the time.
pub(crate) fn write(tx: &Transaction<'_>, time: Time) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO time (one, offset_ms, last_run_ms) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET offset_ms = excluded.offset_ms, last_run_ms = excluded.last_run_ms",
        params![Instant(time.offset_ms), time.last_run],
    )?;
    Ok(())
}
