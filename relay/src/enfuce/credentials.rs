//! The relay's own credentials, and the access token that they earn.

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Failure, body};
use crate::config::{Auth, Hidden};

/// A token is renewed this long before it expires, so that it outlives the request that it goes with.
const MARGIN: Duration = Duration::from_secs(30);
/// What is assumed of a token that does not say how long it lives.
const DEFAULT_LIFE: u64 = 60;
/// A token is not kept longer than this, whatever it says.
const LONGEST_LIFE: u64 = 24 * 3600;

#[derive(Debug)]
pub(super) struct Credentials {
    auth: Auth,
    /// Held while a token is fetched, so that one request fetches it for all.
    token: Mutex<Option<Token>>,
}

#[derive(Debug, Clone)]
struct Token {
    value: Hidden,
    renew_at: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
}

impl Credentials {
    pub(super) fn new(auth: Auth) -> Self {
        Self { auth, token: Mutex::new(None) }
    }

    /// Adds them to a request.
    ///
    /// # Errors
    /// [`Failure::NoToken`] where a token is needed and none is given; the request has not been sent.
    pub(super) async fn add_to(
        &self,
        request: RequestBuilder,
        client: &Client,
    ) -> Result<RequestBuilder, Failure> {
        Ok(match &self.auth {
            Auth::Basic { user, password } => request.basic_auth(user, Some(password.expose())),
            Auth::Bearer { token } => request.bearer_auth(token.expose()),
            Auth::OAuth2 { .. } => request.bearer_auth(self.token(client).await?.expose()),
        })
    }

    /// Enfuce does not take the token: it has been revoked, or the clocks differ. The next request fetches another.
    pub(super) async fn refused(&self) {
        *self.token.lock().await = None;
    }

    async fn token(&self, client: &Client) -> Result<Hidden, Failure> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| Instant::now() < token.renew_at) {
            return Ok(token.value.clone());
        }
        *kept = None;
        let token = self.fetch(client).await.ok_or(Failure::NoToken)?;
        Ok(kept.insert(token).value.clone())
    }

    /// RFC 6749 §4.4.2 and §2.3.1, where user and password are form-encoded before they are put into HTTP Basic.
    async fn fetch(&self, client: &Client) -> Option<Token> {
        let Auth::OAuth2 { token_url, client_id, client_secret, scope } = &self.auth else { return None };
        let asked_at = Instant::now();
        let scope = scope.as_deref().map(|scope| ("scope", scope));
        let form: Vec<_> = [("grant_type", "client_credentials")].into_iter().chain(scope).collect();
        let request = client.post(token_url.clone()).form(&form);
        let request = request.basic_auth(encode(client_id), Some(encode(client_secret.expose())));
        let mut response = request.send().await.ok()?;
        if !response.status().is_success() {
            return None;
        }
        let answer: TokenAnswer = serde_json::from_slice(&body(&mut response).await.ok()?).ok()?;
        let is_token = !answer.access_token.is_empty()
            && answer.access_token.bytes().all(|byte| byte.is_ascii_graphic())
            && answer.token_type.eq_ignore_ascii_case("bearer");
        let life = Duration::from_secs(answer.expires_in.unwrap_or(DEFAULT_LIFE).min(LONGEST_LIFE));
        // A short-lived token is used for half its life at least.
        let renew_at = asked_at + life.saturating_sub(MARGIN).max(life / 2);
        is_token.then(|| Token { value: Hidden::new(answer.access_token), renew_at })
    }
}

fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
