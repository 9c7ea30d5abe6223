//! Decides who may call Enfuce, and when: calls stay within Enfuce's quota, and a session that has begun can finish.
//!
//! A session takes four calls, or three on nextgen: first those for the control id, then `tzpk` and `set`. Calls wait for their
//! turn: `set` comes before `tzpk`, and `tzpk` before new sessions. A session begins only if all of its calls fit into the quota,
//! whenever the later ones come. A customer whose session cannot begin yet keeps a place in a waiting room, and is told when to
//! come again.

mod pace;
mod room;
mod store;
mod valkey;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::config::Quota;
use crate::log::{Log, Report};
use crate::operation::Purpose;
pub(crate) use pace::Class;
use pace::Pace;
use room::Room;
pub(crate) use room::Wait;
use store::{Limit, Rule, Server, Store};
use valkey::Valkey;

/// How long the first call of a session may wait. The session then still ends before the device gives up.
const PATIENCE: Duration = Duration::from_secs(3);
/// A customer is told to come again after this time at the latest, because the queue may be shorter by then.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);
/// With a store, a copy may begin more sessions than its share allows. If the store is lost, the copy begins no session for up to
/// this time, so that those can end.
const AHEAD: Duration = Duration::from_secs(6);

/// What a session needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session {
    /// The number of calls until it has its control id. One request makes all of them.
    pub(crate) first_calls: u32,
    /// How long a request may wait for all of its turns.
    pub(crate) longest: Duration,
}

pub(crate) struct Admission {
    pace: Pace,
    /// The store in which copies of the relay take turns.
    store: Option<Arc<Store>>,
    valkey: Option<Arc<Valkey>>,
    session: Session,
    waiting: Mutex<Waiting>,
    /// How many turns were given so far.
    turns: AtomicU64,
}

struct Waiting {
    room: Room,
    /// When this copy's share allows the next session.
    next: Instant,
}

impl Admission {
    pub(crate) fn new(quota: &Quota, session: Session, log: Log) -> Self {
        let valkey = quota.store.clone().map(|settings| Arc::new(Valkey::new(settings)));
        let server = valkey.clone().map(|valkey| valkey as Arc<dyn Server>);
        Self { valkey, ..Self::with(server, quota, session, log) }
    }

    fn with(server: Option<Arc<dyn Server>>, quota: &Quota, session: Session, log: Log) -> Self {
        let store = server.map(|server| Store::new(server, quota, log));
        let pace = Pace::new(quota.interval(), quota.own_interval(), store.clone());
        let waiting = Mutex::new(Waiting { room: Room::default(), next: Instant::now() });
        Self { pace, store, valkey: None, session, waiting, turns: AtomicU64::new(0) }
    }

    /// Connects to the store, if there is one.
    pub(crate) fn open(&self) {
        if let Some(store) = &self.store {
            store.open();
        }
    }

