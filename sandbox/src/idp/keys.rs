//! The keys that sign tokens, and those that are published.
//!
//! Signatures and the JWKS are written with aws-lc-rs instead of `jsonwebtoken`, which the relay checks them with: so one is a
//! second opinion on the other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};

use super::Idp;
use crate::faults::{Endpoint, Misbehaviour};
use crate::http::Problem;
use crate::random::{NoEntropy, make_uuid};

/// ECDSA with P-256 and SHA-256 (RFC 7518, 3.4), which every library checks.
pub(super) const ALGORITHM: &str = "ES256";

/// A key of the identity provider.
pub(crate) struct SigningKey {
    kid: String,
    pair: EcdsaKeyPair,
}

/// The keys of the identity provider. They are made at the start and never stored: after a restart everybody has to sign in again.
pub(crate) struct Keys(Mutex<Rotation>);

struct Rotation {
    current: Arc<SigningKey>,
    /// The key before the current one.
    old: Option<Arc<SigningKey>>,
    is_old_published: bool,
}

impl SigningKey {
    fn make(kid: String) -> Result<Self, NoEntropy> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| NoEntropy)?;
        Ok(Self { kid, pair })
    }

    /// Makes a key that is not published, under the name of this one.
    pub(super) fn stranger(&self) -> Result<Self, NoEntropy> {
        Self::make(self.kid.clone())
    }

    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    /// Signs: r and s, as in RFC 7518.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NoEntropy> {
        let signature = self.pair.sign(&SystemRandom::new(), message).map_err(|_| NoEntropy)?;
        Ok(signature.as_ref().to_vec())
    }

    /// The public key as a JSON Web Key (RFC 7517).
    fn jwk(&self) -> Value {
        // Uncompressed (SEC 1, 2.3.3): a byte, x, y.
        let point = self.pair.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
        let [x, y] = [x, y].map(Base64UrlUnpadded::encode_string);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": ALGORITHM, "kid": self.kid, "x": x, "y": y})
    }
}

impl Keys {
    pub(crate) fn make() -> Result<Self, NoEntropy> {
        let current = Arc::new(SigningKey::make(make_uuid()?.to_string())?);
        Ok(Self(Mutex::new(Rotation { current, old: None, is_old_published: false })))
    }

    /// Signs with a new key from now on; returns its name.
    pub(crate) fn rotate(&self, is_old_published: bool) -> Result<String, NoEntropy> {
        let key = Arc::new(SigningKey::make(make_uuid()?.to_string())?);
        let mut rotation = self.lock();
        let old = std::mem::replace(&mut rotation.current, Arc::clone(&key));
        rotation.old = Some(old);
        rotation.is_old_published = is_old_published;
        Ok(key.kid.clone())
    }

    pub(super) fn current(&self) -> Arc<SigningKey> {
        Arc::clone(&self.lock().current)
    }

    /// The key before the current one, if keys were ever rotated.
    pub(super) fn old(&self) -> Option<Arc<SigningKey>> {
        self.lock().old.clone()
    }

    fn published(&self) -> Vec<Arc<SigningKey>> {
        let rotation = self.lock();
        let old = rotation.old.iter().filter(|_| rotation.is_old_published);
        [&rotation.current].into_iter().chain(old).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Rotation> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `GET /idp/jwks`
pub(super) async fn show(State(idp): State<Idp>, uri: Uri) -> Response {
    let fault = idp.0.faults.take(Endpoint::Jwks).map(Misbehaviour::from);
    let is_lie = matches!(fault, Some(Misbehaviour::WrongKey));
    let jwk = |key: Arc<SigningKey>| Ok(if is_lie { key.stranger()?.jwk() } else { key.jwk() });
    let keys: Result<Vec<_>, NoEntropy> = idp.0.keys.published().into_iter().map(jwk).collect();
    let answer =
        async { keys.map(|keys| Json(json!({"keys": keys}))).map_err(Problem::from).into_response() };
    match fault {
        None => answer.await,
        Some(fault) => fault.carry_out(uri.path(), answer).await,
    }
}
