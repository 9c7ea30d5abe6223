//! The pincontrol API: control ids, the one-use tokens of a device.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use rusqlite::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::eligibility::{may_set, may_view};
use crate::clock::Clock;
use crate::files::PAGE_FOLDER;
use crate::http::{Fields, JsonBody, Problem, Table, parse_uuid};
use crate::random;
use crate::store::Store;
use crate::store::control_ids::{self, NewControlId, Scope};

/// What the pincontrol APIs of both platforms read.
#[derive(Clone)]
pub(crate) struct PinControl {
    /// The origin of the hosted page, without a slash at its end.
    pub(crate) base_url: String,
    pub(crate) clock: Arc<Clock>,
    pub(crate) store: Store,
}

pub(crate) fn table() -> Table<PinControl> {
    vec![("/pincontrol/v2/plastic/{plasticId}", post(create))]
}

/// `POST /pincontrol/v2/plastic/{plasticId}`
async fn create(
    State(pin_control): State<PinControl>,
    Path(plastic_id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let plastic_id = parse_uuid("plasticId", &plastic_id)?;
    let Issued { id, page_url, frame_url } =
        pin_control.issue(scope(&body)?, move |_| Ok(plastic_id)).await?;
    let answer = json!({"id": id.to_string(), "pinURL": page_url, "pinFrameURL": frame_url});
    Ok((StatusCode::CREATED, Json(answer)))
}

/// A new control id, and the addresses at which it is used.
pub(super) struct Issued {
    pub(super) id: Uuid,
    pub(super) page_url: String,
    pub(super) frame_url: String,
}

impl PinControl {
    /// Makes a control id for the plastic that `find` returns, if the plastic allows the scope.
    pub(super) async fn issue(
        &self,
        scope: Scope,
        find: impl FnOnce(&Transaction<'_>) -> Result<Uuid, Problem> + Send + 'static,
    ) -> Result<Issued, Problem> {
        let (id, now) = (random::make_uuid()?, self.clock.now());
        self.store
            .transaction(move |tx| {
                let plastic_id = find(tx)?;
                match scope {
                    Scope::SetPin => may_set(tx, plastic_id).map(drop)?,
                    Scope::ViewPin => may_view(tx, plastic_id).map(drop)?,
                }
                control_ids::issue(tx, &NewControlId { id, plastic_id, scope, now }).map_err(Problem::from)
            })
            .await?;
        let base = &self.base_url;
        Ok(Issued {
            id,
            page_url: format!("{base}{PAGE_FOLDER}mobile"),
            frame_url: format!("{base}{PAGE_FOLDER}frame"),
        })
    }
}

/// Reads the scope.
pub(super) fn scope(body: &Fields) -> Result<Scope, Problem> {
    let scope = body.text("scope")?;
    let known = Scope::ALL.into_iter().find(|known| known.name() == scope);
    known.ok_or_else(|| Problem::malformed("scope has to be SET_PIN or VIEW_PIN."))
}
