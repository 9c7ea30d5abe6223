//! A circuit breaker: while Enfuce cannot be reached, calls are refused at once, and one call at a time checks whether it is
//! back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many calls in a row without an answer count as a failure of Enfuce as a whole.
const THRESHOLD: u32 = 10;
/// How long no call is made after that.
const PAUSE: Duration = Duration::from_secs(2);

/// Only a missing answer counts as a failure. An answer of any status counts as a success, because a device must not be able to
/// block the others by what it sends.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether a call may be made.
    ///
    /// # Errors
    /// The whole seconds after which the next call may be made.
    pub(super) fn admit(&self, now: Instant) -> Result<(), u64> {
        let mut state = self.state();
        state.check(now)?;
        if state.open_until.is_some() {
            // Half-open: this call checks; the others wait for its result.
            state.open_until = Some(now + PAUSE);
        }
        Ok(())
    }

    /// Whether a call might be made, without making one.
    ///
    /// # Errors
    /// The same as of [`Self::admit`].
    pub(super) fn check(&self, now: Instant) -> Result<(), u64> {
        self.state().check(now)
    }

    /// Notes whether a call was answered.
    pub(super) fn note(&self, answered: bool, now: Instant) {
        let mut state = self.state();
        if answered {
            *state = State::default();
        } else {
            state.failures += 1;
            if state.failures >= THRESHOLD {
                state.open_until = Some(now + PAUSE);
            }
        }
    }

    /// Whether it is open or half-open: calls are refused, but for those that check.
    pub(super) fn is_open(&self) -> bool {
        self.state().open_until.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn check(&self, now: Instant) -> Result<(), u64> {
        match self.open_until {
            Some(until) if now < until => Err((until - now).as_secs_f64().ceil() as u64),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_is_half_open_for_one_call_and_closes_with_an_answer() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..THRESHOLD - 1 {
            breaker.note(false, now);
        }
        breaker.note(true, now);
        assert_eq!(breaker.admit(now), Ok(()), "an answer in between starts the count anew");
        for _ in 0..THRESHOLD {
            assert_eq!(breaker.admit(now), Ok(()));
            breaker.note(false, now);
        }
        assert_eq!((breaker.check(now), breaker.admit(now)), (Err(2), Err(2)));
        let later = now + PAUSE;
        assert_eq!(breaker.check(later), Ok(()), "a check is not a call");
        assert_eq!((breaker.admit(later), breaker.admit(later)), (Ok(()), Err(2)), "half-open: one call");
        breaker.note(false, later);
        assert_eq!(breaker.admit(later), Err(2));
        breaker.note(true, later);
        assert_eq!((breaker.admit(later), breaker.admit(later)), (Ok(()), Ok(())));
    }
}
