//! OAuth 2.0 client credentials (RFC 6749 §4.4): the issuer's user and password for a bearer token that expires.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Enfuce;
use super::auth::has_password;
use crate::clock::Instant;
use crate::config::TOKEN_SECONDS;
use crate::http::{Problem, form_field, is_media_type};
use crate::random::{self, NoEntropy};

/// The tokens that are out: their hashes, and until when each is good. A restart forgets them all.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    issued: Mutex<HashMap<[u8; 32], Instant>>,
}

impl Tokens {
    /// Whether this token was given out and is not too old.
    pub(super) fn knows(&self, token: &str, now: Instant) -> bool {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let hash: [u8; 32] = Sha256::digest(token).into();
        issued.get(&hash).is_some_and(|until| now < *until)
    }

    /// A fresh token: 256 random bits.
    fn make(&self, now: Instant) -> Result<String, NoEntropy> {
        let mut bytes = [0; 32];
        random::fill(&mut bytes)?;
        let token = Base64UrlUnpadded::encode_string(&bytes);
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|_, until| now < *until);
        issued.insert(Sha256::digest(&token).into(), now.plus_ms(TOKEN_SECONDS * 1000));
        Ok(token)
    }
}

/// `POST /oauth2/token` with the form field `grant_type=client_credentials`; client id and secret by HTTP Basic.
pub(super) async fn token(State(enfuce): State<Enfuce>, headers: HeaderMap, body: Bytes) -> Response {
    if !has_password(&headers, &enfuce) {
        let challenge = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"))];
        return (StatusCode::UNAUTHORIZED, challenge, refusal("invalid_client")).into_response();
    }
    if let Err(problem) = enfuce.rate_limit.admit(enfuce.clock.now()) {
        return problem.into_response();
    }
    if !is_media_type(&headers, "application/x-www-form-urlencoded") {
        return (StatusCode::BAD_REQUEST, refusal("invalid_request")).into_response();
    }
    match std::str::from_utf8(&body).ok().and_then(|body| form_field(body, "grant_type")) {
        Some("client_credentials") => {}
        Some(_) => return (StatusCode::BAD_REQUEST, refusal("unsupported_grant_type")).into_response(),
        None => return (StatusCode::BAD_REQUEST, refusal("invalid_request")).into_response(),
    }
    match enfuce.tokens.make(enfuce.clock.now()) {
        Ok(token) => {
            let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS});
            Json(body).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// An error body in the form of RFC 6749 §5.2.
fn refusal(error: &str) -> Json<serde_json::Value> {
    Json(json!({"error": error}))
}
