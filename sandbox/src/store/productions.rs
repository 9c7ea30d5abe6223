//! The plastics that are due for an embossing run, and one record of each that was made.

use rusqlite::{OptionalExtension, Transaction, params};
use uuid::Uuid;

use super::cards::{CardStatus, PinStatus};
use super::{SqlUuid, StoreError};
use crate::clock::Instant;

/// A plastic that the next run makes.
pub(crate) struct Due {
    pub(crate) plastic_id: Uuid,
    pub(crate) card_id: Uuid,
    pub(crate) pin_status: PinStatus,
    pub(crate) sealed_pin: Option<Vec<u8>>,
}

/// The plastics that are not made yet and may be made: those of cards in `W` wait without limit.
pub(crate) fn due(tx: &Transaction<'_>) -> Result<Vec<Due>, StoreError> {
    let mut query = tx.prepare(
        "SELECT plastics.id, cards.id, pin_status, cards.sealed_pin, status
         FROM plastics JOIN cards ON cards.id = card_id
         WHERE pin_status <> 'W' AND NOT EXISTS (SELECT 1 FROM productions WHERE plastic_id = plastics.id)
         ORDER BY plastics.created_ms, plastics.id",
    )?;
    let rows = query.query_map([], |row| {
        let due = Due {
            plastic_id: row.get::<_, SqlUuid>(0)?.0,
            card_id: row.get::<_, SqlUuid>(1)?.0,
            pin_status: row.get(2)?,
            sealed_pin: row.get(3)?,
        };
        Ok((row.get::<_, CardStatus>(4)?, due))
    })?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().filter(|(status, _)| status.is_usable()).map(|(_, due)| due).collect())
}

/// Records that a plastic is made. A second record of the same plastic is an error.
pub(crate) fn record(
    tx: &Transaction<'_>,
    plastic_id: Uuid,
    sealed_pin: &[u8],
    now: Instant,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO productions (plastic_id, made_ms, sealed_pin) VALUES (?1, ?2, ?3)",
        params![SqlUuid(plastic_id), now, sealed_pin],
    )?;
    Ok(())
}

/// The sealed PIN that a plastic was made with, if it was made.
pub(crate) fn sealed_pin(tx: &Transaction<'_>, plastic_id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT sealed_pin FROM productions WHERE plastic_id = ?1";
    Ok(tx.query_row(sql, [SqlUuid(plastic_id)], |row| row.get(0)).optional()?)
}
