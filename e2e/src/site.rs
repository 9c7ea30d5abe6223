//! A web site of the issuer's.

use crate::sandbox::Sandbox;
use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::{Path as Segment, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{options, post},
};
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A web site of the issuer's, on an origin of its own: files, and a relay under `/pin/tzpk` and `/pin/set` that passes
/// what the vault sends on to the sandbox and lets pages of the origin `null` in. Dropping it ends it.
#[derive(Debug)]
pub struct Site {
    origin: String,
    served: JoinHandle<()>,
}

/// The address of a site that is not there yet: the sandbox has to know the origins that may frame its page.
#[derive(Debug)]
pub struct Address {
    origin: String,
    listener: TcpListener,
}

struct Parts {
    folder: PathBuf,
    policy: HeaderValue,
    sandbox: Arc<Sandbox>,
    client: reqwest::Client,
}

impl Site {
    /// A free port.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn bind() -> Result<Address> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(Address { origin: format!("http://{}", listener.local_addr()?), listener })
    }

    /// An address on the site.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.served.abort();
    }
}

impl Address {
    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Serves the files of a folder under this content security policy; none if that is empty.
    ///
    /// # Errors
    ///
    /// If the policy cannot be sent as a header, or there is no client to reach the sandbox with.
    pub fn serve(self, sandbox: &Arc<Sandbox>, folder: &Path, policy: &str) -> Result<Site> {
        let client = reqwest::Client::builder().no_proxy().build().context("no client for the relay")?;
        let parts = Arc::new(Parts {
            folder: folder.to_owned(),
            policy: HeaderValue::from_str(policy)?,
            sandbox: Arc::clone(sandbox),
            client,
        });
        let router = Router::new()
            .route("/pin/{step}", post(relay).merge(options(preflight)))
            .route("/my/pin-control", post(pin_control))
            .fallback(file)
            .with_state(parts);
        // Where it ends early, the browser says so.
        let served = tokio::spawn(async move { drop(axum::serve(self.listener, router).await) });
        Ok(Site { origin: self.origin, served })
    }
}

/// The headers for a page of the origin `null` (Fetch Standard, CORS protocol).
const ALLOW_ORIGIN: (HeaderName, HeaderValue) =
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("null"));

async fn preflight() -> Response {
    let allow_headers = (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    (StatusCode::NO_CONTENT, [ALLOW_ORIGIN, allow_headers]).into_response()
}

async fn relay(
    State(parts): State<Arc<Parts>>,
    Segment(step): Segment<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut request = parts.client.post(parts.sandbox.url(&format!("/pin-page/{step}"))).body(body);
    for name in [header::CONTENT_TYPE, header::ORIGIN] {
        if let Some(value) = headers.get(&name) {
            request = request.header(name, value);
        }
    }
    let Ok(answer) = request.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let status = answer.status();
    let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // As the sandbox does it itself: `set` comes on a connection of its own.
    let close = (header::CONNECTION, HeaderValue::from_static("close"));
    let Ok(body) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    (status, [json, close, ALLOW_ORIGIN], body).into_response()
}

/// What an issuer's app asks its back-end for: here, each time for a new card.
async fn pin_control(State(parts): State<Arc<Parts>>) -> Response {
    let control = async {
        let card = parts.sandbox.waiting_card().await?;
        parts.sandbox.pin_control(&card.id, "SET_PIN").await
    };
    match control.await {
        Ok(control) => {
            let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            (json, control.to_string()).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

async fn file(State(parts): State<Arc<Parts>>, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let Ok(contents) = fs::read(parts.folder.join(path)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let media_type = match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    };
    let mut response =
        ([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))], contents).into_response();
    if !parts.policy.is_empty() {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, parts.policy.clone());
    }
    response
}
