//! What the issuer's app asks its back-end.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::client::Holder;
use crate::app::App;
use crate::enfuce::{parse_product, parse_uuid};
use crate::http::{JsonBody, Kind, Problem};
use crate::store::cards::Product;
use crate::store::issuer_cards::{self, IssuerCard};

/// `GET /issuer/api/cards`
pub(super) async fn list(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let known = app.store().transaction(|tx| issuer_cards::all(tx).map_err(Problem::from)).await?;
    let mut cards = Vec::with_capacity(known.len());
    for card in known {
        cards.push(for_app(&app.enfuce_client().card(card).await?));
    }
    Ok(Json(json!({"cards": cards})))
}

/// `POST /issuer/api/cards {"firstName", "lastName"}`
pub(super) async fn create(
    State(app): State<App>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let holder = Holder { first_name: body.text("firstName")?, last_name: body.text("lastName")? };
    let made = app.enfuce_client().create_card(Product::McCard, &holder).await?;
    let card = IssuerCard {
        id: parse_uuid("id", made["id"].as_str().unwrap_or_default())?,
        product: parse_product(made["product"].as_str().unwrap_or_default())?,
    };
    app.store().transaction(move |tx| issuer_cards::add(tx, card).map_err(Problem::from)).await?;
    Ok((StatusCode::CREATED, Json(for_app(&made))))
}

/// `POST /issuer/api/cards/{id}/set-pin`
///
/// An issuer authenticates its customer strongly before this; the sandbox has no customers to authenticate.
pub(super) async fn set_pin(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let id = parse_uuid("id", &id)?;
    if !app.store().transaction(move |tx| issuer_cards::knows(tx, id).map_err(Problem::from)).await? {
        return Err(Problem::new(Kind::Unknown, "The issuer has no such card."));
    }
    let plastic_id = app.enfuce_client().inactive_plastic(id).await?;
    let control = app.enfuce_client().set_pin_control(&plastic_id).await?;
    Ok(Json(json!({"controlId": control["id"], "pinUrl": control["pinURL"]})))
}

/// What the app shows of a card.
fn for_app(card: &Value) -> Value {
    let names = ["firstName", "lastName"].map(|name| card["embossing"][name].as_str().unwrap_or_default());
    json!({
        "id": card["id"],
        "product": card["product"],
        "name": names.join(" ").trim(),
        "maskedCardNumber": card["maskedCardNumber"],
        "pinStatus": card["pinStatus"],
    })
}
