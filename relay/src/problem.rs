//! What the device gets when a request fails: `application/problem+json` (RFC 9457) with a stable `code`.
//!
//! This is the only place where a failure becomes a status. The device reads only the status, by these rules: after `set`, a 4xx
//! means "not set" and a 5xx "nobody knows"; before it, the device tries again after a 5xx. So if the relay did not send or look
//! at a `set` for a reason of its own, the status is 424. For other requests the same reason is a 5xx. 401 and 403 are only about
//! the customer and never about the relay, because the device takes them to mean that the customer is no longer signed in. A
//! detail never repeats what was sent.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::admission::Wait;
use crate::control_id::Refusal;
use crate::failure::Kind;
use crate::operation::Operation;
use crate::wire::Malformed;

/// A failed request on its way to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    detail: &'static str,
    /// Seconds, for `Retry-After`.
    retry_after: Option<u64>,
    /// The customer's place in the queue.
    place: Option<u64>,
    /// For the log only: what failed at one of the issuer's systems, in one word of a closed list.
    pub(crate) cause: Option<&'static str>,
}

impl Problem {
    const fn new(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self { status, code, detail, retry_after: None, place: None, cause: None }
    }

    pub(crate) const CUSTOMER_MISSING: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "customer_missing",
        "The gateway has to name the customer once, in the header that the relay is configured with.",
    );
    /// Not 408, because a client may repeat the request automatically after that.
    pub(crate) const BODY_INCOMPLETE: Self =
        Self::new(StatusCode::BAD_REQUEST, "body_incomplete", "The body did not arrive in full, or in time.");
    pub(crate) const UNKNOWN_ROUTE: Self = Self::new(
        StatusCode::NOT_FOUND,
        "unknown_route",
        "There is no such route, or its operation is switched off.",
    );
    pub(crate) const METHOD_NOT_ALLOWED: Self =
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "See the Allow header.");
    pub(crate) const TOO_LARGE: Self =
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is larger than any that is needed.");
    pub(crate) const UNSUPPORTED_MEDIA_TYPE: Self = Self::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "Send the body as application/json.",
    );
    pub(crate) const INTERNAL: Self =
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The system gave no random bytes.");

    /// About the customer and never about the relay: 401 tells the page that they have to sign in.
    pub(crate) const NOT_AUTHENTICATED: Self = Self::new(
        StatusCode::UNAUTHORIZED,
        "not_authenticated",
        "Send a token of the identity provider that is still good, as Authorization: Bearer.",
    );
    pub(crate) const IDENTITY_PROVIDER_UNAVAILABLE: Self = Self {
        retry_after: Some(2),
        ..Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "identity_provider_unavailable",
            "The identity provider's keys cannot be read: nobody can be authenticated for now.",
        )
    };
    pub(crate) const NOT_ALLOWED: Self =
        Self::new(StatusCode::FORBIDDEN, "not_allowed", "This customer may not do this with this card.");
    pub(crate) const AUTHORIZER_UNAVAILABLE: Self = Self {
        retry_after: Some(2),
        ..Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "authorizer_unavailable",
            "The issuer's own system did not say whether this is allowed.",
        )
    };

    /// Adds the cause for the log.
    pub(crate) fn with_cause(self, cause: &'static str) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// The same problem for a `set` that was certainly not sent on: a 5xx would mean that nobody knows.
    pub(crate) fn not_sent(self, operation: Operation) -> Self {
        let is_in_doubt = operation == Operation::Set && self.status.is_server_error();
        if is_in_doubt { Self { status: StatusCode::FAILED_DEPENDENCY, ..self } } else { self }
    }

    /// The meaning of a failure for an app that asks for a control id, or for a page that asks for a status.
    pub(crate) fn from_card_failure(failure: Kind) -> Self {
        match failure {
            Kind::Refused(StatusCode::NOT_FOUND) => {
                Self::new(StatusCode::NOT_FOUND, "card_unknown", "Enfuce does not know the card.")
            }
            Kind::Refused(StatusCode::CONFLICT) => Self::new(
                StatusCode::CONFLICT,
                "card_not_ready",
                "The card is not in a state for this: to set a PIN it needs a plastic that is not made yet, to view one a plastic in use.",
            ),
            Kind::Refused(_) => {
                Self::new(StatusCode::BAD_GATEWAY, "enfuce_refused", "Enfuce refuses the request.")
            }
            other => Self::from_failure(Operation::Tzpk, other),
        }
    }

    /// Enfuce's quota is used up, and nothing was begun.
    pub(crate) fn wait(wait: Wait) -> Self {
        let problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Many customers are here at once: ask again after Retry-After, and this place in the queue is kept.",
        );
        Self { retry_after: Some(wait.seconds), place: Some(wait.place), ..problem }
    }

    /// The customer has sent too many requests; the next one is accepted in `seconds`.
    pub(crate) fn too_many_requests(seconds: u64) -> Self {
        let problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "This customer has asked too often: wait as long as Retry-After says.",
        );
        Self { retry_after: Some(seconds), ..problem }
    }

    /// The meaning of a failure on Enfuce's side for the device.
    pub(crate) fn from_failure(operation: Operation, failure: Kind) -> Self {
        let (status, code, detail) = match failure {
            Kind::Refused(status) => return Self::refused(status),
            Kind::Unreachable => (
                StatusCode::BAD_GATEWAY,
                "enfuce_unreachable",
                "Enfuce could not be reached: nothing was sent to it.",
            ),
            Kind::NoToken => (
                StatusCode::BAD_GATEWAY,
                "enfuce_no_token",
                "The relay got no access token from Enfuce: nothing was sent on.",
            ),
            Kind::RelayRefused => (
                StatusCode::BAD_GATEWAY,
                "enfuce_refuses_relay",
                "Enfuce refuses the relay itself: its credentials or its configuration have to be fixed.",
            ),
            Kind::Busy(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "enfuce_busy",
                "Enfuce takes no more of the issuer's requests for now.",
            ),
            Kind::Overloaded(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "relay_busy",
                "The relay takes no more requests for now: nothing was sent to Enfuce.",
            ),
            Kind::Failed => (StatusCode::BAD_GATEWAY, "enfuce_failed", "Enfuce failed."),
            Kind::BadAnswer => {
                (StatusCode::BAD_GATEWAY, "enfuce_bad_answer", "Enfuce's answer is not the one expected.")
            }
            Kind::TimedOut => {
                (StatusCode::GATEWAY_TIMEOUT, "enfuce_timeout", "Enfuce did not answer in time.")
            }
        };
        let surely_not_set = operation == Operation::Set && failure.left_undone();
        let status = if surely_not_set { StatusCode::FAILED_DEPENDENCY } else { status };
        let retry_after = match failure {
            // Enfuce may not name a time. Its quota is per second.
            Kind::Busy(seconds) => Some(seconds.unwrap_or(1)),
            Kind::Overloaded(seconds) => Some(seconds),
            _ => None,
        };
        Self { retry_after, ..Self::new(status, code, detail) }
    }

    /// Enfuce refuses the content that the device sent.
    fn refused(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::new(
                status,
                "control_id_unknown",
                "There is no such control id of this customer for this operation.",
            ),
            StatusCode::CONFLICT => Self::new(
                status,
                "control_id_used",
                "The control id was used before, or the card is in another state.",
            ),
            StatusCode::GONE => Self::new(status, "control_id_expired", "The control id has expired."),
            _ => Self::new(StatusCode::BAD_REQUEST, "enfuce_refused", "Enfuce refuses the request."),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::refused(match refusal {
            Refusal::Unknown => StatusCode::NOT_FOUND,
            Refusal::Expired(_) => StatusCode::GONE,
        })
    }
}

impl From<Malformed> for Problem {
    fn from(Malformed(detail): Malformed) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
        });
        if let Some(place) = self.place {
            body["place"] = place.into();
        }
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}
