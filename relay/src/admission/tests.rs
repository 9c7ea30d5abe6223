//! Tests of admission under any load, in virtual time: with one copy, and with two that take turns through a real server.

#[allow(dead_code, reason = "tests over HTTP use more of it")]
#[path = "../../tests/over_http/valkey.rs"]
mod valkey;
mod long;
mod simulation;
mod virtual_time;

use std::collections::BTreeSet;

use super::store::{Answer, Lost, Question};
use super::*;
use crate::config::Limits;
use crate::limit::{Customer, RateLimit};
use crate::operation::REQUESTS_OF_SESSION;
use simulation::{ALLOWED, OFFERS, Offer, SESSION, alone, assert_good, begin, quota, serve};
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until};
use virtual_time::{Conditions, with_store};

#[tokio::test(start_paused = true)]
async fn at_any_load_the_quota_is_used_nothing_is_spent_for_nothing_and_all_are_served() {
    for (times, a_second) in OFFERS {
        let offer = Offer::of(a_second);
        let outcome = serve(&alone(), offer).await;
        assert_good(&outcome, offer, &format!("one copy, {times} x"));
        // In order, except that a customer may come late by the patience and by a whole second.
        assert!(outcome.overtaken(offer) <= 12.0, "{times} x: overtaken by {} s", outcome.overtaken(offer));
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_time_or_never_comes_back_costs_the_others_nothing() {
    for (thinks, leave) in [(5, 0), (20, 0), (0, 20), (0, 50), (20, 20)] {
        let offer = Offer { thinks: Duration::from_secs(thinks), leave, ..Offer::of(75) };
        let outcome = serve(&alone(), offer).await;
        assert_good(&outcome, offer, &format!("{thinks} s of thought, {leave} % leave"));
    }
}

#[tokio::test(start_paused = true)]
async fn who_leaves_the_waiting_room_costs_the_others_nothing() {
    for turn_away in [0, 20, 50] {
        let offer = Offer { turn_away, ..Offer::of(75) };
        let outcome = serve(&alone(), offer).await;
        assert_good(&outcome, offer, &format!("{turn_away} % leave the queue"));
        assert!(outcome.overtaken(offer) <= 12.0, "{turn_away} %: by {} s", outcome.overtaken(offer));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_next_and_leaves_holds_nobody_up() {
    let (admission, start) = (&alone()[0], Instant::now());
    let mut customers = BTreeSet::from_iter((0..600).map(|customer| (start, customer)));
    let mut begun = Vec::new();
    let mut has_left = false;
    while let Some((time, customer)) = customers.pop_first() {
        sleep_until(time).await;
        match begin(admission, customer).await {
            Ok(()) => begun.push(start.elapsed()),
            Err(Wait { place: 1, .. }) if !has_left => has_left = true,
            Err(wait) => drop(customers.insert((time + Duration::from_secs(wait.seconds), customer))),
        }
    }
    assert!(has_left);
    for second in 1..40 {
        let count = begun.iter().filter(|time| time.as_secs() < second).count() as f64;
        assert!(count >= ALLOWED * 0.95 * second as f64, "{count} sessions after {second} seconds");
    }
}

#[tokio::test(start_paused = true)]
async fn a_customer_who_is_admitted_in_vain_has_their_place_again() {
    let admission = &alone()[0];
    let mut first = None;
    for customer in 0..1000 {
        if begin(admission, customer).await.is_err() {
            first = first.or(Some(customer));
        }
    }
    let first = first.unwrap();
    for _ in 0..3 {
        while begin(admission, 2000).await.is_ok() {}
        let begun = loop {
            match admission.begin(first, Purpose::SetPin, true).await {
                Ok(begun) => break begun,
                Err(wait) => {
                    assert!(wait.place == 1 && wait.seconds <= 2, "{wait:?}");
                    sleep(Duration::from_secs(wait.seconds)).await;
                }
            }
        };
        let queue = admission.queues().1;
        assert!(queue > 900, "{queue} are behind");
        // Enfuce fails, and then does not answer any more.
        drop(begun);
        let wait = admission.begin(first, Purpose::SetPin, false).await.err().unwrap();
        assert_eq!(wait, Wait { seconds: 1, place: 1 });
    }
}

/// The longest time after which a customer's rate limit accepts their next request.
#[tokio::test(start_paused = true)]
async fn the_slowest_rate_limit_costs_nobody_their_place() {
    let admission = &alone()[0];
    let limit = RateLimit::new(&Limits { per_minute: 1, burst: REQUESTS_OF_SESSION, ..Limits::default() });
    let (slow, name) = (1000, Customer::Named(b"slow".to_vec()));
    let mut customers = BTreeSet::from_iter((0..3000).map(|customer| (Instant::now(), customer)));
    let (mut last_place, mut refused) = (u64::MAX, 0);
    while let Some((time, customer)) = customers.pop_first() {
        sleep_until(time).await;
        let take = || limit.take(&name, REQUESTS_OF_SESSION - 1, time.into_std());
        if customer == slow
            && let Err(seconds) = take()
        {
            refused += 1;
            customers.insert((time + Duration::from_secs(seconds), customer));
        } else if let Err(wait) = begin(admission, customer).await {
            if customer == slow {
                assert!(wait.place <= last_place, "{} after {last_place}", wait.place);
                last_place = wait.place;
            }
            customers.insert((time + Duration::from_secs(wait.seconds), customer));
        } else if customer == slow {
            break;
        }
    }
    assert!(refused > 0 && customers.len() > 1000, "{refused} times, with {} behind", customers.len());
}

#[tokio::test(start_paused = true)]
async fn who_never_comes_again_holds_nobody_up_for_long() {
    let admission = &alone()[0];
    let mut told = 0;
    for customer in 0..10_000 {
        told += usize::from(begin(admission, customer).await.is_err());
    }
    assert!(told > 9_000, "{told}");
    let last = begin(admission, 9_999).await.unwrap_err();
    assert!(last.place > 1_000 && last.seconds > 100, "{last:?}");
    let (asked, mut told) = (Instant::now(), last.seconds);
    while let Err(wait) = {
        sleep(Duration::from_secs(told)).await;
        begin(admission, 9_999).await
    } {
        told = wait.seconds;
    }
    assert!(asked.elapsed() < Duration::from_secs(last.seconds + 30), "{:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_far_away_costs_no_session() {
    for (running, milliseconds) in [(1, 30), (1, 400), (2, 100)] {
        let valkey = valkey::Valkey::start();
        let conditions =
            Conditions { round_trip: Duration::from_millis(milliseconds), ..Conditions::default() };
        let (copies, _) = with_store(&valkey, running, &quota(2), &Arc::new(conditions));
        sleep(Duration::from_secs(9)).await;
        let offer = Offer::of(25);
        let outcome = serve(&copies, offer).await;
        let name = format!("{running} copies, {milliseconds} ms to the store and back");
        outcome.print(&name, offer);
        // No customer with a control id; a few whose sessions had begun have to come once more.
        assert!(outcome.lost == 0 && outcome.refused < 10, "{name}: {} refused", outcome.refused);
        assert!(outcome.most_in_a_second <= 50, "{name}: {} calls in a second", outcome.most_in_a_second);
        // Whoever comes, and begins, asks the store one after the other.
        let share = if milliseconds > 100 { 0.85 } else { 0.93 };
        assert!(outcome.rate() >= ALLOWED * share, "{name}: {} sessions a second", outcome.rate());
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_whose_clock_is_set_back_costs_no_session() {
    for seconds in [3, 8, 4000] {
        let valkey = valkey::Valkey::start();
        let conditions = Arc::new(Conditions::default());
        let (copies, _) = with_store(&valkey, 2, &quota(2), &conditions);
        sleep(Duration::from_secs(6)).await;
        let life = tokio::spawn(async move {
            sleep(Duration::from_secs(20)).await;
            conditions.set_back.store(seconds, Ordering::Relaxed);
        });
        let offer = Offer::of(25);
        let outcome = serve(&copies, offer).await;
        life.await.unwrap();
        let name = format!("the store's clock is set back by {seconds} s");
        outcome.print(&name, offer);
        // Sessions that had begun are forgotten, and so more begin than can have their turns in time: some of these come once more.
        assert!(outcome.lost == 0 && outcome.refused < 100, "{name}: {} refused", outcome.refused);
        assert!(outcome.most_in_a_second <= 50, "{name}: {} calls in a second", outcome.most_in_a_second);
        assert!(outcome.rate() >= ALLOWED * 0.93, "{name}: {} sessions a second", outcome.rate());
    }
}

/// Gives answers that our own store never gives.
#[derive(Debug)]
struct Liar(Duration);

impl Server for Liar {
    fn connect(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Answer<'a, Duration> {
        // To the question by which it is tried out, a right answer.
        let wait = if question.calls == 0 { Duration::ZERO } else { self.0 };
        Box::pin(async move { Ok(wait) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lies_is_not_believed() {
    for lie in [Duration::from_secs(60), Duration::MAX] {
        let causes = Arc::new(Mutex::new(BTreeSet::new()));
        let kept = Arc::clone(&causes);
        let log = Log::new(move |line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            kept.lock().unwrap().extend(line["cause"].as_str().map(str::to_owned));
        });
        let admission = Arc::new(Admission::with(Some(Arc::new(Liar(lie))), &quota(1), SESSION, log));
        admission.open();
        sleep(Duration::from_secs(6)).await;
        let offer = Offer::of(25);
        let outcome = serve(&[admission], offer).await;
        assert_good(&outcome, offer, &format!("it says {lie:?}"));
        assert_eq!(*causes.lock().unwrap(), BTreeSet::from(["impossible_wait".to_owned()]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_comes_to_nothing_gives_back_what_it_has_not_used() {
    let valkey = valkey::Valkey::start();
    let (with_store, _) = with_store(&valkey, 1, &quota(1), &Arc::default());
    for admission in [&alone()[0], &with_store[0]] {
        sleep(Duration::from_secs(6)).await;
        let (mut sessions, mut customer) = (Vec::new(), 0);
        while let Ok(begun) = admission.begin(customer, Purpose::SetPin, true).await {
            sessions.push(begun);
            customer += 1;
        }
        // Two failed calls have used their turns for control ids; one whose device has left has used none.
        for turns in [2, 2, 0] {
            let mut begun = sessions.pop().unwrap();
            begun.report.turns = turns;
            drop(begun);
        }
        sessions.into_iter().for_each(Begun::issued);
        // The store is told in the background.
        tokio::task::yield_now().await;
        for _ in 0..2 {
            begin(admission, customer).await.unwrap();
            customer += 1;
        }
        assert!(begin(admission, customer).await.is_err(), "and for no third one");
    }
}

/// With the slowest quota that the configuration takes, sessions end: the first one, and those that begin when it has.
#[tokio::test(start_paused = true)]
async fn however_slow_the_quota_is_who_begins_can_end() {
    for per_minute in [9, 10, 20, 60] {
        let quota = Quota { per_minute, ..Quota::default() };
        let copies = vec![Arc::new(Admission::new(&quota, SESSION, Log::new(|_| {})))];
        for thinks in [0, 3, 20] {
            let offer = Offer { seconds: 3, thinks: Duration::from_secs(thinks), ..Offer::of(1) };
            let outcome = serve(&copies, offer).await;
            outcome.print(&format!("{per_minute} calls a minute"), offer);
            assert_eq!((outcome.lost, outcome.done.len()), (0, 3), "{per_minute} a minute, {thinks} s");
        }
    }
}
