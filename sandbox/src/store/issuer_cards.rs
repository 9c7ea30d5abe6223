//! The issuer's own list of its cards: ids only. Everything else about them it asks Enfuce.

use rusqlite::{OptionalExtension, Transaction, params};
use uuid::Uuid;

use super::cards::Product;
use super::{SqlUuid, StoreError};

/// A card that the issuer knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IssuerCard {
    pub(crate) id: Uuid,
    pub(crate) product: Product,
}

/// Adds a card at the end of the list.
pub(crate) fn add(tx: &Transaction<'_>, card: IssuerCard) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO issuer_cards (card_id, product, number) SELECT ?1, ?2, coalesce(max(number), 0) + 1 FROM issuer_cards",
        params![SqlUuid(card.id), card.product],
    )?;
    Ok(())
}

/// All cards, newest first.
pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<IssuerCard>, StoreError> {
    let mut query = tx.prepare("SELECT card_id, product FROM issuer_cards ORDER BY number DESC")?;
    let rows = query
        .query_map([], |row| Ok(IssuerCard { id: row.get::<_, SqlUuid>(0)?.0, product: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The card with this id, if the issuer knows it.
pub(crate) fn find(tx: &Transaction<'_>, id: Uuid) -> Result<Option<IssuerCard>, StoreError> {
    let sql = "SELECT product FROM issuer_cards WHERE card_id = ?1";
    let found = tx.query_row(sql, [SqlUuid(id)], |row| Ok(IssuerCard { id, product: row.get(0)? }));
    Ok(found.optional()?)
}
