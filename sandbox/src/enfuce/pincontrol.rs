//! The pincontrol API: control ids, the one-use tokens of a device.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::auth::Issuer;
use super::{PAGE_FOLDER, parse_uuid};
use crate::app::App;
use crate::http::{JsonBody, Kind, Problem};
use crate::random;
use crate::store::cards::{self, PinStatus, PlasticStatus};
use crate::store::control_ids::{self, NewControlId, Scope};

/// `POST /pincontrol/v2/plastic/{plasticId}`
pub(super) async fn create(
    _: Issuer,
    State(app): State<App>,
    Path(plastic_id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let plastic_id = parse_uuid("plasticId", &plastic_id)?;
    let scope = body.text("scope")?;
    let scope = Scope::ALL.into_iter().find(|known| known.name() == scope);
    let scope = scope.ok_or_else(|| Problem::malformed("scope has to be SET_PIN or VIEW_PIN."))?;
    let (id, now) = (random::make_uuid()?, app.clock().now());
    app.store()
        .transaction(move |tx| {
            let unknown = || Problem::new(Kind::Unknown, "There is no such plastic.");
            let plastic = cards::find_plastic(tx, plastic_id)?.ok_or_else(unknown)?;
            let card = cards::find(tx, plastic.card_id)?.ok_or_else(unknown)?;
            match scope {
                Scope::SetPin => may_set_pin(card.pin_status, plastic.status)?,
                Scope::ViewPin => {
                    let detail = "VIEW_PIN is not available yet: a PIN can be viewed after the embossing run that follows its setting.";
                    return Err(Problem::new(Kind::NotAvailable, detail));
                }
            }
            control_ids::issue(tx, &NewControlId { id, card_id: card.id, scope, now })?;
            Ok(())
        })
        .await?;
    let base = app.base_url();
    let answer = json!({
        "id": id.to_string(),
        "pinURL": format!("{base}{PAGE_FOLDER}mobile"),
        "pinFrameURL": format!("{base}{PAGE_FOLDER}frame"),
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

fn may_set_pin(pin_status: PinStatus, plastic: PlasticStatus) -> Result<(), Problem> {
    if pin_status != PinStatus::Waiting {
        let detail =
            format!("The card's pinStatus is {}: a PIN can be set only while it is W.", pin_status.name());
        return Err(Problem::new(Kind::WrongState, detail));
    }
    if plastic != PlasticStatus::Inactive {
        let detail = "The plastic is already produced: take the one whose status is INACTIVE.";
        return Err(Problem::new(Kind::WrongState, detail));
    }
    Ok(())
}
