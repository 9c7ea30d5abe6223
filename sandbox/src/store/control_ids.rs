//! Control ids and their life. Every transition is in [`State::after`], and every caller runs in one transaction.
//!
//! ```text
//! issued ──page──→ page_fetched ──key──→ key_sent ──set──→ used
//!    └────────────────key──────────────────↗  ↺ key  └─bad block──→ burnt
//!
//! issued ──page──→ page_fetched ──view──→ used
//!    └──────────────────view───────────────↗
//! ```
//!
//! A control id lives 30 seconds until its first use, and from then on as long as the API says that it is used with.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Transaction, params};
use uuid::Uuid;

use super::StoreError;
use crate::clock::Instant;
use crate::config::CONTROL_ID_MS;

/// A use of a control id, the first or a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) now: Instant,
    /// How long an id lives here from its first use, in milliseconds; `None` if the first use does not extend its life.
    pub(crate) opened_ms: Option<u64>,
}

/// What a control id is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    SetPin,
    ViewPin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Issued,
    PageFetched,
    KeySent,
    Used,
    Burnt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    FetchPage,
    SendKey,
    Set,
    Burn,
    View,
}

/// Why a control id is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Unknown,
    OtherScope,
    AlreadyUsed,
    PageAlreadyFetched,
    NoKeyYet,
    OtherKey,
    Expired,
    Store,
}

impl From<StoreError> for Refusal {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(_: rusqlite::Error) -> Self {
        Self::Store
    }
}

impl State {
    /// The one table of transitions.
    fn after(self, step: Step) -> Result<Self, Refusal> {
        match (self, step) {
            (Self::Used | Self::Burnt, _) => Err(Refusal::AlreadyUsed),
            (Self::Issued, Step::FetchPage) => Ok(Self::PageFetched),
            (Self::PageFetched | Self::KeySent, Step::FetchPage) => Err(Refusal::PageAlreadyFetched),
            (Self::Issued | Self::PageFetched | Self::KeySent, Step::SendKey) => Ok(Self::KeySent),
            (Self::Issued | Self::PageFetched, Step::Set | Step::Burn) => Err(Refusal::NoKeyYet),
            (Self::KeySent, Step::Set) => Ok(Self::Used),
            (Self::KeySent, Step::Burn) => Ok(Self::Burnt),
            // An id for viewing never gets a key by itself.
            (Self::Issued | Self::PageFetched | Self::KeySent, Step::View) => Ok(Self::Used),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::PageFetched => "page_fetched",
            Self::KeySent => "key_sent",
            Self::Used => "used",
            Self::Burnt => "burnt",
        }
    }
}

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let states = [Self::Issued, Self::PageFetched, Self::KeySent, Self::Used, Self::Burnt];
        super::from_name(value, &states, |state| state.name())
    }
}

impl Scope {
    /// The name in Enfuce's API, and in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SetPin => "SET_PIN",
            Self::ViewPin => "VIEW_PIN",
        }
    }

    pub(crate) const ALL: [Self; 2] = [Self::SetPin, Self::ViewPin];
}

impl ToSql for Scope {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for Scope {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        super::from_name(value, &Self::ALL, |scope| scope.name())
    }
}

impl Step {
    /// The scope that an id needs for this step; fetching the page works with any.
    fn scope(self) -> Option<Scope> {
        match self {
            Self::FetchPage => None,
            Self::SendKey | Self::Set | Self::Burn => Some(Scope::SetPin),
            Self::View => Some(Scope::ViewPin),
        }
    }
}

struct Row {
    card_id: Uuid,
    plastic_id: Uuid,
    scope: Scope,
    state: State,
    issued: Instant,
    first_used: Option<Instant>,
    key_fingerprint: Option<Vec<u8>>,
    sealed_tzpk: Option<Vec<u8>>,
}

impl Row {
    fn read(tx: &Transaction<'_>, id: Uuid) -> Result<Self, Refusal> {
        let row = tx.query_row(
            "SELECT card_id, plastic_id, scope, state, issued_ms, first_used_ms, key_fingerprint, sealed_tzpk
             FROM control_ids JOIN plastics ON plastics.id = plastic_id WHERE control_ids.id = ?1",
            [super::SqlUuid(id)],
            |row| {
                Ok(Self {
                    card_id: row.get::<_, super::SqlUuid>(0)?.0,
                    plastic_id: row.get::<_, super::SqlUuid>(1)?.0,
                    scope: row.get(2)?,
                    state: row.get(3)?,
                    issued: row.get(4)?,
                    first_used: row.get(5)?,
                    key_fingerprint: row.get(6)?,
                    sealed_tzpk: row.get(7)?,
                })
            },
        );
        row.optional()?.ok_or(Refusal::Unknown)
    }

    /// The state after `step`, if the id may take it now.
    fn next(&self, step: Step, visit: Visit) -> Result<State, Refusal> {
        if step.scope().is_some_and(|scope| scope != self.scope) {
            return Err(Refusal::OtherScope);
        }
        let next = self.state.after(step);
        let deadline = match (self.first_used, visit.opened_ms) {
            (Some(first_used), Some(opened_ms)) => first_used.plus_ms(opened_ms),
            _ => self.issued.plus_ms(CONTROL_ID_MS),
        };
        // A used id is reported as used, however old it is. Any other old id is reported as expired.
        if next != Err(Refusal::AlreadyUsed) && visit.now > deadline {
            return Err(Refusal::Expired);
        }
        next
    }
}

