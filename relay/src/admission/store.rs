//! The store in which copies of the relay take turns, so that their number can change: a copy asks, and the store says how long
//! to wait. While the store cannot be asked, each copy keeps to its share.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::config::Quota;
use crate::log::Log;

/// How long an answer may take. Customers wait for it.
const TIMEOUT: Duration = Duration::from_secs(1);
/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The time between two attempts to connect.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a copy also keeps to its share after it has connected. By the end of this time all other copies have noticed that the
/// store is back, and take their turns from it.
const SETTLE: Duration = Duration::from_secs(4);

/// How far ahead of their calls sessions may begin, and a little more.
const SESSIONS_AHEAD: Duration = Duration::from_secs(5);

/// The limits that the copies share.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    Calls,
    Sessions,
}

impl Limit {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Sessions => "sessions",
        }
    }
}

/// Asks whether some calls may be made, and when.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) limit: Limit,
    /// The time between two calls.
    pub(super) interval: Duration,
    /// A negative number gives calls back.
    pub(super) calls: i32,
    /// The calls are taken if the wait is not longer than this. Without it they are not taken.
    pub(super) longest: Option<Duration>,
    /// The longest wait that turns can add up to. A longer one means that the server's clock was set back, or that it runs a
    /// different script.
    pub(super) longest_wait: Duration,
}

/// Why the store cannot be asked, in one word of a closed list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lost(pub(crate) &'static str);

pub(super) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Lost>> + Send + 'a>>;

/// The store's server.
pub(super) trait Server: Send + Sync {
    fn connect(&self) -> Answer<'_, ()>;
    /// How long the first of the calls has to wait.
    fn ask<'a>(&'a self, question: &'a Question) -> Answer<'a, Duration>;
}

/// What decides when this copy may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Its share alone.
    Share,
    /// Its share, and the store.
    Both,
    /// The store alone.
    Store,
}

pub(super) struct Store {
    server: Arc<dyn Server>,
    /// The time between two calls of all copies.
    interval: Duration,
    /// How long a call may take.
    longest_wait: Duration,
    log: Log,
    link: Mutex<Link>,
}

#[derive(Clone, Copy)]
enum Link {
    /// The store was never asked.
    Unused,
    /// A task tries to connect.
    Gone,
    /// The store can be asked since this time.
    Open(Instant),
}

impl Store {
    pub(super) fn new(server: Arc<dyn Server>, quota: &Quota, log: Log) -> Arc<Self> {
        let (interval, longest_wait) = (quota.interval(), quota.longest_wait());
        Arc::new(Self { server, interval, longest_wait, log, link: Mutex::new(Link::Unused) })
    }

    pub(super) fn rule(&self) -> Rule {
        match *self.link() {
            Link::Open(since) if since.elapsed() >= SETTLE => Rule::Store,
            Link::Open(_) => Rule::Both,
            Link::Unused | Link::Gone => Rule::Share,
        }
    }

    /// Connects in the background, unless that has been started already.
    pub(super) fn open(self: &Arc<Self>) {
        let mut link = self.link();
        if matches!(*link, Link::Unused) {
            *link = Link::Gone;
            tokio::spawn(connect(Arc::downgrade(self), false));
        }
    }

    /// Asks for calls, or gives some back if the number is negative; `None` if the store cannot be asked.
    pub(super) async fn ask(
        self: &Arc<Self>,
        limit: Limit,
        calls: i32,
        longest: Option<Duration>,
    ) -> Option<Duration> {
        if !matches!(*self.link(), Link::Open(_)) {
            return None;
        }
        match self.question(limit, calls, longest).await {
            Ok(wait) => Some(wait),
            Err(Lost(cause)) => {
                let mut link = self.link();
                if matches!(*link, Link::Open(_)) {
                    *link = Link::Gone;
                    self.log.event_with_cause("quota_store_lost", cause);
                    tokio::spawn(connect(Arc::downgrade(self), true));
                }
                None
            }
        }
    }

    async fn question(&self, limit: Limit, calls: i32, longest: Option<Duration>) -> Result<Duration, Lost> {
        let longest_wait = match limit {
            Limit::Calls => self.longest_wait,
            Limit::Sessions => self.longest_wait + SESSIONS_AHEAD,
        };
        let question = Question { limit, interval: self.interval, calls, longest, longest_wait };
        let wait = timeout(TIMEOUT, self.server.ask(&question)).await.unwrap_or(Err(Lost("timeout")))?;
        if wait > longest_wait { Err(Lost("impossible_wait")) } else { Ok(wait) }
    }

    /// Connects, and tries the script without taking a turn: a server may answer and still refuse to write.
    pub(super) async fn try_out(&self) -> Result<(), Lost> {
        timeout(CONNECT_TIMEOUT, self.server.connect()).await.unwrap_or(Err(Lost("timeout_connect")))?;
        self.question(Limit::Calls, 0, Some(Duration::MAX)).await.map(drop)
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tries until the store can be asked. It ends when the store is dropped.
async fn connect(store: Weak<Store>, mut is_told: bool) {
    if is_told {
        sleep(PAUSE).await;
    }
    while let Some(store) = store.upgrade() {
        match store.try_out().await {
            Ok(()) => {
                *store.link() = Link::Open(Instant::now());
                store.log.event("quota_store_in_use");
                return;
            }
            Err(Lost(cause)) if !is_told => {
                store.log.event_with_cause("quota_store_lost", cause);
                is_told = true;
            }
            Err(_) => {}
        }
        drop(store);
        sleep(PAUSE).await;
    }
}
