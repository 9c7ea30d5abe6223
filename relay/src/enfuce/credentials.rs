//! The relay's own credentials, and the access token that it gets with them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderValue;
use base64ct::{Base64, Encoding};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, timeout};

use super::answer::UNAUTHORIZED;
use crate::config::Auth;
use crate::failure::{Failure, Kind};
use crate::outbound::{self, body};
use crate::trace::{Active, Called, Trace};
use crate::wire::BYTE_ORDER_MARK;

/// A token is renewed this long before it expires, so that it stays valid while a request is under way.
const MARGIN: Duration = Duration::from_secs(30);
/// The assumed lifetime of a token whose answer does not name one.
const DEFAULT_LIFE: f64 = 60.0;
/// The longest time for which a token is kept, whatever its answer says.
const LONGEST_LIFE: f64 = 24.0 * 3600.0;
/// After the token server has refused the relay, no new token is asked for during this time.
const PAUSE: Duration = Duration::from_secs(1);
/// A request for a token that takes longer than this is repeated. This may be longer than a request waits: the token then serves
/// the next requests.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Credentials {
    auth: Auth,
    kept: Mutex<Kept>,
    /// Locked while a token is fetched, so that one request fetches it for all.
    fetching: Arc<AsyncMutex<()>>,
}

#[derive(Default)]
struct Kept {
    token: Option<Token>,
    failed: Option<(Failure, Instant)>,
}

#[derive(Clone)]
struct Token {
    /// The value of the header, marked as a secret.
    authorization: HeaderValue,
    renew_at: Instant,
    expires_at: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    /// Some servers send a string, and RFC 6749 §5.1 only recommends the field. A value that cannot be read counts as absent.
    expires_in: Option<serde_json::Value>,
}

impl Credentials {
    pub(super) fn new(auth: Auth) -> Self {
        Self { auth, kept: Mutex::default(), fetching: Arc::default() }
    }

    /// The value of the header `Authorization`.
    ///
    /// # Errors
    /// If a token is needed and none can be had.
    pub(super) async fn authorization(
        self: &Arc<Self>,
        client: &Client,
        trace: &Trace,
    ) -> Result<HeaderValue, Failure> {
        match &self.auth {
            // EXPOSE: the header goes to Enfuce alone, and is marked as sensitive.
            Auth::Basic { user, password } => basic(user, password.expose()),
            Auth::Bearer { token } => bearer(token.expose()),
            Auth::OAuth2 { .. } => self.token(client, trace).await,
        }
    }

    /// Notes that Enfuce refused a token: it was revoked, or the clocks differ. Returns whether it was the current one, which is
    /// then forgotten. A newer one is kept.
    pub(super) fn refused(&self, authorization: &HeaderValue) -> bool {
        let mut kept = self.kept();
        let is_kept = kept.token.as_ref().is_some_and(|token| token.authorization == *authorization);
        if is_kept {
            kept.token = None;
        }
        is_kept
    }

    /// When the access token expires, in Unix time.
    pub(super) fn expire(&self) -> Option<i64> {
        let expires_at = self.kept().token.as_ref()?.expires_at;
        let left = expires_at.saturating_duration_since(Instant::now());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        i64::try_from((now + left).as_secs()).ok()
    }

