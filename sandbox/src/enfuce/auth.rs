//! Who calls Enfuce's issuer-facing APIs: HTTP Basic authentication (RFC 7617), and the query's `auditUser`.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use base64ct::{Base64, Encoding};

use crate::app::App;
use crate::http::{Kind, Problem};

/// Proof that the caller is the issuer and named the person it acts for.
pub(super) struct Issuer;

impl FromRequestParts<App> for Issuer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let header = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if !is_issuer(header, app) {
            let detail = "Send the issuer's user and password by HTTP Basic authentication.";
            return Err(Problem::new(Kind::Unauthorized, detail));
        }
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

fn is_issuer(header: &str, app: &App) -> bool {
    let Some((scheme, credentials)) = header.split_once(' ') else { return false };
    let decoded = Base64::decode_vec(credentials.trim()).unwrap_or_default();
    scheme.eq_ignore_ascii_case("basic") && decoded == app.credentials().as_bytes()
}
