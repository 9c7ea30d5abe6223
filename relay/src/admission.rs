//! Who may call Enfuce when: no more often than its quota allows, and so that whoever has begun can finish.
//!
//! A session is four calls, or three on nextgen: for the control id first, then `tzpk` and `set`. Calls wait for their turn,
//! `set` before `tzpk` before new sessions. The calls of a session are reserved when it begins, and it begins only where all of them
//! will find a place in time. Who cannot begin yet keeps a place in a waiting room and is told when to come again.

mod pace;
mod room;
mod store;
mod valkey;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Quota;
use crate::log::Log;
use crate::operation::Purpose;
pub(crate) use pace::Class;
use pace::Pace;
use room::Room;
pub(crate) use room::Wait;
use store::{Of, Rule, Server, Store};
use valkey::Valkey;

/// How long a session that begins may wait for its first call, so that it still ends before the device gives up.
const PATIENCE: Duration = Duration::from_secs(3);
/// A customer who asked for a control id and has not used it by then will not.
const RESERVED_FOR: Duration = Duration::from_secs(35);

pub(crate) struct Admission {
    pace: Pace,
    /// Where copies take turns.
    store: Option<Arc<Store>>,
    valkey: Option<Arc<Valkey>>,
    /// Of a session, until it has its control id.
    first_calls: u32,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    room: Room,
    /// When each reserved call is given up, the earliest first.
    reserved: std::collections::VecDeque<Instant>,
}

impl Admission {
    /// For a quota; a session has `first_calls` until it has its control id.
    pub(crate) fn new(quota: &Quota, first_calls: u32, log: Log) -> Self {
        let valkey = quota.store.clone().map(|settings| Arc::new(Valkey::new(settings)));
        let server = valkey.clone().map(|valkey| valkey as Arc<dyn Server>);
        Self { valkey, ..Self::with(server, quota, first_calls, log) }
    }

    fn with(server: Option<Arc<dyn Server>>, quota: &Quota, first_calls: u32, log: Log) -> Self {
        let store = server.map(|server| Store::new(server, quota.interval(), log));
        let pace = Pace::new(quota.interval(), quota.own_interval(), store.clone());
        Self { pace, store, valkey: None, first_calls, waiting: Mutex::default() }
    }

    /// Connects to the store, if there is one.
    pub(crate) fn open(&self) {
        if let Some(store) = &self.store {
            store.open();
        }
    }

    /// Whether the store can be asked, and if not, why.
    pub(crate) async fn try_store(&self) -> Option<Result<(), &'static str>> {
        let tried = self.store.as_ref()?.try_out().await;
        Some(tried.map_err(|lost| lost.0))
    }

    /// Goes on with other secrets for the store, from the next connection on.
    pub(crate) fn renew(&self, quota: &Quota) {
        if let (Some(valkey), Some(settings)) = (&self.valkey, &quota.store) {
            valkey.renew(settings.clone());
        }
    }

    /// Begins a session of a customer, or keeps a place for them.
    pub(crate) async fn begin(&self, customer: u64, purpose: Purpose) -> Result<(), Wait> {
        let now = Instant::now();
        let calls = self.first_calls + purpose.calls();
        // One after the other: whoever is farther back waits for those before as well.
        let per_session = self.pace.interval() * calls;
        let before = self.waiting(now).room.before(customer, now);
        let others = per_session * u32::try_from(before).unwrap_or(u32::MAX);
        let wait = self.wait(calls, now, PATIENCE.checked_sub(others)).await + others;
        let mut waiting = self.waiting(now);
        if wait > PATIENCE {
            return Err(waiting.room.keep(customer, before, now, wait - PATIENCE / 2));
        }
        waiting.room.let_in(customer);
        for _ in 0..purpose.calls() {
            waiting.reserved.push_back(now + RESERVED_FOR);
        }
        Ok(())
    }

    /// How long whoever is the first in the room has to wait for the calls of a session. They are taken from the store if that is
    /// not longer than `longest`.
    async fn wait(&self, calls: u32, now: Instant, longest: Option<Duration>) -> Duration {
        let waiting = self.pace.waiting();
        let own = |calls| self.pace.own_interval() * u32::try_from(calls).unwrap_or(u32::MAX);
        let share = own(waiting + self.waiting(now).reserved.len());
        let least = match self.pace.rule() {
            Rule::Share => return share,
            Rule::Both => share,
            // The store counts the sessions. But what waits here has to come to its end without it, too.
            Rule::Store => own(waiting).saturating_sub(PATIENCE),
        };
        let Some(store) = &self.store else { return share };
        let longest = longest.filter(|longest| least <= *longest);
        store.ask(Of::Sessions, calls, longest).await.map_or(share, |wait| wait.max(least))
    }

    /// One of the reserved calls comes.
    pub(crate) fn came(&self, class: Class) {
        if matches!(class, Class::Set | Class::Key) {
            self.used();
        }
    }

    /// A session has ended before its time.
    pub(crate) fn give_up(&self, purpose: Purpose) {
        (0..purpose.calls()).for_each(|_| self.used());
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// The seconds after which it may be worth another try, where there is none before the deadline.
    pub(crate) async fn turn(&self, class: Class, deadline: Instant) -> Result<(), u64> {
        self.pace.turn(class, deadline).await
    }

    /// Calls that wait for their turn, and customers who wait to begin.
    pub(crate) fn queues(&self) -> (usize, usize) {
        (self.pace.waiting(), self.waiting(Instant::now()).room.len())
    }

    /// Whether there is a store, and it cannot be asked.
    pub(crate) fn has_lost_store(&self) -> bool {
        self.store.as_ref().is_some_and(|store| store.rule() == Rule::Share)
    }

    /// One reserved call comes now, or never will.
    fn used(&self) {
        self.waiting(Instant::now()).reserved.pop_front();
    }

    fn waiting(&self, now: Instant) -> MutexGuard<'_, Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.reserved.front().is_some_and(|given_up| *given_up <= now) {
            waiting.reserved.pop_front();
        }
        waiting
    }
}

#[cfg(test)]
mod tests;
