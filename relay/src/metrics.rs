//! The metrics for Prometheus. Their labels come from closed lists, so that nobody outside can create more of them.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::version::VERSION;

/// The buckets go from a local answer to the longest wait.
const SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram>,
    upstream_seconds: Family<RouteLabels, Histogram>,
    failures: Family<FailureLabels, Counter>,
    issuer_failures: Family<IssuerFailureLabels, Counter>,
    malformed: Family<MalformedLabels, Counter>,
    unopened: Counter,
    enfuce_calls: Counter,
    pub(crate) in_flight: Gauge,
    calls: Gauge,
    calls_waiting: Gauge,
    customers_waiting: Gauge,
    breaker: Gauge,
    quota_store_down: Gauge,
    quota_per_minute: Gauge,
    token_expires: Gauge,
    certificate_expires: Family<CertificateLabels, Gauge>,
    dropped_lines: Counter,
    dropped_spans: Family<FailureLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    cause: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct IssuerFailureLabels {
    system: &'static str,
    cause: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MalformedLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CertificateLabels {
    file: &'static str,
}

/// The outcome of a request.
pub(crate) struct Request<'a> {
    pub(crate) route: &'static str,
    pub(crate) status: u16,
    pub(crate) code: Option<&'static str>,
    pub(crate) cause: Option<&'static str>,
    /// The causes of calls that failed and were repeated.
    pub(crate) overcome: &'a [&'static str],
    pub(crate) time: Duration,
    /// The time with Enfuce.
    pub(crate) upstream_ms: Option<u64>,
}

/// The values that are read when the metrics are asked for.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) calls: usize,
    /// The number until now.
    pub(crate) enfuce_calls: u64,
    pub(crate) calls_waiting: usize,
    pub(crate) customers_waiting: usize,
    pub(crate) is_breaker_open: bool,
    pub(crate) has_lost_store: bool,
    /// The value for all copies together.
    pub(crate) quota_per_minute: u32,
    /// In Unix time; `None` if there is no access token.
    pub(crate) token_expires: Option<i64>,
    /// The field that names it → Unix time.
    pub(crate) certificates_expire: Vec<(&'static str, i64)>,
    pub(crate) dropped_lines: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("card_pin_relay");
        let histogram = || Histogram::new(SECONDS);
        let metrics = Self {
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(histogram),
            upstream_seconds: Family::new_with_constructor(histogram),
            failures: Family::default(),
            issuer_failures: Family::default(),
            malformed: Family::default(),
            unopened: Counter::default(),
            enfuce_calls: Counter::default(),
            in_flight: Gauge::default(),
            calls: Gauge::default(),
            calls_waiting: Gauge::default(),
            customers_waiting: Gauge::default(),
            breaker: Gauge::default(),
            quota_store_down: Gauge::default(),
            quota_per_minute: Gauge::default(),
            token_expires: Gauge::default(),
            certificate_expires: Family::default(),
            dropped_lines: Counter::default(),
            dropped_spans: Family::default(),
            registry: Registry::default(),
        };
        registry.register("build", "Which build this is", Info::new([("version", VERSION.as_str())]));
        registry.register("requests", "Requests of devices, by outcome", metrics.requests.clone());
        registry.register_with_unit(
            "request",
            "Time from the head of a request to its answer",
            Unit::Seconds,
            metrics.request_seconds.clone(),
        );
        registry.register_with_unit(
            "upstream",
            "Time of a request with Enfuce, including further tries",
            Unit::Seconds,
            metrics.upstream_seconds.clone(),
        );
        registry.register("failures", "Failed calls of Enfuce, by cause", metrics.failures.clone());
        registry.register(
            "issuer_failures",
            "Failed calls of the issuer's own systems, by cause",
            metrics.issuer_failures.clone(),
        );
        registry.register(
            "malformed_requests",
            "Input that is not an HTTP request, by what is wrong with it",
            metrics.malformed.clone(),
        );
        registry.register(
            "unopened_control_ids",
            "Control ids that no seal key of this copy opens for the customer who sends them",
            metrics.unopened.clone(),
        );
        registry.register(
            "enfuce_calls",
            "Calls of Enfuce that count against its quota, further tries included",
            metrics.enfuce_calls.clone(),
        );
        registry.register("requests_in_flight", "Requests under way", metrics.in_flight.clone());
        registry.register("calls_waiting", "Calls that wait for their turn", metrics.calls_waiting.clone());
        registry.register(
            "customers_waiting",
            "Customers who were told to come again and keep a place",
            metrics.customers_waiting.clone(),
        );
        registry.register("calls_in_flight", "Calls of Enfuce under way", metrics.calls.clone());
        registry.register(
            "enfuce_down",
            "1 while calls are held back because nothing answers",
            metrics.breaker.clone(),
        );
        registry.register(
            "quota_store_down",
            "1 while copies cannot take turns through the store, and this one keeps to its share",
            metrics.quota_store_down.clone(),
        );
        registry.register(
            "quota_calls_per_minute",
            "Calls of Enfuce that all copies together may make in a minute",
            metrics.quota_per_minute.clone(),
        );
        registry.register_with_unit(
            "token_expiry_timestamp",
            "When the access token expires, in Unix time; 0 if there is none",
            Unit::Seconds,
            metrics.token_expires.clone(),
        );
        registry.register_with_unit(
            "certificate_expiry_timestamp",
            "When the first certificate of a file expires, in Unix time",
            Unit::Seconds,
            metrics.certificate_expires.clone(),
        );
        registry.register(
            "log_lines_dropped",
            "Lines of the log that nobody read in time",
            metrics.dropped_lines.clone(),
        );
        registry.register(
            "trace_spans_dropped",
            "Spans of traces that no collector has taken, by cause",
            metrics.dropped_spans.clone(),
        );
        Self { registry, ..metrics }
    }
}

