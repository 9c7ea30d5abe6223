//! A record of what travelled between the parties, so that a test can search it for what must never travel, and a
//! reviewer can read it.

mod answer;
mod party;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::config::BODY_LIMIT;
use crate::files::{Dist, is_file};
use crate::http::{CrossOrigin, Kind, Problem};
use answer::noted;
use party::Route;

/// How many requests are kept.
const KEPT: usize = 500;
/// How much of an overlong body is read and dropped, so that its sender can read the refusal.
const DRAINED: usize = 16 * BODY_LIMIT;

/// Replaces the issuer's secrets in the record.
const ELIDED: &str = "(elided)";

/// The parts that the recorder uses.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) wire: Arc<Wire>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) dist: Arc<Dist>,
}

/// The last requests with their answers, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    requests: VecDeque<Value>,
    /// Counts both requests and answers, so that their order is known. It continues after a reset, so that a late answer
    /// is not added to a later request.
    step: u64,
}

impl Wire {
    /// Records a request; returns its step.
    fn add(&self, mut request: Value) -> u64 {
        self.with(|log| {
            log.step += 1;
            request["step"] = log.step.into();
            if log.requests.len() == KEPT {
                log.requests.pop_front();
            }
            log.requests.push_back(request);
            log.step
        })
    }

    /// The step of an answer that starts now.
    fn next_step(&self) -> u64 {
        self.with(|log| {
            log.step += 1;
            log.step
        })
    }

    /// Adds an answer to its request, if that is still kept.
    fn add_answer(&self, request_step: u64, answer: Value) {
        self.with(|log| {
            if let Some(request) = log.requests.iter_mut().find(|request| request["step"] == request_step) {
                request["answer"] = answer;
            }
        });
    }

    pub(crate) fn clear(&self) {
        self.with(|log| log.requests.clear());
    }

    pub(crate) fn to_json(&self) -> Value {
        self.with(|log| json!({"requests": log.requests}))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Log) -> T) -> T {
        work(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads the body of every request, up to the limit, and records the request and its answer, unless it only fetches a
/// file or a page of another origin sent it.
pub(crate) async fn record(State(recorder): State<Recorder>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let (bytes, end) = read(body).await;
    let user_agent =
        parts.headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or_default();
    let route = Route::of(parts.uri.path(), user_agent);
    let is_kept = !parts.uri.path().starts_with("/sandbox/")
        && !fetches_file(&recorder, &parts.method, &parts.uri)
        && parts.extensions.get::<CrossOrigin>().is_none();
    let step = is_kept.then(|| {
        let body = if route.carries_credentials { ELIDED.into() } else { String::from_utf8_lossy(&bytes) };
        recorder.wire.add(json!({
            "at": recorder.clock.now().to_rfc3339(),
            "from": route.from,
            "to": route.to,
            "method": parts.method.as_str(),
            "path": parts.uri.path(),
            "query": parts.uri.query().unwrap_or_default(),
            "headers": headers_json(&parts.headers),
            "body": body,
            // Stays null if no answer comes.
            "answer": null,
        }))
    });
    let response = match end {
        End::Whole => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        End::Overlong => Problem::new(Kind::TooLarge, "The body may have 64 KiB at most.").into_response(),
        End::Broken => Problem::malformed("The body could not be read to its end.").into_response(),
    };
    match step {
        Some(step) => noted(&recorder.wire, step, route, response),
        None => response,
    }
}

enum End {
    Whole,
    Overlong,
    Broken,
}

async fn read(mut body: Body) -> (Vec<u8>, End) {
    let mut bytes = Vec::new();
    let mut length = 0;
    loop {
        match poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            None if length > BODY_LIMIT => return (bytes, End::Overlong),
            None => return (bytes, End::Whole),
            Some(Err(_)) => return (bytes, End::Broken),
            Some(Ok(frame)) => {
                let data = frame.into_data().unwrap_or_default();
                length += data.len();
                bytes.extend_from_slice(&data[..data.len().min(BODY_LIMIT - bytes.len())]);
                if length > DRAINED {
                    return (bytes, End::Overlong);
                }
            }
        }
    }
}

/// Whether a request only fetches a file, which is not worth a record.
fn fetches_file(recorder: &Recorder, method: &Method, uri: &Uri) -> bool {
    *method == Method::GET && uri.query().is_none() && is_file(&recorder.dist, uri.path())
}

fn headers_json(headers: &HeaderMap) -> Value {
    let mut members = Map::new();
    for name in headers.keys() {
        let value = if name == header::AUTHORIZATION {
            ELIDED.to_owned()
        } else {
            let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
            values.collect::<Vec<_>>().join(", ")
        };
        members.insert(name.to_string(), Value::String(value));
    }
    Value::Object(members)
}
