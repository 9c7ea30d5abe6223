//! How many PINs a second go through the relay and the sandbox, and whether one is lost or set twice on the way.
//!
//! Whole sessions, over HTTP: the issuer's call for a control id, then `tzpk` and `set` through the relay, with card-pin itself
//! as the device. Not measured, because each device does it by itself and before: making the RSA keys, and the cards. Device, relay
//! and sandbox are one process here and share its processors, so what is printed is less than a relay alone can do.

#![allow(clippy::print_stdout, reason = "a command line talks to its terminal")]

use std::error::Error;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use card_pin::entry::PinRules;
use card_pin::key_pair::KeySize;
use card_pin::random::SystemRandom;
use card_pin::session::{Action, ControlIdSource, End, Operation, Session, Settings};
use card_pin::weak_pin::{Personal, WeakPin};
use card_pin::wire::{Answer, Endpoint, Formats, Reply};
use card_pin_relay::{Log, Relay, read_config};
use card_pin_sandbox::{Config, Embossing, PAGE_MINUTES};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinSet;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const CONCURRENCIES: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// At least so many sessions for each figure.
const SESSIONS: usize = 24;
/// More than is ever asked for: what is measured is not a limit.
const NO_LIMIT: usize = 1_000_000;

/// One customer: a card that waits for its PIN, and a device whose key is made and whose PIN is entered.
struct Customer {
    session: Session<SystemRandom>,
    card: String,
    plastic: String,
    pin: String,
}

/// Where everything is.
#[derive(Clone)]
struct Places {
    http: Client,
    sandbox: String,
    relay: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("card-pin-load-{}", std::process::id()));
    fs::create_dir_all(folder.join("dist"))?;
    fs::write(folder.join("dist/page.html"), "{{operation}}{{control-id}}{{parent-origin}}")?;
    let sandbox = card_pin_sandbox::start(Config {
        port: 0,
        db: folder.join("sandbox.sqlite"),
        dist: folder.join("dist"),
        user: "load".to_owned(),
        password: "load".to_owned(),
        embossing: Embossing::Hourly,
        requests_per_second: NO_LIMIT,
        page_minutes: PAGE_MINUTES,
        strict_control_ids: false,
        frames: Vec::new(),
        theme: None,
    })
    .await?;
    let sets = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sets);
    let log = Log::new(move |line| {
        counted.fetch_add(usize::from(line.contains("\"route\":\"set\"")), Ordering::Relaxed);
    });
    let fields = [
        ("LISTEN", "127.0.0.1:0"),
        ("CUSTOMER", "peer-address"),
        ("DRAIN_MS", "0"),
        ("ENFUCE__PLATFORM", "classic"),
        ("ENFUCE__BASE_URL", sandbox.base_url()),
        ("ENFUCE__AUDIT_USER", "load"),
        ("ENFUCE__AUTH__KIND", "basic"),
        ("ENFUCE__AUTH__USER", "load"),
        ("ENFUCE__AUTH__PASSWORD", "load"),
        ("LIMITS__PER_MINUTE", "1000000"),
        ("LIMITS__BURST", "1000000"),
        ("QUOTA__PER_SECOND", "1000000"),
        ("QUOTA__PER_MINUTE", "60000000"),
    ];
    let fields = fields.map(|(name, value)| (format!("CARDPIN__{name}"), value.to_owned()));
    let relay = card_pin_relay::start(Relay::new(read_config(None, fields)?, log)?).await?;
    let places = Places {
        http: Client::builder().no_proxy().build()?,
        sandbox: sandbox.base_url().to_owned(),
        relay: relay.listen().to_string(),
    };
    let outcome = measure(&places, &sets).await;
    relay.stop().await;
    sandbox.stop().await;
    fs::remove_dir_all(folder)?;
    outcome
}

