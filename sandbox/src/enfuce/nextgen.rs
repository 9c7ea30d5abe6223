//! What the nextgen platform ("MyCore") does in its own way: error bodies, and control ids asked for by card.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::auth::NextgenIssuer;
use super::cards::parse_uuid;
use super::pincontrol::{self, Issued};
use super::state::Enfuce;
use crate::http::{JsonBody, Kind, Problem, WithoutBody};
use crate::random;
use crate::store::cards;
use crate::store::control_ids::Scope;

/// `POST /v1/cards/{id}/pinControl`
pub(super) async fn pin_control(
    _: NextgenIssuer,
    State(enfuce): State<Enfuce>,
    Path(card_id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let card_id = parse_uuid("id", &card_id)?;
    let scope = pincontrol::scope(&body)?;
    let Issued { id, page_url, frame_url } = pincontrol::issue(&enfuce, scope, move |tx| {
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
pub(super) async fn format_errors(
    State(enfuce): State<Enfuce>,
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
    body["timestamp"] = json!(enfuce.clock.now().to_rfc3339());
    match random::make_uuid() {
        Ok(id) => body["id"] = json!(id.to_string()),
        Err(error) => return Problem::from(error).into_response(),
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, body.to_string().into())
}

/// `GET /v1/cards/{id}`: only the fields that concern the PIN. Enfuce's own answer has many more.
pub(super) async fn show(
    _: NextgenIssuer,
    State(enfuce): State<Enfuce>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = parse_uuid("id", &id)?;
    let card = enfuce.store.transaction(move |tx| cards::find(tx, id).map_err(Problem::from)).await?;
    let card = card.ok_or_else(|| Problem::new(Kind::Unknown, "There is no such card."))?;
    Ok(Json(json!({
        "id": card.id.to_string(),
        "maskedCardNumber": card.masked_card_number,
        "status": card.status.name(),
        "pinStatus": card.pin_status.nextgen_name(),
    })))
}
