//! Makes calls at the pace of the quota, the more urgent ones first.

mod turns;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::store::{Limit, Rule, Store};
use turns::Turns;

/// What a call is for, the most urgent first: a session that has begun has to be able to finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Set,
    /// A call for a key: `tzpk` or `view`.
    Key,
    /// A further call for a control id. The session has begun with an earlier call.
    Begun,
    /// The first call for a control id, or a status.
    New,
}

/// The generic cell rate algorithm with a tolerance of one call, so that a late timer costs no call. If there is a store, it
/// counts the calls. This copy then passes each turn that it gets to the first waiting call.
pub(super) struct Pace {
    /// The time between two calls of this copy's share.
    own_interval: Duration,
    store: Option<Arc<Store>>,
    /// Shared with the task that asks the store.
    state: Arc<Mutex<State>>,
}

struct State {
    /// When the share allows the next call.
    next: Instant,
    /// Turns that the store gave.
    turns: Turns,
    /// Whether a task asks the store for turns.
    is_asking: bool,
    number: u64,
    /// The waiting calls, the next one first.
    queue: BTreeMap<Key, Arc<Notify>>,
}

/// Its class, and its number among all.
type Key = (Class, u64);

/// A place in the queue. It is given up when its request is dropped.
struct Place<'a> {
    pace: &'a Pace,
    key: Key,
    notify: Arc<Notify>,
}

/// What a call does next.
enum Step {
    Go,
    /// It is the first, and waits for its turn.
    Wait(Instant),
    /// Other calls are before it, or the store has not answered yet.
    Follow,
}

impl Pace {
    /// `interval` is the time between two calls of all copies, `own_interval` that of this copy's share.
    pub(super) fn new(interval: Duration, own_interval: Duration, store: Option<Arc<Store>>) -> Self {
        let (next, turns) = (Instant::now(), Turns::new(interval));
        let state = State { next, turns, is_asking: false, number: 0, queue: BTreeMap::new() };
        Self { own_interval, store, state: Arc::new(Mutex::new(state)) }
    }

    /// The time between two calls of this copy, as far as is known.
    pub(super) fn interval(&self) -> Duration {
        if self.rule() == Rule::Store { self.state().turns.interval() } else { self.own_interval }
    }

    pub(super) fn own_interval(&self) -> Duration {
        self.own_interval
    }

    pub(super) fn waiting(&self) -> usize {
        self.state().queue.len()
    }

    /// How long a call that came now would wait for all calls that wait already, if this copy kept to its share.
    pub(super) fn backlog(&self, now: Instant) -> Duration {
        let rule = self.rule();
        let state = self.state();
        // The share does not count while the store gives the turns.
        let first =
            if rule == Rule::Store { Duration::ZERO } else { state.next.saturating_duration_since(now) };
        first + self.own_interval * u32::try_from(state.queue.len()).unwrap_or(u32::MAX)
    }

    /// Whether the share, the store or both decide at the moment.
    pub(super) fn rule(&self) -> Rule {
        self.store.as_ref().map_or(Rule::Share, |store| store.rule())
    }

    pub(super) async fn turn(&self, class: Class, deadline: Instant) -> Result<(), u64> {
        if let Some(store) = &self.store {
            store.open();
        }
        let (place, expected) = self.enter(class);
        if expected >= deadline {
            return Err(seconds(expected - Instant::now()));
        }
        timeout_at(deadline, place.turn(deadline)).await.unwrap_or(Err(1))
    }

    /// Takes a place in the queue, and returns when its turn comes if nothing more urgent arrives.
    fn enter(&self, class: Class) -> (Place<'_>, Instant) {
        let rule = self.rule();
        let mut state = self.state();
        state.number += 1;
        let (key, notify) = ((class, state.number), Arc::new(Notify::new()));
        let ahead = u32::try_from(state.queue.range(..key).count()).unwrap_or(u32::MAX);
        let now = Instant::now();
        let by_share = state.next.max(now) + self.own_interval * ahead;
        let by_store = state.turns.expected(ahead, now);
        let expected = match rule {
            Rule::Share => by_share,
            Rule::Both => by_share.max(by_store),
            Rule::Store => by_store,
        };
        state.queue.insert(key, Arc::clone(&notify));
        (Place { pace: self, key, notify }, expected)
    }

