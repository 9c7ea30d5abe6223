//! Who a customer is: which tokens the relay believes, and which not.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64ct::Encoding;
use serde_json::{Value, json};

use crate::device::set_request;
use crate::issuer::{SigningKey, control_id, enfuce, issuer, issuing, now, start};
use crate::process::{Folder, Relay, classic, command};
use crate::upstream::{Answer, Upstream, ok, until};

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
        ("by another key without a name", Some(SigningKey::make("k1").token_by(None, "zoe", json!({})))),
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
    // A token does not have to name the key if there is only one.
    relay.token = Some(key.token_by(None, "zoe", json!({})));
    control_id(&relay, "a-card", "set-pin").await;
    // The provider's clock may differ a little.
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
    assert!(relay.log(2).iter().all(|line| line["cause"] == "server_error"));
    for (key, answer) in [(&old, ok(old.jwks())), (&new, ok(new.jwks()))] {
        *jwks.lock().unwrap() = answer;
        relay.token = Some(key.token("zoe", json!({})));
        // The relay looks up keys at most once a second.
        until("the key is found", async || relay.post("/control-id", &question).await.status == 201).await;
    }
    relay.token = Some(old.token("zoe", json!({})));
    assert_eq!(relay.post("/control-id", &question).await.status, 401, "the old key was withdrawn");
    let looked_up =
        |issuer: &Upstream| issuer.received().iter().filter(|request| request.line.contains("/jwks")).count();
    for lie in [ok("not JSON"), ok(json!({"keys": []})), Answer::Status(500, String::new()), Answer::Cut] {
        *jwks.lock().unwrap() = lie;
        let before = looked_up(&issuer);
        relay.token = Some(old.token("zoe", json!({})));
        until("looked up", async || {
            let status = relay.post("/control-id", &question).await.status;
            assert!(status == 401 || status == 503, "{status}");
            looked_up(&issuer) > before
        })
        .await;
        let unknown = relay.post("/control-id", &question).await;
        assert_eq!(unknown.status, 503, "while the keys cannot be read, an unknown key gets 503");
        relay.token = Some(new.token("zoe", json!({})));
        assert_eq!(relay.post("/control-id", &question).await.status, 201);
    }
}

#[tokio::test]
async fn a_copy_is_ready_once_it_has_found_keys_and_stays_so() {
    let (enfuce, key) = (enfuce().await, SigningKey::make("k1"));
    let is_down = Arc::new(AtomicBool::new(true));
    let (jwks, down) = (key.jwks(), Arc::clone(&is_down));
    let issuer = Upstream::start(move |_| {
        if down.load(Ordering::Relaxed) { Answer::Status(500, String::new()) } else { ok(&jwks) }
    })
    .await;
    let relay = start(&classic(&enfuce.base_url, ""), &issuer);
    until("looked up", async || !issuer.received().is_empty()).await;
    assert_eq!(relay.admin("/readyz").await.status, 503);
    assert_eq!(relay.admin("/livez").await.status, 200);
    is_down.store(false, Ordering::Relaxed);
    relay.until_ready().await;
    is_down.store(true, Ordering::Relaxed);
    relay.signal("-HUP");
    relay.wait_for_event("reloaded");
    assert_eq!(relay.admin("/readyz").await.status, 200);
}

/// Customers ask with an unknown key, and hang up at once.
#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_does_not_have_the_provider_asked_again_and_again() {
    let (enfuce, key) = (enfuce().await, SigningKey::make("k1"));
    let jwks = key.jwks();
    let issuer =
        Upstream::start(move |_| Answer::After(Duration::from_millis(300), Box::new(ok(&jwks)))).await;
    let mut relay = start(&classic(&enfuce.base_url, ""), &issuer);
    relay.until_ready().await;
    let before = issuer.received().len();
    relay.token = Some(SigningKey::make("nobodys").token("zoe", json!({})));
    let question = json!({"cardId": "a-card", "operation": "set-pin"});
    let started = Instant::now();
    for _ in 0..100 {
        let is_under_way = async || {
            let figures = relay.admin("/metrics").await.text;
            !figures.contains("card_pin_relay_requests_in_flight 0\n")
        };
        tokio::select! {
            _ = relay.post("/control-id", &question) => {}
            () = until("the request is under way", is_under_way) => {}
        }
    }
    // There is at least a second between two look-ups.
    let most = started.elapsed().as_secs() as usize + 2;
    let asked = issuer.received().len() - before;
    assert!(asked <= most, "asked {asked} times in {:?}", started.elapsed());
}

