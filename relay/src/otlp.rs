//! Sends ended spans to an OpenTelemetry collector: OTLP over HTTP, in JSON. No request ever waits for it. The usual crates would
//! bring 19 crates, four of them in a second version, and do not report how many spans they dropped.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::config::Traces;
use crate::failure::{Failure, Kind};
use crate::metrics::Metrics;
use crate::outbound;
use crate::trace::{Attribute, Span};
use crate::version::VERSION;

/// How long a span may wait, so that several are sent together.
const GATHER: Duration = Duration::from_secs(1);
const MAX_BATCH: usize = 512;
/// How long the collector's answer may take. Spans that it does not take are dropped and counted, and not sent again.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How long the last export may take when the relay stops.
const FLUSH: Duration = Duration::from_secs(2);

/// Where spans are sent.
pub(crate) struct Collector {
    config: Traces,
    client: Client,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Answer {
    partial_success: PartialSuccess,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PartialSuccess {
    /// Writes a number of 64 bits, which is a string in JSON by protobuf's rules.
    rejected_spans: Value,
}

impl Collector {
    pub(crate) fn new(config: Traces, client: Client) -> Self {
        Self { config, client }
    }

    /// Checks that the collector takes spans.
    pub(crate) async fn try_out(&self) -> Result<(), Failure> {
        self.send(&[]).await.map(drop)
    }

    /// Returns how many spans it rejected.
    async fn send(&self, spans: &[Span]) -> Result<u64, Failure> {
        let deadline = Instant::now() + TIMEOUT;
        let mut request = self.client.post(self.config.url.clone()).json(&export(spans));
        if let Some(token) = &self.config.token {
            // EXPOSE: sent to the configured collector alone, in a header that reqwest marks as sensitive.
            request = request.bearer_auth(token.expose());
        }
        let mut response = outbound::send(request, deadline).await?;
        if !response.status().is_success() {
            return Err(Failure::new(Kind::Failed, "spans_refused"));
        }
        let body = outbound::body_until(&mut response, deadline).await?;
        // The collector has taken the spans, whatever its body says.
        let rejected = outbound::json::<Answer>(&body).unwrap_or_default().partial_success.rejected_spans;
        Ok(rejected.as_u64().or_else(|| rejected.as_str()?.parse().ok()).unwrap_or(0))
    }
}

/// The export that runs. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Exporting {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Exporting {
    /// Exports spans from the queue to the collector that is configured at the time.
    pub(crate) fn start(
        queue: mpsc::Receiver<Span>,
        metrics: Arc<Metrics>,
        collector: impl Fn() -> Option<Arc<Collector>> + Send + Sync + 'static,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(run(queue, stopped, metrics, collector));
        Self { stop, task }
    }

    /// Exports the rest, as far as that is possible in a short time.
    pub(crate) async fn stop(mut self) {
        drop(self.stop);
        if timeout(FLUSH, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

async fn run(
    mut queue: mpsc::Receiver<Span>,
    mut stopped: oneshot::Receiver<()>,
    metrics: Arc<Metrics>,
    collector: impl Fn() -> Option<Arc<Collector>> + Send + Sync,
) {
    loop {
        let spans = gather(&mut queue, &mut stopped).await;
        if spans.is_empty() {
            return;
        }
        let count = spans.len() as u64;
        match collector() {
            Some(collector) => match collector.send(&spans).await {
                Ok(rejected) => metrics.count_dropped_spans("rejected", rejected.min(count)),
                Err(failure) => metrics.count_dropped_spans(failure.cause, count),
            },
            None => metrics.count_dropped_spans("not_configured", count),
        }
    }
}

/// The next spans to send together; none at the end.
async fn gather(queue: &mut mpsc::Receiver<Span>, stopped: &mut oneshot::Receiver<()>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut until = None;
    while spans.len() < MAX_BATCH {
        let places = MAX_BATCH - spans.len();
        tokio::select! {
            count = queue.recv_many(&mut spans, places) => {
                if count == 0 {
                    break;
                }
                until.get_or_insert_with(|| Instant::now() + GATHER);
            }
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => break,
            _ = &mut *stopped, if !queue.is_closed() => queue.close(),
        }
    }
    spans
}

/// `ExportTraceServiceRequest`, in the JSON of OTLP: ids in hexadecimal, numbers of 64 bits as texts.
fn export(spans: &[Span]) -> Value {
    let texts = |attributes: &[(&str, &str)]| -> Value {
        attributes.iter().map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).collect()
    };
    let (name, version) = (env!("CARGO_PKG_NAME"), VERSION.as_str());
    json!({"resourceSpans": [{
        "resource": {"attributes": texts(&[("service.name", name), ("service.version", version)])},
        "scopeSpans": [{
            "scope": {"name": name, "version": version},
            "spans": spans.iter().map(span).collect::<Value>(),
        }],
    }]})
}

fn span(span: &Span) -> Value {
    let since_epoch =
        |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string();
    let attributes: Value = span
        .attributes
        .iter()
        .map(|(key, value)| match value {
            Attribute::Text(text) => json!({"key": key, "value": {"stringValue": text}}),
            Attribute::Number(number) => json!({"key": key, "value": {"intValue": number.to_string()}}),
        })
        .collect();
    let mut json = json!({
        "traceId": span.trace_id,
        "spanId": format!("{:016x}", span.id),
        "flags": span.flags,
        "name": span.name,
        "kind": span.kind as u8,
        "startTimeUnixNano": since_epoch(span.started),
        "endTimeUnixNano": since_epoch(span.started + span.time),
        "attributes": attributes,
        // The codes for unset and for error.
        "status": {"code": if span.is_failure { 2 } else { 0 }},
    });
    if let Some(parent) = &span.parent {
        json["parentSpanId"] = json!(parent);
    }
    if let Some(state) = span.state.as_ref().and_then(|state| state.to_str().ok()) {
        json["traceState"] = json!(state);
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Spans, Trace};
    use axum::http::{HeaderMap, Method};
    use tokio::net::TcpListener;

    fn end_spans(spans: &Spans, count: usize) {
        let trace = Trace::of(&HeaderMap::new(), [7; 16], Some(spans.clone()));
        (0..count).for_each(|_| drop(trace.request(&Method::POST, Some("set"))));
    }

    #[test]
    fn what_finds_no_place_in_the_queue_is_dropped_and_counted() {
        let metrics = Arc::<Metrics>::default();
        let (spans, queue) = Spans::new(Arc::clone(&metrics));
        let places = queue.max_capacity();
        end_spans(&spans, places + 3);
        let figures = metrics.text(&crate::metrics::Snapshot::default());
        let figure = "card_pin_relay_trace_spans_dropped_total{cause=\"queue_full\"} 3\n";
        assert!(figures.contains(figure), "{figures}");
        assert_eq!(queue.len(), places);
    }

    #[tokio::test(start_paused = true)]
    async fn spans_go_together_and_the_end_takes_a_moment_at_most() {
        let metrics = Arc::<Metrics>::default();
        let (spans, mut queue) = Spans::new(Arc::clone(&metrics));
        let (_stop, mut stopped) = oneshot::channel();
        end_spans(&spans, MAX_BATCH + 1);
        let started = Instant::now();
        assert_eq!(gather(&mut queue, &mut stopped).await.len(), MAX_BATCH);
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert_eq!(gather(&mut queue, &mut stopped).await.len(), 1);
        assert!((GATHER..2 * GATHER).contains(&started.elapsed()));

        // It never takes a connection from its queue.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        let collector = Arc::new(Collector::new(Traces { url, token: None }, client));
        end_spans(&spans, 1);
        let exporting = Exporting::start(queue, metrics, move || Some(Arc::clone(&collector)));
        let started = Instant::now();
        exporting.stop().await;
        assert!((FLUSH..2 * FLUSH).contains(&started.elapsed()), "{:?}", started.elapsed());
    }
}
