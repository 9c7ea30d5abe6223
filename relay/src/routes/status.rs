//! `POST /status`: says whether the PIN is set if the answer to `set` was lost.

use axum::Json;
use axum::extract::{Extension, Request};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::request_context::RequestContext;
use crate::admission::Class;
use crate::control_id::STATUS_LIFE;
use crate::log::Report;
use crate::operation::Purpose;
use crate::problem::Problem;
use crate::wire;

pub(super) async fn answer(Extension(context): Extension<RequestContext>, request: Request) -> Response {
    match look_up(&context, request).await {
        Ok(status) => Json(json!({"pinStatus": status})).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn look_up(context: &RequestContext, request: Request) -> Result<&'static str, Problem> {
    let (identity, body) = context.read(request, 0).await?;
    let token = wire::read_status_request(&body)?;
    // This route exists only if control ids are issued.
    let issuing = context.live.issuing.as_ref().ok_or(Problem::UNKNOWN_ROUTE)?;
    let sealed = context.open(issuing, &identity, &token, Purpose::SetPin, STATUS_LIFE)?;
    let mut report = Report::default();
    let calls = context.for_calls(Class::New, &mut report);
    let result = context.live.upstream.pin_status(&sealed.card, sealed.card_product.as_deref(), calls).await;
    context.report(report, &[&sealed.card, &sealed.control_id]);
    result.map_err(|failure| Problem::from_card_failure(failure.kind))
}
