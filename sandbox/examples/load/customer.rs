//! The customers and their devices.

use std::time::Duration;

use card_pin::entry::PinRules;
use card_pin::key_pair::KeySize;
use card_pin::random::SystemRandom;
use card_pin::session::{Action, ControlIdSource, End, Operation, Session, Settings};
use card_pin::weak_pin::{Personal, WeakPin};
use card_pin::wire::{Answer, Endpoint, Formats, Reply};
use reqwest::header::RETRY_AFTER;
use tokio::task::JoinSet;

use crate::Result;
use crate::places::{Card, Places};

/// One customer: a card that waits for its PIN, and a device whose key is made and whose PIN is entered.
pub(crate) struct Customer {
    session: Session<SystemRandom>,
    pub(crate) name: String,
    pub(crate) card: Card,
    pub(crate) pin: String,
    /// Goes with every request to the relay, if there is one.
    pub(crate) token: Option<String>,
}

/// So many customers, each with a card.
pub(crate) async fn make(count: usize, places: &Places) -> Result<Vec<Customer>> {
    let mut devices = JoinSet::new();
    for number in 0..count {
        devices.spawn_blocking(move || device(number));
    }
    let mut customers = Vec::new();
    while let Some(device) = devices.join_next().await {
        let (session, pin) = device??;
        let name = format!("customer-{}", customers.len());
        let card = places.make_card(&name).await?;
        customers.push(Customer { session, name, card, pin, token: None });
    }
    Ok(customers)
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

impl Customer {
    /// Sets the PIN, with control ids that `ask` gives.
    pub(crate) async fn set_pin<F: Future<Output = Result<String>>>(
        mut self,
        places: &Places,
        ask: impl Fn() -> F,
    ) -> Result<()> {
        self.session.submit()?;
        while let Some(action) = self.session.next_action() {
            match action {
                Action::SearchKeyPair => while self.session.search_key_pair() {},
                Action::AskControlId => self.session.control_id(Some(ask().await?)),
                Action::Wait(seconds) => {
                    tokio::time::sleep(Duration::from_secs(seconds.into())).await;
                    self.session.waited();
                }
                Action::Post(request) => {
                    let path = if request.endpoint == Endpoint::Set { "set" } else { "tzpk" };
                    let mut call = places.http.post(format!("{}/{path}", places.relay));
                    if let Some(token) = &self.token {
                        call = call.bearer_auth(token);
                    }
                    let call = call.header("content-type", "application/json").body(request.body.clone());
                    let answer = call.send().await?;
                    let status = answer.status().as_u16();
                    let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                    let retry_after_seconds = retry_after.and_then(|value| value.parse().ok());
                    let body = Some(answer.bytes().await?.to_vec());
                    let answer = Answer { status, is_html: false, retry_after_seconds, body };
                    self.session.reply(Reply::Answered(answer));
                }
            }
        }
        match self.session.snapshot().end {
            Some(End { code: None, .. }) => Ok(()),
            end => Err(format!("a session ended with {end:?}").into()),
        }
    }
}
