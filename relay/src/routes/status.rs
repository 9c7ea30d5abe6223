//! `POST /status`: says whether the PIN is set if the answer to `set` was lost.

use axum::Json;
use axum::extract::{Extension, Request};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::asked::Asked;
use crate::admission::Class;
use crate::control_id::STATUS_LIFE;
use crate::log::Report;
use crate::operation::Purpose;
use crate::problem::Problem;
use crate::wire;

pub(super) async fn answer(Extension(asked): Extension<Asked>, request: Request) -> Response {
    match look_up(&asked, request).await {
        Ok(status) => Json(json!({"pinStatus": status})).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn look_up(asked: &Asked, request: Request) -> Result<&'static str, Problem> {
    let (identity, body) = asked.read(request, 0).await?;
    let token = wire::read_status_request(&body)?;
    // This route exists only if control ids are issued.
    let issuing = asked.live.issuing.as_ref().ok_or(Problem::UNKNOWN_ROUTE)?;
    let sealed = asked.open(issuing, &identity, &token, Purpose::SetPin, STATUS_LIFE)?;
    let mut report = Report::default();
    let context = asked.context(Class::New, &mut report);
    let result = asked.live.upstream.pin_status(&sealed.card, sealed.card_product.as_deref(), context).await;
    asked.report(report, &[&sealed.card, &sealed.control_id]);
    result.map_err(|failure| Problem::from_card_failure(failure.kind))
}
