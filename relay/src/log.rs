//! One line of JSON for each request. It holds no body, no control id, no path, no address and no name: only what is listed
//! in [`Record`].

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use axum::http::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Where the lines go.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(&str) + Send + Sync>);

impl Log {
    /// To standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(|line| {
            // There is nowhere to say that this failed.
            let _ = writeln!(io::stdout().lock(), "{line}");
        })
    }

    /// To `write`, which is given each line without its end.
    #[must_use]
    pub fn new(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log(…)")
    }
}

/// What a request came to. It is written when this is dropped, and so also when the device goes away before its answer.
pub(crate) struct Record {
    log: Log,
    started: Instant,
    line: Line,
}

#[derive(Serialize)]
struct Line {
    time: String,
    request_id: String,
    route: &'static str,
    status: u16,
    /// The problem's code, when there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_status: Option<u16>,
    ms: u64,
}

/// The status, in the log alone, of a request whose device went away: nginx's.
const CLIENT_CLOSED_REQUEST: u16 = 499;

impl Record {
    pub(crate) fn start(log: Log, request_id: String, route: &'static str) -> Self {
        let time = OffsetDateTime::now_utc();
        // The clock's milliseconds are enough, and the format has no error for a year of four digits.
        let time = time.replace_millisecond(time.millisecond()).unwrap_or(time).format(&Rfc3339);
        let line = Line {
            time: time.unwrap_or_default(),
            request_id,
            route,
            status: CLIENT_CLOSED_REQUEST,
            code: None,
            upstream_status: None,
            ms: 0,
        };
        Self { log, started: Instant::now(), line }
    }

    pub(crate) fn finish(
        mut self,
        status: StatusCode,
        code: Option<&'static str>,
        upstream_status: Option<StatusCode>,
    ) {
        self.line.status = status.as_u16();
        self.line.code = code;
        self.line.upstream_status = upstream_status.map(|status| status.as_u16());
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.line.ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Cannot fail: texts and numbers, written to memory.
        (self.log.0)(&serde_json::to_string(&self.line).unwrap_or_default());
    }
}
