//! Who may call Enfuce when: no more often than its quota allows, and so that whoever has begun can finish.
//!
//! A session is four calls, or three on nextgen: for the control id first, then `tzpk` and `set`. Calls wait for their turn,
//! `set` before `tzpk` before new sessions. The calls of a session are reserved when it begins, and it begins only where all of them
//! will find a place in time. Who cannot begin yet keeps a place in a waiting room and is told when to come again.

mod pace;
mod room;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Quota;
use crate::operation::Purpose;
pub(crate) use pace::Class;
use pace::Pace;
use room::Room;
pub(crate) use room::Wait;

/// How long a session that begins may wait for its first call, so that it still ends before the device gives up.
const PATIENCE: Duration = Duration::from_secs(3);
/// A customer who asked for a control id and has not used it by then will not.
const RESERVED_FOR: Duration = Duration::from_secs(35);
/// The calls that a session makes after its control id: `tzpk` and `set`, or `view` alone.
fn calls_after(purpose: Purpose) -> u32 {
    match purpose {
        Purpose::SetPin => 2,
        Purpose::ViewPin => 1,
    }
}

pub(crate) struct Admission {
    pace: Pace,
    /// Of a session, until it has its control id.
    first_calls: u32,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    room: Room,
    /// When each reserved call is given up, the earliest first.
    reserved: std::collections::VecDeque<Instant>,
}

impl Admission {
    /// For a share of the quota; a session has `first_calls` until it has its control id.
    pub(crate) fn new(quota: &Quota, first_calls: u32) -> Self {
        Self { pace: Pace::new(quota.interval()), first_calls, waiting: Mutex::default() }
    }

    /// Begins a session of a customer, or keeps a place for them.
    pub(crate) fn begin(&self, customer: u64, purpose: Purpose) -> Result<(), Wait> {
        let (now, interval) = (Instant::now(), self.pace.interval());
        let mut waiting = self.waiting(now);
        let calls_ahead = self.pace.waiting() + waiting.reserved.len();
        let wait = interval * u32::try_from(calls_ahead).unwrap_or(u32::MAX);
        // One after the other: whoever is farther back waits for those before as well.
        let per_session = interval * (self.first_calls + calls_after(purpose));
        waiting.room.ask(customer, now, wait, per_session, PATIENCE)?;
        for _ in 0..calls_after(purpose) {
            waiting.reserved.push_back(now + RESERVED_FOR);
        }
        Ok(())
    }

    /// One of the reserved calls comes.
    pub(crate) fn came(&self, class: Class) {
        if matches!(class, Class::Set | Class::Key) {
            self.used();
        }
    }

    /// A session has ended before its time.
    pub(crate) fn give_up(&self, purpose: Purpose) {
        (0..calls_after(purpose)).for_each(|_| self.used());
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// The seconds after which it may be worth another try, where there is none before the deadline.
    pub(crate) async fn turn(&self, class: Class, deadline: Instant) -> Result<(), u64> {
        self.pace.turn(class, deadline).await
    }

    /// Calls that wait for their turn, and customers who wait to begin.
    pub(crate) fn queues(&self) -> (usize, usize) {
        (self.pace.waiting(), self.waiting(Instant::now()).room.len())
    }

    /// One reserved call comes now, or never will.
    fn used(&self) {
        self.waiting(Instant::now()).reserved.pop_front();
    }

    fn waiting(&self, now: Instant) -> MutexGuard<'_, Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.reserved.front().is_some_and(|given_up| *given_up <= now) {
            waiting.reserved.pop_front();
        }
        waiting
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;

    use super::*;
    use tokio::time::{sleep, sleep_until};

    /// Enfuce's quota, as its own counter sees it: calls in any second.
    #[derive(Default)]
    struct Enfuce {
        calls: VecDeque<Instant>,
        most_in_a_second: usize,
    }

    impl Enfuce {
        fn call(&mut self) {
            let now = Instant::now();
            self.calls.push_back(now);
            while self.calls.front().is_some_and(|call| *call + Duration::from_secs(1) <= now) {
                self.calls.pop_front();
            }
            self.most_in_a_second = self.most_in_a_second.max(self.calls.len());
        }
    }

