//! The relay's state: what can be replaced while it runs, and what stays.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use reqwest::Client;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::admission::{Admission, Session};
use crate::audit::Hasher;
use crate::authorize::Authorizer;
use crate::config::{self, Authorize, Config, ControlIds, pem};
use crate::control_id::Sealer;
use crate::enfuce::Upstream;
use crate::identity::Identities;
use crate::limit::RateLimit;
use crate::log::Log;
use crate::metrics::{Metrics, Snapshot};
use crate::otlp::{Collector, Exporting};
use crate::outbound::{self, ClientError};
use crate::trace::{Span, Spans};

/// Why a relay cannot use a new configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReloadError {
    /// Something was changed that cannot change in a running process.
    NeedsRestart,
    /// Its certificates cannot be used.
    Client(ClientError),
}

impl ReloadError {
    /// The event for the log.
    #[must_use]
    pub fn event(self) -> &'static str {
        match self {
            Self::NeedsRestart => "not_reloaded_needs_restart",
            Self::Client(_) => "not_reloaded_configuration_has_faults",
        }
    }
}

/// The time between two attempts to become ready.
const PAUSE: Duration = Duration::from_secs(1);

/// A relay, cheap to clone.
#[derive(Clone)]
pub struct Relay(Arc<Parts>);

struct Parts {
    live: RwLock<Arc<Live>>,
    rate_limit: RateLimit,
    admission: Arc<Admission>,
    log: Log,
    metrics: Arc<Metrics>,
    spans: Spans,
    /// Kept here until the export starts.
    ended_spans: Mutex<Option<mpsc::Receiver<Span>>>,
    ready: AtomicBool,
    stopping: AtomicBool,
}

/// What a reload replaces. A request continues with the state with which it began.
pub(crate) struct Live {
    pub(crate) config: Config,
    pub(crate) upstream: Upstream,
    pub(crate) identities: Identities,
    /// `None` if control ids are not issued here.
    pub(crate) issuing: Option<Issuing>,
    /// `None` if there is no audit record.
    pub(crate) hasher: Option<Hasher>,
    /// `None` if traces are not exported.
    pub(crate) collector: Option<Arc<Collector>>,
    /// The field that names the certificates → when they expire, in Unix time.
    certificates_expire: Vec<(&'static str, i64)>,
}

/// What issuing control ids needs.
pub(crate) struct Issuing {
    pub(crate) sealer: Sealer,
    pub(crate) authorizer: Authorizer,
}

impl Live {
    /// The identity provider's keys can be taken over from `before`.
    fn new(
        config: Config,
        admission: &Arc<Admission>,
        before: Option<&Self>,
    ) -> Result<Arc<Self>, ClientError> {
        let upstream = Upstream::new(config.enfuce.clone(), Arc::clone(admission))?;
        let client = issuer_client(&config)?;
        let before = before.map(|before| &before.identities);
        let identities = Identities::new(&config.customer, client.clone(), before);
        let issuing = config.control_ids.as_ref().map(|control_ids| Issuing {
            sealer: Sealer::new(&control_ids.seal_keys.0),
            authorizer: Authorizer::new(control_ids.authorize.clone(), client, config.enfuce.calls),
        });
        let hasher = config.audit_key.clone().map(Hasher::new);
        let collector = collector(&config)?;
        let certificates_expire = certificates_expire(&config);
        Ok(Arc::new(Self { config, upstream, identities, issuing, hasher, collector, certificates_expire }))
    }
}

/// The expiry of the first certificate in each file.
fn certificates_expire(config: &Config) -> Vec<(&'static str, i64)> {
    // EXPOSE: its certificates are read for their expiry, and the key is passed over.
    let identity = config.enfuce.client_identity.as_ref().map(|identity| identity.expose().as_bytes());
    let store = config.quota.store.as_ref().and_then(|store| store.ca.as_deref());
    let files = [
        ("enfuce.ca_file", config.enfuce.ca.as_deref()),
        ("enfuce.client_certificate_file", identity),
        ("issuer_ca_file", config.issuer_ca.as_deref()),
        ("quota.store.ca_file", store),
    ];
    let files = files.into_iter().map(|(field, pem)| (field, pem.and_then(pem::expires)));
    let gateway = config.gateway_tls.as_ref();
    let gateways = [
        ("gateway_tls.certificate_file", gateway.and_then(|tls| tls.certificate_expires)),
        ("gateway_tls.ca_file", gateway.and_then(|tls| tls.ca_expires)),
    ];
    files.chain(gateways).filter_map(|(field, time)| Some((field, time?))).collect()
}

/// Makes the client for the issuer's own systems.
fn issuer_client(config: &Config) -> Result<Client, ClientError> {
    let mut urls = Vec::new();
    if let config::Customer::Jwt(jwt) = &config.customer {
        urls.push(&jwt.jwks_url);
    }
    if let Some(ControlIds { authorize: Authorize::CallOut { url, .. }, .. }) = &config.control_ids {
        urls.push(url);
    }
    outbound::client(&outbound::Settings {
        urls: &urls,
        ca: config.issuer_ca.as_deref(),
        identity: None,
        connect_timeout: config.enfuce.connect_timeout,
        idle_connections: usize::MAX,
    })
}

/// It has its own connections, so that it does not occupy those of the others.
fn collector(config: &Config) -> Result<Option<Arc<Collector>>, ClientError> {
    let Some(traces) = &config.traces else { return Ok(None) };
    let client = outbound::client(&outbound::Settings {
        urls: &[&traces.url],
        ca: config.issuer_ca.as_deref(),
        identity: None,
        connect_timeout: config.enfuce.connect_timeout,
        idle_connections: 1,
    })?;
    Ok(Some(Arc::new(Collector::new(traces.clone(), client))))
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("config", &self.live().config).finish_non_exhaustive()
    }
}

