//! What the nextgen platform ("MyCore") does in its own way: error bodies, and control ids asked for by card.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::pincontrol::{self, Issued, PinControl};
use crate::clock::Clock;
use crate::http::{JsonBody, Kind, Problem, Table, WithoutBody, parse_uuid};
use crate::random;
use crate::store::cards;
use crate::store::control_ids::Scope;

pub(crate) fn table() -> Table<PinControl> {
    vec![("/v1/cards/{id}", get(show)), ("/v1/cards/{id}/pinControl", post(create_pin_control))]
}

/// `POST /v1/cards/{id}/pinControl`
async fn create_pin_control(
    State(pin_control): State<PinControl>,
    Path(card_id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let card_id = parse_uuid("id", &card_id)?;
    let scope = pincontrol::scope(&body)?;
    let Issued { id, page_url, frame_url } = pin_control
        .issue(scope, move |tx| {
            let plastics = cards::plastics(tx, card_id)?;
            // The newest plastic that allows the scope.
            let fits = |plastic: &&cards::Plastic| plastic.made.is_some() == (scope == Scope::ViewPin);
            let plastic = plastics.iter().rev().find(fits).or(plastics.last());
            let plastic = plastic.ok_or_else(|| Problem::new(Kind::Unknown, "There is no such card."))?;
            Ok(plastic.id)
        })
        .await?;
    let answer = json!({"id": id.to_string(), "pinUrl": page_url, "pinFrameUrl": frame_url});
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Gives errors the platform's form: `instance`, `id` and `timestamp` in the body, 401 without a body, and 400 for a control id of
/// another scope.
pub(crate) async fn format_errors(
    State(clock): State<Arc<Clock>>,
    uri: Uri,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>() else { return response };
    if problem.kind() == Kind::Unauthorized {
        let challenge = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
        let mut bare = (StatusCode::UNAUTHORIZED, challenge).into_response();
        bare.extensions_mut().insert(WithoutBody);
        return bare;
    }
    let mut body = problem.to_json();
    let (mut parts, _) = response.into_parts();
    if parts.status == StatusCode::FORBIDDEN {
        parts.status = StatusCode::BAD_REQUEST;
        body["status"] = json!(400);
        body["title"] = json!("Bad Request");
    }
    body["instance"] = json!(uri.path());
    body["timestamp"] = json!(clock.now().to_rfc3339());
    match random::make_uuid() {
        Ok(id) => body["id"] = json!(id.to_string()),
        Err(error) => return Problem::from(error).into_response(),
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, body.to_string().into())
}

/// `GET /v1/cards/{id}`: only the fields that concern the PIN. Enfuce's own answer has many more.
async fn show(
    State(PinControl { store, .. }): State<PinControl>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = parse_uuid("id", &id)?;
    let card = store.transaction(move |tx| cards::find(tx, id).map_err(Problem::from)).await?;
    let card = card.ok_or_else(|| Problem::new(Kind::Unknown, "There is no such card."))?;
    Ok(Json(json!({
        "id": card.id.to_string(),
        "maskedCardNumber": card.masked_card_number,
        "status": card.status.name(),
        "pinStatus": card.pin_status.nextgen_name(),
    })))
}
