//! A relay as its routes see it: what can be replaced while it runs, and what stays.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::audit::Hasher;
use crate::config::Config;
use crate::enfuce::{ClientError, Upstream};
use crate::limit::RateLimit;
use crate::log::Log;
use crate::metrics::{Metrics, Now};

/// A relay, cheap to clone.
#[derive(Clone)]
pub struct Relay(Arc<Parts>);

struct Parts {
    live: RwLock<Arc<Live>>,
    rate_limit: RateLimit,
    log: Log,
    metrics: Arc<Metrics>,
    stopping: AtomicBool,
}

/// What a reload replaces. A request keeps what it began with.
pub(crate) struct Live {
    pub(crate) config: Config,
    pub(crate) upstream: Upstream,
    /// Where an audit record is kept.
    pub(crate) hasher: Option<Hasher>,
}

impl Live {
    fn new(config: Config) -> Result<Arc<Self>, ClientError> {
        let upstream = Upstream::new(config.enfuce.clone())?;
        let hasher = config.audit_key.clone().map(Hasher::new);
        Ok(Arc::new(Self { config, upstream, hasher }))
    }
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
    /// [`ClientError`] where the certificates cannot be used.
    pub fn new(config: Config, log: Log) -> Result<Self, ClientError> {
        let rate_limit = RateLimit::new(&config.limits);
        let live = RwLock::new(Live::new(config)?);
        let (metrics, stopping) = (Arc::default(), AtomicBool::new(false));
        Ok(Self(Arc::new(Parts { live, rate_limit, log, metrics, stopping })))
    }

    /// Goes on with another configuration: other secrets and certificates, most likely. What listens, and the limits for
    /// connections and customers, stay as they were.
    ///
    /// # Errors
    /// [`ClientError`] where the certificates cannot be used; all stays as it was then.
    pub fn reload(&self, config: Config) -> Result<(), ClientError> {
        let live = Live::new(config)?;
        *self.0.live.write().unwrap_or_else(PoisonError::into_inner) = live;
        Ok(())
    }

    /// From now on `GET /readyz` says that no more requests should come.
    pub fn stopping(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.0.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn rate_limit(&self) -> &RateLimit {
        &self.0.rate_limit
    }

    /// The figures, as Prometheus reads them.
    pub(crate) fn figures(&self) -> String {
        let mut now = Now { dropped_lines: self.0.log.dropped_lines(), ..Now::default() };
        self.live().upstream.look(&mut now);
        self.0.metrics.text(&now)
    }

    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    pub(crate) fn log(&self) -> &Log {
        &self.0.log
    }
}
