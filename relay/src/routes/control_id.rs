//! `POST /control-id`: issues a control id for one of the customer's cards, sealed for this customer.

use axum::Json;
use axum::extract::{Extension, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::time::Instant;

use super::asked::{Asked, Subject};
use crate::admission::{Class, Wait};
use crate::authorize::Question;
use crate::control_id::Sealed;
use crate::failure::{Failure, Kind, NO_TURN};
use crate::operation::REQUESTS_OF_SESSION;
use crate::problem::Problem;
use crate::wire;

pub(super) async fn answer(Extension(asked): Extension<Asked>, request: Request) -> Response {
    match issue(&asked, request).await {
        Ok(token) => (StatusCode::CREATED, Json(json!({"controlId": token}))).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn issue(asked: &Asked, request: Request) -> Result<String, Problem> {
    let (identity, body) = asked.read(request, REQUESTS_OF_SESSION - 1).await?;
    let wire::ControlIdRequest { card, purpose } = wire::read_control_id_request(&body)?;
    asked.audit(&identity, Subject { card: Some(&card), ..Subject::default() });
    let live = &asked.live;
    // This route exists only if control ids are issued.
    let issuing = live.issuing.as_ref().ok_or(Problem::UNKNOWN_ROUTE)?;
    if !live.config.operations.contains(&purpose) {
        return Err(Problem::NOT_ALLOWED);
    }
    let question = Question { identity: &identity, card: &card, purpose };
    // Most of the time is left for Enfuce.
    let latest = asked.deadline.min(Instant::now() + live.config.deadline / 3);
    let card_product = issuing.authorizer.check(&question, latest, &asked.trace).await?;
    let mut begun = asked.begin(&identity, purpose).await?;
    let context = asked.context(Class::New, &mut begun.report);
    let result = live.upstream.control_id(&card, purpose, context).await;
    asked.report(begun.report.clone(), &[&card]);
    let control_id = result.map_err(|failure| match failure {
        // The session had begun, so the customer gets their place back.
        Failure { kind: Kind::Overloaded(seconds), cause: NO_TURN } => {
            Problem::wait(Wait { seconds, place: begun.place })
        }
        failure => Problem::from_card_failure(failure.kind),
    })?;
    asked.audit(&identity, Subject { control_id: Some(&control_id), card: Some(&card) });
    let sealed = Sealed::new(control_id, card, purpose).of_product(card_product);
    let token = issuing.sealer.seal(&sealed, &identity.customer.name()).ok_or(Problem::INTERNAL)?;
    begun.issued();
    Ok(token)
}
