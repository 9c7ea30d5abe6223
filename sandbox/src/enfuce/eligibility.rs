//! Whether the PIN of a plastic can be set or viewed now. This is checked when a control id is given out, and again when it is
//! used: if a card has two control ids, the first PIN counts.

use rusqlite::Transaction;
use uuid::Uuid;

use crate::http::{Kind, Problem};
use crate::store::cards::{self, Card, PinStatus, Plastic};
use crate::store::productions;

/// The card of this plastic, if a PIN can be set for it now.
pub(super) fn may_set(tx: &Transaction<'_>, plastic_id: Uuid) -> Result<Uuid, Problem> {
    let (card, plastic) = usable(tx, plastic_id)?;
    let detail = match (card.pin_status, plastic.made) {
        (PinStatus::Waiting, None) => return Ok(card.id),
        (PinStatus::Waiting, Some(_)) => {
            "The plastic is already produced: take the one whose status is INACTIVE.".to_owned()
        }
        (PinStatus::Set, _) => "The card's PIN is already set: its pinStatus is S.".to_owned(),
        (PinStatus::Random, _) => {
            "The card's pinStatus is D: a PIN can be set only while it is W.".to_owned()
        }
    };
    Err(Problem::new(Kind::WrongState, detail))
}

/// The sealed PIN of this plastic, if it can be viewed now.
pub(super) fn may_view(tx: &Transaction<'_>, plastic_id: Uuid) -> Result<Vec<u8>, Problem> {
    usable(tx, plastic_id)?;
    productions::sealed_pin(tx, plastic_id)?.ok_or_else(|| {
        let detail = "The PIN cannot be viewed yet: it can after the embossing run that makes the plastic.";
        Problem::new(Kind::NotAvailable, detail)
    })
}

fn usable(tx: &Transaction<'_>, plastic_id: Uuid) -> Result<(Card, Plastic), Problem> {
    let unknown = || Problem::new(Kind::Unknown, "There is no such plastic.");
    let plastic = cards::find_plastic(tx, plastic_id)?.ok_or_else(unknown)?;
    let card = cards::find(tx, plastic.card_id)?.ok_or_else(unknown)?;
    if !card.status.is_usable() {
        let detail = format!(
            "The card's status is {}: its PIN can be set or viewed while it is CARD_OK.",
            card.status.name()
        );
        return Err(Problem::new(Kind::WrongState, detail));
    }
    Ok((card, plastic))
}
