//! Calls one after the other, at the pace of the quota, the more urgent first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

/// What a call is for, the most urgent first: whoever has begun has to be able to finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Set,
    /// A key: for `tzpk` and `view`.
    Key,
    /// A control id, or a status.
    New,
}

/// The generic cell rate algorithm, with a tolerance of one call: what a timer was late is caught up.
pub(super) struct Pace {
    interval: Duration,
    state: Mutex<State>,
}

struct State {
    next: Instant,
    number: u64,
    /// Who waits, the next one first.
    queue: BTreeMap<Key, Arc<Notify>>,
}

/// Its class, and its number among all.
type Key = (Class, u64);

/// A place in the queue; it goes when its request goes.
struct Place<'a> {
    pace: &'a Pace,
    key: Key,
    notify: Arc<Notify>,
}

impl Pace {
    pub(super) fn new(interval: Duration) -> Self {
        let state = State { next: Instant::now(), number: 0, queue: BTreeMap::new() };
        Self { interval, state: Mutex::new(state) }
    }

    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    pub(super) fn waiting(&self) -> usize {
        self.state().queue.len()
    }

    pub(super) async fn turn(&self, class: Class, deadline: Instant) -> Result<(), u64> {
        let (place, expected) = self.enter(class);
        if expected >= deadline {
            return Err(seconds(expected - Instant::now()));
        }
        timeout_at(deadline, place.turn()).await.map_err(|_| 1)
    }

    /// Takes a place, and says when its turn will be if nobody more urgent comes.
    fn enter(&self, class: Class) -> (Place<'_>, Instant) {
        let mut state = self.state();
        state.number += 1;
        let (key, notify) = ((class, state.number), Arc::new(Notify::new()));
        let ahead = state.queue.range(..key).count();
        let expected =
            state.next.max(Instant::now()) + self.interval * u32::try_from(ahead).unwrap_or(u32::MAX);
        state.queue.insert(key, Arc::clone(&notify));
        (Place { pace: self, key, notify }, expected)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    async fn turn(&self) {
        loop {
            let next = {
                let mut state = self.pace.state();
                let is_first = state.queue.first_key_value().is_some_and(|(key, _)| *key == self.key);
                let now = Instant::now();
                if is_first && now >= state.next {
                    let interval = self.pace.interval;
                    state.next = state.next.max(now.checked_sub(interval).unwrap_or(now)) + interval;
                    return;
                }
                is_first.then_some(state.next)
            };
            match next {
                Some(next) => sleep_until(next).await,
                None => self.notify.notified().await,
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        state.queue.remove(&self.key);
        if let Some((_, first)) = state.queue.first_key_value() {
            first.notify_one();
        }
    }
}

/// Whole seconds, at least one.
pub(super) fn seconds(wait: Duration) -> u64 {
    (wait.as_secs_f64().ceil() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_urgent_go_first_and_each_in_order() {
        let pace = Arc::new(Pace::new(Duration::from_millis(20)));
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
        // One that goes away gives its place to the next.
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
        let pace = Arc::new(Pace::new(Duration::from_secs(1)));
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
