//! A customer's token (OpenID Connect), checked with the keys that the identity provider publishes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use crate::config::Jwt;
use crate::failure::{Failure, Kind};
use crate::outbound;
use crate::trace::{Active, Called, Trace};

/// Keys are looked up again after this, so that one that was withdrawn is not taken for long.
const LIFE: Duration = Duration::from_secs(600);
/// For how long they are used where they cannot be read again.
const LONGEST_LIFE: Duration = Duration::from_secs(3600);
/// Between two lookups, whatever tokens come.
const PAUSE: Duration = Duration::from_secs(1);
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);
/// By how much the identity provider's clock may differ, in seconds.
const CLOCK_DIFFERENCE: u64 = 30;
/// The longest `sub`: 255 in OpenID Connect.
const MAX_SUBJECT_BYTES: usize = 512;

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is missing, expired, forged, or not for us.
    Invalid,
    /// The identity provider's keys cannot be had; why, in one word.
    Unavailable(&'static str),
}

#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    #[serde(flatten)]
    pub(super) others: Map<String, Value>,
}

/// What the identity provider publishes (RFC 7517).
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

pub(super) struct Verifier {
    config: Jwt,
    client: Client,
    keys: Mutex<Keys>,
    /// Held while keys are looked up, so that one request does it for all.
    looking: AsyncMutex<()>,
}

/// By their `kid`.
#[derive(Clone, Default)]
struct Keys {
    found: HashMap<String, Arc<DecodingKey>>,
    found_at: Option<Instant>,
    /// When the last look-up ended.
    tried_at: Option<Instant>,
    /// Why the last look-up failed, if one did.
    cause: &'static str,
}

impl Verifier {
    pub(super) fn new(config: Jwt, client: Client, before: Option<&Self>) -> Self {
        let before = before.filter(|before| before.config.jwks_url == config.jwks_url);
        let keys = before.map(|before| before.keys().clone()).unwrap_or_default();
        Self { config, client, keys: Mutex::new(keys), looking: AsyncMutex::new(()) }
    }

