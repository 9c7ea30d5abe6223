//! A real server in virtual time, and copies that take turns through it.

use super::*;
use std::sync::atomic::AtomicU64;

/// Puts the time of the test in the place of the server's, and lets no key expire by the server's own.
const VIRTUAL: &str = "
    local server = redis
    local redis = {call = function(command, ...)
        if command == 'TIME' then return {ARGV[5], ARGV[6]} end
        if command == 'SET' then return server.call(command, KEYS[1], (select(2, ...))) end
        return server.call(command, ...)
    end}
";

/// A server in virtual time. Asking it blocks the runtime, so virtual time stands still until the answer comes.
struct InVirtualTime {
    address: redis::ConnectionAddr,
    connection: Mutex<Option<redis::Connection>>,
    start: Instant,
    conditions: Arc<Conditions>,
    /// How long it takes to connect: copies do not notice at the same time that the server is back.
    late: Duration,
}

/// What the server is like.
#[derive(Default)]
pub(super) struct Conditions {
    /// How long an answer takes.
    pub(super) round_trip: Duration,
    /// By how many seconds its clock was set back.
    pub(super) set_back: AtomicU64,
}

impl InVirtualTime {
    fn connect(&self) -> Option<redis::Connection> {
        let info = redis::IntoConnectionInfo::into_connection_info(self.address.clone()).unwrap();
        redis::Client::open(info).unwrap().get_connection().ok()
    }

    fn ask(&self, question: &Question) -> Option<Duration> {
        let script = redis::Script::new(&format!("{VIRTUAL}{}", include_str!("../gcra.lua")));
        let mut call = script.key(question.limit.name());
        let micros = |time: Duration| time.as_micros().min(1 << 53) as i64;
        let now = Duration::from_secs(1_000_000_000 - self.conditions.set_back.load(Ordering::Relaxed))
            + self.start.elapsed();
        call.arg(micros(question.interval)).arg(question.calls).arg(question.longest.map_or(-1, micros));
        call.arg(micros(question.longest_wait)).arg(now.as_secs()).arg(now.subsec_micros());
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
        Box::pin(async {
            let way = self.conditions.round_trip / 2;
            if way.is_zero() {
                return self.ask(question).ok_or(Lost("reset"));
            }
            sleep(way).await;
            let wait = self.ask(question).ok_or(Lost("reset"));
            sleep(way).await;
            wait
        })
    }
}

/// Copies of a relay, each with a connection of its own to a server, and what they have logged.
pub(super) fn with_store(
    valkey: &valkey::Valkey,
    running: usize,
    quota: &Quota,
    conditions: &Arc<Conditions>,
) -> (Vec<Arc<Admission>>, Arc<Mutex<Vec<String>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    let copies = (0..running).map(|number| {
        let address = redis::ConnectionAddr::Unix(valkey.socket());
        let server = InVirtualTime {
            address,
            connection: Mutex::default(),
            start,
            conditions: Arc::clone(conditions),
            late: Duration::from_millis(900) * u32::try_from(number).unwrap(),
        };
        let kept = Arc::clone(&events);
        let log = Log::new(move |line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            kept.lock().unwrap().push(line["event"].as_str().unwrap().to_owned());
        });
        let admission = Admission::with(Some(Arc::new(server)), quota, SESSION, log);
        admission.open();
        Arc::new(admission)
    });
    (copies.collect(), events)
}
