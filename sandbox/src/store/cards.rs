//! Cards and their plastics.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use uuid::Uuid;

use super::{SqlUuid, StoreError};
use crate::clock::Instant;

/// The brands whose cards can be made: the physical ones, for a virtual card has no PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    McCard,
    DebitMc,
    DebitVisa,
    VisaCard,
}

impl Product {
    pub(crate) const ALL: [Self; 4] = [Self::McCard, Self::DebitMc, Self::VisaCard, Self::DebitVisa];

    /// The name in Enfuce's API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::McCard => "MC_CARD",
            Self::DebitMc => "DEBIT_MC",
            Self::VisaCard => "VISA_CARD",
            Self::DebitVisa => "DEBIT_VISA",
        }
    }
}

/// The origin of a card's PIN.
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
    pub(crate) const ALL: [Self; 3] = [Self::Random, Self::Waiting, Self::Set];

    /// The name in Enfuce's API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Random => "D",
            Self::Waiting => "W",
            Self::Set => "S",
        }
    }

    /// The name in the nextgen API. Its `INHERITED` means the PIN of an earlier plastic; here the status does not change then.
    pub(crate) fn nextgen_name(self) -> &'static str {
        match self {
            Self::Random => "GENERATED",
            Self::Waiting => "WAITING",
            Self::Set => "SET",
        }
    }
}

/// Whether the cardholder can use the card. Enfuce's API allows every change between these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardStatus {
    Ok,
    Blocked,
    SuspectedFraud,
    ClosedDueToFraud,
    NoRenewal,
    Lost,
    Stolen,
    Closed,
}

impl CardStatus {
    pub(crate) const ALL: [Self; 8] = [
        Self::Ok,
        Self::Blocked,
        Self::SuspectedFraud,
        Self::ClosedDueToFraud,
        Self::NoRenewal,
        Self::Lost,
        Self::Stolen,
        Self::Closed,
    ];

    /// The name in Enfuce's API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "CARD_OK",
            Self::Blocked => "CARD_BLOCKED",
            Self::SuspectedFraud => "SUSPECTED_FRAUD",
            Self::ClosedDueToFraud => "CARD_CLOSED_DUE_TO_FRAUD",
            Self::NoRenewal => "CARD_NO_RENEWAL",
            Self::Lost => "CARD_LOST",
            Self::Stolen => "CARD_STOLEN",
            Self::Closed => "CARD_CLOSED",
        }
    }

    /// Whether a PIN may be set or viewed, and a plastic made. `CARD_NO_RENEWAL` only prevents the renewal.
    pub(crate) fn is_usable(self) -> bool {
        matches!(self, Self::Ok | Self::NoRenewal)
    }
}

/// Why a plastic is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProductionType {
    New,
    Renewal,
    Replacement,
}

impl ProductionType {
    pub(crate) const ALL: [Self; 3] = [Self::New, Self::Renewal, Self::Replacement];

    /// The name in the API. Enfuce does not publish the values: they are ours.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Renewal => "RENEWAL",
            Self::Replacement => "REPLACEMENT",
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

stored_by_name!(Product, PinStatus, CardStatus, ProductionType);

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
    pub(crate) status: CardStatus,
    pub(crate) pin_status: PinStatus,
    pub(crate) created: Instant,
}

/// One physical card with a card's number.
#[derive(Debug, Clone)]
pub(crate) struct Plastic {
    pub(crate) id: Uuid,
    pub(crate) card_id: Uuid,
    pub(crate) sequence_number: u32,
    pub(crate) production_type: ProductionType,
    pub(crate) expires_year: u32,
    pub(crate) expires_month: u32,
    pub(crate) created: Instant,
    /// When it was made. It is `INACTIVE` before that, and `ACTIVE` from then on.
    pub(crate) made: Option<Instant>,
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
            status: row.get(8)?,
            pin_status: row.get(9)?,
            created: row.get(10)?,
        })
    }
}

impl Plastic {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get::<_, SqlUuid>(0)?.0,
            card_id: row.get::<_, SqlUuid>(1)?.0,
            sequence_number: row.get(2)?,
            production_type: row.get(3)?,
            expires_year: row.get(4)?,
            expires_month: row.get(5)?,
            created: row.get(6)?,
            made: row.get(7)?,
        })
    }
}

