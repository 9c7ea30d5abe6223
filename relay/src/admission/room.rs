//! The waiting room: a customer who was told to come again keeps their place until then, and a while longer.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::pace::seconds;

/// How late a customer may come. This costs the others nothing, because nobody waits for a late customer. The slowest rate limit
/// of a customer, one request a minute, admits their next request within this time.
const GRACE: Duration = Duration::from_secs(120);
/// How many places are kept. Further customers are told to come again, and then start at the end of the queue.
const MAX_PLACES: usize = 100_000;

/// A session cannot begin now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    /// The seconds after which to come again.
    pub(crate) seconds: u64,
    /// The customer's place: one more than the number of customers before them.
    pub(crate) place: u64,
}

#[derive(Default)]
pub(super) struct Room {
    last_number: u64,
    /// A customer's hash → their place.
    places: HashMap<u64, Place>,
    /// The numbers of the customers who are still to come, in order. All others are late, and may never come.
    expected: VecDeque<u64>,
    /// When each place changes, the next one first → the customer. The number makes keys with the same time different.
    times: BTreeMap<(Instant, u64), u64>,
}

struct Place {
    number: u64,
    /// At this time an expected customer becomes late, and a late customer is forgotten.
    until: Instant,
}

impl Room {
    /// How many customers are still to come.
    pub(super) fn len(&self) -> usize {
        self.expected.len()
    }

    /// The customer's number, a new one if they have no place; and how many customers before them are still to come.
    pub(super) fn number(&mut self, customer: u64, now: Instant) -> (u64, u32) {
        self.expire(now);
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
        let number = self.admit(customer).unwrap_or(number);
        if self.put(customer, number, now + Duration::from_secs(seconds)) {
            let at = self.expected.partition_point(|other| *other < number);
            self.expected.insert(at, number);
        }
        seconds
    }

    /// Gives a customer their place back if they were admitted and could not begin. They may come at any time, and nobody waits
    /// for them.
    pub(super) fn restore(&mut self, customer: u64, number: u64, now: Instant) {
        // They may have asked again meanwhile.
        if !self.places.contains_key(&customer) {
            self.put(customer, number, now + GRACE);
        }
    }

    /// Admits a customer, which frees their place. Returns the number of that place, if they had one.
    pub(super) fn admit(&mut self, customer: u64) -> Option<u64> {
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

    /// Stops waiting for customers who did not come when they were told to, and forgets those who are too late.
    fn expire(&mut self, now: Instant) {
        while let Some(first) = self.times.first_entry().filter(|first| first.key().0 <= now) {
            let ((until, number), customer) = first.remove_entry();
            self.places.remove(&customer);
            if self.no_longer_expects(number) {
                self.put(customer, number, until + GRACE);
            }
        }
    }
}
