//! `POST /tzpk`, `/set` and `/view`: passes requests of the device on to Enfuce.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::request_context::{RequestContext, Subject};
use crate::admission::Class;
use crate::control_id::LIFE;
use crate::log::Report;
use crate::operation::Operation;
use crate::problem::Problem;
use crate::wire;

pub(super) async fn answer(operation: Operation, context: &RequestContext, request: Request) -> Response {
    let request = match checked(operation, context, request).await {
        Ok(request) => request,
        Err(problem) => return problem.not_sent(operation).into_response(),
    };
    let class = if operation == Operation::Set { Class::Set } else { Class::Key };
    let mut report = Report::default();
    let result = context.live.upstream.call(&request, context.for_calls(class, &mut report)).await;
    context.report(report, &[&request.control_id]);
    let mut response = match result {
        Ok(answer) => Json(answer).into_response(),
        Err(failure) => Problem::from_failure(operation, failure.kind).into_response(),
    };
    if operation == Operation::Tzpk {
        // `set` comes next. If its connection is just being closed, a browser sends it again automatically.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A request that was accepted, with Enfuce's own control id in it.
async fn checked(
    operation: Operation,
    context: &RequestContext,
    request: Request,
) -> Result<wire::Request, Problem> {
    let (identity, body) = context.read(request, operation.later_requests()).await?;
    let mut request = wire::read_request(operation, &body)?;
    match &context.live.issuing {
        Some(issuing) => {
            let sealed = context.open(issuing, &identity, &request.control_id, operation.purpose(), LIFE)?;
            request.control_id = sealed.control_id;
        }
        None => context.audit(&identity, Subject { control_id: Some(&request.control_id), card: None }),
    }
    Ok(request)
}
