//! What the device can ask.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use rand::TryRng;
use rand::rngs::SysRng;
use tokio::time::{self, timeout_at};
use tower_http::cors::{AllowHeaders, CorsLayer};

use crate::config::Config;
use crate::customer::customer;
use crate::enfuce::Context;
use crate::log::{Audited, Notes, Record, Report};
use crate::operation::Operation;
use crate::problem::Problem;
use crate::relay::{Live, Relay};
use crate::trace::Trace;
use crate::wire;

impl Relay {
    /// `POST /tzpk`, `/set` and `/view` for the device; may be nested under any path.
    ///
    /// Where no header names the customer, each request has to carry [`ConnectInfo`](axum::extract::ConnectInfo) of
    /// [`SocketAddr`](std::net::SocketAddr) as an extension, or all customers share one rate limit.
    pub fn router(&self) -> Router {
        let on = |operation| {
            post(
                move |State(relay): State<Self>,
                      Extension(notes): Extension<Notes>,
                      Extension(trace): Extension<Trace>,
                      request| async move {
                    answer(&relay, operation, &notes, &trace, request).await
                },
            )
        };
        let router = Router::new()
            .route("/tzpk", on(Operation::Tzpk))
            .route("/set", on(Operation::Set))
            .route("/view", on(Operation::View))
            .method_not_allowed_fallback(async || Problem::METHOD_NOT_ALLOWED)
            .fallback(async || Problem::UNKNOWN_ROUTE)
            .layer(middleware::from_fn_with_state(self.clone(), record));
        with_cors(router, &self.live().config).with_state(self.clone())
    }
}

/// Lets the pages of the configured origins read the answers.
fn with_cors(router: Router<Relay>, config: &Config) -> Router<Relay> {
    if config.cors_origins.is_empty() {
        return router;
    }
    router.layer(
        CorsLayer::new()
            .allow_origin(config.cors_origins.clone())
            .allow_methods([Method::POST])
            // The issuer's own, such as a token against forged requests.
            .allow_headers(AllowHeaders::mirror_request())
            .allow_credentials(true)
            .expose_headers([header::RETRY_AFTER, REQUEST_ID])
            .max_age(std::time::Duration::from_secs(600)),
    )
}

async fn answer(
    relay: &Relay,
    operation: Operation,
    notes: &Notes,
    trace: &Trace,
    request: Request,
) -> Response {
    let live = relay.live();
    let deadline = time::Instant::now() + live.config.deadline;
    let request = match checked(relay, &live, operation, notes, request, deadline).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let mut report = Report::default();
    let result = live.upstream.call(&request, Context { deadline, trace, report: &mut report }).await;
    // Nothing that was sent comes back into the log.
    report.problem_id = report.problem_id.filter(|id| *id != request.control_id);
    notes.report(report);
    let mut response = match result {
        Ok(answer) => Json(answer).into_response(),
        Err(failure) => Problem::from_failure(operation, failure.kind).into_response(),
    };
    if operation == Operation::Tzpk {
        // `set` comes next, and a browser repeats it by itself where it is sent on a connection that is just being closed.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A request that may go on, the cheap checks first.
async fn checked(
    relay: &Relay,
    live: &Live,
    operation: Operation,
    notes: &Notes,
    request: Request,
    deadline: time::Instant,
) -> Result<wire::Request, Problem> {
    let (head, body) = request.into_parts();
    let customer = customer(&head, &live.config.customer)?;
    let audited = live
        .hasher
        .as_ref()
        .map(|hasher| Audited { customer: hasher.hash("customer", &customer.name()), control_id: None });
    notes.audit(audited.clone());
    relay.rate_limit().take(&customer, Instant::now()).map_err(Problem::too_many_requests)?;
    if !is_json(&head.headers) {
        return Err(Problem::UNSUPPORTED_MEDIA_TYPE);
    }
    let request = wire::read_request(operation, &read(&live.config, body, deadline).await?)?;
    if let (Some(hasher), Some(audited)) = (&live.hasher, audited) {
        let control_id = Some(hasher.hash("control id", request.control_id.as_bytes()));
        notes.audit(Some(Audited { control_id, ..audited }));
    }
    Ok(request)
}

async fn read(config: &Config, body: Body, deadline: time::Instant) -> Result<Vec<u8>, Problem> {
    let limits = &config.limits;
    let deadline = deadline.min(time::Instant::now() + limits.body_timeout);
    match timeout_at(deadline, Limited::new(body, limits.body_bytes).collect()).await {
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
async fn record(State(relay): State<Relay>, mut request: Request, next: Next) -> Response {
    // The route's name and not the path, which may hold anything.
    let route = match request.uri().path() {
        "/tzpk" => "tzpk",
        "/set" => "set",
        "/view" => "view",
        _ => "unknown",
    };
    let mut random = [0; 16];
    let entropy = SysRng.try_fill_bytes(&mut random);
    // RFC 9562 §5.4. The id is the relay's own: one that was sent might be a control id.
    let id = uuid::Builder::from_random_bytes(random).into_uuid().to_string();
    let trace = Trace::of(request.headers(), random);
    let (log, metrics) = (relay.log().clone(), relay.metrics().clone());
    let record = Record::start(log, metrics, id.clone(), trace.id.clone(), route);
    request.extensions_mut().insert(record.notes());
    request.extensions_mut().insert(trace);
    let mut response = match entropy {
        Ok(()) => next.run(request).await,
        Err(_) => Problem::INTERNAL.into_response(),
    };
    let code = response.extensions().get::<Problem>().map(|problem| problem.code);
    record.finish(response.status(), code);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.extend(HeaderValue::try_from(id).map(|id| (REQUEST_ID, id)));
    response
}

/// Ties an answer to its line in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
