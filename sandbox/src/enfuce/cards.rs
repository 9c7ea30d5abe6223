//! The card API: making a card, showing and changing it, listing its plastics.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::card_number::CardNumber;
use super::idempotency::KeptAnswer;
use crate::clock::{Clock, Instant};
use crate::http::{Fields, JsonBody, Kind, Problem, Table, parse_id, parse_uuid};
use crate::random;
use crate::store::Store;
use crate::store::cards::{self, Card, CardStatus, PinStatus, Plastic, Product, ProductionType};

/// How many years a plastic is valid.
pub(crate) const VALID_YEARS: u32 = 3;
/// The manufacturer and the layout of every plastic. Enfuce publishes no values: these are ours.
const MANUFACTURER: &str = "SANDBOX";
const LAYOUT_CODE: &str = "STANDARD-01";
/// The limit of a name's length, above that of any embossing line.
const MAX_NAME_CHARS: usize = 64;

/// What the card API reads.
#[derive(Clone)]
pub(crate) struct Cards {
    pub(crate) clock: Arc<Clock>,
    pub(crate) store: Store,
}

pub(crate) fn table() -> Table<Cards> {
    vec![
        ("/card/v4/{brand}/customer/{customerId}/account/{accountId}/{cardRole}", post(create)),
        ("/card/v4/{brand}/{id}", get(show).patch(change)),
        ("/card/v3/{id}/plastic", get(plastics)),
    ]
}

/// `POST /card/v4/{product}/customer/{customerId}/account/{accountId}/{cardRole}`
async fn create(
    State(Cards { clock, store }): State<Cards>,
    Path(path): Path<(String, String, String, String)>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let kept = KeptAnswer::read(&headers, &path, &body)?;
    let (product, customer_id, account_id, role) = path;
    let product = parse_product(&product)?;
    let pin_status = match body.optional_text("pinStatus")? {
        None | Some("D") => PinStatus::Random,
        Some("W") => PinStatus::Waiting,
        Some(_) => {
            return Err(Problem::malformed(
                "pinStatus of a new card is W (waiting for the customer) or D (random).",
            ));
        }
    };
    let embossing = body.optional_object("embossing")?;
    let now = clock.now();
    let card = Card {
        id: random::make_uuid()?,
        product,
        customer_id: parse_id("customerId", customer_id)?,
        account_id: parse_id("accountId", account_id)?,
        role: parse_id("cardRole", role)?,
        masked_card_number: CardNumber::make(product)?.to_string(),
        first_name: parse_name(embossing.as_ref(), "firstName")?,
        last_name: parse_name(embossing.as_ref(), "lastName")?,
        status: CardStatus::Ok,
        pin_status,
        created: now,
    };
    let plastic = Plastic {
        id: random::make_uuid()?,
        card_id: card.id,
        sequence_number: 1,
        production_type: ProductionType::New,
        expires_year: now.date().year + VALID_YEARS,
        expires_month: now.date().month,
        created: now,
        made: None,
    };
    let answer = store.transaction(move |tx| {
        if let Some(earlier) = kept.as_ref().map(|kept| kept.find(tx, now)).transpose()?.flatten() {
            return Ok(earlier);
        }
        let answer = card_json(&card);
        cards::insert(tx, &card)?;
        cards::insert_plastic(tx, &plastic)?;
        if let Some(kept) = kept {
            kept.keep(tx, &answer, now)?;
        }
        Ok::<_, Problem>(answer)
    });
    Ok((StatusCode::CREATED, Json(answer.await?)))
}

