//! Customers and Enfuce, in virtual time.

use std::collections::VecDeque;

use tokio::time::{sleep, sleep_until};

use super::*;

/// Enfuce's quota, as its own counter sees it: calls in any second.
#[derive(Default)]
pub(super) struct Enfuce {
    pub(super) calls: VecDeque<Instant>,
    pub(super) most_in_a_second: usize,
}

impl Enfuce {
    pub(super) fn call(&mut self) {
        let now = Instant::now();
        self.calls.push_back(now);
        while self.calls.front().is_some_and(|call| *call + Duration::from_secs(1) <= now) {
            self.calls.pop_front();
        }
        self.most_in_a_second = self.most_in_a_second.max(self.calls.len());
    }
}

/// Who comes.
#[derive(Clone, Copy)]
pub(super) struct Offer {
    pub(super) a_second: u64,
    /// For so long; all who were told to come again are waited for afterwards.
    pub(super) seconds: u64,
    /// Between the control id and `tzpk`.
    pub(super) thinks: Duration,
    /// Of a hundred, with a control id that they never use.
    pub(super) leave: u64,
    /// Of a hundred, when they are told to wait for the first time.
    pub(super) turn_away: u64,
}

impl Offer {
    pub(super) fn of(a_second: u64) -> Self {
        Self { a_second, seconds: 60, thinks: Duration::ZERO, leave: 0, turn_away: 0 }
    }

    pub(super) fn sessions(self) -> u64 {
        self.a_second * self.seconds
    }
}

#[derive(Default)]
pub(super) struct Outcome {
    /// In the order in which they ended.
    pub(super) done: Vec<u64>,
    pub(super) left: usize,
    pub(super) turned_away: usize,
    /// With a control id that was wasted.
    pub(super) lost: usize,
    /// Before a control id, although the session had begun.
    pub(super) refused: usize,
    pub(super) told_to_wait: usize,
    /// For a control id, from when they came.
    pub(super) waits: Vec<Duration>,
    pub(super) most_in_a_second: usize,
    pub(super) took: Duration,
}

impl Outcome {
    /// Sessions a second, those that were left included.
    pub(super) fn rate(&self) -> f64 {
        (self.done.len() + self.left) as f64 / self.took.as_secs_f64()
    }

    pub(super) fn wait(&self, percent: usize) -> f64 {
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        waits[(waits.len() * percent / 100).min(waits.len() - 1)].as_secs_f64()
    }

    /// The largest overtaking, in seconds: how much later somebody came who was served earlier.
    pub(super) fn overtaken(&self, offer: Offer) -> f64 {
        let mut latest = 0;
        let by = |number: &u64| {
            latest = latest.max(*number);
            latest - number
        };
        let most = self.done.iter().map(by).max().unwrap_or_default();
        most as f64 / offer.a_second as f64
    }

    /// For `cargo xtask nightly load`.
    pub(super) fn print(&self, name: &str, offer: Offer) {
        println!(
            "{name:<34} {:>4}/s  {:>5.2} sessions/s ({:>3.0} %)  waits p50 {:>6.1} s, p99 {:>6.1} s  overtaken {:>4.1} s  told {:>6}  \
             lost {}  most calls in a second {}",
            offer.a_second,
            self.rate(),
            self.rate() / ALLOWED * 100.0,
            self.wait(50),
            self.wait(99),
            self.overtaken(offer),
            self.told_to_wait,
            self.lost,
            self.most_in_a_second,
        );
    }
}

/// Sessions a second: 50 calls, four a session.
pub(super) const ALLOWED: f64 = 12.5;
/// The customers of 1, 2, 6 and 12 times the quota.
pub(super) const OFFERS: [(u64, u64); 4] = [(1, 12), (2, 25), (6, 75), (12, 150)];

pub(super) fn quota(copies: u32) -> Quota {
    Quota { copies, ..Quota::default() }
}

