//! Sessions without a quota.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::places::{self, Places, text};
use crate::{Result, customer};

const CONCURRENCIES: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// At least so many sessions for each figure.
const SESSIONS: usize = 24;

/// As fast as it goes: the issuer's back-end asks for control ids, and nothing has a limit.
pub(crate) async fn measure() -> Result<()> {
    let fields =
        [("CUSTOMER", "peer-address"), ("QUOTA__PER_SECOND", "1000000"), ("QUOTA__PER_MINUTE", "60000000")];
    let started = places::start(&fields).await?;
    println!("Without Enfuce's quota. RSA keys and cards are made ahead, and are not in the figures.");
    println!("{:>10} {:>9} {:>12} {:>8} {:>8}", "concurrent", "sessions", "sessions/s", "lost", "doubled");
    for concurrent in CONCURRENCIES {
        run(&started.places, concurrent).await?;
    }
    started.stop().await
}

async fn run(places: &Places, concurrent: usize) -> Result<()> {
    let count = SESSIONS.max(2 * concurrent);
    let customers = customer::make(count, places).await?;
    let expected: Vec<_> =
        customers.iter().map(|customer| (customer.card.id.clone(), customer.pin.clone())).collect();
    places.sets.store(0, Ordering::Relaxed);
    let start = Instant::now();
    let mut workers = JoinSet::new();
    let queue = Arc::new(Mutex::new(customers));
    for _ in 0..concurrent {
        let (places, queue) = (places.clone(), Arc::clone(&queue));
        workers.spawn(async move {
            let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
            while let Some(customer) = next() {
                let plastic = customer.card.plastic.clone();
                customer.set_pin(&places, || control_id(places.clone(), plastic.clone())).await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    let mut failures = Vec::new();
    while let Some(worker) = workers.join_next().await {
        failures.extend(worker?.err());
    }
    let seconds = start.elapsed().as_secs_f64();
    let lost = places.lost(&expected).await?;
    let doubled = places.sets.load(Ordering::Relaxed).saturating_sub(count);
    #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
    let rate = count as f64 / seconds;
    println!("{concurrent:>10} {count:>9} {rate:>12.1} {lost:>8} {doubled:>8}");
    if let Some(failure) = failures.pop() {
        return Err(failure);
    }
    if lost + doubled > 0 {
        return Err(format!("{lost} lost, {doubled} doubled").into());
    }
    Ok(())
}

async fn control_id(places: Places, plastic: String) -> Result<String> {
    let path = format!("/pincontrol/v2/plastic/{plastic}");
    let control = places.enfuce(Method::POST, &path, &json!({"scope": "SET_PIN"})).await?;
    text(&control["id"])
}
