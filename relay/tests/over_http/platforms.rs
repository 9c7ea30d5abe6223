//! Both platforms, with the sandbox behind.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64ct::{Base64, Encoding};
use reqwest::Method;
use serde_json::{Value, json};

use crate::device::{self, key_request, set_request, unwrap};
use crate::process::{Relay, classic, nextgen};
use crate::sandbox::Sandbox;
use crate::upstream::{Answer, Received, Upstream, ok, until};

#[tokio::test]
async fn card_pin_sets_and_a_device_views_a_pin_on_both_platforms() {
    let sandbox = Sandbox::start().await;
    for config in [classic(sandbox.base_url(), ""), nextgen(sandbox.base_url(), "")] {
        let relay = Relay::start(&config);
        let card = sandbox.card().await;
        let control_id = sandbox.control_id(&card, "SET_PIN").await;
        let (end, sent) = device::set_pin(&relay, &control_id, "4826").await;
        assert_eq!((end.code, sent.len()), (None, 2));
        assert_eq!(
            (&*sandbox.pin_status(&card).await, sandbox.pin(&card).await.as_deref()),
            ("S", Some("4826"))
        );

        sandbox.control("/sandbox/embossing-run", &json!({})).await;
        let control_id = sandbox.control_id(&card, "VIEW_PIN").await;
        let viewed = relay.post("/view", &key_request(&control_id)).await;
        let block = Base64::decode_vec(viewed.json()["pinBlock"].as_str().unwrap()).unwrap();
        assert_eq!(device::decrypt(&unwrap(&viewed), &block)[..3], [0x14, 0x48, 0x26]);
    }
}

#[tokio::test]
async fn what_enfuce_refuses_keeps_its_meaning() {
    let sandbox = Sandbox::start().await;
    for (name, config) in
        [("classic", classic(sandbox.base_url(), "")), ("nextgen", nextgen(sandbox.base_url(), ""))]
    {
        let relay = Relay::start(&config);
        let unknown = "00000000-0000-4000-8000-000000000000";
        let answer = relay.post("/tzpk", &key_request(unknown)).await;
        assert_eq!((answer.status, &*answer.code()), (404, "control_id_unknown"), "{name}");
        assert_eq!(relay.post("/set", &set_request(unknown, &[7; 8])).await.status, 404);

        let card = sandbox.card().await;
        let control_id = sandbox.control_id(&card, "SET_PIN").await;
        let tzpk = unwrap(&relay.post("/tzpk", &key_request(&control_id)).await);
        let block = device::encrypt(&tzpk, [0x14, 0x48, 0x26, 0x11, 0x22, 0x33, 0x44, 0x55]);
        let set = relay.post("/set", &set_request(&control_id, &block)).await;
        assert_eq!((set.status, &*set.text), (200, "{}"));
        let again = relay.post("/set", &set_request(&control_id, &block)).await;
        assert_eq!((again.status, &*again.code()), (409, "control_id_used"));

        let card = sandbox.card().await;
        let control_id = sandbox.control_id(&card, "SET_PIN").await;
        sandbox.control("/sandbox/clock", &json!({"advanceSeconds": 31})).await;
        let answer = relay.post("/tzpk", &key_request(&control_id)).await;
        assert_eq!((answer.status, &*answer.code()), (410, "control_id_expired"));
    }
}

