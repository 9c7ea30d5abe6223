//! The issuer's own system that knows whose a card is, which the relay asks before it issues a control id (`authorize_url`).

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Issuer;
use crate::faults::Endpoint;
use crate::http::{JsonBody, Problem, parse_uuid};
use crate::store::cards;

/// `POST /issuer/api/authorize {"customer", "cardId", "operation"}` → `{"allowed", "cardProduct"}`: customers may do both with their own cards.
pub(super) async fn ask(State(issuer): State<Issuer>, uri: Uri, body: Result<JsonBody, Problem>) -> Response {
    let work = async { may(&issuer, body).await.map(Json).into_response() };
    issuer.faults.inject(Endpoint::Authorize, uri.path(), work).await
}

async fn may(issuer: &Issuer, body: Result<JsonBody, Problem>) -> Result<Value, Problem> {
    let JsonBody(body) = body?;
    let customer = body.text("customer")?.to_owned();
    // A malformed id belongs to nobody.
    let card_id = parse_uuid("cardId", body.text("cardId")?).ok();
    if !matches!(body.text("operation")?, "set-pin" | "view-pin") {
        return Err(Problem::malformed("operation has to be set-pin or view-pin."));
    }
    let Some(card_id) = card_id else { return Ok(json!({"allowed": false})) };
    // An issuer has this in its own books. Here Enfuce's are read, because both say what was ordered.
    let card = issuer.store.transaction(move |tx| cards::find(tx, card_id).map_err(Problem::from)).await?;
    let card = card.filter(|card| card.customer_id == customer);
    Ok(card.map_or_else(
        || json!({"allowed": false}),
        |card| json!({"allowed": true, "cardProduct": card.product.name()}),
    ))
}
