//! A circuit breaker: while Enfuce cannot be reached nobody waits for it to no purpose, and one call at a time looks whether it is
//! back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Calls without an answer, one after the other, that count as a failure of Enfuce as a whole.
const THRESHOLD: u32 = 10;
/// How long no call is made then.
const PAUSE: Duration = Duration::from_secs(2);

/// No answer at all counts, and an answer of any status counts as a success: what a device sends must not be able to
/// cut off the others.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    closed_until: Option<Instant>,
}

impl Breaker {
    /// Whether a call may be made.
    ///
    /// # Errors
    /// The whole seconds after which the next one may.
    pub(super) fn admit(&self, now: Instant) -> Result<(), u64> {
        let mut state = self.state();
        state.look(now)?;
        if state.closed_until.is_some() {
            // This one looks; the others wait for what it finds.
            state.closed_until = Some(now + PAUSE);
        }
        Ok(())
    }

    /// Whether a call might be made, without making one.
    ///
    /// # Errors
    /// As those of [`Self::admit`].
    pub(super) fn look(&self, now: Instant) -> Result<(), u64> {
        self.state().look(now)
    }

    /// A call was answered, or not.
    pub(super) fn note(&self, answered: bool, now: Instant) {
        let mut state = self.state();
        if answered {
            *state = State::default();
        } else {
            state.failures += 1;
            if state.failures >= THRESHOLD {
                state.closed_until = Some(now + PAUSE);
            }
        }
    }

    /// Whether calls are held back.
    pub(super) fn holds_back(&self) -> bool {
        self.state().closed_until.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn look(&self, now: Instant) -> Result<(), u64> {
        match self.closed_until {
            Some(until) if now < until => Err((until - now).as_secs_f64().ceil() as u64),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_a_row_of_failures_lets_one_look_and_closes_with_the_first_answer() {
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
        assert_eq!((breaker.look(now), breaker.admit(now)), (Err(2), Err(2)));
        let later = now + PAUSE;
        assert_eq!(breaker.look(later), Ok(()), "which takes no turn to look");
        assert_eq!((breaker.admit(later), breaker.admit(later)), (Ok(()), Err(2)), "one looks");
        breaker.note(false, later);
        assert_eq!(breaker.admit(later), Err(2));
        breaker.note(true, later);
        assert_eq!((breaker.admit(later), breaker.admit(later)), (Ok(()), Ok(())));
    }
}