#[tokio::test]
async fn the_requests_are_those_of_the_platform_and_nothing_else_passes() {
    let upstream = Upstream::start(|request| {
        if request.line.contains("/oauth2/token") {
            return ok(json!({"access_token": "a-token", "token_type": "bearer", "expires_in": 3600}));
        }
        let tzpk = device_tzpk();
        ok(json!({"tzpk": tzpk, "pinBlock": "AAECAwQFBgc=", "algorithm": "TDEA", "kcv": "0A1B2C",
            "pinBlockFormat": 1, "pan": null, "internal": "not for the device"}))
    })
    .await;
    let with_prefix = format!("{}/eu", upstream.base_url);
    let (key, block) = (key_request("an-id"), set_request("an-id", &[1; 16]));
    for (config, set, field, key_field) in [
        (classic(&with_prefix, ""), "POST /eu/pin/v3", "controlId", "publicKey"),
        (nextgen(&with_prefix, ""), "POST /eu/v1/pin/pki", "pinControlId", "pubKey"),
    ] {
        let relay = Relay::start(&config);
        let before = upstream.received().len();
        let tzpk = relay.client.post(format!("{}/tzpk?pin=1234", relay.base_url)).json(&key);
        let tzpk = tzpk.header("cookie", "a=b").header("x-customer", "Ada").send().await.unwrap();
        let tzpk: Value = serde_json::from_str(&tzpk.text().await.unwrap()).unwrap();
        let expected =
            json!({"tzpk": device_tzpk(), "algorithm": "TDEA", "kcv": "0A1B2C", "pinBlockFormat": 1});
        assert_eq!(tzpk, expected, "the documented fields, and no pinBlock where none is asked for");
        assert_eq!(relay.post("/view", &key).await.json()["pinBlock"], "AAECAwQFBgc=");
        assert_eq!(relay.post("/set", &block).await.text, "{}");
        let mut received = upstream.received().split_off(before);
        if field == "pinControlId" {
            let token = received.remove(0);
            assert_eq!(
                (&*token.line, &*token.body),
                ("POST /eu/oauth2/token", "grant_type=client_credentials")
            );
        }
        assert_eq!(received.len(), 3, "one access token serves all: {received:?}");
        for (request, path) in received.iter().zip(["/set/tzpk", "/view", "/set"]) {
            assert!(request.line.starts_with(&format!("{set}{path}")), "{}", request.line);
            let body: serde_json::Map<String, Value> = serde_json::from_str(&request.body).unwrap();
            assert_eq!((body.len(), &body[field]), (2, &json!("an-id")));
            if path == "/set" {
                assert_eq!(body["pinBlock"], block["pinBlock"]);
            } else if field == "controlId" {
                assert_eq!(body[key_field], key["publicKey"]);
            } else {
                let pem = body[key_field].as_str().unwrap();
                let lines: Vec<_> = pem.lines().collect();
                assert_eq!(
                    (lines[0], lines[lines.len() - 1]),
                    ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")
                );
                assert!(lines[1..lines.len() - 2].iter().all(|line| line.len() == 64));
                assert_eq!(lines[1..lines.len() - 1].concat(), key["publicKey"]);
            }
            if field == "controlId" {
                assert!(request.line.ends_with("?auditUser=relay"));
                assert!(request.head.contains("authorization: basic "));
            } else {
                assert!(!request.line.contains('?'));
                assert!(
                    request.head.contains("x-audit-user: relay") && request.head.contains("bearer a-token")
                );
            }
            for not_passed in ["cookie", "x-customer", "x-request-id", "1234", "referer", "x-forwarded-for"] {
                assert!(!request.head.contains(not_passed), "{not_passed} in {}", request.head);
            }
        }
    }
}

/// A field of the right shape.
fn device_tzpk() -> String {
    Base64::encode_string(&[7; 256])
}

#[tokio::test]
async fn an_access_token_is_renewed_before_it_expires_and_when_it_is_refused() {
    static TOKENS: AtomicUsize = AtomicUsize::new(0);
    let upstream = Upstream::start(|request| {
        if request.line.contains("/oauth2/token") {
            let number = TOKENS.fetch_add(1, Ordering::Relaxed);
            let life = if number < 2 { 3600 } else { 2 };
            return ok(
                json!({"access_token": format!("t{number}"), "token_type": "Bearer", "expires_in": life}),
            );
        }
        // The first is revoked.
        let revoked = request.head.contains("bearer t0");
        if revoked { Answer::Status(401, String::new()) } else { ok("{}") }
    })
    .await;
    let relay = Relay::start(&nextgen(&upstream.base_url, ""));
    let set = set_request("an-id", &[1; 8]);
    // What was refused for its token was not done, and goes once more with another.
    assert_eq!(relay.post("/set", &set).await.status, 200);
    let sets = |received: Vec<Received>| {
        received.into_iter().filter(|request| request.line.ends_with("/set")).count()
    };
    assert_eq!(sets(upstream.received()), 2);
    for _ in 0..3 {
        assert_eq!(relay.post("/set", &set).await.status, 200);
    }
    assert_eq!(TOKENS.load(Ordering::Relaxed), 2);
    let relay = Relay::start(&nextgen(&upstream.base_url, ""));
    assert_eq!(relay.post("/set", &set).await.status, 200);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(relay.post("/set", &set).await.status, 200);
    // Two seconds of life are used for one.
    until("another token", async || TOKENS.load(Ordering::Relaxed) >= 4).await;
}

