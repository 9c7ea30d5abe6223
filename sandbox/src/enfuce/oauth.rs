//! OAuth 2.0 client credentials (RFC 6749 §4.4): the issuer's user and password for a bearer token that expires.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;

use super::auth::Access;
use crate::config::TOKEN_SECONDS;
use crate::http::{Problem, Table, form_field, is_media_type};

pub(crate) fn table() -> Table<Access> {
    vec![("/oauth2/token", post(token))]
}

/// `POST /oauth2/token` with the form field `grant_type=client_credentials`; client id and secret by HTTP Basic.
async fn token(State(access): State<Access>, headers: HeaderMap, body: Bytes) -> Response {
    if !access.has_password(&headers) {
        let challenge = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"))];
        return (StatusCode::UNAUTHORIZED, challenge, refusal("invalid_client")).into_response();
    }
    if let Err(problem) = access.admit() {
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
    match access.tokens.make(access.clock.now()) {
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
