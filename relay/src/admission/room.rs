//! The waiting room: who was told to come again keeps their place until then, and a while longer.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::time::Instant;

use super::pace::seconds;

/// How much later than told somebody may come.
const GRACE: Duration = Duration::from_secs(10);
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
    next_number: u64,
    /// A customer's hash → their number.
    numbers: HashMap<u64, u64>,
    /// Number → the customer, and until when their place is kept.
    places: BTreeMap<u64, (u64, Instant)>,
}

impl Room {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// How many are before a customer.
    pub(super) fn before(&mut self, customer: u64, now: Instant) -> u64 {
        self.forget(now);
        let all = self.places.len() as u64;
        match (self.numbers.get(&customer), self.places.first_key_value()) {
            // Those who left from between are not looked for.
            (Some(number), Some((first, _))) => (number - first).min(all),
            _ => all,
        }
    }

    /// Lets a customer in: their place is free.
    pub(super) fn let_in(&mut self, customer: u64) {
        if let Some(number) = self.numbers.remove(&customer) {
            self.places.remove(&number);
        }
    }

    /// Keeps a customer's place, with `before` others before it, until they come again.
    pub(super) fn keep(&mut self, customer: u64, before: u64, now: Instant, wait: Duration) -> Wait {
        let told = Wait { seconds: seconds(wait), place: before + 1 };
        let until = now + Duration::from_secs(told.seconds) + GRACE;
        match self.numbers.get(&customer) {
            Some(number) => drop(self.places.insert(*number, (customer, until))),
            None if self.places.len() < MAX_PLACES => {
                self.next_number += 1;
                self.numbers.insert(customer, self.next_number);
                self.places.insert(self.next_number, (customer, until));
            }
            None => {}
        }
        told
    }

    /// Those at the head who have not come in time.
    fn forget(&mut self, now: Instant) {
        while let Some(first) = self.places.first_entry() {
            if first.get().1 > now {
                return;
            }
            let (customer, _) = first.remove();
            self.numbers.remove(&customer);
        }
    }
}
