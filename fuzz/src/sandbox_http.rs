//! Any requests to the sandbox, one after the other, with values of earlier answers in the later requests.

mod request;

use std::path::Path;
use std::pin::Pin;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use arbitrary::Unstructured;
use axum::body::{Body, HttpBody};
use axum::http::{Method, Request, Response, StatusCode, header};
use card_pin_sandbox::fuzzing::Routes;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use request::Known;

/// Requests in one run.
const MOST: usize = 8;

/// The sandbox on a database in memory, and its runtime.
struct Sandbox {
    routes: Routes,
    runtime: Runtime,
}

/// Up to eight requests to an emptied sandbox: each is answered, and never by a 5xx, unless that was asked for as a fault.
///
/// The routes that call Enfuce by HTTP themselves (`/issuer/api/`, `/relay/`) are left out: there is no network here.
pub fn sandbox_http(data: &[u8]) {
    static SANDBOX: LazyLock<Mutex<Sandbox>> = LazyLock::new(|| {
        let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../www");
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        Mutex::new(Sandbox { routes: Routes::open(&dist).unwrap(), runtime })
    });
    let sandbox = SANDBOX.lock().unwrap_or_else(PoisonError::into_inner);
    sandbox.runtime.block_on(run(&sandbox.routes, &mut Unstructured::new(data)));
}

async fn run(routes: &Routes, data: &mut Unstructured<'_>) {
    let emptied = routes.answer(request::reset()).await.map(|response| response.status());
    assert_eq!(emptied, Some(StatusCode::OK));
    let mut known = Known::default();
    let mut has_faults = false;
    for _ in 0..MOST {
        let Ok(Some(request)) = request::next(data, &known) else { return };
        let is_head = request.method() == Method::HEAD;
        let plans_fault = request.uri().path() == "/sandbox/faults";
        let Some(response) = answer(routes, request, has_faults).await else { continue };
        let status = response.status();
        assert!(has_faults || !status.is_server_error(), "{status}");
        has_faults |= plans_fault && status == StatusCode::OK;
        if !is_head {
            read(response, &mut known, has_faults);
        }
    }
}

/// The answer; `None` if a fault dropped it.
async fn answer(routes: &Routes, request: Request<Body>, has_faults: bool) -> Option<Response<Body>> {
    // The fault `stall` never answers.
    let patience = Duration::from_millis(if has_faults { 20 } else { 30_000 });
    match timeout(patience, routes.answer(request)).await {
        Ok(answer) => {
            assert!(answer.is_some() || has_faults, "the connection was cut");
            answer
        }
        Err(_) => {
            assert!(has_faults, "no answer");
            None
        }
    }
}

/// Reads an answer, checks that a refusal has the form of one, and keeps what can be sent again.
fn read(response: Response<Body>, known: &mut Known, has_faults: bool) {
    let status = response.status();
    let (parts, body) = response.into_parts();
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_problem = content_type.is_some_and(|value| value.starts_with("application/problem+json"));
    let is_json = content_type.is_some_and(|value| value.starts_with("application/json"));
    assert_eq!(parts.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let body = ready_part(body);
    // A fault cuts bodies in two.
    if is_problem && !has_faults {
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["status"], status.as_u16());
        assert!(body["code"].is_string() && body["detail"].is_string());
    } else if is_json && let Ok(body) = serde_json::from_slice(&body) {
        known.learn(&body);
    }
}

/// The part of a body that is available at once: all of it, except with a fault.
fn ready_part(mut body: Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut body).poll_frame(&mut context) {
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
    }
    bytes
}