impl Metrics {
    pub(crate) fn count(&self, request: &Request<'_>) {
        let route = RouteLabels { route: request.route };
        let code = request.code.unwrap_or("ok");
        self.requests
            .get_or_create(&RequestLabels { route: request.route, status: request.status, code })
            .inc();
        self.request_seconds.get_or_create(&route).observe(request.time.as_secs_f64());
        if let Some(ms) = request.upstream_ms {
            self.upstream_seconds.get_or_create(&route).observe(Duration::from_millis(ms).as_secs_f64());
        }
        for cause in request.overcome {
            self.failures.get_or_create(&FailureLabels { cause }).inc();
        }
        // The alerts about Enfuce must not count the issuer's own systems.
        match (request.cause, code) {
            (None, _) => {}
            (Some(cause), "identity_provider_unavailable") => self.count_issuers("identity_provider", cause),
            (Some(cause), "authorizer_unavailable") => self.count_issuers("authorizer", cause),
            (Some(cause), _) => {
                self.failures.get_or_create(&FailureLabels { cause }).inc();
            }
        }
    }

    fn count_issuers(&self, system: &'static str, cause: &'static str) {
        self.issuer_failures.get_or_create(&IssuerFailureLabels { system, cause }).inc();
    }

    /// Counts a control id that could not be opened: it was forged, belongs to another customer, or was sealed with a key that
    /// this copy does not have.
    pub(crate) fn count_unopened(&self) {
        self.unopened.inc();
    }

    /// Counts input that could not be read as a request.
    pub(crate) fn count_malformed(&self, kind: &'static str) {
        self.malformed.get_or_create(&MalformedLabels { kind }).inc();
    }

    pub(crate) fn count_dropped_spans(&self, cause: &'static str, count: u64) {
        if count > 0 {
            self.dropped_spans.get_or_create(&FailureLabels { cause }).inc_by(count);
        }
    }

    /// All metrics, in the text format of OpenMetrics.
    pub(crate) fn text(&self, snapshot: &Snapshot) -> String {
        self.calls.set(i64::try_from(snapshot.calls).unwrap_or(i64::MAX));
        self.calls_waiting.set(i64::try_from(snapshot.calls_waiting).unwrap_or(i64::MAX));
        self.customers_waiting.set(i64::try_from(snapshot.customers_waiting).unwrap_or(i64::MAX));
        self.breaker.set(snapshot.is_breaker_open.into());
        self.quota_store_down.set(snapshot.has_lost_store.into());
        self.quota_per_minute.set(snapshot.quota_per_minute.into());
        self.token_expires.set(snapshot.token_expires.unwrap_or_default());
        // Removes the values of files that are not configured any more.
        self.certificate_expires.clear();
        for (file, time) in &snapshot.certificates_expire {
            self.certificate_expires.get_or_create(&CertificateLabels { file }).set(*time);
        }
        self.enfuce_calls.inc_by(snapshot.enfuce_calls.saturating_sub(self.enfuce_calls.get()));
        self.dropped_lines.inc_by(snapshot.dropped_lines.saturating_sub(self.dropped_lines.get()));
        let mut text = String::new();
        // Writing to memory cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
