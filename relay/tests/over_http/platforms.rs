//! What goes to Enfuce on both platforms, and with which credentials.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use crate::device::{key_request, set_request};
use crate::process::{Relay, classic, nextgen};
use crate::upstream::{Answer, Received, Upstream, access_token, ok, until};

#[tokio::test]
async fn the_requests_are_those_of_the_platform_and_nothing_else_passes() {
    let upstream = Upstream::start(|request| {
        if request.line.contains("/oauth2/token") {
            return access_token("a-token");
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
        assert_eq!(tzpk, expected, "the documented fields, without a pinBlock that was not asked for");
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
        assert_eq!(received.len(), 3, "all calls use one access token: {received:?}");
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

/// A field of the right form.
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
        // The first token is revoked.
        let revoked = request.head.contains("bearer t0");
        if revoked { Answer::Status(401, String::new()) } else { ok("{}") }
    })
    .await;
    let relay = Relay::start(&nextgen(&upstream.base_url, ""));
    let set = set_request("an-id", &[1; 8]);
    // A call that was refused because of its token was not carried out, and is repeated once with another token.
    assert_eq!(relay.post("/set", &set).await.status, 200);
    let sets = |received: Vec<Received>| {
        received.into_iter().filter(|request| request.line.ends_with("/set")).count()
    };
    assert_eq!(sets(upstream.received()), 2);
    for _ in 0..3 {
        assert_eq!(relay.post("/set", &set).await.status, 200);
    }
    assert_eq!(TOKENS.load(Ordering::Relaxed), 2);
    let relay = Relay::start(&nextgen(&upstream.base_url, "[limits]\nburst = 100000"));
    assert_eq!(relay.post("/set", &set).await.status, 200);
    // A token with a lifetime of two seconds is used for one second.
    until("another token", async || {
        assert_eq!(relay.post("/set", &set).await.status, 200);
        TOKENS.load(Ordering::Relaxed) >= 4
    })
    .await;
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
    // There is no other token to fetch, so the next request uses the same one.
    assert_eq!(relay.post("/set", &set_request("second", &[1; 8])).await.status, 200);
    let received = upstream.received();
    assert_eq!(received.len(), 2, "{received:?}");
    for request in received {
        assert_eq!(request.line, "POST /pin/v3/set?auditUser=relay");
        let sent: Vec<_> = request.head.lines().filter(|line| line.starts_with("authorization:")).collect();
        assert_eq!(sent, ["authorization: bearer kept-by.the~issuer"]);
    }
}
