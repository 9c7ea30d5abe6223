//! The rate limit: a token bucket for each customer, in memory, for a bounded number of customers.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::config::Limits;

/// Who asks, as far as the rate limit needs to know. The rate limit hashes it under a random key and does not keep it.
#[derive(Debug, Hash)]
pub(crate) enum Customer {
    /// The name that the issuer's gateway or identity provider gives them.
    Named(Vec<u8>),
    /// The other end of the connection; `None` if the server does not say.
    Peer(Option<IpAddr>),
}

impl Customer {
    /// Their name in the audit record, before it is hashed.
    pub(crate) fn name(&self) -> Vec<u8> {
        match self {
            Self::Named(name) => name.clone(),
            Self::Peer(address) => {
                address.map(|address| address.to_string()).unwrap_or_default().into_bytes()
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct RateLimit {
    hasher: RandomState,
    /// The time in which one request is earned.
    interval: Duration,
    /// How far a bucket may be overdrawn before a request is refused.
    depth: Duration,
    /// The most customers in a generation.
    half: usize,
    generations: Mutex<Generations>,
}

/// Hash of a customer → when their bucket is full again. Customers who were not seen for a whole generation are forgotten, so at
/// most two generations are stored.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<u64, Instant>,
    old: HashMap<u64, Instant>,
}

impl RateLimit {
    pub(crate) fn new(limits: &Limits) -> Self {
        let interval = Duration::from_secs(60) / limits.per_minute;
        Self {
            hasher: RandomState::new(),
            interval,
            depth: interval * limits.burst,
            half: limits.customers.div_ceil(2),
            generations: Mutex::default(),
        }
    }

    /// The hash of a customer's name under this relay's random key.
    pub(crate) fn key(&self, customer: &Customer) -> u64 {
        self.hasher.hash_one(customer)
    }

    /// Admits one request of a customer at `now`, if there is room for `later` more of them.
    ///
    /// # Errors
    /// The whole seconds after which the request would be admitted.
    pub(crate) fn take(&self, customer: &Customer, later: u32, now: Instant) -> Result<(), u64> {
        let key = self.key(customer);
        // If a thread panicked while it held the lock, the map is still consistent.
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let full = generations.forget(key).map_or(now, |full| full.max(now));
        let drawn = full + self.interval - now;
        let depth = self.depth.saturating_sub(self.interval * later);
        let refused = drawn > depth;
        generations.keep(key, if refused { full } else { full + self.interval }, self.half);
        if refused { Err((drawn - depth).as_secs_f64().ceil() as u64) } else { Ok(()) }
    }
}

impl Generations {
    fn forget(&mut self, key: u64) -> Option<Instant> {
        self.young.remove(&key).or_else(|| self.old.remove(&key))
    }

    fn keep(&mut self, key: u64, full: Instant, half: usize) {
        if self.young.len() >= half {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, full);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(per_minute: u32, burst: u32, customers: usize) -> RateLimit {
        RateLimit::new(&Limits { per_minute, burst, customers, ..Limits::default() })
    }

    #[test]
    fn a_burst_and_then_the_rate() {
        let (limit, now) = (limit(60, 3, 10), Instant::now());
        let ada = Customer::Named(b"ada".to_vec());
        for _ in 0..3 {
            assert_eq!(limit.take(&ada, 0, now), Ok(()));
        }
        assert_eq!(limit.take(&ada, 0, now), Err(1));
        assert_eq!(
            limit.take(&Customer::Named(b"grace".to_vec()), 0, now),
            Ok(()),
            "each has a bucket of their own"
        );
        let later = now + Duration::from_millis(1000);
        assert_eq!((limit.take(&ada, 0, later), limit.take(&ada, 0, later)), (Ok(()), Err(1)));
        let much_later = now + Duration::from_secs(3600);
        let taken = (0..10).filter(|_| limit.take(&ada, 0, much_later).is_ok()).count();
        assert_eq!(taken, 3, "a bucket is never fuller than full");
    }

    #[test]
    fn nobody_begins_who_could_not_end() {
        let (limit, now) = (limit(60, 4, 10), Instant::now());
        let ada = Customer::Named(b"ada".to_vec());
        assert_eq!(limit.take(&ada, 0, now), Ok(()));
        assert_eq!(limit.take(&ada, 3, now), Err(1), "three are left, and four are needed");
        let later = now + Duration::from_secs(1);
        for left in [3, 2, 0, 0] {
            assert_eq!(limit.take(&ada, left, later), Ok(()));
        }
        assert_eq!(limit.take(&ada, 3, later), Err(4));
    }

    #[test]
    fn a_slow_rate_says_how_long_to_wait() {
        let (limit, now) = (limit(1, 1, 10), Instant::now());
        assert_eq!(limit.take(&Customer::Peer(None), 0, now), Ok(()));
        assert_eq!(limit.take(&Customer::Peer(None), 0, now), Err(60));
        assert_eq!(limit.take(&Customer::Peer(None), 0, now + Duration::from_secs(59)), Err(1));
    }

    #[test]
    fn the_number_of_customers_is_bounded_and_the_busy_are_kept() {
        let (limit, now) = (limit(1, 1, 100), Instant::now());
        let busy = Customer::Named(b"busy".to_vec());
        limit.take(&busy, 0, now).unwrap();
        for number in 0..10_000_u32 {
            limit.take(&Customer::Named(number.to_be_bytes().to_vec()), 0, now).unwrap();
            if number % 40 == 0 {
                assert_eq!(limit.take(&busy, 0, now), Err(60), "{number}");
            }
            let generations = limit.generations.lock().unwrap();
            assert!(generations.young.len() + generations.old.len() <= 100);
        }
    }
}
