//! Sessions under the quota.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use card_pin_sandbox::ENFUCE_REQUESTS;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::places::{self, NO_LIMIT, Places, text};
use crate::{Result, customer};

/// How many times as many sessions come as the quota lets through.
const TIMES: [u32; 4] = [1, 2, 6, 12];
/// Of the relay, on the classic platform: the plastics, the control id, `tzpk` and `set`.
const CALLS: usize = 4;
/// Customers of each figure: as many as the quota lets through in half a minute.
const SESSIONS: usize = 30 * ENFUCE_REQUESTS / CALLS;

/// What happened to the customers on their way to a control id.
#[derive(Default)]
struct Count {
    told_to_wait: AtomicUsize,
    /// Each customer's number and wait, in the order in which they were given a control id.
    issued: Mutex<Vec<(u32, Duration)>>,
}

/// Who asks for a control id.
#[derive(Clone)]
struct Asking {
    /// Among all, in the order in which they come.
    number: u32,
    card: String,
    token: String,
}

/// With Enfuce's quota: customers sign in, the relay issues the control ids, and they come faster than the quota lets through.
pub(crate) async fn measure() -> Result<()> {
    let fields = [
        ("CUSTOMER", "jwt"),
        ("JWT__JWKS_URL", "SANDBOX/idp/jwks"),
        ("JWT__ISSUER", "SANDBOX/idp"),
        ("JWT__AUDIENCE", "card-pin"),
        ("CONTROL_IDS__SEAL_KEYS_FILE", "FOLDER/seal-keys"),
        ("CONTROL_IDS__AUTHORIZE_URL", "SANDBOX/issuer/api/authorize"),
    ];
    let started = places::start(&fields).await?;
    println!(
        "\nWith Enfuce's quota of {ENFUCE_REQUESTS} calls a second, {CALLS} a session. In seconds: the waits for a control id, and by how much \
         later the latest came who was served before somebody."
    );
    println!(
        "{:>8} {:>9} {:>12} {:>11} {:>8} {:>6} {:>6} {:>10} {:>6} {:>11}",
        "offered",
        "sessions",
        "sessions/s",
        "of quota",
        "told",
        "p50",
        "p99",
        "overtaken",
        "lost",
        "for nothing"
    );
    for times in TIMES {
        run(&started.places, times).await?;
    }
    started.stop().await
}

async fn run(places: &Places, times: u32) -> Result<()> {
    places.limit(NO_LIMIT).await?;
    let mut customers = customer::make(SESSIONS, places).await?;
    for customer in &mut customers {
        customer.token = Some(sign_in(places, &customer.name).await?);
    }
    let expected: Vec<_> =
        customers.iter().map(|customer| (customer.card.id.clone(), customer.pin.clone())).collect();
    places.limit(ENFUCE_REQUESTS).await?;
    places.sets.store(0, Ordering::Relaxed);
    let count = Arc::new(Count::default());
    let pause = Duration::from_secs(1) * u32::try_from(CALLS)? / u32::try_from(ENFUCE_REQUESTS)? / times;
    let mut sessions = JoinSet::new();
    for (number, customer) in (0_u32..).zip(customers) {
        let (places, count) = (places.clone(), Arc::clone(&count));
        sessions.spawn(async move {
            tokio::time::sleep(pause * number).await;
            let token = customer.token.clone().unwrap_or_default();
            let asking = Asking { number, card: customer.card.id.clone(), token };
            let ask = || control_id(places.clone(), asking.clone(), Arc::clone(&count));
            customer.set_pin(&places, ask).await
        });
    }
    let (mut failures, mut ends) = (Vec::new(), Vec::new());
    while let Some(session) = sessions.join_next().await {
        match session? {
            Ok(()) => ends.push(Instant::now()),
            Err(failure) => failures.push(failure),
        }
    }
    places.limit(NO_LIMIT).await?;
    let completed = ends.len();
    #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
    let allowed = ENFUCE_REQUESTS as f64 / CALLS as f64;
    let rate = rate(&ends);
    let told = count.told_to_wait.load(Ordering::Relaxed);
    let issued = std::mem::take(&mut *count.issued.lock().unwrap_or_else(PoisonError::into_inner));
    let overtaken = (pause * most_overtaken(&issued)).as_secs_f64();
    let mut waits: Vec<_> = issued.iter().map(|(_, wait)| *wait).collect();
    waits.sort_unstable();
    let at = |part: usize| waits.get(waits.len() * part / 100).map_or(0.0, Duration::as_secs_f64);
    let lost = places.lost(&expected).await?.saturating_sub(failures.len());
    let for_nothing = issued.len().saturating_sub(completed);
    println!(
        "{:>8} {SESSIONS:>9} {rate:>12.1} {:>10.0}% {told:>8} {:>6.1} {:>6.1} {overtaken:>10.1} {lost:>6} {for_nothing:>11}",
        format!("{times} x"),
        100.0 * rate / allowed,
        at(50),
        at(99),
    );
    if let Some(failure) = failures.pop() {
        return Err(failure);
    }
    let doubled = places.sets.load(Ordering::Relaxed).saturating_sub(SESSIONS);
    if lost + doubled + for_nothing > 0 {
        return Err(format!("{lost} lost, {doubled} doubled, {for_nothing} control ids for nothing").into());
    }
    Ok(())
}

async fn sign_in(places: &Places, customer: &str) -> Result<String> {
    let request = places.http.post(format!("{}/idp/token", places.sandbox));
    let form = request.form(&[("grant_type", "password"), ("username", customer)]);
    let answer: Value = form.send().await?.error_for_status()?.json().await?;
    text(&answer["access_token"])
}

/// From the first end of a session to the last: how long the first takes is not a matter of the quota.
#[allow(clippy::cast_precision_loss, reason = "a few hundred")]
fn rate(ends: &[Instant]) -> f64 {
    let (Some(first), Some(last)) = (ends.first(), ends.last()) else { return 0.0 };
    (ends.len() - 1) as f64 / (*last - *first).as_secs_f64()
}

/// The largest overtaking, in places: how much later somebody came who was served earlier.
fn most_overtaken(issued: &[(u32, Duration)]) -> u32 {
    let mut latest = 0;
    let by = |(number, _): &(u32, Duration)| {
        latest = latest.max(*number);
        latest - number
    };
    issued.iter().map(by).max().unwrap_or_default()
}

/// What a customer's app does: asks, and where it is told to wait, waits and asks again.
async fn control_id(places: Places, asking: Asking, count: Arc<Count>) -> Result<String> {
    let Asking { number, card, token } = asking;
    let start = Instant::now();
    loop {
        let request = places.http.post(format!("{}/control-id", places.relay)).bearer_auth(&token);
        let answer = request.json(&json!({"cardId": card, "operation": "set-pin"})).send().await?;
        if answer.status() != StatusCode::SERVICE_UNAVAILABLE {
            let answer: Value = answer.error_for_status()?.json().await?;
            count.issued.lock().unwrap_or_else(PoisonError::into_inner).push((number, start.elapsed()));
            return text(&answer["controlId"]);
        }
        count.told_to_wait.fetch_add(1, Ordering::Relaxed);
        let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        tokio::time::sleep(Duration::from_secs(seconds.ok_or("nobody said how long to wait")?)).await;
    }
}
