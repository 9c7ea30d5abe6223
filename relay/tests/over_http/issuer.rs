//! An issuer's other systems: an identity provider, and a system that knows whose card it is.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::documented::assert_documented;
use crate::process::{Folder, Relay};
use crate::upstream::{Answer, Upstream, ok};

pub(crate) const ISSUER: &str = "https://idp.example";
pub(crate) const AUDIENCE: &str = "card-pin";

/// A key of the identity provider, made by OpenSSL.
pub(crate) struct SigningKey {
    kid: String,
    private: EncodingKey,
    /// As it is published.
    pub(crate) jwk: Value,
}

fn openssl(arguments: &str, input: &[u8]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

impl SigningKey {
    pub(crate) fn make(kid: &str) -> Self {
        let private = openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -outform DER", &[]);
        let public = openssl("pkey -inform DER -pubout -outform DER", &private);
        let (x, y) = public[public.len() - 64..].split_at(32);
        let [x, y] = [x, y].map(Base64UrlUnpadded::encode_string);
        let jwk = json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": x, "y": y});
        let pkcs8 = openssl("pkcs8 -topk8 -nocrypt -inform DER -outform DER", &private);
        Self { kid: kid.to_owned(), private: EncodingKey::from_ec_der(&pkcs8), jwk }
    }

    /// The answer of `jwks_url`.
    pub(crate) fn jwks(&self) -> String {
        json!({"keys": [self.jwk]}).to_string()
    }

    /// A good token of a customer, with `changes` to its claims; null takes a claim away.
    pub(crate) fn token(&self, customer: &str, changes: Value) -> String {
        self.token_by(Some(self.kid.clone()), customer, changes)
    }

    /// A token that names another key, or none.
    pub(crate) fn token_by(&self, kid: Option<String>, customer: &str, changes: Value) -> String {
        let mut claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": customer, "exp": now() + 300});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let header = Header { kid, ..Header::new(Algorithm::ES256) };
        encode(&header, &claims, &self.private).unwrap()
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The configuration with which control ids are issued to customers with a token; `config` is one of `process`.
pub(crate) fn issuing(config: &str, folder: &Folder, issuer_url: &str) -> String {
    let keys = folder.0.join("seal-keys");
    std::fs::write(&keys, Base64::encode_string(&[7; 32]) + "\n").unwrap();
    let config = config.replace("customer = \"peer-address\"", "customer = \"jwt\"");
    format!(
        "{config}\n[jwt]\njwks_url = \"{issuer_url}/jwks\"\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\n\
         [control_ids]\nseal_keys_file = {keys:?}\nauthorize_url = \"{issuer_url}/authorize\"\n"
    )
}

/// An issuer with this key, who lets Zoe do everything with her cards.
pub(crate) async fn issuer(key: &Arc<SigningKey>) -> Upstream {
    let key = Arc::clone(key);
    Upstream::start(move |request| match &*request.line {
        "GET /jwks" => ok(key.jwks()),
        "POST /authorize" => {
            let question: Value = serde_json::from_str(&request.body).unwrap();
            let is_allowed = question["customer"] == "zoe" && question["cardId"] != "of-eve";
            match question["cardId"].as_str().unwrap() {
                "visa" => ok(json!({"allowed": is_allowed, "cardProduct": "VISA_CARD"})),
                "odd" => ok(json!({"allowed": is_allowed, "cardProduct": "../MC_CARD"})),
                _ => ok(json!({"allowed": is_allowed})),
            }
        }
        // The online check only asks whether the system answers.
        "GET /authorize" => Answer::Status(405, String::new()),
        other => panic!("{other}"),
    })
    .await
}

/// The part of Enfuce that control ids need: two plastics of each kind.
pub(crate) async fn enfuce() -> Upstream {
    Upstream::start(|request| match request.line.split('?').next().unwrap() {
        "GET /card/v3/a-card/plastic" | "GET /card/v3/visa/plastic" => ok(json!([
            {"id": "old", "status": "ACTIVE", "sequenceNumber": 1},
            {"id": "in-use", "status": "ACTIVE", "sequenceNumber": 2},
            {"id": "new", "status": "INACTIVE", "sequenceNumber": 3},
            {"id": "gone", "status": "CLOSED", "sequenceNumber": 4},
        ])),
        "GET /card/v3/made/plastic" => ok(json!([{"id": "in-use", "status": "ACTIVE"}])),
        "GET /card/v4/MC_CARD/a-card" | "GET /card/v4/VISA_CARD/visa" => ok(json!({"pinStatus": "S"})),
        line if line.starts_with("POST /pincontrol/") => {
            Answer::Status(201, json!({"id": "enfuces-own-id", "pinURL": "x"}).to_string())
        }
        "POST /pin/v3/set/tzpk" => ok(json!({"tzpk": Base64::encode_string(&[7; 256])})),
        "POST /pin/v3/set" => ok("{}"),
        _ => Answer::Status(404, String::new()),
    })
    .await
}

pub(crate) fn start(config: &str, issuer: &Upstream) -> Relay {
    let folder = Folder::make();
    let config = issuing(config, &folder, &issuer.base_url);
    Relay::start_with(folder, &config, &[])
}

pub(crate) async fn control_id(relay: &Relay, card: &str, operation: &str) -> String {
    let question = json!({"cardId": card, "operation": operation});
    assert_documented("ControlIdRequest", &question);
    let answer = relay.post("/control-id", &question).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_documented("ControlIdAnswer", &answer.json());
    answer.json()["controlId"].as_str().unwrap().to_owned()
}
