//! Checks a customer's token (OpenID Connect) with the keys that the identity provider publishes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::time::Instant;

use crate::config::Jwt;
use crate::failure::{Failure, Kind};
use crate::outbound;
use crate::trace::{Active, Called, Trace};

/// Keys are read again after this time, so that a withdrawn key is soon refused.
const LIFE: Duration = Duration::from_secs(600);
/// How long the known keys are used if they cannot be read again.
const LONGEST_LIFE: Duration = Duration::from_secs(3600);
/// The least time between two look-ups, whatever tokens arrive.
const PAUSE: Duration = Duration::from_secs(1);
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);
/// The largest difference of the identity provider's clock, in seconds.
const CLOCK_DIFFERENCE: u64 = 30;
/// The longest `sub`: 255 in OpenID Connect.
const MAX_SUBJECT_BYTES: usize = 512;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is missing, expired, forged, or not for us.
    Invalid,
    /// The identity provider's keys cannot be read; contains the cause in one word.
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

/// Checks tokens. Look-ups run in tasks of their own, so they share their results.
pub(super) struct Verifier(Arc<Parts>);

struct Parts {
    config: Jwt,
    client: Client,
    keys: Mutex<Keys>,
    /// Locked while keys are looked up, so that one look-up serves all requests.
    looking: Arc<AsyncMutex<()>>,
}

#[derive(Clone, Default)]
struct Keys {
    found: Vec<Arc<Key>>,
    found_at: Option<Instant>,
    /// When the last look-up ended.
    tried_at: Option<Instant>,
    /// Why the last look-up failed, if it did.
    cause: Option<&'static str>,
}

struct Key {
    /// `kid`; several keys may have the same one, or none (RFC 7517, 4.5).
    name: Option<String>,
    /// `alg`: the only algorithm that the key is for, if it names one (RFC 7517, 4.4).
    algorithm: Option<Algorithm>,
    key: DecodingKey,
}

impl Verifier {
    pub(super) fn new(config: Jwt, client: Client, before: Option<&Self>) -> Self {
        let before = before.filter(|before| before.0.config.jwks_url == config.jwks_url);
        let keys = before.map(|before| before.0.keys().clone()).unwrap_or_default();
        Self(Arc::new(Parts { config, client, keys: Mutex::new(keys), looking: Arc::default() }))
    }

    /// The claims of a request's bearer token.
    pub(super) async fn verify(&self, headers: &HeaderMap, trace: &Trace) -> Result<Claims, Refusal> {
        let token = bearer(headers).ok_or(Refusal::Invalid)?;
        let header = decode_header(token).map_err(|_| Refusal::Invalid)?;
        let mut claims = None;
        for key in self.keys_for(&header, trace).await? {
            // Only signatures with public keys: a shared secret is never among the keys.
            let mut validation = Validation::new_for_family(key.key.family());
            validation.set_issuer(&[&self.0.config.issuer]);
            validation.set_audience(&[&self.0.config.audience]);
            validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
            validation.validate_nbf = true;
            validation.leeway = CLOCK_DIFFERENCE;
            claims = claims.or(decode::<Claims>(token, &key.key, &validation).ok());
        }
        let claims = claims.ok_or(Refusal::Invalid)?.claims;
        let is_name = (1..=MAX_SUBJECT_BYTES).contains(&claims.sub.len());
        if is_name { Ok(claims) } else { Err(Refusal::Invalid) }
    }

    /// The keys with which a token may be signed; at least one.
    async fn keys_for(&self, header: &Header, trace: &Trace) -> Result<Vec<Arc<Key>>, Refusal> {
        let (known, is_old) = self.0.keys().get(header);
        let looking = Arc::clone(&self.0.looking);
        let guard = if known.is_empty() {
            looking.lock_owned().await
        } else if !is_old {
            return Ok(known);
        } else {
            // One request looks the keys up; the others use the known ones.
            match looking.try_lock_owned() {
                Ok(guard) => guard,
                Err(_) => return Ok(known),
            }
        };
        let has_just_tried = self.0.keys().tried_at.is_some_and(|tried| tried.elapsed() < PAUSE);
        if !has_just_tried {
            let (parts, trace) = (Arc::clone(&self.0), trace.clone());
            // In a task of its own, so that the look-up ends and counts even if the device that caused it leaves.
            let look_up = tokio::spawn(async move { parts.renew(&trace, guard).await });
            // The task only fails if the whole process does.
            let _ = look_up.await;
        }
        let keys = self.0.keys();
        let (known, _) = keys.get(header);
        // While the keys cannot be read, a token that is signed with an unknown key can be neither accepted nor refused.
        match keys.cause {
            _ if !known.is_empty() => Ok(known),
            Some(cause) => Err(Refusal::Unavailable(cause)),
            None => Err(Refusal::Invalid),
        }
    }

