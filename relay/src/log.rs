//! Writes one line of JSON for each request. A line contains no body, control id, path, address or name: only what is listed in
//! [`Line`].

mod queue;

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::metrics::{self, Metrics};
use crate::trace::Active;
use crate::version::VERSION;
use queue::Queue;

/// How long to wait at the end for lines that are not written yet.
const FLUSH: Duration = Duration::from_secs(1);

/// Where the lines go.
#[derive(Clone)]
pub struct Log(Sink);

#[derive(Clone)]
enum Sink {
    Queue(Queue),
    Function(Arc<dyn Fn(&str) + Send + Sync>),
}

impl Log {
    /// Writes to standard output, in a thread of its own: a reader that stalls loses lines, and delays nothing else.
    ///
    /// # Errors
    /// If the system gives no second handle of standard output.
    pub fn stdout() -> io::Result<Self> {
        // Unbuffered, so that each line is either written or known to be lost.
        let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        Ok(Self(Sink::Queue(Queue::start(output))))
    }

    /// Passes each line to `write`, without its line break.
    #[must_use]
    pub fn new(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Sink::Function(Arc::new(write)))
    }

    /// Waits for lines that are not written yet, for a second at most.
    pub fn flush(&self) {
        if let Sink::Queue(queue) = &self.0 {
            queue.flush(FLUSH);
        }
    }

    /// How many lines were lost because nobody read them or because they could not be written.
    pub(crate) fn dropped_lines(&self) -> u64 {
        match &self.0 {
            Sink::Queue(queue) => queue.lost(),
            Sink::Function(_) => 0,
        }
    }

    /// Logs an event of the relay itself.
    pub fn event(&self, event: &'static str) {
        self.write(&Event { time: now(), event, cause: None, version: &VERSION });
    }

    /// Logs an event of the relay itself, with its cause in one word of a closed list.
    pub(crate) fn event_with_cause(&self, event: &'static str, cause: &'static str) {
        let cause = Some(cause);
        self.write(&Event { time: now(), event, cause, version: &VERSION });
    }

    fn write(&self, line: &impl Serialize) {
        // This cannot fail: only texts and numbers are written, to memory.
        let line = serde_json::to_string(line).unwrap_or_default();
        match &self.0 {
            Sink::Queue(queue) => queue.push(line),
            Sink::Function(write) => write(&line),
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log(…)")
    }
}

#[derive(Serialize)]
struct Event {
    time: String,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    version: &'static str,
}

/// The outcome of the calls to Enfuce for a request, apart from their answers. If one call needs the result of another, a request
/// makes several calls, and ends with the first one that fails. Fields about an answer are therefore about the last answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// Why it failed, in one word of a closed list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<&'static str>,
    /// The status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upstream_status: Option<u16>,
    /// The time with Enfuce, for all attempts together. The time in the relay's own queue does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upstream_ms: Option<u64>,
    /// How often Enfuce was called in all, if a call was repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<u32>,
    /// Enfuce's own name for the failure, for a ticket. Like the status, it is from the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem_id: Option<String>,
    /// The causes of failures that a further attempt overcame.
    #[serde(skip)]
    pub(crate) overcome: Vec<&'static str>,
    /// How many turns of the quota were used so far.
    #[serde(skip)]
    pub(crate) turns: u32,
    /// The number of calls so far, and how often they were sent in all.
    #[serde(skip)]
    sent: (u32, u32),
}

impl Report {
    /// Notes that a call was sent this many times.
    pub(crate) fn sent(&mut self, tries: u32) {
        let (calls, all) = (self.sent.0 + tries.min(1), self.sent.1 + tries);
        self.sent = (calls, all);
        self.tries = (all > calls).then_some(all);
    }
}

/// Who did what, to what, and from where, as hashes. A field is absent if it is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Audited {
    /// The address at the other end of the connection. If there is a gateway, it is the gateway's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) control_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) card: Option<String>,
}

