//! What the device and the load balancer can ask.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use rand::TryRng;
use rand::rngs::SysRng;
use serde_json::json;
use tokio::time::timeout;

use crate::config::Config;
use crate::customer::customer;
use crate::enfuce::{ClientError, Outcome, Upstream};
use crate::limit::RateLimit;
use crate::log::{Log, Record};
use crate::problem::Problem;
use crate::wire::{self, Operation};

/// A relay, cheap to clone.
#[derive(Clone)]
pub struct Relay(Arc<Parts>);

struct Parts {
    config: Config,
    upstream: Upstream,
    rate_limit: RateLimit,
    log: Log,
    stopping: AtomicBool,
}

/// The status of Enfuce's answer, on its way to the log.
#[derive(Clone, Copy)]
struct UpstreamStatus(StatusCode);

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Relay {
    /// Sets a relay up; it makes no connection yet.
    ///
    /// # Errors
    /// [`ClientError`] where the certificates cannot be used.
    pub fn new(config: Config, log: Log) -> Result<Self, ClientError> {
        let upstream = Upstream::new(config.enfuce.clone())?;
        let rate_limit = RateLimit::new(&config.limits);
        let stopping = AtomicBool::new(false);
        Ok(Self(Arc::new(Parts { config, upstream, rate_limit, log, stopping })))
    }

    /// `POST /tzpk`, `/set` and `/view` for the device, and `GET /health`; may be nested under any path.
    ///
    /// Where no header names the customer, each request has to carry [`ConnectInfo`](axum::extract::ConnectInfo) of
    /// [`SocketAddr`](std::net::SocketAddr) as an extension, or all customers share one rate limit.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/tzpk", post(|State(relay), request| relay_request(relay, Operation::Tzpk, request)))
            .route("/set", post(|State(relay), request| relay_request(relay, Operation::Set, request)))
            .route("/view", post(|State(relay), request| relay_request(relay, Operation::View, request)))
            .route("/health", get(health))
            .method_not_allowed_fallback(async || Problem::METHOD_NOT_ALLOWED)
            .fallback(async || Problem::UNKNOWN_ROUTE)
            .layer(middleware::from_fn_with_state(self.clone(), record))
            .with_state(self.clone())
    }

    /// From now on `GET /health` says that no more requests should come.
    pub fn stopping(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }
}

/// Answering at all is to be alive; 200 is to be ready.
async fn health(State(Relay(parts)): State<Relay>) -> Response {
    if parts.stopping.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "stopping"}))).into_response();
    }
    Json(json!({"status": "ready"})).into_response()
}

async fn relay_request(Relay(parts): Relay, operation: Operation, request: Request) -> Response {
    match checked(&parts, operation, request).await {
        Err(problem) => problem.into_response(),
        Ok(request) => {
            let Outcome { result, status } = parts.upstream.call(&request).await;
            let mut response = match result {
                Ok(answer) => Json(answer).into_response(),
                Err(failure) => Problem::from_failure(operation, failure).into_response(),
            };
            if let Some(status) = status {
                response.extensions_mut().insert(UpstreamStatus(status));
            }
            response
        }
    }
}

/// A request that may go on, the cheap checks first.
async fn checked(parts: &Parts, operation: Operation, request: Request) -> Result<wire::Request, Problem> {
    let (head, body) = request.into_parts();
    let customer = customer(&head, parts.config.customer_header.as_ref())?;
    parts.rate_limit.take(&customer, Instant::now()).map_err(Problem::too_many_requests)?;
    if !is_json(&head.headers) {
        return Err(Problem::UNSUPPORTED_MEDIA_TYPE);
    }
    wire::read_request(operation, &read(parts, body).await?)
}

async fn read(parts: &Parts, body: Body) -> Result<Vec<u8>, Problem> {
    let limits = &parts.config.limits;
    match timeout(limits.body_timeout, Limited::new(body, limits.body_bytes).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::TOO_LARGE),
        Ok(Err(_)) | Err(_) => Err(Problem::BODY_INCOMPLETE),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// Writes the request down, and completes the answer.
async fn record(State(Relay(parts)): State<Relay>, request: Request, next: Next) -> Response {
    // The route's name and not the path, which may hold anything.
    let route = match request.uri().path() {
        "/tzpk" => "tzpk",
        "/set" => "set",
        "/view" => "view",
        "/health" => "health",
        _ => "unknown",
    };
    let mut id = [0; 16];
    let entropy = SysRng.try_fill_bytes(&mut id);
    // RFC 9562 §5.4. The id is the relay's own: one that was sent might be a control id.
    let id = uuid::Builder::from_random_bytes(id).into_uuid().to_string();
    let record = Record::start(parts.log.clone(), id.clone(), route);
    let mut response = match entropy {
        Ok(()) => next.run(request).await,
        Err(_) => Problem::INTERNAL.into_response(),
    };
    let code = response.extensions().get::<Problem>().map(|problem| problem.code);
    let upstream = response.extensions().get::<UpstreamStatus>().map(|upstream| upstream.0);
    record.finish(response.status(), code, upstream);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.extend(HeaderValue::try_from(id).map(|id| (REQUEST_ID, id)));
    response
}

/// Ties an answer to its line in the log.
const REQUEST_ID: header::HeaderName = header::HeaderName::from_static("x-request-id");