    /// Asks the store on trial. Returns `None` if there is no store, and the cause if it cannot be asked.
    pub(crate) async fn try_store(&self) -> Option<Result<(), &'static str>> {
        let tried = self.store.as_ref()?.try_out().await;
        Some(tried.map_err(|lost| lost.0))
    }

    /// Uses other secrets for the store, from the next connection on.
    pub(crate) fn renew(&self, quota: &Quota) {
        if let (Some(valkey), Some(settings)) = (&self.valkey, &quota.store) {
            valkey.renew(settings.clone());
        }
    }

    /// Begins a session of a customer if it `may_begin`, or keeps a place for them.
    pub(crate) async fn begin(
        &self,
        customer: u64,
        purpose: Purpose,
        may_begin: bool,
    ) -> Result<Begun<'_>, Wait> {
        let now = Instant::now();
        let calls = self.session.first_calls + purpose.calls();
        let patience = self.patience();
        // One after the other, because each customer also waits for those who came before.
        let per_session = self.pace.interval() * calls;
        let (number, before) = self.waiting().room.number(customer, now);
        let others = per_session * before;
        let longest = patience.checked_sub(others).filter(|_| may_begin);
        let wait = self.wait(calls, now, longest).await;
        let mut waiting = self.waiting();
        if longest.is_none_or(|longest| wait > longest) {
            // Customers are told to come before their turn. Others before them may leave, and the turn would then be lost.
            let wait = ((wait + others).saturating_sub(patience) / 2).min(MAX_RETRY_AFTER);
            let seconds = waiting.room.keep(customer, number, now, wait);
            return Err(Wait { seconds, place: u64::from(before) + 1 });
        }
        waiting.room.admit(customer);
        waiting.next = (waiting.next.max(now) + self.pace.own_interval() * calls).min(now + AHEAD);
        let report = Report::default();
        let place = u64::from(before) + 1;
        Ok(Begun { admission: self, customer, number, place, calls, report, is_issued: false })
    }

    /// How long the first call of a session may wait. Its other calls need their turns in time, too.
    fn patience(&self) -> Duration {
        let others = self.pace.interval() * self.session.first_calls.saturating_sub(1);
        PATIENCE.min(self.session.longest.saturating_sub(others))
    }

    /// How long the first customer in the waiting room has to wait for the calls of a session. If that is not longer than
    /// `longest`, the calls are taken from the store.
    async fn wait(&self, calls: u32, now: Instant, longest: Option<Duration>) -> Duration {
        let backlog = self.pace.backlog(now);
        let share = self.waiting().next.saturating_duration_since(now).max(backlog);
        let least = match self.pace.rule() {
            Rule::Share => return share,
            Rule::Both => share,
            // The store counts the sessions. But the calls that wait here have to end without the store, too.
            Rule::Store => backlog.saturating_sub(PATIENCE),
        };
        let Some(store) = &self.store else { return share };
        let longest = longest.filter(|longest| least <= *longest);
        let (told, answer) = oneshot::channel();
        let store = Arc::clone(store);
        // In a task of its own. If the device has left meanwhile, the task gives back the calls that the device cannot use.
        tokio::spawn(async move {
            let wait = store.ask(Limit::Sessions, calls.cast_signed(), longest).await;
            let is_taken = wait.zip(longest).is_some_and(|(wait, longest)| wait <= longest);
            if told.send(wait).is_err() && is_taken {
                give_back(&store, calls).await;
            }
        });
        answer.await.ok().flatten().map_or(share, |wait| wait.max(least))
    }

    /// Gives back the calls of a session that will not be made.
    fn give_back(&self, calls: u32) {
        {
            let mut waiting = self.waiting();
            let earlier = waiting.next.checked_sub(self.pace.own_interval() * calls);
            waiting.next = earlier.unwrap_or(waiting.next);
        }
        // No caller waits for this, because the caller may be gone.
        if let (Some(store), Ok(runtime)) = (self.store.clone(), Handle::try_current()) {
            runtime.spawn(async move { give_back(&store, calls).await });
        }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// The seconds after which another try may succeed, if there is no turn before the deadline.
    pub(crate) async fn turn(&self, class: Class, deadline: Instant) -> Result<(), u64> {
        self.pace.turn(class, deadline).await?;
        self.turns.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// How many turns this copy has taken.
    pub(crate) fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// How many calls wait for their turn, and how many customers wait to begin.
    pub(crate) fn queues(&self) -> (usize, usize) {
        (self.pace.waiting(), self.waiting().room.len())
    }

    /// Whether there is a store that cannot be asked.
    pub(crate) fn has_lost_store(&self) -> bool {
        self.store.as_ref().is_some_and(|store| store.rule() == Rule::Share)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives calls of a session back to the other copies. If the store is lost, they are lost with it.
async fn give_back(store: &Arc<Store>, calls: u32) {
    store.ask(Limit::Sessions, -calls.cast_signed(), Some(Duration::MAX)).await;
}

/// A session that has begun. Dropping it ends it, for example when its device is gone: the calls that it has not used are given
/// back, and its customer gets their place again.
pub(crate) struct Begun<'a> {
    admission: &'a Admission,
    customer: u64,
    number: u64,
    /// Its place in the queue.
    pub(crate) place: u64,
    calls: u32,
    /// How many of its calls for the control id are left.
    pub(crate) report: Report,
    is_issued: bool,
}

impl Begun<'_> {
    /// The session has its control id, and its other calls are still to come.
    pub(crate) fn issued(mut self) {
        self.is_issued = true;
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if self.is_issued {
            return;
        }
        self.admission.give_back(self.calls.saturating_sub(self.report.turns));
        self.admission.waiting().room.restore(self.customer, self.number, Instant::now());
    }
}

#[cfg(test)]
mod tests;
