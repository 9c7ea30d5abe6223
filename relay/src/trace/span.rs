//! The spans of a request and of each of its calls: methods, routes, configured addresses, statuses, and words of closed lists.
//! They contain nothing that a device sent, and no path with an id.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::sync::mpsc;
use url::Url;

use super::Trace;
use crate::failure::Failure;
use crate::metrics::Metrics;

/// The most spans that wait to be exported. Further ones are dropped and counted. Requests never wait for a place.
const MAX_WAITING: usize = 4096;

/// The queue of ended spans.
#[derive(Debug, Clone)]
pub(crate) struct Spans {
    queue: mpsc::Sender<Span>,
    metrics: Arc<Metrics>,
}

impl Spans {
    /// The sending and the receiving end.
    pub(crate) fn new(metrics: Arc<Metrics>) -> (Self, mpsc::Receiver<Span>) {
        let (queue, end) = mpsc::channel(MAX_WAITING);
        (Self { queue, metrics }, end)
    }

    fn take(&self, span: Span) {
        if self.queue.try_send(span).is_err() {
            self.metrics.count_dropped_spans("queue_full", 1);
        }
    }
}

/// The side of a call, by the numbers of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Server = 2,
    Client = 3,
}

#[derive(Debug)]
pub(crate) enum Attribute {
    Text(String),
    Number(i64),
}

/// Attributes have the names of OpenTelemetry's semantic conventions for HTTP.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) trace_id: String,
    pub(crate) id: u64,
    pub(crate) parent: Option<String>,
    pub(crate) flags: u8,
    pub(crate) state: Option<HeaderValue>,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) started: SystemTime,
    pub(crate) time: Duration,
    pub(crate) attributes: Vec<(&'static str, Attribute)>,
    pub(crate) is_failure: bool,
}

/// The target of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Called<'a> {
    pub(crate) method: &'static str,
    /// The address, of which the span has the host and the port.
    pub(crate) server: &'a Url,
    /// The path, with names in braces instead of ids.
    pub(crate) template: &'a str,
}

/// A span that has not ended. It ends when this is dropped, so also if the device leaves.
#[derive(Debug)]
pub(crate) struct Active {
    trace: Trace,
    id: u64,
    parent: Option<String>,
    name: String,
    kind: Kind,
    attributes: Vec<(&'static str, Attribute)>,
    started: Instant,
    status: Option<u16>,
    error: Option<&'static str>,
}

impl Trace {
    /// The span of the request itself. If a request matches no route, its path is left out.
    pub(crate) fn request(&self, method: &Method, route: Option<&str>) -> Active {
        let is_known = [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::OPTIONS,
            Method::PATCH,
        ]
        .contains(method);
        let (method, mut name) =
            if is_known { (method.as_str(), method.to_string()) } else { ("_OTHER", "HTTP".to_owned()) };
        let mut attributes = vec![text("http.request.method", method), text("url.scheme", "http")];
        if let Some(route) = route {
            name = format!("{name} /{route}");
            attributes.extend(["http.route", "url.path"].map(|key| text(key, &format!("/{route}"))));
        }
        self.begin(self.span, self.parent.clone(), Kind::Server, name, attributes)
    }

    /// The span of a call; `resent` says how often it was sent before.
    pub(crate) fn call(&self, called: Called<'_>, resent: u32) -> Active {
        let Called { method, server, template } = called;
        let host = server.host_str().unwrap_or_default();
        let mut attributes = vec![
            text("http.request.method", method),
            text("server.address", host.trim_start_matches('[').trim_end_matches(']')),
            text("url.template", template),
        ];
        attributes.extend(server.port_or_known_default().map(|port| number("server.port", port.into())));
        attributes.extend((resent > 0).then(|| number("http.request.resend_count", resent.into())));
        let parent = Some(format!("{:016x}", self.span));
        self.begin(self.next_call(), parent, Kind::Client, format!("{method} {template}"), attributes)
    }

    fn begin(
        &self,
        id: u64,
        parent: Option<String>,
        kind: Kind,
        name: String,
        attributes: Vec<(&'static str, Attribute)>,
    ) -> Active {
        let started = Instant::now();
        // The default, until the outcome is known.
        let (status, error) = (None, Some("cancelled"));
        Active { trace: self.clone(), id, parent, name, kind, attributes, started, status, error }
    }
}

impl Active {
    pub(crate) fn trace_id(&self) -> &str {
        &self.trace.id
    }

    /// The headers with which the other side continues the trace.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.trace.headers(self.id)
    }

    /// Notes that the head of the answer has arrived.
    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status.as_u16());
    }

    /// Notes the outcome of the call.
    pub(crate) fn ended<T>(&mut self, result: &Result<T, Failure>) {
        self.error = result.as_ref().err().map(|failure| failure.cause);
    }

    /// Notes the outcome of the request; `code` is the problem's.
    pub(crate) fn done(&mut self, status: u16, code: Option<&'static str>) {
        (self.status, self.error) = (Some(status), code);
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let Some(spans) = &self.trace.spans else { return };
        let mut attributes = std::mem::take(&mut self.attributes);
        attributes.extend(self.status.map(|status| number("http.response.status_code", status.into())));
        attributes.extend(self.error.map(|error| text("error.type", error)));
        // For a server, a client's mistake is not a failure.
        let is_failure = match self.kind {
            Kind::Server => self.status.is_some_and(|status| status >= 500),
            Kind::Client => self.error.is_some(),
        };
        spans.take(Span {
            trace_id: self.trace.id.clone(),
            id: self.id,
            parent: self.parent.take(),
            flags: self.trace.flags,
            state: self.trace.state.clone(),
            name: std::mem::take(&mut self.name),
            kind: self.kind,
            started: self.trace.began.0 + (self.started - self.trace.began.1),
            time: self.started.elapsed(),
            attributes,
            is_failure,
        });
    }
}

fn text(key: &'static str, value: &str) -> (&'static str, Attribute) {
    (key, Attribute::Text(value.to_owned()))
}

fn number(key: &'static str, value: i64) -> (&'static str, Attribute) {
    (key, Attribute::Number(value))
}
