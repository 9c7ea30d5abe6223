//! Authenticates the callers of Enfuce's APIs for issuers, and reads the person that they act for.
//!
//! The classic platform takes HTTP Basic authentication (RFC 7617) or a bearer token, and names the acting person in the
//! query's `auditUser`; the nextgen platform takes a bearer token (RFC 6750) and the header `x-audit-user`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use base64ct::{Base64, Encoding};

use super::tokens::Tokens;
use crate::clock::Clock;
use crate::http::{Kind, Problem, RateLimit};

/// By what the issuer is known, and how often it may call.
#[derive(Clone)]
pub(crate) struct Access {
    /// `user:password`, as in HTTP Basic authentication.
    pub(crate) credentials: String,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) rate_limit: Arc<RateLimit>,
    pub(crate) clock: Arc<Clock>,
}

/// Lets the issuer through if it names the person it acts for.
pub(crate) async fn check_classic(
    State(access): State<Access>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !access.has_password(request.headers()) && !access.has_token(request.headers()) {
        let detail = "Send the issuer's user and password by HTTP Basic authentication, or a Bearer token of POST /oauth2/token.";
        return Err(Problem::new(Kind::Unauthorized, detail));
    }
    access.admit()?;
    let query = request.uri().query().unwrap_or_default();
    let named =
        query.split('&').any(|pair| pair.strip_prefix("auditUser=").is_some_and(|user| !user.is_empty()));
    if !named {
        return Err(Problem::malformed(
            "auditUser is missing: name the acting user in the query, as in ?auditUser=USER.",
        ));
    }
    Ok(next.run(request).await)
}

/// The same on the nextgen platform.
pub(crate) async fn check_nextgen(
    State(access): State<Access>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !access.has_token(request.headers()) {
        let detail = "Send a Bearer token of POST /oauth2/token.";
        return Err(Problem::new(Kind::Unauthorized, detail));
    }
    access.admit()?;
    if request.headers().get("x-audit-user").is_none_or(|user| user.is_empty()) {
        return Err(Problem::malformed("The header x-audit-user is missing: name the acting user in it."));
    }
    Ok(next.run(request).await)
}

impl Access {
    /// Whether the issuer's user and password came by HTTP Basic authentication.
    pub(super) fn has_password(&self, headers: &HeaderMap) -> bool {
        let decoded = credentials(headers, "basic").and_then(|text| Base64::decode_vec(text).ok());
        decoded.is_some_and(|decoded| decoded == self.credentials.as_bytes())
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        credentials(headers, "bearer").is_some_and(|token| self.tokens.knows(token, self.clock.now()))
    }

    /// Counts a request against the limit.
    pub(super) fn admit(&self) -> Result<(), Problem> {
        self.rate_limit.admit(self.clock.now())
    }
}

fn credentials<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then_some(credentials.trim())
}
