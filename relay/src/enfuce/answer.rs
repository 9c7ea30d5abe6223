//! Interprets Enfuce's answers, for every kind of request.

use axum::http::{StatusCode, header};
use reqwest::Response;
use serde_json::Value;

use crate::failure::{Failure, Kind};
use crate::outbound::{body, json};

/// The failure that a status means; `None` for a success.
///
/// 403 counts as a refusal of the relay, although it can also mean a control id of another scope: the issuer has to fix both. If
/// the device took its control id for expired, it would only ask for another one of the same kind. [`about_control_id`]
/// distinguishes the causes.
pub(super) fn refusal(response: &Response) -> Option<Failure> {
    let status = response.status();
    let (kind, cause) = match status {
        _ if status.is_success() => return None,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            (Kind::Refused(StatusCode::BAD_REQUEST), "request_refused")
        }
        StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::GONE => {
            (Kind::Refused(status), "control_id_refused")
        }
        StatusCode::TOO_MANY_REQUESTS => {
            let seconds = response.headers().get(header::RETRY_AFTER);
            (Kind::Busy(seconds.and_then(|value| value.to_str().ok()?.parse().ok())), "quota")
        }
        StatusCode::UNAUTHORIZED => (Kind::RelayRefused, UNAUTHORIZED),
        StatusCode::FORBIDDEN => (Kind::RelayRefused, FORBIDDEN),
        _ if status.is_client_error() => (Kind::RelayRefused, "relay_refused"),
        _ if status.is_redirection() => (Kind::Failed, "redirect"),
        _ => (Kind::Failed, "server_error"),
    };
    Some(Failure::new(kind, cause))
}

/// Enfuce refuses the credentials.
pub(super) const UNAUTHORIZED: &str = "credentials_refused";
/// Enfuce accepts the credentials, but not for this call.
const FORBIDDEN: &str = "forbidden";

/// The failure of a call with a control id that a device sent. If Enfuce's own control ids pass through, a device can send one of
/// another scope. No operator has to be called for that.
pub(super) fn about_control_id(failure: Failure) -> Failure {
    if failure.cause == FORBIDDEN { Failure { cause: "control_id_forbidden", ..failure } } else { failure }
}

pub(super) fn is_html(response: &Response) -> bool {
    let value = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    ["text/html", "application/xhtml+xml"].iter().any(|html| kind.eq_ignore_ascii_case(html))
}

/// Enfuce's own name for a failure (nextgen: `id` of its problem+json). It is only useful in a ticket to Enfuce.
pub(super) async fn problem_id(response: &mut Response) -> Option<String> {
    let kind = response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    if !kind.starts_with("application/problem+json") {
        return None;
    }
    let problem: Value = json(&body(response).await.ok()?)?;
    let id = problem.get("id")?.as_str()?;
    uuid::Uuid::try_parse(id).is_ok().then(|| id.to_owned())
}
