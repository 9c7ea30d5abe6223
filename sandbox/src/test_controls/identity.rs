//! The test controls of the identity provider: other keys, and tokens that are not as they should be.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::TestControls;
use crate::http::{JsonBody, Problem};
use crate::idp;

/// `POST /sandbox/idp/keys {"keepOld": bool}`: tokens are signed with a new key from now on. The old one stays published, so that
/// earlier tokens are valid until they expire, unless `keepOld` is false.
pub(super) async fn rotate(
    State(TestControls { idp, .. }): State<TestControls>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let keep_old = body.optional_bool("keepOld")?.unwrap_or(true);
    Ok(Json(json!({"kid": idp.keys().rotate(keep_old)?})))
}

/// `POST /sandbox/idp/tokens {"customerId": …, "claims": {…}, "expiresIn": n, "signedBy": …}`
pub(super) async fn token(
    State(TestControls { idp, .. }): State<TestControls>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let order = serde_json::from_value(body.into_value()).map_err(|_| {
        Problem::malformed(
            "The body is {\"customerId\": …, \"claims\": {…}, \"expiresIn\": seconds, \"signedBy\": \"current\" | \"old\" | \"stranger\" | \"nobody\"}.",
        )
    })?;
    Ok(Json(json!({"token": idp::make_token(&idp, order)?})))
}