/// `GET /card/v4/{product}/{id}`
async fn show(
    State(Cards { store, .. }): State<Cards>,
    Path((product, id)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let (product, id) = (parse_product(&product)?, parse_uuid("id", &id)?);
    let card = store.transaction(move |tx| cards::find(tx, id).map_err(Problem::from)).await?;
    match card {
        Some(card) if card.product == product => Ok(Json(card_json(&card))),
        _ => Err(unknown_card()),
    }
}

/// `PATCH /card/v4/{product}/{id}`: reads the fields that concern the PIN, and ignores the others.
async fn change(
    State(Cards { store, .. }): State<Cards>,
    Path((product, id)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let (product, id) = (parse_product(&product)?, parse_uuid("id", &id)?);
    let status = parse_status(&body)?;
    let pin_status = parse_pin_status(&body)?;
    let card = store.transaction(move |tx| {
        let card = cards::find(tx, id)?.filter(|card| card.product == product).ok_or_else(unknown_card)?;
        if let Some(next) = pin_status {
            may_become(card.pin_status, next)?;
            if next != card.pin_status {
                cards::set_pin_status(tx, id, next)?;
            }
        }
        if let Some(status) = status {
            cards::set_status(tx, id, status)?;
        }
        cards::find(tx, id)?.ok_or_else(unknown_card)
    });
    Ok(Json(card_json(&card.await?)))
}

/// The one change of `pinStatus` that an issuer may ask for: not to wait for the customer's PIN any more.
fn may_become(pin_status: PinStatus, next: PinStatus) -> Result<(), Problem> {
    let detail = match (pin_status, next) {
        (PinStatus::Waiting, PinStatus::Random) => return Ok(()),
        (now, next) if now == next => return Ok(()),
        (_, PinStatus::Set) => "pinStatus becomes S automatically when the customer sets the PIN.".to_owned(),
        (now, next) => {
            let (now, next) = (now.name(), next.name());
            format!("pinStatus cannot change from {now} to {next}: only from W to D, before a PIN is set.")
        }
    };
    Err(Problem::new(Kind::WrongState, detail))
}

/// `GET /card/v3/{id}/plastic`
async fn plastics(
    State(Cards { store, .. }): State<Cards>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = parse_uuid("id", &id)?;
    let (card, plastics) = store
        .transaction(move |tx| {
            let card = cards::find(tx, id)?.ok_or_else(unknown_card)?;
            Ok::<_, Problem>((card, cards::plastics(tx, id)?))
        })
        .await?;
    Ok(Json(plastics.iter().map(|plastic| plastic_json(plastic, &card)).collect()))
}

fn card_json(card: &Card) -> Value {
    json!({
        "id": card.id.to_string(),
        "product": card.product.name(),
        "customerId": card.customer_id,
        "accountId": card.account_id,
        "cardRole": card.role,
        "maskedCardNumber": card.masked_card_number,
        "pinStatus": card.pin_status.name(),
        "status": card.status.name(),
        "embossing": {"firstName": card.first_name, "lastName": card.last_name},
        "createdDate": card.created.to_rfc3339(),
    })
}

pub(crate) fn plastic_json(plastic: &Plastic, card: &Card) -> Value {
    json!({
        "id": plastic.id.to_string(),
        "cardId": plastic.card_id.to_string(),
        "createdDate": plastic.created.to_rfc3339(),
        "embossing": {
            "firstName": card.first_name,
            "lastName": card.last_name,
            "physical": true,
            "manufacturer": MANUFACTURER,
            "externalLayoutCode": LAYOUT_CODE,
        },
        "expiration": {"year": plastic.expires_year, "month": plastic.expires_month},
        "productionDate": plastic.made.map(Instant::to_rfc3339),
        "productionType": plastic.production_type.name(),
        "sequenceNumber": plastic.sequence_number,
        "status": if plastic.made.is_some() { "ACTIVE" } else { "INACTIVE" },
    })
}

pub(crate) fn unknown_card() -> Problem {
    Problem::new(Kind::Unknown, "There is no such card of this brand.")
}

/// Reads a product's name.
pub(crate) fn parse_product(text: &str) -> Result<Product, Problem> {
    Product::ALL.into_iter().find(|product| product.name() == text).ok_or_else(|| {
        let known = Product::ALL.map(Product::name).join(", ");
        Problem::new(Kind::Unknown, format!("There is no such brand: the sandbox knows {known}."))
    })
}

fn parse_status(body: &Fields) -> Result<Option<CardStatus>, Problem> {
    let Some(text) = body.optional_text("status")? else { return Ok(None) };
    let status = CardStatus::ALL.into_iter().find(|status| status.name() == text);
    status.map(Some).ok_or_else(|| {
        let known = CardStatus::ALL.map(CardStatus::name).join(", ");
        Problem::malformed(format!("status has to be one of {known}."))
    })
}

/// Reads `pinStatus` where it may be absent.
pub(crate) fn parse_pin_status(body: &Fields) -> Result<Option<PinStatus>, Problem> {
    let Some(text) = body.optional_text("pinStatus")? else { return Ok(None) };
    let status = PinStatus::ALL.into_iter().find(|status| status.name() == text);
    status.map(Some).ok_or_else(|| Problem::malformed("pinStatus has to be D, W or S."))
}

fn parse_name(embossing: Option<&Fields>, name: &str) -> Result<Option<String>, Problem> {
    let Some(text) = embossing.map(|fields| fields.optional_text(name)).transpose()?.flatten() else {
        return Ok(None);
    };
    if text.is_empty() || text.chars().count() > MAX_NAME_CHARS || text.chars().any(char::is_control) {
        return Err(Problem::malformed(format!(
            "embossing.{name} has to be 1 to {MAX_NAME_CHARS} printable characters."
        )));
    }
    Ok(Some(text.to_owned()))
}
