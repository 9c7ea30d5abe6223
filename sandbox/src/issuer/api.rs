//! The calls of the issuer's app to its back-end.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Issuer;
use super::client::Holder;
use crate::config::DEMO_FRAME_KEY;
use crate::enfuce::cards::parse_product;
use crate::http::{JsonBody, Kind, Problem, parse_id, parse_uuid};
use crate::store::cards::{PinStatus, Product};
use crate::store::control_ids::Scope;
use crate::store::issuer_cards::{self, IssuerCard};

/// `GET /issuer/api/cards`
pub(super) async fn list(State(issuer): State<Issuer>) -> Result<Json<Value>, Problem> {
    let known = issuer.store.transaction(|tx| issuer_cards::all(tx).map_err(Problem::from)).await?;
    let mut cards = Vec::with_capacity(known.len());
    for card in known {
        let described = issuer.enfuce_client.card(card).await?;
        cards.push(for_app(&issuer, card, &described).await?);
    }
    Ok(Json(json!({"cards": cards})))
}

/// `POST /issuer/api/cards {"firstName", "lastName"}`, and optionally `"customerId"` (`1`), `"product"` (`MC_CARD`) and
/// `"pinStatus"` (`W`).
pub(super) async fn create(
    State(issuer): State<Issuer>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let customer_id = body.optional_text("customerId")?.unwrap_or("1").to_owned();
    let customer_id = parse_id("customerId", customer_id)?;
    let holder = Holder {
        customer_id: &customer_id,
        first_name: body.text("firstName")?,
        last_name: body.text("lastName")?,
    };
    let product = body.optional_text("product")?.map_or(Ok(Product::McCard), parse_product);
    let product = product.map_err(|_| {
        Problem::malformed(format!(
            "product has to be one of {}.",
            Product::ALL.map(Product::name).join(", ")
        ))
    })?;
    let pin_status = match body.optional_text("pinStatus")? {
        None | Some("W") => PinStatus::Waiting,
        Some("D") => PinStatus::Random,
        Some(_) => return Err(Problem::malformed("pinStatus of a new card is W or D.")),
    };
    let made = issuer.enfuce_client.create_card(product, pin_status, &holder).await?;
    let card = IssuerCard { id: parse_uuid("id", made["id"].as_str().unwrap_or_default())?, product };
    issuer.store.transaction(move |tx| issuer_cards::add(tx, card).map_err(Problem::from)).await?;
    Ok((StatusCode::CREATED, Json(for_app(&issuer, card, &made).await?)))
}

/// `POST /issuer/api/cards/{id}/set-pin`
///
/// An issuer authenticates its customer strongly before this; the sandbox has no customers to authenticate.
pub(super) async fn set_pin(
    State(issuer): State<Issuer>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    control(&issuer, &id, Scope::SetPin).await
}

/// `POST /issuer/api/cards/{id}/view-pin`; the same holds for authentication.
pub(super) async fn view_pin(
    State(issuer): State<Issuer>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    control(&issuer, &id, Scope::ViewPin).await
}

/// `POST /issuer/api/cards/{id}/random-pin`: the customer will not choose a PIN.
pub(super) async fn random_pin(
    State(issuer): State<Issuer>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let card = own_card(&issuer, &id).await?;
    let changed = issuer.enfuce_client.change_card(card, &json!({"pinStatus": "D"})).await?;
    Ok(Json(for_app(&issuer, card, &changed).await?))
}

async fn control(issuer: &Issuer, id: &str, scope: Scope) -> Result<Json<Value>, Problem> {
    let card = own_card(issuer, id).await?;
    let control = issuer.enfuce_client.control(card.id, scope).await?;
    let frame = control["pinFrameURL"].as_str().unwrap_or_default();
    Ok(Json(json!({
        "controlId": control["id"],
        "pinUrl": control["pinURL"],
        "pinFrameUrl": format!("{frame}?key={DEMO_FRAME_KEY}"),
    })))
}

/// The card, if it is one that the issuer made.
async fn own_card(issuer: &Issuer, id: &str) -> Result<IssuerCard, Problem> {
    let id = parse_uuid("id", id)?;
    let card = issuer.store.transaction(move |tx| issuer_cards::find(tx, id).map_err(Problem::from)).await?;
    card.ok_or_else(|| Problem::new(Kind::Unknown, "The issuer has no such card."))
}

/// The fields of a card that the app shows.
async fn for_app(issuer: &Issuer, card: IssuerCard, described: &Value) -> Result<Value, Problem> {
    let plastics = issuer.enfuce_client.plastics(card.id).await?;
    let names =
        ["firstName", "lastName"].map(|name| described["embossing"][name].as_str().unwrap_or_default());
    let plastics = plastics.iter().map(|plastic| {
        json!({
            "sequenceNumber": plastic["sequenceNumber"],
            "status": plastic["status"],
            "expiration": plastic["expiration"],
            "createdDate": plastic["createdDate"],
            "productionDate": plastic["productionDate"],
        })
    });
    Ok(json!({
        "id": described["id"],
        "product": described["product"],
        "customerId": described["customerId"],
        "name": names.join(" ").trim(),
        "maskedCardNumber": described["maskedCardNumber"],
        "pinStatus": described["pinStatus"],
        "plastics": plastics.collect::<Vec<_>>(),
    }))
}