async fn measure(places: &Places, sets: &AtomicUsize) -> Result<()> {
    println!("RSA keys and cards are made ahead, and are not in the figures.");
    println!("{:>10} {:>9} {:>12} {:>8} {:>8}", "concurrent", "sessions", "sessions/s", "lost", "doubled");
    for concurrent in CONCURRENCIES {
        let count = SESSIONS.max(2 * concurrent);
        let mut customers = Vec::new();
        let mut devices = JoinSet::new();
        for number in 0..count {
            devices.spawn_blocking(move || device(number));
        }
        while let Some(device) = devices.join_next().await {
            let (session, pin) = device??;
            let (card, plastic) = places.make_card().await?;
            customers.push(Customer { session, card, plastic, pin });
        }
        let expected: Vec<_> =
            customers.iter().map(|customer| (customer.card.clone(), customer.pin.clone())).collect();
        sets.store(0, Ordering::Relaxed);
        let start = Instant::now();
        let mut workers = JoinSet::new();
        let queue = Arc::new(Mutex::new(customers));
        for _ in 0..concurrent {
            let (places, queue) = (places.clone(), Arc::clone(&queue));
            workers.spawn(async move {
                let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
                while let Some(customer) = next() {
                    places.set_pin(customer).await?;
                }
                Ok::<_, Box<dyn Error + Send + Sync>>(())
            });
        }
        let mut failures = Vec::new();
        while let Some(worker) = workers.join_next().await {
            failures.extend(worker?.err());
        }
        let seconds = start.elapsed().as_secs_f64();
        let mut lost = 0;
        for (card, pin) in &expected {
            lost += usize::from(!places.has_pin(card, pin).await?);
        }
        let doubled = sets.load(Ordering::Relaxed).saturating_sub(count);
        #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
        let rate = count as f64 / seconds;
        println!("{concurrent:>10} {count:>9} {rate:>12.1} {lost:>8} {doubled:>8}");
        if let Some(failure) = failures.pop() {
            return Err(failure);
        }
        if lost + doubled > 0 {
            return Err(format!("{lost} lost, {doubled} doubled").into());
        }
    }
    Ok(())
}

/// A session up to the submit, and the PIN that was entered, of six digits, another for each number.
fn device(number: usize) -> Result<(Session<SystemRandom>, String)> {
    let pin = format!("{:06}", 123_457 + number * 7919 % 800_000);
    let rules = PinRules::new(6, 6, false, WeakPin::Allow).ok_or("six digits are allowed")?;
    let settings = Settings {
        operation: Operation::Set(rules),
        personal: Personal::default(),
        key_size: KeySize::Rsa2048,
        control_id_source: ControlIdSource::Provider,
        formats: Formats::new(&[1]).ok_or("format 1 is one")?,
        can_look_up: false,
    };
    let mut session = Session::open(settings, SystemRandom::new());
    while session.search_key_pair() {}
    for digit in pin.bytes() {
        session.press(digit - b'0')?;
    }
    Ok((session, pin))
}

impl Places {
    async fn enfuce(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let request = self.http.request(method.clone(), format!("{}{path}?auditUser=load", self.sandbox));
        let request = request.basic_auth("load", Some("load"));
        let request = if method == Method::GET { request } else { request.json(body) };
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    async fn make_card(&self) -> Result<(String, String)> {
        let body = json!({"pinStatus": "W"});
        let card = self.enfuce(Method::POST, "/card/v4/MC_CARD/customer/1/account/1/MAIN", &body).await?;
        let card = text(&card["id"])?;
        let plastics = self.enfuce(Method::GET, &format!("/card/v3/{card}/plastic"), &json!({})).await?;
        Ok((card, text(&plastics[0]["id"])?))
    }

    /// The measured part: control id, TZPK, PIN.
    async fn set_pin(&self, customer: Customer) -> Result<()> {
        let Customer { mut session, plastic, .. } = customer;
        session.submit()?;
        while let Some(action) = session.next_action() {
            match action {
                Action::SearchKeyPair => while session.search_key_pair() {},
                Action::AskControlId => {
                    let path = format!("/pincontrol/v2/plastic/{plastic}");
                    let control = self.enfuce(Method::POST, &path, &json!({"scope": "SET_PIN"})).await?;
                    session.control_id(Some(text(&control["id"])?));
                }
                Action::Wait(seconds) => {
                    tokio::time::sleep(Duration::from_secs(seconds.into())).await;
                    session.waited();
                }
                Action::Post(request) => {
                    let path = if request.endpoint == Endpoint::Set { "set" } else { "tzpk" };
                    let call = self.http.post(format!("{}/{path}", self.relay));
                    let call = call.header("content-type", "application/json").body(request.body.clone());
                    let answer = call.send().await?;
                    let status = answer.status().as_u16();
                    let body = Some(answer.bytes().await?.to_vec());
                    let answer = Answer { status, is_html: false, retry_after_seconds: None, body };
                    session.reply(Reply::Answered(answer));
                }
            }
        }
        match session.snapshot().end {
            Some(End { code: None, .. }) => Ok(()),
            end => Err(format!("a session ended with {end:?}").into()),
        }
    }

    async fn has_pin(&self, card: &str, pin: &str) -> Result<bool> {
        let shown = self.enfuce(Method::GET, &format!("/card/v4/MC_CARD/{card}"), &json!({})).await?;
        let held = self.http.get(format!("{}/sandbox/cards/{card}/pin", self.sandbox)).send().await?;
        let held: Value = held.json().await?;
        Ok(shown["pinStatus"] == "S" && held["pin"] == pin)
    }
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().ok_or("the sandbox's answer lacks an id")?.to_owned())
}
