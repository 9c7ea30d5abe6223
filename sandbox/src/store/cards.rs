//! Cards and their plastics.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use uuid::Uuid;

use super::{SqlUuid, StoreError};
use crate::clock::Instant;

/// The products whose cards can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    McCard,
    DebitMc,
    VisaCard,
}

impl Product {
    pub(crate) const ALL: [Self; 3] = [Self::McCard, Self::DebitMc, Self::VisaCard];

    /// The name in Enfuce's API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::McCard => "MC_CARD",
            Self::DebitMc => "DEBIT_MC",
            Self::VisaCard => "VISA_CARD",
        }
    }
}

/// Where the PIN of a card comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PinStatus {
    /// `D`: random.
    Random,
    /// `W`: the customer is going to set it.
    Waiting,
    /// `S`: the customer has set it.
    Set,
}

impl PinStatus {
    const ALL: [Self; 3] = [Self::Random, Self::Waiting, Self::Set];

    /// The name in Enfuce's API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Random => "D",
            Self::Waiting => "W",
            Self::Set => "S",
        }
    }
}

/// Whether a plastic has been produced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlasticStatus {
    Inactive,
    Active,
}

impl PlasticStatus {
    const ALL: [Self; 2] = [Self::Inactive, Self::Active];

    /// The name in Enfuce's API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Inactive => "INACTIVE",
            Self::Active => "ACTIVE",
        }
    }
}

macro_rules! stored_by_name {
    ($($kind:ty),*) => {$(
        impl ToSql for $kind {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.name().into())
            }
        }

        impl FromSql for $kind {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                super::from_name(value, &Self::ALL, |one| one.name())
            }
        }
    )*};
}

stored_by_name!(Product, PinStatus, PlasticStatus);

/// A card. Its number is kept masked only: nothing here needs the rest.
#[derive(Debug, Clone)]
pub(crate) struct Card {
    pub(crate) id: Uuid,
    pub(crate) product: Product,
    pub(crate) customer_id: String,
    pub(crate) account_id: String,
    pub(crate) role: String,
    pub(crate) masked_card_number: String,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) pin_status: PinStatus,
    pub(crate) created: Instant,
}

/// One physical card of a card's number.
#[derive(Debug, Clone)]
pub(crate) struct Plastic {
    pub(crate) id: Uuid,
    pub(crate) card_id: Uuid,
    pub(crate) sequence_number: u32,
    pub(crate) status: PlasticStatus,
    pub(crate) expires_year: u32,
    pub(crate) expires_month: u32,
    pub(crate) created: Instant,
}

impl Card {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get::<_, SqlUuid>(0)?.0,
            product: row.get(1)?,
            customer_id: row.get(2)?,
            account_id: row.get(3)?,
            role: row.get(4)?,
            masked_card_number: row.get(5)?,
            first_name: row.get(6)?,
            last_name: row.get(7)?,
            pin_status: row.get(8)?,
            created: row.get(9)?,
        })
    }
}

impl Plastic {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get::<_, SqlUuid>(0)?.0,
            card_id: row.get::<_, SqlUuid>(1)?.0,
            sequence_number: row.get(2)?,
            status: row.get(3)?,
            expires_year: row.get(4)?,
            expires_month: row.get(5)?,
            created: row.get(6)?,
        })
    }
}

const PLASTIC_COLUMNS: &str = "id, card_id, sequence_number, status, expires_year, expires_month, created_ms";

/// Writes down a new card with its first plastic.
pub(crate) fn insert(tx: &Transaction<'_>, card: &Card, plastic: &Plastic) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO cards (id, product, customer_id, account_id, role, masked_card_number, first_name, last_name, pin_status, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            SqlUuid(card.id),
            card.product,
            card.customer_id,
            card.account_id,
            card.role,
            card.masked_card_number,
            card.first_name,
            card.last_name,
            card.pin_status,
            card.created
        ],
    )?;
    tx.execute(
        &format!("INSERT INTO plastics ({PLASTIC_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
        params![
            SqlUuid(plastic.id),
            SqlUuid(plastic.card_id),
            plastic.sequence_number,
            plastic.status,
            plastic.expires_year,
            plastic.expires_month,
            plastic.created
        ],
    )?;
    Ok(())
}

/// Looks a card up.
pub(crate) fn find(tx: &Transaction<'_>, id: Uuid) -> Result<Option<Card>, StoreError> {
    let card = tx.query_row(
        "SELECT id, product, customer_id, account_id, role, masked_card_number, first_name, last_name, pin_status, created_ms
         FROM cards WHERE id = ?1",
        [SqlUuid(id)],
        Card::from_row,
    );
    Ok(card.optional()?)
}

/// The plastics of a card, oldest first.
pub(crate) fn plastics(tx: &Transaction<'_>, card_id: Uuid) -> Result<Vec<Plastic>, StoreError> {
    let mut query = tx.prepare(&format!(
        "SELECT {PLASTIC_COLUMNS} FROM plastics WHERE card_id = ?1 ORDER BY sequence_number"
    ))?;
    let rows = query.query_map([SqlUuid(card_id)], Plastic::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Looks a plastic up.
pub(crate) fn find_plastic(tx: &Transaction<'_>, id: Uuid) -> Result<Option<Plastic>, StoreError> {
    let sql = format!("SELECT {PLASTIC_COLUMNS} FROM plastics WHERE id = ?1");
    Ok(tx.query_row(&sql, [SqlUuid(id)], Plastic::from_row).optional()?)
}

/// Stores a card's sealed PIN, which makes its status `S`.
pub(crate) fn set_pin(tx: &Transaction<'_>, id: Uuid, sealed_pin: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE cards SET sealed_pin = ?2, pin_status = ?3 WHERE id = ?1",
        params![SqlUuid(id), sealed_pin, PinStatus::Set],
    )?;
    Ok(())
}

/// The sealed PIN of a card, if it has one.
pub(crate) fn sealed_pin(tx: &Transaction<'_>, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
    let sealed = tx.query_row("SELECT sealed_pin FROM cards WHERE id = ?1", [SqlUuid(id)], |row| row.get(0));
    Ok(sealed.optional()?.flatten())
}
