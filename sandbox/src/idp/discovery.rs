use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Idp;
use super::keys::ALGORITHM;

/// `GET /idp/.well-known/openid-configuration`: the addresses of the provider (OpenID Connect Discovery 1.0, section 3). It lacks
/// the fields about a sign-in page, which the sandbox does not have.
pub(super) async fn show(State(idp): State<Idp>) -> Json<Value> {
    let issuer = &idp.0.issuer;
    Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwks"),
        "token_endpoint": format!("{issuer}/token"),
        "token_endpoint_auth_methods_supported": ["none"],
        "grant_types_supported": ["password"],
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
    }))
}