    /// Takes the turn, if it has come.
    fn step(&self, key: Key) -> Step {
        let rule = self.rule();
        let mut state = self.state();
        let now = Instant::now();
        if state.queue.first_key_value().is_none_or(|(first, _)| *first != key) {
            return Step::Follow;
        }
        if rule != Rule::Store && now < state.next {
            return Step::Wait(state.next);
        }
        if rule != Rule::Share {
            match state.turns.first(now) {
                None => return Step::Follow,
                Some(turn) if now < turn => return Step::Wait(turn),
                Some(_) => state.turns.take(),
            }
        }
        // Unused turns of the share are not kept while the store gives the turns.
        let from = if rule == Rule::Store { now } else { state.next.max(earlier(now, self.own_interval)) };
        state.next = from + self.own_interval;
        Step::Go
    }

    /// Asks the store for the missing turns. A task of its own does this: if a device leaves or stops waiting, neither the answer
    /// nor the news that there is none is lost.
    fn ask(&self) {
        let Some(store) = self.store.clone() else { return };
        let is_needed = self.rule() != Rule::Share && {
            let mut state = self.state();
            let is_needed = !state.is_asking && state.missing() > 0;
            state.is_asking |= is_needed;
            is_needed
        };
        if is_needed {
            tokio::spawn(ask(store, Arc::clone(&self.state)));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Asks the store until no turn is missing, or until the store is lost.
async fn ask(store: Arc<Store>, state: Arc<Mutex<State>>) {
    loop {
        let missing = {
            let mut state = lock(&state);
            let missing = state.missing();
            state.is_asking = missing > 0;
            missing
        };
        if missing == 0 {
            return;
        }
        let asked = Instant::now();
        let wait = store.ask(Limit::Calls, missing.cast_signed(), Some(Duration::MAX)).await;
        let mut state = lock(&state);
        if let Some(wait) = wait {
            state.turns.add(missing, wait, asked, Instant::now());
        } else {
            state.turns.clear();
            state.is_asking = false;
        }
        // The wait follows the turns, or this copy's share.
        state.wake_first();
        if wait.is_none() {
            return;
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// Turns that the store still has to be asked for.
    fn missing(&mut self) -> u32 {
        self.turns.missing(u32::try_from(self.queue.len()).unwrap_or(u32::MAX), Instant::now())
    }

    fn wake_first(&self) {
        if let Some((_, first)) = self.queue.first_key_value() {
            first.notify_one();
        }
    }
}

impl Place<'_> {
    async fn turn(&self, deadline: Instant) -> Result<(), u64> {
        loop {
            let step = self.pace.step(self.key);
            if let Step::Go = step {
                return Ok(());
            }
            self.pace.ask();
            match step {
                Step::Wait(until) if until >= deadline => return Err(seconds(until - Instant::now())),
                Step::Wait(until) => sleep_until(until).await,
                Step::Go | Step::Follow => self.notify.notified().await,
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        state.queue.remove(&self.key);
        state.wake_first();
    }
}

fn earlier(time: Instant, by: Duration) -> Instant {
    time.checked_sub(by).unwrap_or(time)
}

/// Whole seconds, at least one.
pub(super) fn seconds(wait: Duration) -> u64 {
    (wait.as_secs_f64().ceil() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_store(interval: Duration) -> Pace {
        Pace::new(interval, interval, None)
    }

    #[tokio::test(start_paused = true)]
    async fn the_urgent_go_first_and_each_in_order() {
        let pace = Arc::new(without_store(Duration::from_millis(20)));
        let (far, started) = (Instant::now() + Duration::from_secs(60), Instant::now());
        pace.turn(Class::New, far).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (number, class) in
            [Class::New, Class::Key, Class::New, Class::Set, Class::Key, Class::Set].into_iter().enumerate()
        {
            let (pace, order) = (Arc::clone(&pace), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                pace.turn(class, far).await.unwrap();
                order.lock().unwrap().push(number);
            }));
            tokio::task::yield_now().await;
        }
        // A call that leaves gives its place to the next one.
        tasks.remove(4).abort();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [3, 5, 1, 0, 2]);
        assert_eq!(started.elapsed().as_millis() / 20, 5);
        assert_eq!(pace.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_cannot_be_served_in_time_is_told_at_once() {
        let pace = Arc::new(without_store(Duration::from_secs(1)));
        let far = Instant::now() + Duration::from_secs(60);
        let waiting: Vec<_> = (0..5)
            .map(|_| {
                let pace = Arc::clone(&pace);
                tokio::spawn(async move { pace.turn(Class::Set, far).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let before = Instant::now();
        assert_eq!(pace.turn(Class::New, before + Duration::from_secs(3)).await, Err(5));
        assert_eq!(before.elapsed(), Duration::ZERO);
        for task in waiting {
            assert_eq!(task.await.unwrap(), Ok(()));
        }
    }
}
