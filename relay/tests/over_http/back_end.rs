//! The whole way: from a customer's token to a PIN that is set, and everything that may not go it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use crate::device::{self, key_request, set_request, unwrap};
use crate::issuer::{SigningKey, issuing, now};
use crate::openapi::assert_documented;
use crate::process::{Folder, Relay, classic, command, nextgen};
use crate::sandbox::Sandbox;
use crate::upstream::{Answer, Upstream, ok};

/// An issuer with this key, who lets Zoe do everything with her cards.
async fn issuer(key: &Arc<SigningKey>) -> Upstream {
    let key = Arc::clone(key);
    Upstream::start(move |request| match &*request.line {
        "GET /jwks" => ok(key.jwks()),
        "POST /authorize" => {
            let question: Value = serde_json::from_str(&request.body).unwrap();
            ok(json!({"allowed": question["customer"] == "zoe" && question["cardId"] != "of-eve"}))
        }
        other => panic!("{other}"),
    })
    .await
}

/// Enfuce, as far as a control id goes: two plastics of each kind.
async fn enfuce() -> Upstream {
    Upstream::start(|request| match request.line.split('?').next().unwrap() {
        "GET /card/v3/a-card/plastic" => ok(json!([
            {"id": "old", "status": "ACTIVE", "sequenceNumber": 1},
            {"id": "in-use", "status": "ACTIVE", "sequenceNumber": 2},
            {"id": "new", "status": "INACTIVE", "sequenceNumber": 3},
            {"id": "gone", "status": "CLOSED", "sequenceNumber": 4},
        ])),
        "GET /card/v3/made/plastic" => ok(json!([{"id": "in-use", "status": "ACTIVE"}])),
        "GET /card/v4/MC_CARD/a-card" => ok(json!({"pinStatus": "S"})),
        line if line.starts_with("POST /pincontrol/") => {
            Answer::Status(201, json!({"id": "enfuces-own-id", "pinURL": "x"}).to_string())
        }
        "POST /pin/v3/set/tzpk" => ok(json!({"tzpk": Base64::encode_string(&[7; 256])})),
        "POST /pin/v3/set" => ok("{}"),
        _ => Answer::Status(404, String::new()),
    })
    .await
}

fn start(config: &str, issuer: &Upstream) -> Relay {
    let folder = Folder::make();
    let config = issuing(config, &folder, &issuer.base_url);
    Relay::start_with(folder, &config, &[])
}

