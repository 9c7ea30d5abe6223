//! The card API: making a card, showing and changing it, listing its plastics.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::auth::Issuer;
use super::card_number::CardNumber;
use super::idempotency::KeptAnswer;
use super::state::Enfuce;
use crate::clock::Instant;
use crate::http::{Fields, JsonBody, Kind, Problem};
use crate::random;
use crate::store::cards::{self, Card, CardStatus, PinStatus, Plastic, Product, ProductionType};

/// How many years a plastic is valid.
pub(crate) const VALID_YEARS: u32 = 3;
/// The manufacturer and the layout of every plastic. Enfuce publishes no values: these are ours.
const MANUFACTURER: &str = "SANDBOX";
const LAYOUT_CODE: &str = "STANDARD-01";
/// The limit of a name's length, above that of any embossing line.
const MAX_NAME_CHARS: usize = 64;

/// `POST /card/v4/{product}/customer/{customerId}/account/{accountId}/{cardRole}`
pub(super) async fn create(
    _: Issuer,
    State(enfuce): State<Enfuce>,
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
    let now = enfuce.clock.now();
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
    let answer = enfuce.store.transaction(move |tx| {
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
pub(super) async fn show(
    _: Issuer,
    State(enfuce): State<Enfuce>,
    Path((product, id)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let (product, id) = (parse_product(&product)?, parse_uuid("id", &id)?);
    let card = enfuce.store.transaction(move |tx| cards::find(tx, id).map_err(Problem::from)).await?;
    match card {
        Some(card) if card.product == product => Ok(Json(card_json(&card))),
        _ => Err(unknown_card()),
    }
}

/// `PATCH /card/v4/{product}/{id}`: reads the fields that concern the PIN, and ignores the others.
pub(super) async fn change(
    _: Issuer,
    State(enfuce): State<Enfuce>,
    Path((product, id)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let (product, id) = (parse_product(&product)?, parse_uuid("id", &id)?);
    let status = parse_status(&body)?;
    let pin_status = parse_pin_status(&body)?;
    let card = enfuce.store.transaction(move |tx| {
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
        (_, PinStatus::Set) => "pinStatus becomes S by itself when the customer sets the PIN.".to_owned(),
        (now, next) => {
            let (now, next) = (now.name(), next.name());
            format!("pinStatus cannot change from {now} to {next}: only from W to D, before a PIN is set.")
        }
    };
    Err(Problem::new(Kind::WrongState, detail))
}

/// `GET /card/v3/{id}/plastic`
pub(super) async fn plastics(
    _: Issuer,
    State(enfuce): State<Enfuce>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = parse_uuid("id", &id)?;
    let (card, plastics) = enfuce
        .store
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

/// Reads a UUID in its usual spelling, with hyphens.
pub(crate) fn parse_uuid(name: &str, text: &str) -> Result<Uuid, Problem> {
    // The parser also takes braces, a URN prefix and no hyphens; only one of the spellings has 36 characters.
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
    id.ok_or_else(|| Problem::malformed(format!("{name} has to be a UUID.")))
}

/// Reads an id or role that the issuer chose itself.
pub(crate) fn parse_id(name: &str, text: String) -> Result<String, Problem> {
    let fits = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits {
        Ok(text)
    } else {
        Err(Problem::malformed(format!("{name} has to be 1 to 64 letters, digits, - or _.")))
    }
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