    #[derive(Default)]
    struct Outcome {
        done: Vec<(u64, Instant)>,
        lost: usize,
        told_to_wait: usize,
    }

    /// Offers sessions for a while, in virtual time; all of them come again when they were told to.
    async fn offer(sessions_a_second: u64, seconds: u64) -> (Outcome, usize, Duration) {
        let quota = Quota { per_second: 50, per_minute: 3000, copies: 1 };
        let admission = Arc::new(Admission::new(&quota, 2));
        let (enfuce, outcome) =
            (Arc::new(Mutex::new(Enfuce::default())), Arc::new(Mutex::new(Outcome::default())));
        let start = Instant::now();
        let mut customers = Vec::new();
        for number in 0..sessions_a_second * seconds {
            let (admission, enfuce, outcome) =
                (Arc::clone(&admission), Arc::clone(&enfuce), Arc::clone(&outcome));
            customers.push(tokio::spawn(async move {
                sleep_until(
                    start
                        + Duration::from_secs(1) * u32::try_from(number).unwrap()
                            / u32::try_from(sessions_a_second).unwrap(),
                )
                .await;
                while let Err(wait) = admission.begin(number, Purpose::SetPin) {
                    outcome.lock().unwrap().told_to_wait += 1;
                    sleep(Duration::from_secs(wait.seconds)).await;
                }
                for classes in [&[Class::New, Class::New][..], &[Class::Key], &[Class::Set]] {
                    let deadline = Instant::now() + Duration::from_secs(8);
                    admission.came(classes[0]);
                    for class in classes {
                        if admission.turn(*class, deadline).await.is_err() {
                            outcome.lock().unwrap().lost += 1;
                            return;
                        }
                        enfuce.lock().unwrap().call();
                        sleep(Duration::from_millis(40)).await;
                    }
                }
                outcome.lock().unwrap().done.push((number, Instant::now()));
            }));
        }
        for customer in customers {
            customer.await.unwrap();
        }
        let outcome = std::mem::take(&mut *outcome.lock().unwrap());
        let most = enfuce.lock().unwrap().most_in_a_second;
        (outcome, most, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn at_any_load_the_quota_is_used_nothing_is_spent_for_nothing_and_all_are_served() {
        // 50 calls a second are 12.5 sessions.
        for (times, offered) in [(1, 12), (2, 25), (6, 75), (12, 150)] {
            let seconds = 60;
            let (outcome, most_in_a_second, took) = offer(offered, seconds).await;
            let sessions = offered * seconds;
            assert_eq!((outcome.lost, outcome.done.len() as u64), (0, sessions), "{times} times the quota");
            assert!(most_in_a_second <= 50, "{times} times the quota: {most_in_a_second} calls in a second");
            if times > 1 {
                let a_second = sessions as f64 / took.as_secs_f64();
                assert!(a_second >= 12.5 * 0.95, "{times} times the quota: {a_second} sessions a second");
                assert!(outcome.told_to_wait > 0);
            }
            // In order, give or take what a whole second of waiting and the patience come to.
            let mut latest = 0;
            let mut overtaken = 0;
            for (number, _) in &outcome.done {
                latest = latest.max(*number);
                overtaken = overtaken.max(latest - number);
            }
            assert!(overtaken <= 12 * offered.max(13), "{times} times the quota: overtaken by {overtaken}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_comes_again_holds_nobody_up_for_long() {
        let quota = Quota { per_second: 50, per_minute: 3000, copies: 1 };
        let admission = Admission::new(&quota, 2);
        let told =
            (0..10_000).filter(|customer| admission.begin(*customer, Purpose::SetPin).is_err()).count();
        assert!(told > 9_000, "{told}");
        let last = admission.begin(9_999, Purpose::SetPin).unwrap_err();
        assert!(last.place > 1_000 && last.seconds > 100, "{last:?}");
        let (asked, mut told) = (Instant::now(), last.seconds);
        while let Err(wait) = {
            sleep(Duration::from_secs(told)).await;
            admission.begin(9_999, Purpose::SetPin)
        } {
            told = wait.seconds;
        }
        assert!(asked.elapsed() < Duration::from_secs(last.seconds + 30), "{:?}", asked.elapsed());
    }
}