async fn control_id(relay: &Relay, card: &str, operation: &str) -> String {
    let question = json!({"cardId": card, "operation": operation});
    assert_documented("ControlIdRequest", &question);
    let answer = relay.post("/control-id", &question).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_documented("ControlIdAnswer", &answer.json());
    answer.json()["controlId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_customer_sets_a_pin_sees_its_status_and_views_it_on_both_platforms() {
    let (sandbox, key) = (Sandbox::start().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    for config in [classic(sandbox.base_url(), ""), nextgen(sandbox.base_url(), "")] {
        let mut relay = start(&config, &issuer);
        relay.token = Some(key.token("zoe", json!({})));
        let card = sandbox.card().await;
        let token = control_id(&relay, &card, "set-pin").await;
        let status = relay.post("/status", &json!({"controlId": token})).await;
        assert_eq!((status.status, status.json()), (200, json!({"pinStatus": "W"})));
        assert_documented("StatusAnswer", &status.json());
        let (end, _) = device::set_pin(&relay, &token, "4826").await;
        assert_eq!((end.code, sandbox.pin(&card).await.as_deref()), (None, Some("4826")));
        let status = relay.post("/status", &json!({"controlId": token})).await;
        assert_eq!(status.json(), json!({"pinStatus": "S"}));

        sandbox.lever("/sandbox/embossing-run", &json!({})).await;
        let token = control_id(&relay, &card, "view-pin").await;
        let viewed = relay.post("/view", &key_request(&token)).await;
        let block = Base64::decode_vec(viewed.json()["pinBlock"].as_str().unwrap()).unwrap();
        assert_eq!(device::decrypt(&unwrap(&viewed), &block)[..3], [0x14, 0x48, 0x26]);
    }
}

#[tokio::test]
async fn a_token_serves_its_customer_its_card_and_its_operation_alone_on_every_copy() {
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let config = classic(&enfuce.base_url, "");
    let (mut relay, mut copy) = (start(&config, &issuer), start(&config, &issuer));
    relay.token = Some(key.token("zoe", json!({})));
    copy.token.clone_from(&relay.token);
    let set = control_id(&relay, "a-card", "set-pin").await;
    let view = control_id(&relay, "a-card", "view-pin").await;
    let lines: Vec<_> = enfuce.received().into_iter().map(|request| request.line).collect();
    let plastics = "GET /card/v3/a-card/plastic?auditUser=relay";
    let pincontrol = |plastic: &str| format!("POST /pincontrol/v2/plastic/{plastic}?auditUser=relay");
    assert_eq!(lines, [plastics, &pincontrol("new"), plastics, &pincontrol("in-use")]);
    assert!(enfuce.received()[1].body.contains("SET_PIN") && enfuce.received()[3].body.contains("VIEW_PIN"));

    assert_eq!(copy.post("/tzpk", &key_request(&set)).await.status, 200, "another copy opens it");
    let passed = enfuce.received().pop().unwrap().body;
    assert!(passed.contains("enfuces-own-id") && !set.contains("enfuces"), "{passed}");
    let sent = enfuce.received().len();
    for token in [&view, "enfuces-own-id", &set[1..]] {
        let answer = relay.post("/tzpk", &key_request(token)).await;
        assert_eq!((answer.status, &*answer.code()), (404, "control_id_unknown"));
    }
    assert_eq!(relay.post("/view", &key_request(&set)).await.status, 404);
    relay.token = Some(key.token("eve", json!({})));
    for (path, body) in [
        ("/tzpk", key_request(&set)),
        ("/set", set_request(&set, &[1; 8])),
        ("/view", key_request(&view)),
        ("/status", json!({"controlId": set})),
    ] {
        assert_eq!(relay.post(path, &body).await.status, 404, "{path}");
    }
    assert_eq!(enfuce.received().len(), sent, "nothing of this reaches Enfuce");
}

#[tokio::test]
async fn two_sets_of_one_token_on_two_copies_set_once() {
    let (sandbox, key) = (Sandbox::start().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let config = classic(sandbox.base_url(), "");
    let (mut relay, mut copy) = (start(&config, &issuer), start(&config, &issuer));
    relay.token = Some(key.token("zoe", json!({})));
    copy.token.clone_from(&relay.token);
    let card = sandbox.card().await;
    let token = control_id(&relay, &card, "set-pin").await;
    let tzpk = unwrap(&relay.post("/tzpk", &key_request(&token)).await);
    let block = device::encrypt(&tzpk, [0x14, 0x48, 0x26, 0x11, 0x22, 0x33, 0x44, 0x55]);
    let set = set_request(&token, &block);
    let (one, other) = tokio::join!(relay.post("/set", &set), copy.post("/set", &set));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(sandbox.pin(&card).await.as_deref(), Some("4826"));
}

#[tokio::test]
async fn who_is_not_authenticated_gets_nothing_and_spends_nothing() {
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let mut relay = start(&classic(&enfuce.base_url, ""), &issuer);
    let good = key.token("zoe", json!({}));
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let other_claims = SigningKey::make("k1").token("zoe", json!({}));
    let other_claims = other_claims.split('.').nth(1).unwrap();
    let encoded = |value: Value| base64ct::Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let hmac = jsonwebtoken::EncodingKey::from_secret(key.jwks().as_bytes()).unwrap();
    let hmac_header = jsonwebtoken::Header { kid: Some("k1".to_owned()), ..jsonwebtoken::Header::default() };
    let hmac_claims =
        json!({"iss": "https://idp.example", "aud": "card-pin", "sub": "zoe", "exp": now() + 300});
    let by_hmac = jsonwebtoken::encode(&hmac_header, &hmac_claims, &hmac).unwrap();
    for (name, token) in [
        ("none", None),
        ("empty", Some(String::new())),
        ("no token", Some("a.b".to_owned())),
        ("expired", Some(key.token("zoe", json!({"exp": now() - 60})))),
        ("not yet", Some(key.token("zoe", json!({"nbf": now() + 120})))),
        ("without an end", Some(key.token("zoe", json!({"exp": null})))),
        ("of another issuer", Some(key.token("zoe", json!({"iss": "https://evil.example"})))),
        ("without an issuer", Some(key.token("zoe", json!({"iss": null})))),
        ("for another", Some(key.token("zoe", json!({"aud": "shop"})))),
        ("for nobody", Some(key.token("zoe", json!({"aud": null})))),
        ("of nobody", Some(key.token("", json!({})))),
        ("without a customer", Some(key.token("zoe", json!({"sub": null})))),
        ("by another key of this name", Some(SigningKey::make("k1").token("zoe", json!({})))),
        ("by an unknown key", Some(SigningKey::make("k2").token("zoe", json!({})))),
        ("without a signature", Some(format!("{head}.{claims}."))),
        ("with other claims", Some(format!("{head}.{other_claims}x.{signature}"))),
        ("by none", Some(format!("{}.{claims}.", encoded(json!({"alg": "none", "kid": "k1"}))))),
        ("by a shared secret", Some(by_hmac)),
    ] {
        relay.token = token;
        for (path, body) in [
            ("/control-id", json!({"cardId": "a-card", "operation": "set-pin"})),
            ("/set", set_request("an-id", &[1; 8])),
        ] {
            let answer = relay.post(path, &body).await;
            assert_eq!((answer.status, &*answer.code()), (401, "not_authenticated"), "{name}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    assert!(enfuce.received().is_empty());
    // A clock that differs a little.
    relay.token = Some(key.token("zoe", json!({"exp": now() - 5})));
    control_id(&relay, "a-card", "set-pin").await;
    let (_, log) = relay.end();
    for secret in [head, claims, signature, "zoe"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn keys_that_rotate_are_found_and_a_provider_that_fails_signs_nobody_out() {
    let enfuce = enfuce().await;
    let (old, new) = (SigningKey::make("old"), SigningKey::make("new"));
    let jwks = Arc::new(Mutex::new(Answer::Status(500, String::new())));
    let published = Arc::clone(&jwks);
    let issuer = Upstream::start(move |request| {
        if request.line.contains("/jwks") {
            return published.lock().unwrap().clone();
        }
        ok(json!({"allowed": true}))
    })
    .await;
    let mut relay = start(&classic(&enfuce.base_url, ""), &issuer);
    let question = json!({"cardId": "a-card", "operation": "set-pin"});
    relay.token = Some(old.token("zoe", json!({})));
    let answer = relay.post("/control-id", &question).await;
    assert_eq!((answer.status, &*answer.code()), (503, "identity_provider_unavailable"));
    assert_eq!(answer.headers["retry-after"], "2");
    let set = relay.post("/set", &set_request("an-id", &[1; 8])).await;
    assert_eq!((set.status, &*set.code()), (424, "identity_provider_unavailable"), "surely not set");
    for (key, answer) in [(&old, ok(old.jwks())), (&new, ok(new.jwks()))] {
        *jwks.lock().unwrap() = answer;
        relay.token = Some(key.token("zoe", json!({})));
        // Keys are looked up once a second at most.
        let deadline = Instant::now() + Duration::from_secs(60);
        while relay.post("/control-id", &question).await.status != 201 {
            assert!(Instant::now() < deadline, "the key is never found");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    relay.token = Some(old.token("zoe", json!({})));
    assert_eq!(relay.post("/control-id", &question).await.status, 401, "the old key was withdrawn");
    let looked_up =
        |issuer: &Upstream| issuer.received().iter().filter(|request| request.line.contains("/jwks")).count();
    for lie in [ok("not JSON"), ok(json!({"keys": []})), Answer::Status(500, String::new()), Answer::Cut] {
        *jwks.lock().unwrap() = lie;
        let before = looked_up(&issuer);
        relay.token = Some(old.token("zoe", json!({})));
        while looked_up(&issuer) == before {
            assert_eq!(relay.post("/control-id", &question).await.status, 401);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        relay.token = Some(new.token("zoe", json!({})));
        assert_eq!(relay.post("/control-id", &question).await.status, 201);
    }
}

#[tokio::test]
async fn what_the_issuer_does_not_allow_is_not_asked_of_enfuce() {
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let config = classic(&enfuce.base_url, "");
    let mut relay = start(&config, &issuer);
    for (customer, card) in [("eve", "a-card"), ("zoe", "of-eve")] {
        relay.token = Some(key.token(customer, json!({})));
        let answer = relay.post("/control-id", &json!({"cardId": card, "operation": "set-pin"})).await;
        assert_eq!((answer.status, &*answer.code()), (403, "not_allowed"));
    }
    for (card, operation) in [("../a-card", "set-pin"), ("", "set-pin"), ("a-card", "SET_PIN")] {
        let answer = relay.post("/control-id", &json!({"cardId": card, "operation": operation})).await;
        assert_eq!((answer.status, &*answer.code()), (400, "malformed"));
    }
    let jwks = key.jwks();
    let silent = Upstream::start(move |request| {
        if request.line == "GET /jwks" {
            ok(&jwks)
        } else {
            Answer::Status(500, "{\"allowed\": true}".to_owned())
        }
    })
    .await;
    let mut relay = start(&config, &silent);
    relay.token = Some(key.token("zoe", json!({})));
    let answer = relay.post("/control-id", &json!({"cardId": "a-card", "operation": "set-pin"})).await;
    assert_eq!((answer.status, &*answer.code()), (503, "authorizer_unavailable"));
    assert!(enfuce.received().is_empty());

    // By a claim of the token, without a call.
    let folder = Folder::make();
    let with_claim = issuing(&config, &folder, &issuer.base_url).replace(
        &format!("authorize_url = \"{}/authorize\"", issuer.base_url),
        "authorize_claim = \"cards\"",
    );
    let mut relay = Relay::start_with(folder, &with_claim, &[]);
    for (cards, status) in
        [(json!(["x", "a-card"]), 201), (json!(["x"]), 403), (json!("a-card"), 403), (json!(null), 403)]
    {
        relay.token = Some(key.token("grace", json!({"cards": cards})));
        let answer = relay.post("/control-id", &json!({"cardId": "a-card", "operation": "set-pin"})).await;
        assert_eq!(answer.status, status, "{cards}");
    }
}

#[tokio::test]
async fn a_card_that_does_not_fit_is_said() {
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let mut relay = start(&classic(&enfuce.base_url, ""), &issuer);
    relay.token = Some(key.token("zoe", json!({})));
    for (card, status, code) in [("made", 409, "card_not_ready"), ("unknown", 404, "card_unknown")] {
        let answer = relay.post("/control-id", &json!({"cardId": card, "operation": "set-pin"})).await;
        assert_eq!((answer.status, &*answer.code()), (status, code));
    }
}

#[tokio::test]
async fn who_has_to_wait_is_told_before_anything_is_spent() {
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    // A call every two seconds: there is no room for another session beside the reserved calls of the first.
    let quota = "[quota]\nper_minute = 30";
    let mut relay = start(&classic(&enfuce.base_url, quota), &issuer);
    relay.token = Some(key.token("zoe", json!({})));
    control_id(&relay, "a-card", "set-pin").await;
    let asked = enfuce.received().len();
    let question = json!({"cardId": "a-card", "operation": "set-pin"});
    for place in [1, 1] {
        let answer = relay.post("/control-id", &question).await;
        assert_eq!((answer.status, &*answer.code()), (503, "busy"));
        assert_documented("Problem", &answer.json());
        assert_eq!(answer.json()["place"], place, "a place is kept");
        assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    }
    assert_eq!(enfuce.received().len(), asked);
    let figures = relay.admin("/metrics").await.text;
    assert!(figures.contains("card_pin_relay_customers_waiting 1\n"), "{figures}");

    // A call in two minutes, where another back-end issues control ids.
    let pass_through = Relay::start(&classic(&enfuce.base_url, "[quota]\nper_minute = 1\ncopies = 2"));
    assert_eq!(pass_through.post("/set", &set_request("an-id", &[1; 8])).await.status, 200);
    let set = pass_through.post("/set", &set_request("an-id", &[1; 8])).await;
    assert_eq!((set.status, &*set.code()), (424, "relay_busy"), "surely not set");
    assert!(set.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 60);
}

#[tokio::test]
async fn an_operation_can_be_switched_off() {
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let config = format!("operations = [\"view-pin\"]\n{}", classic(&enfuce.base_url, ""));
    let mut relay = start(&config, &issuer);
    relay.token = Some(key.token("zoe", json!({})));
    let answer = relay.post("/control-id", &json!({"cardId": "a-card", "operation": "set-pin"})).await;
    assert_eq!((answer.status, &*answer.code()), (403, "not_allowed"));
    for path in ["/tzpk", "/set"] {
        let answer = relay.post(path, &json!({})).await;
        assert_eq!((answer.status, &*answer.code()), (404, "unknown_route"));
    }
    control_id(&relay, "a-card", "view-pin").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_names_customers_through_a_socket_that_nobody_else_reaches() {
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let folder = Folder::make();
    let socket = folder.0.join("relay.sock");
    let config = issuing(&classic(&enfuce.base_url, ""), &folder, &issuer.base_url)
        .replace("customer = \"jwt\"", "customer_header = \"x-customer\"")
        .replace(
            "listen = \"127.0.0.1:0\"\nadmin",
            &format!("listen = \"unix:{}\"\nadmin", socket.display()),
        );
    let config = config.split("[jwt]").next().unwrap().to_owned()
        + "[control_ids]"
        + config.split("[control_ids]").nth(1).unwrap();
    let relay = Relay::start_with(folder, &config, &[]);
    assert!(relay.base_url.starts_with("unix:"), "{}", relay.base_url);
    let body = json!({"cardId": "a-card", "operation": "set-pin"}).to_string();
    let ask = || {
        let mut stream = UnixStream::connect(&socket).unwrap();
        let head = "POST /control-id HTTP/1.1\r\nhost: x\r\nx-customer: zoe\r\ncontent-type: application/json\r\nconnection: close";
        write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = tokio::task::block_in_place(ask);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(relay.end().0, Some(0));
    assert!(!socket.exists(), "it is taken away at the end");
}

#[test]
fn what_would_let_anybody_be_a_customer_is_refused() {
    let folder = Folder::make();
    let good = issuing(&classic("https://enfuce.example", ""), &folder, "https://idp.example");
    let check = |config: &str| {
        let file = folder.0.join("relay.toml");
        std::fs::write(&file, config).unwrap();
        let output = command().arg("--check").arg("--config").arg(&file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(check(&good), (Some(0), String::new()));
    let keys = folder.0.join("seal-keys");
    let keys = keys.to_str().unwrap();
    let bad_keys = folder.0.join("bad-keys");
    std::fs::write(&bad_keys, "aHVzaA==\n").unwrap();
    let without_jwt = format!(
        "{}[control_ids]{}",
        good.split("[jwt]").next().unwrap(),
        good.split("[control_ids]").nth(1).unwrap()
    );
    let jwt = "customer = \"jwt\"";
    for (config, hint) in [
        (without_jwt.replace(jwt, "customer = \"peer-address\""), "an address is not an identity"),
        (without_jwt.replace(jwt, "customer_header = \"x-customer\""), "listen on a unix socket"),
        (good.replace("audience = ", "ignored = "), "jwt.audience: is missing"),
        (good.replace("authorize_url = ", "authorise_url = "), "control_ids.authorize_url: is missing"),
        (
            good.replace(keys, bad_keys.to_str().unwrap()),
            "control_ids.seal_keys_file: has to hold keys of 32 bytes",
        ),
        (
            good.replace("listen = \"127.0.0.1:0\"\nadmin", "listen = \"unix:relay.sock\"\nadmin"),
            "listen: has to be",
        ),
    ] {
        let (code, said) = check(&config);
        assert!(code == Some(2) && said.contains(hint) && !said.contains("aHVzaA"), "{hint} not in {said}");
    }
}