/// The outcome of a request. It is written when this is dropped, so also if the device leaves before its answer.
pub(crate) struct Record {
    log: Log,
    metrics: Arc<Metrics>,
    started: Instant,
    line: Line,
    notes: Notes,
    span: Active,
}

/// Adds facts to a request's line while the request is under way.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Noted>>);

#[derive(Clone, Default)]
struct Noted {
    report: Report,
    audited: Option<Audited>,
}

impl Notes {
    pub(crate) fn report(&self, report: Report) {
        self.noted().report = report;
    }

    /// Makes the request leave an audit record.
    pub(crate) fn audit(&self, audited: Audited) {
        self.noted().audited = Some(audited);
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The audit record of an operation (PCI DSS 10.2.2): who, what, when, from where, to what, whether it was done, and if not, why.
#[derive(Serialize)]
struct AuditLine<'a> {
    time: &'a str,
    audit: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    request_id: &'a str,
    #[serde(flatten)]
    audited: Audited,
}

#[derive(Serialize)]
struct Line {
    time: String,
    request_id: String,
    trace_id: String,
    route: &'static str,
    status: u16,
    /// The problem's code, when there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(flatten)]
    report: Report,
    ms: u64,
}

/// The status of a request whose device has left. It is used in the log and the metrics only, and is nginx's.
const CLIENT_CLOSED_REQUEST: u16 = 499;
const CLIENT_CLOSED: &str = "client_closed";

impl Record {
    pub(crate) fn start(
        log: Log,
        metrics: Arc<Metrics>,
        request_id: String,
        span: Active,
        route: &'static str,
    ) -> Self {
        metrics.in_flight.inc();
        let line = Line {
            time: now(),
            request_id,
            trace_id: span.trace_id().to_owned(),
            route,
            status: CLIENT_CLOSED_REQUEST,
            code: Some(CLIENT_CLOSED),
            report: Report::default(),
            ms: 0,
        };
        Self { log, metrics, started: Instant::now(), line, notes: Notes::default(), span }
    }

    pub(crate) fn notes(&self) -> Notes {
        self.notes.clone()
    }

    pub(crate) fn finish(
        mut self,
        status: StatusCode,
        code: Option<&'static str>,
        cause: Option<&'static str>,
    ) {
        self.line.status = status.as_u16();
        self.line.code = code;
        if cause.is_some() {
            self.notes.noted().report.cause = cause;
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let Noted { report, audited } = self.notes.noted().clone();
        self.line.report = report;
        self.line.ms = milliseconds(self.started);
        self.log.write(&self.line);
        let line = &self.line;
        if let Some(audited) = audited {
            let outcome = outcome(line);
            let (time, code, request_id) = (&*line.time, line.code, &*line.request_id);
            self.log.write(&AuditLine { time, audit: line.route, outcome, code, request_id, audited });
        }
        if line.status != CLIENT_CLOSED_REQUEST {
            // A `set` that was certainly not done has status 424, whoever caused it.
            let is_ours = line.status >= 500 || line.status == StatusCode::FAILED_DEPENDENCY.as_u16();
            self.span.done(line.status, line.code.filter(|_| is_ours));
        }
        self.metrics.in_flight.dec();
        self.metrics.count(&metrics::Request {
            route: line.route,
            status: line.status,
            code: line.code,
            cause: line.report.cause,
            overcome: &line.report.overcome,
            time: self.started.elapsed(),
            upstream_ms: line.report.upstream_ms,
        });
    }
}

fn outcome(line: &Line) -> &'static str {
    match (line.route, line.status) {
        (_, 200..=299) => "done",
        // By the rules in `problem.rs`.
        ("set", CLIENT_CLOSED_REQUEST | 500..=599) => "unknown",
        (_, 400..=498) => "refused",
        _ => "failed",
    }
}

/// The milliseconds since this moment.
pub(crate) fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// RFC 3339, always of the same width, so that lines can be sorted as text.
fn now() -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    // A year of four digits always fits the format.
    OffsetDateTime::now_utc().format(FORMAT).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_the_same_width() {
        assert_eq!(now().len(), "2026-01-31T12:00:00.123Z".len());
    }
}