    /// What the bearer token of a request says.
    pub(super) async fn verify(&self, headers: &HeaderMap, trace: &Trace) -> Result<Claims, Refusal> {
        let token = bearer(headers).ok_or(Refusal::Invalid)?;
        let kid = decode_header(token).map_err(|_| Refusal::Invalid)?.kid.unwrap_or_default();
        let key = self.key(&kid, trace).await?;
        // Signatures alone: a shared secret is never among the keys.
        let mut validation = Validation::new_for_family(key.family());
        validation.set_issuer(&[&self.config.issuer]);
        validation.set_audience(&[&self.config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = CLOCK_DIFFERENCE;
        let claims = decode::<Claims>(token, &key, &validation).map_err(|_| Refusal::Invalid)?.claims;
        let is_name = (1..=MAX_SUBJECT_BYTES).contains(&claims.sub.len());
        if is_name { Ok(claims) } else { Err(Refusal::Invalid) }
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn key(&self, kid: &str, trace: &Trace) -> Result<Arc<DecodingKey>, Refusal> {
        let guard = match self.keys().get(kid) {
            (Some(key), false) => return Ok(key),
            // One request looks; the rest go on with what is known.
            (Some(key), true) => match self.looking.try_lock() {
                Ok(guard) => Some(guard),
                Err(_) => return Ok(key),
            },
            (None, _) => None,
        };
        let _guard = match guard {
            Some(guard) => guard,
            None => self.looking.lock().await,
        };
        // One whose device has left ends without a trace, and the next looks for itself.
        let has_just_tried = self.keys().tried_at.is_some_and(|tried| tried.elapsed() < PAUSE);
        if !has_just_tried {
            let looked_up = self.look_up(trace).await;
            let mut keys = self.keys();
            // Those that waited for this look-up have its answer, and look for no other.
            keys.tried_at = Some(Instant::now());
            match looked_up {
                Ok(found) => (keys.found, keys.found_at) = (found, Some(Instant::now())),
                Err(failure) => keys.cause = failure.cause,
            }
        }
        let keys = self.keys();
        // Where no keys could ever be had, nothing can be said of the token.
        let refusal = if keys.are_known() { Refusal::Invalid } else { Refusal::Unavailable(keys.cause) };
        keys.get(kid).0.ok_or(refusal)
    }

    pub(super) async fn finds_keys(&self) -> bool {
        self.look_up(&Trace::apart()).await.is_ok()
    }

    async fn look_up(&self, trace: &Trace) -> Result<HashMap<String, Arc<DecodingKey>>, Failure> {
        let url = &self.config.jwks_url;
        let mut span = trace.call(Called { method: "GET", server: url, template: url.path() }, 0);
        let found = self.read_keys(&mut span).await;
        span.ended(&found);
        found
    }

    async fn read_keys(&self, span: &mut Active) -> Result<HashMap<String, Arc<DecodingKey>>, Failure> {
        let deadline = Instant::now() + LOOKUP_TIMEOUT;
        let request = self.client.get(self.config.jwks_url.clone());
        let mut response = outbound::send_traced(request, deadline, span).await?;
        if !response.status().is_success() {
            return Err(Failure::new(Kind::BadAnswer, "server_error"));
        }
        let body = outbound::body_until(&mut response, deadline).await?;
        let set: KeySet = outbound::json(&body).ok_or(outbound::UNDOCUMENTED)?;
        let mut found = HashMap::new();
        // A key of a kind that is not known is passed over (RFC 7517 §5).
        for jwk in set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok()) {
            if let (true, Ok(key)) = (verifies(&jwk), DecodingKey::from_jwk(&jwk)) {
                found.insert(jwk.common.key_id.clone().unwrap_or_default(), Arc::new(key));
            }
        }
        // An empty list would sign everybody out: it is more likely a mistake.
        if found.is_empty() { Err(outbound::UNDOCUMENTED) } else { Ok(found) }
    }
}

impl Keys {
    /// The key of a name, and whether it is time to look again.
    fn get(&self, kid: &str) -> (Option<Arc<DecodingKey>>, bool) {
        let is_old = self.found_at.is_none_or(|found| found.elapsed() > LIFE);
        (self.known(kid).filter(|_| self.are_known()).cloned(), is_old)
    }

    /// A token need not name its key where there is one alone (OpenID Connect Core 1.0, 10.1).
    fn known(&self, kid: &str) -> Option<&Arc<DecodingKey>> {
        let only = || self.found.values().next().filter(|_| kid.is_empty() && self.found.len() == 1);
        self.found.get(kid).or_else(only)
    }

    /// Whether the keys can still be relied on. Without this limit, a withdrawn key would be good until the provider answers again.
    fn are_known(&self) -> bool {
        self.found_at.is_some_and(|found| found.elapsed() <= LONGEST_LIFE)
    }
}

/// Whether a key is there to verify signatures: not a shared secret, and not one for something else (RFC 7517, 4.2 and 4.3).
fn verifies(jwk: &Jwk) -> bool {
    let is_secret = matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_));
    let is_for_signatures =
        jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let may_verify =
        jwk.common.key_operations.as_ref().is_none_or(|may| may.contains(&KeyOperations::Verify));
    !is_secret && is_for_signatures && may_verify
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn a_key_that_cannot_be_read_again_is_used_for_an_hour_and_no_longer() {
        let found = HashMap::from([("a".to_owned(), Arc::new(DecodingKey::from_secret(b"a").unwrap()))]);
        let keys = Keys { found, found_at: Some(Instant::now()), tried_at: None, cause: "" };
        let has_key = || matches!(keys.get("a"), (Some(_), _));
        assert!(!keys.get("a").1, "it was just read");
        advance(LIFE + Duration::from_secs(1)).await;
        assert!(has_key() && keys.get("a").1, "it is time to look");
        advance(LONGEST_LIFE - LIFE - Duration::from_secs(1)).await;
        assert!(has_key());
        advance(Duration::from_secs(1)).await;
        assert!(!has_key() && !keys.are_known());
    }
}