#[tokio::test]
async fn keys_of_one_name_or_of_none_are_told_apart_and_each_serves_its_algorithm() {
    let enfuce = enfuce().await;
    let (one, other) = (SigningKey::make("same"), SigningKey::make("same"));
    let mut for_keys = SigningKey::make("for-keys");
    for_keys.jwk["alg"] = json!("RSA-OAEP");
    let nameless = |key: &SigningKey| {
        let mut jwk = key.jwk.clone();
        jwk.as_object_mut().unwrap().remove("kid");
        jwk
    };
    let (first, second) = (SigningKey::make("x"), SigningKey::make("y"));
    let keys = json!([one.jwk, other.jwk, for_keys.jwk, nameless(&first), nameless(&second)]);
    let issuer = Upstream::start(move |request| {
        let is_keys = request.line.contains("/jwks");
        ok(if is_keys { json!({"keys": keys}) } else { json!({"allowed": true}) })
    })
    .await;
    let mut relay = start(&classic(&enfuce.base_url, ""), &issuer);
    let question = json!({"cardId": "a-card", "operation": "set-pin"});
    for (token, status) in [
        (one.token("zoe", json!({})), 201),
        (other.token("zoe", json!({})), 201),
        (first.token_by(None, "zoe", json!({})), 201),
        (second.token_by(None, "zoe", json!({})), 201),
        (for_keys.token("zoe", json!({})), 401),
        (SigningKey::make("same").token("zoe", json!({})), 401),
    ] {
        relay.token = Some(token);
        assert_eq!(relay.post("/control-id", &question).await.status, status);
    }
}

#[tokio::test]
async fn answers_of_the_issuers_systems_are_read_as_others_write_them() {
    let (enfuce, key) = (enfuce().await, SigningKey::make("k1"));
    let (token, jwk) = (key.token("zoe", json!({})), key.jwk.clone());
    // A byte order mark, and keys of kinds that are newer than this relay.
    let issuer = Upstream::start(move |request| {
        let keys = json!([{"kty": "AKP", "kid": "later", "alg": "ML-DSA-65", "pub": "AAAA"}, {"kid": "nothing"}, jwk]);
        let answer = if request.line.contains("/jwks") { json!({"keys": keys}) } else { json!({"allowed": true}) };
        ok(format!("\u{feff}{answer}"))
    })
    .await;
    let mut relay = start(&classic(&enfuce.base_url, ""), &issuer);
    relay.token = Some(token);
    control_id(&relay, "a-card", "set-pin").await;
}

#[tokio::test]
async fn a_key_for_something_else_verifies_no_token() {
    let (enfuce, good) = (enfuce().await, SigningKey::make("good"));
    let mut keys = vec![good.jwk.clone()];
    let mut others = Vec::new();
    for (kid, field, value) in [
        ("encrypts", "use", json!("enc")),
        ("stamps", "use", json!("stamp")),
        ("wraps", "key_ops", json!(["wrapKey"])),
        ("verifies", "key_ops", json!(["verify"])),
    ] {
        let mut key = SigningKey::make(kid);
        if field == "key_ops" {
            key.jwk.as_object_mut().unwrap().remove("use");
        }
        key.jwk[field] = value;
        keys.push(key.jwk.clone());
        others.push((kid, key));
    }
    let issuer = Upstream::start(move |request| {
        let is_keys = request.line.contains("/jwks");
        ok(if is_keys { json!({"keys": keys}) } else { json!({"allowed": true}) })
    })
    .await;
    let mut relay = start(&classic(&enfuce.base_url, ""), &issuer);
    relay.token = Some(good.token("zoe", json!({})));
    control_id(&relay, "a-card", "set-pin").await;
    for (kid, key) in &others {
        relay.token = Some(key.token("zoe", json!({})));
        let answer = relay.post("/control-id", &json!({"cardId": "a-card", "operation": "set-pin"})).await;
        assert_eq!(answer.status, if *kid == "verifies" { 201 } else { 401 }, "{kid}");
    }
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
    assert!(!socket.exists(), "the socket is removed at the end");
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
