//! How often the issuer may call. Enfuce publishes 50 requests a second and 3,000 a minute: an issuer that keeps to the first
//! limit in every second keeps to the second limit as well.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::problem::{Kind, Problem};
use crate::clock::Instant;

const WINDOW_MS: u64 = 1000;

/// The admitted requests of the last second, oldest first. The sandbox has one customer, so there is one of these.
#[derive(Debug)]
pub(crate) struct RateLimit {
    /// The limit that was chosen at the start.
    chosen: usize,
    /// The current limit; a test control may have changed it.
    requests: AtomicUsize,
    admitted: Mutex<VecDeque<Instant>>,
}

impl RateLimit {
    pub(crate) fn new(requests: usize) -> Self {
        Self { chosen: requests, requests: requests.into(), admitted: Mutex::default() }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn change(&self, requests: usize) {
        self.requests.store(requests, Ordering::SeqCst);
    }

    /// Admits a request, or refuses it. Refused requests do not count.
    pub(crate) fn admit(&self, now: Instant) -> Result<(), Problem> {
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        while admitted.front().is_some_and(|first| first.plus_ms(WINDOW_MS) <= now) {
            admitted.pop_front();
        }
        if admitted.len() >= self.requests() {
            let detail = "There are too many requests in a second: wait as long as Retry-After says.";
            return Err(Problem::new(Kind::TooMany, detail));
        }
        admitted.push_back(now);
        Ok(())
    }

    /// Resets the limit to the one of the start, and forgets all requests.
    pub(crate) fn clear(&self) {
        self.change(self.chosen);
        self.admitted.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_fit_in_any_second_and_so_three_thousand_in_any_minute() {
        let limit = RateLimit::new(crate::config::ENFUCE_REQUESTS);
        let admitted = |ms| limit.admit(Instant(ms)).is_ok();
        for index in 0..50 {
            assert!(admitted(10_000 + index * 10), "request {index}");
        }
        assert!(!admitted(10_999));
        // The first has left the second: one more fits, but not two.
        assert!(admitted(11_000));
        assert!(!admitted(11_000));
        let in_a_minute = (20_000..80_000).filter(|ms| admitted(*ms)).count();
        assert_eq!(in_a_minute, 3000);
    }
}
