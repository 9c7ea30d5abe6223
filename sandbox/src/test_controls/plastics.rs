//! The test control that renews or replaces a card. Enfuce renews cards automatically, and its own calls for this are not modelled.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use rusqlite::Transaction;
use serde_json::Value;
use uuid::Uuid;

use super::TestControls;
use crate::clock::Instant;
use crate::enfuce::cards::{VALID_YEARS, parse_pin_status, plastic_json, unknown_card};
use crate::http::{JsonBody, Kind, Problem, parse_uuid};
use crate::random;
use crate::store::cards::{self, Card, CardStatus, PinStatus, Plastic, ProductionType};

struct Order {
    card_id: Uuid,
    plastic_id: Uuid,
    production_type: ProductionType,
    chooses_pin: bool,
    now: Instant,
}

/// `POST /sandbox/cards/{id}/plastics {"productionType": "RENEWAL" | "REPLACEMENT", "pinStatus"?: "W"}`
///
/// Makes an INACTIVE plastic beside the ACTIVE one: the same card number, an expiry three years later. It keeps the card's
/// PIN, unless `pinStatus` is `W`: then the customer sets a new PIN, and the old plastic keeps the old one until it is made.
pub(super) async fn order(
    State(TestControls { clock, store, .. }): State<TestControls>,
    Path(card_id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let production_type = body.text("productionType")?;
    let order = Order {
        card_id: parse_uuid("id", &card_id)?,
        plastic_id: random::make_uuid()?,
        production_type: match production_type {
            "RENEWAL" => ProductionType::Renewal,
            "REPLACEMENT" => ProductionType::Replacement,
            _ => return Err(Problem::malformed("productionType has to be RENEWAL or REPLACEMENT.")),
        },
        chooses_pin: match parse_pin_status(&body)? {
            None => false,
            Some(PinStatus::Waiting) => true,
            Some(_) => return Err(Problem::malformed("pinStatus has to be W, or absent to keep the PIN.")),
        },
        now: clock.now(),
    };
    let (card, plastic) = store.transaction(move |tx| carry_out(tx, &order)).await?;
    Ok((StatusCode::CREATED, Json(plastic_json(&plastic, &card))))
}

fn carry_out(tx: &Transaction<'_>, order: &Order) -> Result<(Card, Plastic), Problem> {
    let card = cards::find(tx, order.card_id)?.ok_or_else(unknown_card)?;
    // The only rule of a card's life that is modelled here: "Card has to be in this status in order for it to be renewed."
    if order.production_type == ProductionType::Renewal && card.status != CardStatus::Ok {
        let detail = format!("The card's status is {}: only one in CARD_OK is renewed.", card.status.name());
        return Err(Problem::new(Kind::WrongState, detail));
    }
    let newest = cards::plastics(tx, order.card_id)?.pop().ok_or_else(unknown_card)?;
    if newest.made.is_none() {
        let detail = "The card's newest plastic is not made yet: have an embossing run first.";
        return Err(Problem::new(Kind::WrongState, detail));
    }
    let plastic = Plastic {
        id: order.plastic_id,
        card_id: order.card_id,
        sequence_number: newest.sequence_number + 1,
        production_type: order.production_type,
        expires_year: newest.expires_year + VALID_YEARS,
        expires_month: newest.expires_month,
        created: order.now,
        made: None,
    };
    cards::insert_plastic(tx, &plastic)?;
    if order.chooses_pin {
        cards::set_pin_status(tx, order.card_id, PinStatus::Waiting)?;
    }
    Ok((card, plastic))
}
