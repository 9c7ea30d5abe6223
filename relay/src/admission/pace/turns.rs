//! Turns that the store has given and no call has used yet.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How long a turn can be used after its time. Later, another copy may have used that part of the quota.
const LATE: Duration = Duration::from_millis(200);
/// The longest time for which turns are asked for in advance. The turns of customers who leave are lost.
const LONGEST_AHEAD: Duration = Duration::from_secs(1);

pub(super) struct Turns {
    /// The time between two calls of all copies.
    step: Duration,
    /// The turns, the next one first.
    times: VecDeque<Instant>,
    /// The time of the last turn that was given.
    last: Option<Instant>,
    /// The time between the latest turns. It is longer than `step` while other copies take turns as well.
    interval: Duration,
    /// How long the store takes to answer.
    round_trip: Duration,
}

impl Turns {
    pub(super) fn new(step: Duration) -> Self {
        let times = VecDeque::new();
        Self { step, times, last: None, interval: step, round_trip: Duration::ZERO }
    }

    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// The next turn. Removes those that were missed.
    pub(super) fn first(&mut self, now: Instant) -> Option<Instant> {
        while self.times.front().is_some_and(|turn| *turn + LATE < now) {
            self.times.pop_front();
        }
        self.times.front().copied()
    }

    /// Takes the next turn.
    pub(super) fn take(&mut self) {
        self.times.pop_front();
    }

    /// Drops all turns, because they are not valid any more.
    pub(super) fn clear(&mut self) {
        self.times.clear();
    }

    /// When a call gets its turn if this many calls are before it.
    pub(super) fn expected(&self, ahead: u32, now: Instant) -> Instant {
        let given = self.times.get(ahead as usize).copied();
        given.unwrap_or_else(|| {
            let last = self.times.back().copied().unwrap_or(now).max(now);
            last + self.interval * (ahead - (self.len() - 1).min(ahead))
        })
    }

    /// How many turns to ask for if this many calls wait: no more than are used while the store answers twice. Where the store
    /// answers at once, one turn at a time is enough, and fair to other copies.
    pub(super) fn missing(&mut self, waiting: u32, now: Instant) -> u32 {
        self.first(now);
        let ahead = (2 * self.round_trip).min(LONGEST_AHEAD);
        let most = (ahead.as_secs_f64() / self.step.as_secs_f64()) as u32 + 1;
        waiting.min(most).saturating_sub(u32::try_from(self.times.len()).unwrap_or(u32::MAX))
    }

    /// Notes how many turns the store was asked for, and how long it says the first one has to wait.
    pub(super) fn add(&mut self, count: u32, wait: Duration, asked: Instant, now: Instant) {
        self.round_trip = (3 * self.round_trip + (now - asked)) / 4;
        // The answers may take different times, and turns must not come closer together for that.
        let before = self.last.filter(|last| *last >= asked);
        let first = (now + wait).max(before.map_or(now, |last| last + self.step));
        self.times.extend((0..count).map(|number| first + self.step * number));
        let last = first + self.step * (count - 1);
        // A single answer that is far off, for example because the store's clock was set back, must not send customers away for
        // minutes.
        let interval = ((last - before.unwrap_or(asked)) / count).clamp(self.step, 4 * self.interval);
        self.interval = (7 * self.interval + interval) / 8;
        self.last = Some(last);
    }

    fn len(&self) -> u32 {
        u32::try_from(self.times.len()).unwrap_or(u32::MAX).max(1)
    }
}