impl Relay {
    /// Sets a relay up; it makes no connection yet.
    ///
    /// # Errors
    /// [`ClientError`] if the certificates cannot be used.
    pub fn new(config: Config, log: Log) -> Result<Self, ClientError> {
        let rate_limit = RateLimit::new(&config.limits);
        let first_calls = config.enfuce.platform.calls_for_control_id();
        let session = Session { first_calls, longest: config.longest_wait() };
        let admission = Arc::new(Admission::new(&config.quota, session, log.clone()));
        let live = RwLock::new(Live::new(config, &admission, None)?);
        let metrics = Arc::<Metrics>::default();
        let (spans, ended_spans) = Spans::new(Arc::clone(&metrics));
        let ended_spans = Mutex::new(Some(ended_spans));
        let (ready, stopping) = (AtomicBool::new(false), AtomicBool::new(false));
        let parts = Parts { live, rate_limit, admission, log, metrics, spans, ended_spans, ready, stopping };
        Ok(Self(Arc::new(parts)))
    }

    /// Replaces the configuration, for example after a change of secrets or certificates.
    ///
    /// # Errors
    /// [`ReloadError`]; nothing changes then.
    pub fn reload(&self, config: Config) -> Result<(), ReloadError> {
        let before = self.live();
        if !before.config.can_become(&config) {
            return Err(ReloadError::NeedsRestart);
        }
        let live = Live::new(config, &self.0.admission, Some(&before)).map_err(ReloadError::Client)?;
        self.0.admission.renew(&live.config.quota);
        *self.0.live.write().unwrap_or_else(PoisonError::into_inner) = live;
        Ok(())
    }

    /// Checks that an address of the issuer's own systems answers; otherwise returns the cause.
    pub(crate) async fn reach_issuer(&self, url: &Url) -> Result<(), &'static str> {
        let config = &self.live().config;
        let client = issuer_client(config).map_err(|_| "tls")?;
        let deadline = Instant::now() + config.enfuce.timeout;
        outbound::reach(&client, url, deadline).await.map_err(|failure| failure.cause)
    }

    /// The queue for spans, if traces are exported.
    pub(crate) fn spans(&self) -> Option<Spans> {
        self.live().collector.is_some().then(|| self.0.spans.clone())
    }

    /// Starts to export spans, once.
    pub(crate) fn export(&self) -> Option<Exporting> {
        let queue = self.0.ended_spans.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let relay = self.clone();
        Some(Exporting::start(queue, Arc::clone(self.metrics()), move || relay.live().collector.clone()))
    }

    /// Tries until the identity provider's keys are found: a new copy that cannot sign anybody in must not replace one that can.
    pub(crate) async fn get_ready(&self) {
        while !self.is_stopping() && !self.live().identities.finds_keys().await {
            sleep(PAUSE).await;
        }
        self.0.ready.store(true, Ordering::Relaxed);
    }

    /// Whether requests may come. Once a copy is ready, it stays so until it stops.
    pub(crate) fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Relaxed)
    }

    /// From now on, `GET /readyz` says that no more requests should come.
    pub fn stopping(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.0.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn admission(&self) -> &Admission {
        &self.0.admission
    }

    pub(crate) fn rate_limit(&self) -> &RateLimit {
        &self.0.rate_limit
    }

    /// The metrics in the format of Prometheus.
    pub(crate) fn figures(&self) -> String {
        let mut snapshot = Snapshot { dropped_lines: self.0.log.dropped_lines(), ..Snapshot::default() };
        let live = self.live();
        live.upstream.sample(&mut snapshot);
        snapshot.certificates_expire.clone_from(&live.certificates_expire);
        snapshot.quota_per_minute = live.config.quota.calls_per_minute();
        self.0.metrics.text(&snapshot)
    }

    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    pub(crate) fn log(&self) -> &Log {
        &self.0.log
    }
}