/// A new control id for one plastic.
pub(crate) struct NewControlId {
    pub(crate) id: Uuid,
    pub(crate) plastic_id: Uuid,
    pub(crate) scope: Scope,
    pub(crate) now: Instant,
}

/// Stores a new control id.
pub(crate) fn issue(tx: &Transaction<'_>, new: &NewControlId) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO control_ids (id, plastic_id, scope, state, issued_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![super::SqlUuid(new.id), super::SqlUuid(new.plastic_id), new.scope, State::Issued, new.now],
    )?;
    Ok(())
}

/// What a hosted page is for.
pub(crate) struct Fetched {
    pub(crate) scope: Scope,
    pub(crate) card_id: Uuid,
}

/// Records that the hosted page is fetched, which is possible once.
pub(crate) fn fetch_page(tx: &Transaction<'_>, id: Uuid, visit: Visit) -> Result<Fetched, Refusal> {
    let row = Row::read(tx, id)?;
    let next = row.next(Step::FetchPage, visit)?;
    tx.execute(
        "UPDATE control_ids SET state = ?2, first_used_ms = ?3 WHERE id = ?1",
        params![super::SqlUuid(id), next, visit.now],
    )?;
    Ok(Fetched { scope: row.scope, card_id: row.card_id })
}

/// A device's key, and the TZPK made for it.
pub(crate) struct SentKey<'a> {
    pub(crate) key_fingerprint: &'a [u8; 32],
    pub(crate) sealed_tzpk: &'a [u8],
}

/// Records that a TZPK is sent. It is sent again only to the same device key, for a device whose answer got lost.
pub(crate) fn send_key(
    tx: &Transaction<'_>,
    id: Uuid,
    key: &SentKey<'_>,
    visit: Visit,
) -> Result<(), Refusal> {
    let row = Row::read(tx, id)?;
    let next = row.next(Step::SendKey, visit)?;
    if row.key_fingerprint.is_some_and(|known| known != key.key_fingerprint) {
        return Err(Refusal::OtherKey);
    }
    tx.execute(
        "UPDATE control_ids SET state = ?2, first_used_ms = coalesce(first_used_ms, ?3), key_fingerprint = ?4, sealed_tzpk = ?5
         WHERE id = ?1",
        params![super::SqlUuid(id), next, visit.now, key.key_fingerprint, key.sealed_tzpk],
    )?;
    Ok(())
}

/// The key that decrypts a PIN block which arrives now, and the card.
pub(crate) struct Awaiting {
    pub(crate) card_id: Uuid,
    pub(crate) plastic_id: Uuid,
    pub(crate) sealed_tzpk: Vec<u8>,
}

/// Looks up what a PIN block needs; [`finish`] has to follow in the same transaction.
pub(crate) fn await_block(tx: &Transaction<'_>, id: Uuid, visit: Visit) -> Result<Awaiting, Refusal> {
    let row = Row::read(tx, id)?;
    row.next(Step::Set, visit)?;
    let sealed_tzpk = row.sealed_tzpk.ok_or(Refusal::NoKeyYet)?;
    Ok(Awaiting { card_id: row.card_id, plastic_id: row.plastic_id, sealed_tzpk })
}

/// Whose PIN is viewed.
pub(crate) struct Viewed {
    pub(crate) card_id: Uuid,
    pub(crate) plastic_id: Uuid,
}

/// Records that the PIN is viewed, which uses the control id up.
pub(crate) fn view(tx: &Transaction<'_>, id: Uuid, visit: Visit) -> Result<Viewed, Refusal> {
    let row = Row::read(tx, id)?;
    let next = row.next(Step::View, visit)?;
    tx.execute("UPDATE control_ids SET state = ?2 WHERE id = ?1", params![super::SqlUuid(id), next])?;
    Ok(Viewed { card_id: row.card_id, plastic_id: row.plastic_id })
}

/// How a control id ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The PIN is set.
    Used,
    /// The block was not a PIN block. The same key cannot be tried twice.
    Burnt,
}

/// Ends a control id, and forgets its key.
pub(crate) fn finish(tx: &Transaction<'_>, id: Uuid, ending: Ending, visit: Visit) -> Result<(), Refusal> {
    let step = match ending {
        Ending::Used => Step::Set,
        Ending::Burnt => Step::Burn,
    };
    let next = Row::read(tx, id)?.next(step, visit)?;
    tx.execute(
        "UPDATE control_ids SET state = ?2, sealed_tzpk = NULL WHERE id = ?1",
        params![super::SqlUuid(id), next],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_transitions() {
        use Refusal::{AlreadyUsed, NoKeyYet, PageAlreadyFetched};
        use State::{Burnt, Issued, KeySent, PageFetched, Used};
        let steps = [Step::FetchPage, Step::SendKey, Step::Set, Step::Burn, Step::View];
        let after = |state: State| steps.map(|step| state.after(step));
        assert_eq!(after(Issued), [Ok(PageFetched), Ok(KeySent), Err(NoKeyYet), Err(NoKeyYet), Ok(Used)]);
        assert_eq!(
            after(PageFetched),
            [Err(PageAlreadyFetched), Ok(KeySent), Err(NoKeyYet), Err(NoKeyYet), Ok(Used)]
        );
        assert_eq!(after(KeySent), [Err(PageAlreadyFetched), Ok(KeySent), Ok(Used), Ok(Burnt), Ok(Used)]);
        assert_eq!(after(Used), [Err(AlreadyUsed); 5]);
        assert_eq!(after(Burnt), [Err(AlreadyUsed); 5]);
    }
}