    /// Whether a request that failed in this way can be repeated with another token.
    pub(super) fn may_have_another(&self, failure: Failure) -> bool {
        failure.cause == UNAUTHORIZED && matches!(self.auth, Auth::OAuth2 { .. })
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current token, if it can still be used at `now`; and whether it is time to fetch another.
    fn usable(&self, now: Instant) -> Option<(HeaderValue, bool)> {
        let kept = self.kept();
        let token = kept.token.as_ref().filter(|token| now < token.expires_at)?;
        Some((token.authorization.clone(), now >= token.renew_at))
    }

    async fn token(self: &Arc<Self>, client: &Client, trace: &Trace) -> Result<HeaderValue, Failure> {
        let lock = Arc::clone(&self.fetching);
        let guard = match self.usable(Instant::now()) {
            Some((token, false)) => return Ok(token),
            // One request starts the fetch; the others continue with the current token.
            Some((token, true)) => match lock.try_lock_owned() {
                Ok(guard) => guard,
                Err(_) => return Ok(token),
            },
            None => lock.lock_owned().await,
        };
        let usable = self.usable(Instant::now());
        if let Some((token, false)) = usable {
            return Ok(token);
        }
        let (credentials, client, trace) = (Arc::clone(self), client.clone(), trace.clone());
        // In a task of its own, so that it does not end with the request and does not delay requests that have a token.
        let fetched = tokio::spawn(async move {
            // The lock is held until the token or the failure is stored.
            let _guard = guard;
            credentials.renew(&client, &trace).await
        });
        match usable {
            Some((token, _)) => Ok(token),
            None => fetched.await.unwrap_or(Err(LATE)),
        }
    }

    /// Fetches a token and stores it, unless the last attempt has just failed.
    async fn renew(&self, client: &Client, trace: &Trace) -> Result<HeaderValue, Failure> {
        if let Some((failure, until)) = self.kept().failed
            && Instant::now() < until
        {
            return Err(failure);
        }
        let fetched = timeout(FETCH_TIMEOUT, self.fetch(client, trace)).await.unwrap_or(Err(LATE));
        let mut kept = self.kept();
        match fetched {
            Ok(token) => {
                let authorization = token.authorization.clone();
                *kept = Kept { token: Some(token), failed: None };
                Ok(authorization)
            }
            Err(failure) => {
                kept.failed = Some((failure, Instant::now() + PAUSE));
                Err(failure)
            }
        }
    }

    /// By RFC 6749 §4.4.2 and §2.3.1: user and password are form-encoded before they go into HTTP Basic.
    async fn fetch(&self, client: &Client, trace: &Trace) -> Result<Token, Failure> {
        let Auth::OAuth2 { token_url, client_id, client_secret, scope } = &self.auth else {
            return Err(Failure::new(Kind::NoToken, "token_refused"));
        };
        let called = Called { method: "POST", server: token_url, template: token_url.path() };
        let mut span = trace.call(called, 0);
        let scope = scope.as_deref().map(|scope| ("scope", scope));
        let form: Vec<_> = [("grant_type", "client_credentials")].into_iter().chain(scope).collect();
        let request = client.post(token_url.clone()).form(&form);
        // EXPOSE: sent to the configured token endpoint alone, in a header that reqwest marks as sensitive.
        let request = request.basic_auth(encode(client_id), Some(encode(client_secret.expose())));
        let fetched = ask(request, &mut span).await;
        span.ended(&fetched);
        fetched
    }
}

/// There was no token in time.
pub(super) const LATE: Failure = Failure::new(Kind::NoToken, "timeout_token");

async fn ask(request: RequestBuilder, span: &mut Active) -> Result<Token, Failure> {
    let none = |cause| Failure::new(Kind::NoToken, cause);
    let asked_at = Instant::now();
    let sent = request.headers(span.headers()).send().await;
    let mut response = sent.map_err(|error| none(outbound::failure(&error).cause))?;
    span.answered(response.status());
    if !response.status().is_success() {
        return Err(none("token_refused"));
    }
    let body = body(&mut response).await.map_err(|failure| none(failure.cause))?;
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
    let answer: TokenAnswer =
        serde_json::from_slice(body).map_err(|_| none("token_answer_not_understood"))?;
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err(none("token_of_another_type"));
    }
    let is_token = |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_token(&answer.access_token) {
        return Err(none("token_answer_not_understood"));
    }
    let life = Duration::from_secs_f64(life(answer.expires_in.as_ref()));
    // A short-lived token is used for at least half of its life.
    let renew_at = asked_at + life.saturating_sub(MARGIN).max(life / 2);
    Ok(Token { authorization: bearer(&answer.access_token)?, renew_at, expires_at: asked_at + life })
}

/// How many seconds a token lives.
fn life(expires_in: Option<&serde_json::Value>) -> f64 {
    let number = expires_in.and_then(|value| match value {
        serde_json::Value::String(text) => text.parse().ok(),
        value => value.as_f64(),
    });
    number.filter(|seconds: &f64| *seconds >= 0.0).unwrap_or(DEFAULT_LIFE).min(LONGEST_LIFE)
}

fn basic(user: &str, password: &str) -> Result<HeaderValue, Failure> {
    authorization("Basic", &Base64::encode_string(format!("{user}:{password}").as_bytes()))
}

fn bearer(token: &str) -> Result<HeaderValue, Failure> {
    authorization("Bearer", token)
}

fn authorization(scheme: &str, credentials: &str) -> Result<HeaderValue, Failure> {
    // The configuration has checked that there are no control characters.
    let mut value = HeaderValue::try_from(format!("{scheme} {credentials}"))
        .map_err(|_| Failure::new(Kind::NoToken, "credentials_not_sendable"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_token_that_is_good_is_used_while_another_is_fetched() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let token_url = format!("http://{}/", server.local_addr().unwrap()).parse().unwrap();
        let client_secret = crate::secret_string::SecretString::new("secret".to_owned());
        let auth = Auth::OAuth2 { token_url, client_id: "relay".to_owned(), client_secret, scope: None };
        let (credentials, now) = (Arc::new(Credentials::new(auth)), Instant::now());
        let authorization = HeaderValue::from_static("Bearer old");
        let expires_at = now + Duration::from_secs(3600);
        credentials.kept().token = Some(Token { authorization, renew_at: now, expires_at });
        let client = Client::builder().no_proxy().build().unwrap();
        for _ in 0..2 {
            let trace = Trace::detached();
            let given = timeout(Duration::from_secs(60), credentials.authorization(&client, &trace)).await;
            assert_eq!(given.expect("nobody waits").unwrap(), "Bearer old");
        }
        // The server is asked for a token and never answers.
        server.accept().await.unwrap();
    }

    #[test]
    fn a_life_is_read_in_every_form_that_servers_send() {
        for (sent, seconds) in [
            (json!(3600), 3600.0),
            (json!("3599"), 3599.0),
            (json!(3600.0), 3600.0),
            (json!(3.6e3), 3600.0),
            (json!(0), 0.0),
            (json!(-1), DEFAULT_LIFE),
            (json!(true), DEFAULT_LIFE),
            (json!(null), DEFAULT_LIFE),
            (json!("NaN"), DEFAULT_LIFE),
            (json!("soon"), DEFAULT_LIFE),
            (json!(1e30), LONGEST_LIFE),
        ] {
            assert!((life(Some(&sent)) - seconds).abs() < 0.001, "{sent}");
        }
        assert!((life(None) - DEFAULT_LIFE).abs() < 0.001);
    }
}