const CARD_COLUMNS: &str = "id, product, customer_id, account_id, role, masked_card_number, first_name, last_name, status, pin_status, created_ms";
const PLASTICS: &str =
    "SELECT id, card_id, sequence_number, production_type, expires_year, expires_month, created_ms, made_ms
     FROM plastics LEFT JOIN productions ON plastic_id = id";

/// Stores a new card.
pub(crate) fn insert(tx: &Transaction<'_>, card: &Card) -> Result<(), StoreError> {
    tx.execute(
        &format!("INSERT INTO cards ({CARD_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"),
        params![
            SqlUuid(card.id),
            card.product,
            card.customer_id,
            card.account_id,
            card.role,
            card.masked_card_number,
            card.first_name,
            card.last_name,
            card.status,
            card.pin_status,
            card.created
        ],
    )?;
    Ok(())
}

/// Stores a plastic that is to be made.
pub(crate) fn insert_plastic(tx: &Transaction<'_>, plastic: &Plastic) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO plastics (id, card_id, sequence_number, production_type, expires_year, expires_month, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            SqlUuid(plastic.id),
            SqlUuid(plastic.card_id),
            plastic.sequence_number,
            plastic.production_type,
            plastic.expires_year,
            plastic.expires_month,
            plastic.created
        ],
    )?;
    Ok(())
}

/// Looks a card up.
pub(crate) fn find(tx: &Transaction<'_>, id: Uuid) -> Result<Option<Card>, StoreError> {
    let sql = format!("SELECT {CARD_COLUMNS} FROM cards WHERE id = ?1");
    Ok(tx.query_row(&sql, [SqlUuid(id)], Card::from_row).optional()?)
}

/// The plastics of a card, oldest first.
pub(crate) fn plastics(tx: &Transaction<'_>, card_id: Uuid) -> Result<Vec<Plastic>, StoreError> {
    let mut query = tx.prepare(&format!("{PLASTICS} WHERE card_id = ?1 ORDER BY sequence_number"))?;
    let rows = query.query_map([SqlUuid(card_id)], Plastic::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Looks a plastic up.
pub(crate) fn find_plastic(tx: &Transaction<'_>, id: Uuid) -> Result<Option<Plastic>, StoreError> {
    let sql = format!("{PLASTICS} WHERE id = ?1");
    Ok(tx.query_row(&sql, [SqlUuid(id)], Plastic::from_row).optional()?)
}

/// Changes a card's `status`.
pub(crate) fn set_status(tx: &Transaction<'_>, id: Uuid, status: CardStatus) -> Result<(), StoreError> {
    tx.execute("UPDATE cards SET status = ?2 WHERE id = ?1", params![SqlUuid(id), status])?;
    Ok(())
}

/// Changes a card's `pinStatus` to one without a chosen PIN; with `W` the card has no PIN from now on.
pub(crate) fn set_pin_status(tx: &Transaction<'_>, id: Uuid, status: PinStatus) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE cards SET pin_status = ?2, sealed_pin = iif(?2 = 'W', NULL, sealed_pin) WHERE id = ?1",
        params![SqlUuid(id), status],
    )?;
    Ok(())
}

/// Stores a card's sealed PIN, which makes its status `S`.
pub(crate) fn set_pin(tx: &Transaction<'_>, id: Uuid, sealed_pin: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE cards SET sealed_pin = ?2, pin_status = ?3 WHERE id = ?1",
        params![SqlUuid(id), sealed_pin, PinStatus::Set],
    )?;
    Ok(())
}

/// Stores the sealed random PIN that a card in `D` was made with; its status stays.
pub(crate) fn keep_random_pin(tx: &Transaction<'_>, id: Uuid, sealed_pin: &[u8]) -> Result<(), StoreError> {
    tx.execute("UPDATE cards SET sealed_pin = ?2 WHERE id = ?1", params![SqlUuid(id), sealed_pin])?;
    Ok(())
}

/// The sealed PIN of a card, if it has one.
pub(crate) fn sealed_pin(tx: &Transaction<'_>, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
    let sealed = tx.query_row("SELECT sealed_pin FROM cards WHERE id = ?1", [SqlUuid(id)], |row| row.get(0));
    Ok(sealed.optional()?.flatten())
}
