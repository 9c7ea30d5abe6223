//! Admission at any load, in virtual time: of one copy, and of two that take turns through a real server.

#[allow(dead_code, reason = "tests over HTTP use more of it")]
#[path = "../../tests/over_http/valkey.rs"]
mod valkey;

use std::collections::VecDeque;

use super::store::{Answer, Lost, Question};
use super::*;
use tokio::task::JoinHandle;
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

fn quota(copies: u32) -> Quota {
    Quota { copies, ..Quota::default() }
}

fn alone() -> Vec<Arc<Admission>> {
    vec![Arc::new(Admission::new(&quota(1), 2, Log::new(|_| {})))]
}

/// Offers sessions to copies in turn, in virtual time; all come again when they were told to.
async fn offer(
    copies: &[Arc<Admission>],
    sessions_a_second: u64,
    seconds: u64,
) -> (Outcome, usize, Duration) {
    let (enfuce, outcome) =
        (Arc::new(Mutex::new(Enfuce::default())), Arc::new(Mutex::new(Outcome::default())));
    let start = Instant::now();
    let mut customers = Vec::new();
    for (number, admission) in (0..sessions_a_second * seconds).zip(copies.iter().cycle()) {
        let (admission, enfuce, outcome) = (Arc::clone(admission), Arc::clone(&enfuce), Arc::clone(&outcome));
        customers.push(tokio::spawn(async move {
            sleep_until(
                start
                    + Duration::from_secs(1) * u32::try_from(number).unwrap()
                        / u32::try_from(sessions_a_second).unwrap(),
            )
            .await;
            while let Err(wait) = admission.begin(number, Purpose::SetPin).await {
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

/// By how many somebody was overtaken at most.
fn overtaken(outcome: &Outcome) -> u64 {
    let mut latest = 0;
    let by = |(number, _): &(u64, Instant)| {
        latest = latest.max(*number);
        latest - number
    };
    outcome.done.iter().map(by).max().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn at_any_load_the_quota_is_used_nothing_is_spent_for_nothing_and_all_are_served() {
    // 50 calls a second are 12.5 sessions.
    for (times, offered) in [(1, 12), (2, 25), (6, 75), (12, 150)] {
        let seconds = 60;
        let (outcome, most_in_a_second, took) = offer(&alone(), offered, seconds).await;
        let sessions = offered * seconds;
        assert_eq!((outcome.lost, outcome.done.len() as u64), (0, sessions), "{times} times the quota");
        assert!(most_in_a_second <= 50, "{times} times the quota: {most_in_a_second} calls in a second");
        if times > 1 {
            let a_second = sessions as f64 / took.as_secs_f64();
            assert!(a_second >= 12.5 * 0.95, "{times} times the quota: {a_second} sessions a second");
            assert!(outcome.told_to_wait > 0);
        }
        // In order, give or take what a whole second of waiting and the patience come to.
        let overtaken = overtaken(&outcome);
        assert!(overtaken <= 12 * offered.max(13), "{times} times the quota: overtaken by {overtaken}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_never_comes_again_holds_nobody_up_for_long() {
    let admission = &alone()[0];
    let mut told = 0;
    for customer in 0..10_000 {
        told += usize::from(admission.begin(customer, Purpose::SetPin).await.is_err());
    }
    assert!(told > 9_000, "{told}");
    let last = admission.begin(9_999, Purpose::SetPin).await.unwrap_err();
    assert!(last.place > 1_000 && last.seconds > 100, "{last:?}");
    let (asked, mut told) = (Instant::now(), last.seconds);
    while let Err(wait) = {
        sleep(Duration::from_secs(told)).await;
        admission.begin(9_999, Purpose::SetPin).await
    } {
        told = wait.seconds;
    }
    assert!(asked.elapsed() < Duration::from_secs(last.seconds + 30), "{:?}", asked.elapsed());
}

/// Puts the time of the test in the place of the server's, and lets no key expire by the server's own.
const VIRTUAL: &str = "
    local server = redis
    local redis = {call = function(command, ...)
        if command == 'TIME' then return {ARGV[4], ARGV[5]} end
        if command == 'SET' then return server.call(command, KEYS[1], (select(2, ...))) end
        return server.call(command, ...)
    end}
";

/// A server in virtual time, which goes on only while nothing else can: it is waited for without giving way.
struct InVirtualTime {
    address: redis::ConnectionAddr,
    connection: Mutex<Option<redis::Connection>>,
    start: Instant,
    /// How long it takes to connect: copies do not notice at the same time that the server is back.
    late: Duration,
}

impl InVirtualTime {
    fn connect(&self) -> Option<redis::Connection> {
        let info = redis::IntoConnectionInfo::into_connection_info(self.address.clone()).unwrap();
        redis::Client::open(info).unwrap().get_connection().ok()
    }

    fn ask(&self, question: &Question) -> Option<Duration> {
        let script = redis::Script::new(&format!("{VIRTUAL}{}", include_str!("gcra.lua")));
        let mut call = script.key(question.of.name());
        let micros = |time: Duration| time.as_micros().min(1 << 53) as i64;
        let now = Duration::from_secs(1_000_000_000) + self.start.elapsed();
        call.arg(micros(question.interval)).arg(question.calls).arg(question.longest.map_or(-1, micros));
        call.arg(now.as_secs()).arg(now.subsec_micros());
        let mut connection = self.connection.lock().unwrap();
        let wait: u64 = call.invoke(connection.as_mut()?).ok()?;
        Some(Duration::from_micros(wait))
    }
}

impl Server for InVirtualTime {
    fn connect(&self) -> Answer<'_, ()> {
        let connection = self.connect();
        let result = connection.is_some().then_some(()).ok_or(Lost("refused"));
        *self.connection.lock().unwrap() = connection;
        let late = self.late;
        Box::pin(async move {
            sleep(late).await;
            result
        })
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Answer<'a, Duration> {
        let wait = self.ask(question).ok_or(Lost("reset"));
        Box::pin(async move { wait })
    }
}

/// Copies of a relay, each with a connection of its own to a server, and what they have logged.
fn with_store(
    valkey: &valkey::Valkey,
    running: usize,
    quota: &Quota,
) -> (Vec<Arc<Admission>>, Arc<Mutex<Vec<String>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    let copies = (0..running).map(|number| {
        let address = redis::ConnectionAddr::Unix(valkey.socket());
        let server = InVirtualTime {
            address,
            connection: Mutex::default(),
            start,
            late: Duration::from_millis(900) * u32::try_from(number).unwrap(),
        };
        let kept = Arc::clone(&events);
        let log = Log::new(move |line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            kept.lock().unwrap().push(line["event"].as_str().unwrap().to_owned());
        });
        let admission = Admission::with(Some(Arc::new(server)), quota, 2, log);
        admission.open();
        Arc::new(admission)
    });
    (copies.collect(), events)
}

#[tokio::test(start_paused = true)]
async fn copies_with_a_store_use_the_quota_together_and_never_more() {
    // However many copies were expected.
    for (running, expected, offered) in [(2, 2, 12), (2, 2, 25), (2, 5, 75), (2, 2, 150), (1, 4, 25)] {
        let valkey = valkey::Valkey::start();
        let (copies, _) = with_store(&valkey, running, &quota(expected));
        sleep(Duration::from_secs(6)).await;
        let name = format!("{running} of {expected} copies, {offered} sessions a second");
        let (outcome, most_in_a_second, took) = offer(&copies, offered, 60).await;
        let sessions = offered * 60;
        assert_eq!((outcome.lost, outcome.done.len() as u64), (0, sessions), "{name}");
        assert!(most_in_a_second <= 50, "{name}: {most_in_a_second} calls in a second");
        let a_second = sessions as f64 / took.as_secs_f64();
        if offered > 12 {
            assert!(a_second >= 12.5 * 0.95, "{name}: {a_second} sessions a second");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_dies_and_comes_back_costs_no_session_and_no_call_too_many() {
    let mut valkey = valkey::Valkey::start();
    let (copies, events) = with_store(&valkey, 2, &quota(2));
    sleep(Duration::from_secs(6)).await;
    let life: JoinHandle<_> = tokio::spawn(async move {
        sleep(Duration::from_millis(20_300)).await;
        valkey.kill();
        sleep(Duration::from_secs(20)).await;
        valkey.start_again();
        valkey
    });
    let (outcome, most_in_a_second, took) = offer(&copies, 25, 60).await;
    life.await.unwrap();
    assert_eq!((outcome.lost, outcome.done.len()), (0, 25 * 60));
    assert!(most_in_a_second <= 50, "{most_in_a_second} calls in a second");
    let a_second = 25.0 * 60.0 / took.as_secs_f64();
    assert!(a_second >= 12.5 * 0.95, "{a_second} sessions a second");
    let mut events = events.lock().unwrap().clone();
    events.sort_unstable();
    let (in_use, lost) = ("quota_store_in_use", "quota_store_lost");
    assert_eq!(events, [in_use, in_use, in_use, in_use, lost, lost]);
}