#[tokio::test]
async fn a_token_of_the_configuration_is_sent_as_it_is() {
    let upstream = Upstream::start(|request| {
        let is_first = request.body.contains("first");
        if is_first { Answer::Status(401, String::new()) } else { ok("{}") }
    })
    .await;
    let basic = "{ kind = \"basic\", user = \"sandbox\", password = \"sandbox\" }";
    let bearer = "{ kind = \"bearer\", token = \"kept-by.the~issuer\" }";
    let config = classic(&upstream.base_url, "");
    assert!(config.contains(basic));
    let relay = Relay::start(&config.replace(basic, bearer));
    let refused = relay.post("/set", &set_request("first", &[1; 8])).await;
    assert_eq!((refused.status, &*refused.code()), (424, "enfuce_refuses_relay"));
    // There is no other token to fetch: the next request goes with the same.
    assert_eq!(relay.post("/set", &set_request("second", &[1; 8])).await.status, 200);
    let received = upstream.received();
    assert_eq!(received.len(), 2, "{received:?}");
    for request in received {
        assert_eq!(request.line, "POST /pin/v3/set?auditUser=relay");
        let sent: Vec<_> = request.head.lines().filter(|line| line.starts_with("authorization:")).collect();
        assert_eq!(sent, ["authorization: bearer kept-by.the~issuer"]);
    }

    // The sandbox takes one of its own in the same way.
    let sandbox = Sandbox::start().await;
    let ask = sandbox.client.post(format!("{}/oauth2/token", sandbox.base_url()));
    let ask = ask.basic_auth("sandbox", Some("sandbox")).form(&[("grant_type", "client_credentials")]);
    let token: Value = serde_json::from_str(&ask.send().await.unwrap().text().await.unwrap()).unwrap();
    let bearer = format!("{{ kind = \"bearer\", token = {} }}", token["access_token"]);
    let relay = Relay::start(&classic(sandbox.base_url(), "").replace(basic, &bearer));
    let control_id = sandbox.control_id(&sandbox.card().await, "SET_PIN").await;
    assert_eq!(relay.post("/tzpk", &key_request(&control_id)).await.status, 200);
}

#[tokio::test]
async fn the_sandbox_sees_the_calls_of_its_own_contract() {
    let sandbox = Sandbox::start().await;
    let relay = Relay::start(&classic(sandbox.base_url(), "").replace("\"sandbox\" }", "\"wrong\" }"));
    let answer = relay.post("/tzpk", &key_request("00000000-0000-4000-8000-000000000000")).await;
    assert_eq!((answer.status, &*answer.code()), (502, "enfuce_refuses_relay"));
    let wire = sandbox.call(Method::GET, "/sandbox/wire", &json!({})).await.text;
    assert!(wire.contains("/pin/v3/set/tzpk"));
}

#[tokio::test]
async fn what_describes_the_key_passes_to_the_device() {
    let sandbox = Sandbox::start().await;
    let plan = json!({"algorithm": "AES", "keyBytes": 32, "pinBlockFormat": 4, "kcv": true});
    sandbox.control("/sandbox/pin-key", &plan).await;
    for config in [classic(sandbox.base_url(), ""), nextgen(sandbox.base_url(), "")] {
        let relay = Relay::start(&config);
        let control_id = sandbox.control_id(&sandbox.card().await, "SET_PIN").await;
        let answer = relay.post("/tzpk", &key_request(&control_id)).await;
        assert_eq!(unwrap(&answer).len(), 32);
        let answer = answer.json();
        assert_eq!((&answer["algorithm"], &answer["pinBlockFormat"]), (&json!("AES"), &json!(4)));
        assert_eq!(answer["kcv"].as_str().unwrap().len(), 10);
        assert!((12..=19).contains(&answer["pan"].as_str().unwrap().len()));
        // A block of sixteen bytes arrives, and is no PIN under this key.
        let answer = relay.post("/set", &set_request(&control_id, &[1; 16])).await;
        assert_eq!((answer.status, &*answer.code()), (400, "enfuce_refused"));
    }
}
