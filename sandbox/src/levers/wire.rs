//! A record of the requests that arrived, so that a test can search it for what must never travel.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::config::BODY_LIMIT;
use crate::enfuce::PAGE_FOLDER;
use crate::http::{Kind, Problem};
use crate::issuer;

/// How many requests are kept.
const KEPT: usize = 500;
/// How much of an overlong body is read and thrown away, so that its sender gets to read the refusal.
const DRAINED: usize = 16 * BODY_LIMIT;

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    requests: Mutex<VecDeque<Value>>,
}

impl Wire {
    fn add(&self, request: Value) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() == KEPT {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    pub(crate) fn clear(&self) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn to_json(&self) -> Value {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        json!({"requests": requests.iter().collect::<Vec<_>>()})
    }
}

/// Reads the body of every request, up to the limit, and writes the request down unless it only fetches a file.
pub(crate) async fn record(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let (bytes, end) = read(body).await;
    if !parts.uri.path().starts_with("/sandbox/") && !fetches_file(&app, &parts.method, &parts.uri) {
        app.wire().add(json!({
            "at": app.clock().now().to_rfc3339(),
            "method": parts.method.as_str(),
            "path": parts.uri.path(),
            "query": parts.uri.query().unwrap_or_default(),
            "headers": headers_json(&parts.headers),
            "body": String::from_utf8_lossy(&bytes),
        }));
    }
    match end {
        End::Whole => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        End::Overlong => Problem::new(Kind::TooLarge, "The body may have 64 KiB at most.").into_response(),
        End::Broken => Problem::malformed("The body could not be read to its end.").into_response(),
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

/// A GET of a file that is there. One with a query could carry something, and is written down.
fn fetches_file(app: &App, method: &Method, uri: &Uri) -> bool {
    let is_file = || {
        issuer::has_file(uri.path())
            || uri.path().strip_prefix(PAGE_FOLDER).is_some_and(|name| app.dist().holds(name))
    };
    *method == Method::GET && uri.query().is_none() && is_file()
}

fn headers_json(headers: &HeaderMap) -> Value {
    let mut members = Map::new();
    for name in headers.keys() {
        let value = if name == header::AUTHORIZATION {
            "(elided)".to_owned()
        } else {
            let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
            values.collect::<Vec<_>>().join(", ")
        };
        members.insert(name.to_string(), Value::String(value));
    }
    Value::Object(members)
}
