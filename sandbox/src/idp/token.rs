//! The tokens of customers: JSON Web Tokens (RFC 7519).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Idp;
use super::keys::ALGORITHM;
use crate::http::{Kind, Problem, form_field, is_media_type, parse_id};

/// The audience of the tokens: the relay.
pub(crate) const AUDIENCE: &str = "card-pin";
/// How long they are valid, in seconds.
const LIFE: i32 = 300;

/// An order for a token that differs from a good one, for tests of the code that checks tokens.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Order {
    customer_id: String,
    /// Claims that replace those of a good token; null removes one.
    #[serde(default)]
    claims: Map<String, Value>,
    /// The seconds until it expires; negative for a token that has expired.
    #[serde(default = "life")]
    expires_in: i32,
    #[serde(default)]
    signed_by: Signer,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Signer {
    #[default]
    Current,
    /// The key before the last change.
    Old,
    /// A key that is not the identity provider's, under the name of one that is.
    Stranger,
    /// The token is unsigned, and its header says so (`"alg": "none"`).
    Nobody,
}

fn life() -> i32 {
    LIFE
}

/// `POST /idp/token` with the form fields `grant_type=password` and `username`, which is the customer's id. There is no password.
pub(super) async fn give(State(idp): State<Idp>, headers: HeaderMap, body: Bytes) -> Response {
    let body = if is_media_type(&headers, "application/x-www-form-urlencoded") { &*body } else { &[] };
    let form = std::str::from_utf8(body).unwrap_or_default();
    match form_field(form, "grant_type") {
        Some("password") => {}
        Some(_) => return refusal("unsupported_grant_type"),
        None => return refusal("invalid_request"),
    }
    let Some(Ok(customer_id)) =
        form_field(form, "username").map(|name| parse_id("username", name.to_owned()))
    else {
        return refusal("invalid_request");
    };
    let order = Order { customer_id, claims: Map::new(), expires_in: LIFE, signed_by: Signer::Current };
    match make(&idp, order) {
        Ok(token) => {
            let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": LIFE});
            Json(body).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

/// An error body in the form of RFC 6749 §5.2.
fn refusal(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}

/// Makes a token as it was ordered.
pub(crate) fn make(idp: &Idp, order: Order) -> Result<String, Problem> {
    let customer_id = parse_id("customerId", order.customer_id)?;
    let now = i64::try_from(idp.0.clock.now().0 / 1000).unwrap_or(i64::MAX);
    let mut claims = json!({
        "iss": idp.0.issuer,
        "aud": AUDIENCE,
        "sub": customer_id,
        "iat": now,
        "exp": now + i64::from(order.expires_in),
    });
    for (name, value) in order.claims {
        claims[name] = value;
    }
    if let Some(claims) = claims.as_object_mut() {
        claims.retain(|_, value| !value.is_null());
    }
    let keys = idp.keys();
    let key = match order.signed_by {
        Signer::Current | Signer::Nobody => keys.current(),
        Signer::Stranger => keys.current().stranger()?.into(),
        Signer::Old => keys.old().ok_or_else(|| {
            let detail = "There is no old key yet: change the keys with POST /sandbox/idp/keys first.";
            Problem::new(Kind::WrongState, detail)
        })?,
    };
    let is_signed = !matches!(order.signed_by, Signer::Nobody);
    let algorithm = if is_signed { ALGORITHM } else { "none" };
    let header = json!({"typ": "JWT", "alg": algorithm, "kid": key.kid()});
    let parts = [header, claims].map(|part| Base64UrlUnpadded::encode_string(part.to_string().as_bytes()));
    let message = parts.join(".");
    let signature = if is_signed { key.sign(message.as_bytes())? } else { Vec::new() };
    Ok(format!("{message}.{}", Base64UrlUnpadded::encode_string(&signature)))
}