/// What a request may wait in all.
pub(super) const LONGEST: Duration = Duration::from_secs(8);
/// On the classic platform, with the time-outs that there are without configuration.
pub(super) const SESSION: Session = Session { first_calls: 2, longest: Duration::from_secs(7) };

pub(super) fn alone() -> Vec<Arc<Admission>> {
    vec![Arc::new(Admission::new(&quota(1), SESSION, Log::new(|_| {})))]
}

/// Begins a session that gets its control id.
pub(super) async fn begin(admission: &Admission, customer: u64) -> Result<(), Wait> {
    admission.begin(customer, Purpose::SetPin, true).await.map(Begun::issued)
}

/// Offers sessions to copies in turn, in virtual time; all come again when they were told to.
pub(super) async fn serve(copies: &[Arc<Admission>], offer: Offer) -> Outcome {
    let (enfuce, outcome) =
        (Arc::new(Mutex::new(Enfuce::default())), Arc::new(Mutex::new(Outcome::default())));
    let start = Instant::now();
    let mut customers = Vec::new();
    for (number, admission) in (0..offer.sessions()).zip(copies.iter().cycle()) {
        let (admission, enfuce, outcome) = (Arc::clone(admission), Arc::clone(&enfuce), Arc::clone(&outcome));
        customers.push(tokio::spawn(async move {
            let [number_32, a_second] = [number, offer.a_second].map(|number| u32::try_from(number).unwrap());
            let came = start + Duration::from_secs(1) * number_32 / a_second;
            sleep_until(came).await;
            let call = async |class, deadline| {
                admission.turn(class, deadline).await?;
                enfuce.lock().unwrap().call();
                sleep(Duration::from_millis(40)).await;
                Ok(())
            };
            let control_id = async || {
                let begun = admission.begin(number, Purpose::SetPin, true).await;
                let mut begun = begun.map_err(|wait| wait.seconds)?;
                let deadline = Instant::now() + LONGEST;
                for class in [Class::New, Class::Begun] {
                    call(class, deadline)
                        .await
                        .inspect_err(|_: &u64| outcome.lock().unwrap().refused += 1)?;
                    begun.report.turns += 1;
                }
                begun.issued();
                Ok(())
            };
            while let Err(seconds) = control_id().await {
                outcome.lock().unwrap().told_to_wait += 1;
                if number * 37 % 100 < offer.turn_away {
                    outcome.lock().unwrap().turned_away += 1;
                    return;
                }
                sleep(Duration::from_secs(seconds)).await;
            }
            outcome.lock().unwrap().waits.push(came.elapsed());
            if number * 37 % 100 < offer.leave {
                outcome.lock().unwrap().left += 1;
                return;
            }
            sleep(offer.thinks).await;
            for class in [Class::Key, Class::Set] {
                if call(class, Instant::now() + LONGEST).await.is_err() {
                    outcome.lock().unwrap().lost += 1;
                    return;
                }
            }
            outcome.lock().unwrap().done.push(number);
        }));
    }
    for customer in customers {
        customer.await.unwrap();
    }
    let mut outcome = std::mem::take(&mut *outcome.lock().unwrap());
    outcome.most_in_a_second = enfuce.lock().unwrap().most_in_a_second;
    // From when the first one can have ended.
    outcome.took = start.elapsed().saturating_sub(offer.thinks);
    outcome
}

/// Nobody was lost, the quota was used, and no more than that.
pub(super) fn assert_good(outcome: &Outcome, offer: Offer, name: &str) {
    outcome.print(name, offer);
    let ended = (outcome.done.len() + outcome.left + outcome.turned_away) as u64;
    assert_eq!((outcome.lost, outcome.refused, ended), (0, 0, offer.sessions()), "{name}");
    assert!(outcome.most_in_a_second <= 50, "{name}: {} calls in a second", outcome.most_in_a_second);
    if offer.a_second as f64 > ALLOWED {
        assert!(outcome.rate() >= ALLOWED * 0.95, "{name}: {} sessions a second", outcome.rate());
        assert!(outcome.told_to_wait > 0, "{name}");
    }
}