    /// Looks the keys up, and says whether they were found.
    pub(super) async fn finds_keys(&self) -> bool {
        let guard = Arc::clone(&self.0.looking).lock_owned().await;
        self.0.renew(&Trace::detached(), guard).await;
        self.0.keys().cause.is_none()
    }
}

impl Parts {
    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn renew(&self, trace: &Trace, _guard: OwnedMutexGuard<()>) {
        let looked_up = self.look_up(trace).await;
        let mut keys = self.keys();
        // Requests that waited for this look-up use its result and start no other.
        keys.tried_at = Some(Instant::now());
        keys.cause = looked_up.as_ref().err().map(|failure| failure.cause);
        if let Ok(found) = looked_up {
            (keys.found, keys.found_at) = (found, Some(Instant::now()));
        }
    }

    async fn look_up(&self, trace: &Trace) -> Result<Vec<Arc<Key>>, Failure> {
        let url = &self.config.jwks_url;
        let mut span = trace.call(Called { method: "GET", server: url, template: url.path() }, 0);
        let found = self.read_keys(&mut span).await;
        span.ended(&found);
        found
    }

    async fn read_keys(&self, span: &mut Active) -> Result<Vec<Arc<Key>>, Failure> {
        let deadline = Instant::now() + LOOKUP_TIMEOUT;
        let request = self.client.get(self.config.jwks_url.clone());
        let mut response = outbound::send_traced(request, deadline, span).await?;
        if !response.status().is_success() {
            return Err(Failure::new(Kind::BadAnswer, "server_error"));
        }
        let body = outbound::body_until(&mut response, deadline).await?;
        let set: KeySet = outbound::json(&body).ok_or(outbound::UNDOCUMENTED)?;
        // A key of an unknown kind is skipped (RFC 7517 §5).
        let known = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        let found: Vec<_> = known.filter(verifies).filter_map(Key::of).map(Arc::new).collect();
        // An empty list would sign everybody out: it is more likely a mistake.
        if found.is_empty() { Err(outbound::UNDOCUMENTED) } else { Ok(found) }
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        // A key for an algorithm that does not sign, such as RSA-OAEP, cannot sign tokens.
        let algorithm = jwk.common.key_algorithm.map(Algorithm::try_from);
        Some(Self { name: jwk.common.key_id, algorithm: algorithm.transpose().ok()?, key })
    }

    fn fits(&self, header: &Header) -> bool {
        // If there is only one key, a token need not name it (OpenID Connect Core 1.0, 10.1). Otherwise all keys may be tried.
        let is_named = header.kid.as_ref().is_none_or(|kid| self.name.as_ref() == Some(kid));
        let is_for_it = self.algorithm.is_none_or(|algorithm| algorithm == header.alg);
        is_named && is_for_it && self.key.family() == header.alg.family()
    }
}

impl Keys {
    /// The keys for a token, and whether it is time to look again.
    fn get(&self, header: &Header) -> (Vec<Arc<Key>>, bool) {
        let is_old = self.found_at.is_none_or(|found| found.elapsed() > LIFE);
        let fitting = self.found.iter().filter(|key| self.are_known() && key.fits(header));
        (fitting.cloned().collect(), is_old)
    }

    /// Whether the keys can still be relied on. Without this limit, a withdrawn key would be good until the provider answers again.
    fn are_known(&self) -> bool {
        self.found_at.is_some_and(|found| found.elapsed() <= LONGEST_LIFE)
    }
}

/// Whether a key can verify signatures: it is not a shared secret, and not meant for another use (RFC 7517, 4.2 and 4.3).
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
        let key = Key { name: None, algorithm: None, key: DecodingKey::from_secret(b"a").unwrap() };
        let keys = Keys { found: vec![Arc::new(key)], found_at: Some(Instant::now()), ..Keys::default() };
        let header = Header::new(Algorithm::HS256);
        let has_key = || !keys.get(&header).0.is_empty();
        assert!(!keys.get(&header).1, "it was just read");
        advance(LIFE + Duration::from_secs(1)).await;
        assert!(has_key() && keys.get(&header).1, "it is time to look");
        advance(LONGEST_LIFE - LIFE - Duration::from_secs(1)).await;
        assert!(has_key());
        advance(Duration::from_secs(1)).await;
        assert!(!has_key() && !keys.are_known());
    }
}
