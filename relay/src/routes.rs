//! The routes for devices and for the issuer's app.

mod request_context;
mod control_id;
mod pin;
mod status;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use rand::TryRng;
use rand::rngs::SysRng;
use tower_http::cors::{AllowCredentials, AllowHeaders, CorsLayer};

use crate::config::Config;
use crate::log::Record;
use crate::operation::{Operation, Purpose};
use crate::problem::Problem;
use crate::relay::Relay;
use crate::trace::Trace;
use request_context::RequestContext;

impl Relay {
    /// `POST /tzpk`, `/set` and `/view` for the device, `/control-id` and `/status` where control ids are issued here; may
    /// be nested under any path. What is switched off has no route.
    ///
    /// If a customer is identified by their address, each request needs [`ConnectInfo`](axum::extract::ConnectInfo) of
    /// [`SocketAddr`](std::net::SocketAddr) as an extension; otherwise all customers share one rate limit. Traces are exported
    /// only by [`start`](crate::start).
    pub fn router(&self) -> Router {
        let live = self.live();
        let config = &live.config;
        let mut router = Router::new();
        let pin = |operation| {
            post(move |Extension(context): Extension<RequestContext>, request| async move {
                pin::answer(operation, &context, request).await
            })
        };
        if config.operations.contains(&Purpose::SetPin) {
            router = router.route("/tzpk", pin(Operation::Tzpk)).route("/set", pin(Operation::Set));
        }
        if config.operations.contains(&Purpose::ViewPin) {
            router = router.route("/view", pin(Operation::View));
        }
        if live.issuing.is_some() {
            router =
                router.route("/control-id", post(control_id::answer)).route("/status", post(status::answer));
        }
        let router = router
            .method_not_allowed_fallback(async || Problem::METHOD_NOT_ALLOWED)
            .fallback(async || Problem::UNKNOWN_ROUTE)
            .layer(middleware::from_fn_with_state(self.clone(), record));
        with_cors(router, config).with_state(())
    }
}

/// Allows pages of the configured origins to read the answers.
fn with_cors(router: Router, config: &Config) -> Router {
    if config.cors_origins.is_empty() {
        return router;
    }
    router.layer(
        CorsLayer::new()
            .allow_origin(config.cors_origins.clone())
            .allow_methods([Method::POST])
            // For headers of the issuer, such as a token against forged requests.
            .allow_headers(AllowHeaders::mirror_request())
            // Any page can create a frame whose origin is `null`.
            .allow_credentials(AllowCredentials::predicate(|origin, _| origin != "null"))
            .expose_headers([header::RETRY_AFTER, REQUEST_ID])
            .max_age(std::time::Duration::from_secs(600)),
    )
}

/// Logs the request, and completes the answer.
async fn record(State(relay): State<Relay>, mut request: Request, next: Next) -> Response {
    // The route's name is logged and not the path, because a path may contain anything.
    let route = match request.uri().path() {
        "/tzpk" => "tzpk",
        "/set" => "set",
        "/view" => "view",
        "/control-id" => "control-id",
        "/status" => "status",
        _ => UNKNOWN,
    };
    let mut random = [0; 16];
    let entropy = SysRng.try_fill_bytes(&mut random);
    // RFC 9562 §5.4. The relay makes the id itself: an id that was sent might be a control id.
    let id = uuid::Builder::from_random_bytes(random).into_uuid().to_string();
    let trace = Trace::of(request.headers(), random, relay.spans());
    let span = trace.request(request.method(), Some(route).filter(|route| *route != UNKNOWN));
    let (log, metrics) = (relay.log().clone(), relay.metrics().clone());
    let record = Record::start(log, metrics, id.clone(), span, route);
    let mut context = RequestContext::new(relay, record.notes(), trace);
    if route != UNKNOWN {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        context = context.audited(peer.map(|peer| peer.ip()));
    }
    request.extensions_mut().insert(context);
    let mut response = match entropy {
        Ok(()) => next.run(request).await,
        Err(_) => Problem::INTERNAL.into_response(),
    };
    let problem = response.extensions().get::<Problem>();
    record.finish(
        response.status(),
        problem.map(|problem| problem.code),
        problem.and_then(|problem| problem.cause),
    );
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.extend(HeaderValue::try_from(id).map(|id| (REQUEST_ID, id)));
    response
}

/// The path matches no route.
const UNKNOWN: &str = "unknown";

/// Ties an answer to its line in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
