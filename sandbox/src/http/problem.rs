//! Error bodies: `application/problem+json` (RFC 9457) with a stable `code` added.
//!
//! A detail names the field and the fix. It never repeats what was sent: PIN blocks, tokens and keys would end up in logs.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::hsm::HsmError;
use crate::random::NoEntropy;
use crate::store::StoreError;

/// The kind of a refusal; each has one status and one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Malformed,
    Unauthorized,
    OtherScope,
    NotLoopback,
    OtherOrigin,
    Unknown,
    MethodNotAllowed,
    AlreadyUsed,
    WrongState,
    OtherKey,
    NotAvailable,
    Expired,
    TooLarge,
    UnsupportedMediaType,
    KeyReused,
    Misdirected,
    TooMany,
    Internal,
    EnfuceUnreachable,
    /// Any other status; only the fault of that name and the web framework's own refusals need it.
    Other(StatusCode),
}

impl Kind {
    /// The kind for an answer that came without one: the web framework's own, or Enfuce's to the issuer.
    pub(crate) fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => Self::Malformed,
            StatusCode::NOT_FOUND => Self::Unknown,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::CONFLICT => Self::WrongState,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            other => Self::Other(other),
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::OtherScope | Self::NotLoopback | Self::OtherOrigin => StatusCode::FORBIDDEN,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::AlreadyUsed | Self::WrongState | Self::OtherKey | Self::NotAvailable => {
                StatusCode::CONFLICT
            }
            Self::Expired => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            // The status that the IETF's draft on the Idempotency-Key header gives (§2.7).
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::EnfuceUnreachable => StatusCode::BAD_GATEWAY,
            Self::Other(status) => status,
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthorized => "unauthorized",
            Self::OtherScope => "other_scope",
            Self::NotLoopback => "not_loopback",
            Self::OtherOrigin => "other_origin",
            Self::Unknown => "unknown",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::AlreadyUsed => "already_used",
            Self::WrongState => "wrong_state",
            Self::OtherKey => "other_key",
            Self::NotAvailable => "not_available",
            Self::Expired => "expired",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::KeyReused => "key_reused",
            Self::Misdirected => "misdirected",
            Self::TooMany => "too_many",
            Self::Internal => "internal",
            Self::EnfuceUnreachable => "enfuce_unreachable",
            Self::Other(_) => "other",
        }
    }
}

/// A refusal on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Kind::Malformed, detail)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn to_json(&self) -> Value {
        let status = self.kind.status();
        json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "detail": self.detail,
            "code": self.kind.code(),
        })
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.status();
        let mut response = (status, Json(self.to_json())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.kind {
            Kind::Unauthorized => {
                let challenge =
                    HeaderValue::from_static("Basic realm=\"card-pin sandbox\", charset=\"UTF-8\"");
                headers.append(header::WWW_AUTHENTICATE, challenge);
                headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Kind::TooMany => {
                // The limit is per second.
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        // For a platform that words its errors in its own way.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(_: StoreError) -> Self {
        Self::new(
            Kind::Internal,
            "The sandbox's database failed: restart the sandbox, with another --db FILE if it stays so.",
        )
    }
}

impl From<NoEntropy> for Problem {
    fn from(_: NoEntropy) -> Self {
        HsmError::Entropy.into()
    }
}

impl From<HsmError> for Problem {
    fn from(error: HsmError) -> Self {
        match error {
            HsmError::Entropy => Self::new(Kind::Internal, "The system gave no random bytes."),
            HsmError::Seal => Self::new(
                Kind::Internal,
                "A stored secret does not open: the database and its master key do not belong together.",
            ),
            HsmError::Block => Self::malformed(
                "pinBlock is not a PIN block of 4 to 12 digits in the format and under the key agreed on: start again, where there is a control id with a new one.",
            ),
        }
    }
}

/// The answer where no route fits.
pub(crate) async fn unknown_route() -> Problem {
    Problem::new(Kind::Unknown, "There is nothing at this path.")
}

/// The answer where a route fits, but not its method.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "This path does not take this method.")
}
