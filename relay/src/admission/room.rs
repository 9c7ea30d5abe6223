//! The waiting room: who was told to come again keeps their place until then, and a while longer.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::pace::seconds;

/// How much later than told somebody may come. It costs the others nothing, because whoever is late is not waited for. A customer's
/// rate limit, which is one request a minute at the slowest, takes their next request by then.
const GRACE: Duration = Duration::from_secs(120);
/// Customers whose place is kept; others are told to come again, and begin at the end then.
const MAX_PLACES: usize = 100_000;

/// Not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    /// When to come again.
    pub(crate) seconds: u64,
    /// How many are before them, and one.
    pub(crate) place: u64,
}

#[derive(Default)]
pub(super) struct Room {
    last_number: u64,
    /// A customer's hash → their place.
    places: HashMap<u64, Place>,
    /// The numbers of those who are still to come, in order. The others are late, and may never come.
    expected: VecDeque<u64>,
    /// When each place changes, the next one first → whose it is. Numbers make the keys different.
    times: BTreeMap<(Instant, u64), u64>,
}

struct Place {
    number: u64,
    /// Then whoever is expected is late, and whoever is late is forgotten.
    until: Instant,
}

impl Room {
    /// How many are still to come.
    pub(super) fn len(&self) -> usize {
        self.expected.len()
    }

    /// A customer's number, a new one if they have no place; and how many are before them who are still to come.
    pub(super) fn number(&mut self, customer: u64, now: Instant) -> (u64, u32) {
        self.look_at_the_clock(now);
        let number = self.places.get(&customer).map(|place| place.number).unwrap_or_else(|| {
            self.last_number += 1;
            self.last_number
        });
        let before = self.expected.partition_point(|other| *other < number);
        (number, u32::try_from(before).unwrap_or(u32::MAX))
    }

    /// Tells a customer to come again, and keeps their place.
    pub(super) fn keep(&mut self, customer: u64, number: u64, now: Instant, wait: Duration) -> u64 {
        let seconds = seconds(wait);
        let number = self.let_in(customer).unwrap_or(number);
        if self.put(customer, number, now + Duration::from_secs(seconds)) {
            let at = self.expected.partition_point(|other| *other < number);
            self.expected.insert(at, number);
        }
        seconds
    }

    /// Gives back the place of a customer who was let in for nothing. They may come at any time, and nobody waits for them.
    pub(super) fn restore(&mut self, customer: u64, number: u64, now: Instant) {
        // They may have asked once more meanwhile.
        if !self.places.contains_key(&customer) {
            self.put(customer, number, now + GRACE);
        }
    }

    /// Lets a customer in: their place is free. What its number was, if they had one.
    pub(super) fn let_in(&mut self, customer: u64) -> Option<u64> {
        let Place { number, until } = self.places.remove(&customer)?;
        self.times.remove(&(until, number));
        self.no_longer_expects(number);
        Some(number)
    }

    fn put(&mut self, customer: u64, number: u64, until: Instant) -> bool {
        let has_room = self.places.len() < MAX_PLACES;
        if has_room {
            self.places.insert(customer, Place { number, until });
            self.times.insert((until, number), customer);
        }
        has_room
    }

    fn no_longer_expects(&mut self, number: u64) -> bool {
        let found = self.expected.binary_search(&number);
        found.is_ok_and(|at| self.expected.remove(at).is_some())
    }

    /// Nobody waits any longer for those who have not come when they were told, and those are forgotten who are too late.
    fn look_at_the_clock(&mut self, now: Instant) {
        while let Some(first) = self.times.first_entry().filter(|first| first.key().0 <= now) {
            let ((until, number), customer) = first.remove_entry();
            self.places.remove(&customer);
            if self.no_longer_expects(number) {
                self.put(customer, number, until + GRACE);
            }
        }
    }
}
