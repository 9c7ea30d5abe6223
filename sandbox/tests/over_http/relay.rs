//! The relay, in the tests' own process, with the sandbox in the place of Enfuce.

use std::collections::BTreeMap;
use std::fs;

use base64ct::{Base64, Encoding};
use card_pin_relay::{Log, Running, read_config};
use reqwest::Client;
use serde_json::{Value, json};

use crate::support::{Answer, Sandbox};

/// Fields of the relay's configuration. `SANDBOX` in a value is the sandbox's address, and `FOLDER` its folder.
type Fields<'a> = [(&'a str, &'a str)];

pub(crate) const CLASSIC: &Fields = &[
    ("ENFUCE__PLATFORM", "classic"),
    ("ENFUCE__AUTH__KIND", "basic"),
    ("ENFUCE__AUTH__USER", "sandbox"),
    ("ENFUCE__AUTH__PASSWORD", "sandbox"),
];

pub(crate) const NEXTGEN: &Fields = &[
    ("ENFUCE__PLATFORM", "nextgen"),
    ("ENFUCE__AUTH__KIND", "oauth2"),
    ("ENFUCE__AUTH__TOKEN_URL", "SANDBOX/oauth2/token"),
    ("ENFUCE__AUTH__CLIENT_ID", "sandbox"),
    ("ENFUCE__AUTH__CLIENT_SECRET", "sandbox"),
];

/// Another back-end issues the control ids.
pub(crate) const PASSES_ON: &Fields = &[("CUSTOMER", "peer-address")];

/// The relay issues control ids to the customers of the sandbox's identity provider, as the sandbox's issuer allows.
pub(crate) const ISSUES: &Fields = &[
    ("CUSTOMER", "jwt"),
    ("JWT__JWKS_URL", "SANDBOX/idp/jwks"),
    ("JWT__ISSUER", "SANDBOX/idp"),
    ("JWT__AUDIENCE", "card-pin"),
    ("CONTROL_IDS__SEAL_KEYS_FILE", "FOLDER/seal-keys"),
    ("CONTROL_IDS__AUTHORIZE_URL", "SANDBOX/issuer/api/authorize"),
];

pub(crate) struct Relay {
    running: Running,
    client: Client,
    /// The customer's token; empty if none is needed.
    pub(crate) token: String,
}

/// A relay that is set up, but does not listen yet. If a field is given twice, the later value counts. All relays of one sandbox
/// are copies: they seal with the same key.
pub(crate) fn set_up(sandbox: &Sandbox, fields: &[&Fields]) -> card_pin_relay::Relay {
    fs::write(sandbox.folder.join("seal-keys"), Base64::encode_string(&[7; 32])).unwrap();
    let always = [
        ("LISTEN", "127.0.0.1:0"),
        ("DRAIN_MS", "0"),
        ("ENFUCE__BASE_URL", "SANDBOX"),
        ("ENFUCE__AUDIT_USER", "relay"),
    ];
    let folder = sandbox.folder.to_str().unwrap();
    let fields: BTreeMap<_, _> = always
        .iter()
        .chain(fields.iter().copied().flatten())
        .map(|(name, value)| {
            let value = value.replace("SANDBOX", sandbox.base_url()).replace("FOLDER", folder);
            (format!("CARDPIN__{name}"), value)
        })
        .collect();
    let config = read_config(None, fields).unwrap_or_else(|error| panic!("{error}"));
    card_pin_relay::Relay::new(config, Log::new(|_| {})).unwrap()
}

impl Relay {
    pub(crate) async fn start(sandbox: &Sandbox, fields: &[&Fields<'_>]) -> Self {
        let running = card_pin_relay::start(set_up(sandbox, fields)).await.unwrap();
        Self { running, client: sandbox.client.clone(), token: String::new() }
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(&self.token, path, body).await
    }

    /// The answer to a customer with this token who wants a control id for a card.
    pub(crate) async fn ask(&self, token: &str, card_id: &str, operation: &str) -> Answer {
        self.post_with(token, "/control-id", &json!({"cardId": card_id, "operation": operation})).await
    }

    /// The control id that the customer gets.
    pub(crate) async fn control_id(&self, card_id: &str, operation: &str) -> String {
        let answer = self.ask(&self.token, card_id, operation).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["controlId"].as_str().unwrap().to_owned()
    }

    async fn post_with(&self, token: &str, path: &str, body: &Value) -> Answer {
        let request = self.client.post(format!("{}{path}", self.running.listen())).bearer_auth(token);
        Answer::read(request.json(body).send().await.unwrap()).await
    }
}
