//! `POST /control-id`: issues a control id for one of the customer's cards, sealed for this customer.

use axum::Json;
use axum::extract::{Extension, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::time::Instant;

use super::request_context::{RequestContext, Subject};
use crate::admission::{Class, Wait};
use crate::authorize::Question;
use crate::control_id::Sealed;
use crate::failure::{Failure, Kind, NO_TURN};
use crate::operation::REQUESTS_OF_SESSION;
use crate::problem::Problem;
use crate::wire;

pub(super) async fn answer(Extension(context): Extension<RequestContext>, request: Request) -> Response {
    match issue(&context, request).await {
        Ok(token) => (StatusCode::CREATED, Json(json!({"controlId": token}))).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn issue(context: &RequestContext, request: Request) -> Result<String, Problem> {
    let (identity, body) = context.read(request, REQUESTS_OF_SESSION - 1).await?;
    let wire::ControlIdRequest { card, purpose } = wire::read_control_id_request(&body)?;
    context.audit(&identity, Subject { card: Some(&card), ..Subject::default() });
    let live = &context.live;
    // This route exists only if control ids are issued.
    let issuing = live.issuing.as_ref().ok_or(Problem::UNKNOWN_ROUTE)?;
    if !live.config.operations.contains(&purpose) {
        return Err(Problem::NOT_ALLOWED);
    }
    let question = Question { identity: &identity, card: &card, purpose };
    // Most of the time is left for Enfuce.
    let latest = context.deadline.min(Instant::now() + live.config.deadline / 3);
    let card_product = issuing.authorizer.check(&question, latest, &context.trace).await?;
    let mut begun = context.begin(&identity, purpose).await?;
    let calls = context.for_calls(Class::New, &mut begun.report);
    let result = live.upstream.control_id(&card, purpose, calls).await;
    context.report(begun.report.clone(), &[&card]);
    let control_id = result.map_err(|failure| match failure {
        // The session had begun, so the customer gets their place back.
        Failure { kind: Kind::Overloaded(seconds), cause: NO_TURN } => {
            Problem::wait(Wait { seconds, place: begun.place })
        }
        failure => Problem::from_card_failure(failure.kind),
    })?;
    context.audit(&identity, Subject { control_id: Some(&control_id), card: Some(&card) });
    let sealed = Sealed::new(control_id, card, purpose).of_product(card_product);
    let token = issuing.sealer.seal(&sealed, &identity.customer.name()).ok_or(Problem::INTERNAL)?;
    begun.issued();
    Ok(token)
}
