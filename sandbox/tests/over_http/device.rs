//! card-pin itself as the customer's device, compiled for this machine.

use card_pin::entry::PinRules;
use card_pin::key_pair::KeySize;
use card_pin::random::SystemRandom;
use card_pin::session::{Action, ControlIdSource, End, Operation, Session, Settings};
use card_pin::weak_pin::{Personal, WeakPin};
use card_pin::wire::{self, ControlId, Endpoint, Formats, Reply};

use crate::relay::Relay;

/// Sets a PIN through the relay with card-pin's own session; returns how it ended, and the bodies that it sent.
pub(crate) async fn set_pin(relay: &Relay, control_id: &str, pin: &str) -> (End, Vec<String>) {
    let digits: Vec<u8> = pin.bytes().map(|digit| digit - b'0').collect();
    let count = u8::try_from(digits.len()).unwrap();
    let rules = PinRules::new(count, count, true, WeakPin::Reject).unwrap();
    let settings = Settings {
        operation: Operation::Set(rules),
        personal: Personal::default(),
        key_size: KeySize::Rsa2048,
        control_id_source: ControlIdSource::Given(ControlId::new(control_id.to_owned()).unwrap()),
        formats: Formats::new(&[0, 1, 3, 4]).unwrap(),
        can_look_up: false,
    };
    let mut session = Session::open(settings, SystemRandom::new());
    digits.iter().chain(&digits).for_each(|&digit| session.press(digit).unwrap());
    session.submit().unwrap();
    let mut sent = Vec::new();
    while let Some(action) = session.next_action() {
        match action {
            Action::SearchKeyPair => while session.search_key_pair() {},
            Action::AskControlId => panic!("the control id was given"),
            Action::Wait(seconds) => panic!("the relay asks for {seconds} seconds"),
            Action::Post(request) => {
                let path = if request.endpoint == Endpoint::Set { "/set" } else { "/tzpk" };
                sent.push(request.body.clone());
                let answer = relay.post(path, &serde_json::from_str(&request.body).unwrap()).await;
                let body = Some(answer.text.into_bytes());
                let reply = Reply::Answered(wire::Answer {
                    status: answer.status,
                    is_html: false,
                    retry_after_seconds: None,
                    body,
                });
                session.reply(reply);
            }
        }
    }
    (session.snapshot().end.unwrap(), sent)
}
