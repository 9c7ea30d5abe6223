//! Authenticates the callers of Enfuce's APIs for issuers, and reads the person that they act for.
//!
//! The classic platform takes HTTP Basic authentication (RFC 7617) or a bearer token, and names the acting person in the
//! query's `auditUser`; the nextgen platform takes a bearer token (RFC 6750) and the header `x-audit-user`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64ct::{Base64, Encoding};

use super::state::Enfuce;
use crate::http::{Kind, Problem};

/// Proof that the caller is the issuer and named the person it acts for.
pub(super) struct Issuer;

/// The same on the nextgen platform.
pub(super) struct NextgenIssuer;

impl FromRequestParts<Enfuce> for Issuer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, enfuce: &Enfuce) -> Result<Self, Problem> {
        if !has_password(&parts.headers, enfuce) && !has_token(&parts.headers, enfuce) {
            let detail = "Send the issuer's user and password by HTTP Basic authentication, or a Bearer token of POST /oauth2/token.";
            return Err(Problem::new(Kind::Unauthorized, detail));
        }
        enfuce.rate_limit.admit(enfuce.clock.now())?;
        let query = parts.uri.query().unwrap_or_default();
        let named =
            query.split('&').any(|pair| pair.strip_prefix("auditUser=").is_some_and(|user| !user.is_empty()));
        if !named {
            return Err(Problem::malformed(
                "auditUser is missing: name the acting user in the query, as in ?auditUser=USER.",
            ));
        }
        Ok(Self)
    }
}

impl FromRequestParts<Enfuce> for NextgenIssuer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, enfuce: &Enfuce) -> Result<Self, Problem> {
        if !has_token(&parts.headers, enfuce) {
            let detail = "Send a Bearer token of POST /oauth2/token.";
            return Err(Problem::new(Kind::Unauthorized, detail));
        }
        enfuce.rate_limit.admit(enfuce.clock.now())?;
        if parts.headers.get("x-audit-user").is_none_or(|user| user.is_empty()) {
            return Err(Problem::malformed(
                "The header x-audit-user is missing: name the acting user in it.",
            ));
        }
        Ok(Self)
    }
}

/// Whether the issuer's user and password came by HTTP Basic authentication.
pub(super) fn has_password(headers: &HeaderMap, enfuce: &Enfuce) -> bool {
    let decoded = credentials(headers, "basic").and_then(|text| Base64::decode_vec(text).ok());
    decoded.is_some_and(|decoded| decoded == enfuce.credentials.as_bytes())
}

fn has_token(headers: &HeaderMap, enfuce: &Enfuce) -> bool {
    credentials(headers, "bearer").is_some_and(|token| enfuce.tokens.knows(token, enfuce.clock.now()))
}

fn credentials<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then_some(credentials.trim())
}
