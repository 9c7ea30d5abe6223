//! Who gets a control id, and who can use it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::device::{key_request, set_request};
use crate::documented::assert_documented;
use crate::issuer::{SigningKey, control_id, enfuce, issuer, issuing, start};
use crate::process::{Folder, Relay, classic};
use crate::upstream::{Answer, ClosedPort, Upstream, ok, until};

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
    assert_eq!(enfuce.received().len(), sent, "some of this reached Enfuce");
}

#[tokio::test]
async fn the_issuers_system_may_name_the_cards_product() {
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let mut relay = start(&classic(&enfuce.base_url, ""), &issuer);
    relay.token = Some(key.token("zoe", json!({})));
    for (card, path) in [("a-card", "MC_CARD/a-card"), ("visa", "VISA_CARD/visa")] {
        let token = control_id(&relay, card, "set-pin").await;
        let status = relay.post("/status", &json!({"controlId": token})).await;
        assert_eq!(status.status, 200);
        assert_documented("StatusAnswer", &status.json());
        let asked = enfuce.received().pop().unwrap().line;
        assert_eq!(asked, format!("GET /card/v4/{path}?auditUser=relay"));
    }
    let sent = enfuce.received().len();
    let answer = relay.post("/control-id", &json!({"cardId": "odd", "operation": "set-pin"})).await;
    assert_eq!((answer.status, &*answer.code()), (503, "authorizer_unavailable"));
    assert_eq!(enfuce.received().len(), sent);
}

#[tokio::test]
async fn a_customers_rate_limit_stops_no_session_that_has_begun() {
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let folder = Folder::make();
    let config = issuing(&classic(&enfuce.base_url, ""), &folder, &issuer.base_url);
    let config = format!("{config}[limits]\nper_minute = 1\nburst = 5\n");
    let mut relay = Relay::start_with(folder, &config, &[]);
    relay.token = Some(key.token("zoe", json!({})));
    control_id(&relay, "a-card", "set-pin").await;
    let token = control_id(&relay, "a-card", "set-pin").await;
    let answer = relay.post("/control-id", &json!({"cardId": "a-card", "operation": "set-pin"})).await;
    assert_eq!((answer.status, &*answer.code()), (429, "too_many_requests"));
    for (path, body, status) in [
        ("/tzpk", key_request(&token), 200),
        // This one would leave no call for `set`.
        ("/tzpk", key_request(&token), 429),
        ("/set", set_request(&token, &[1; 8]), 200),
        ("/status", json!({"controlId": token}), 200),
        ("/status", json!({"controlId": token}), 429),
    ] {
        assert_eq!(relay.post(path, &body).await.status, status, "{path}");
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
    assert_eq!(relay.log(1)[0]["cause"], "server_error");
    let figures = relay.admin("/metrics").await.text;
    let figure = "issuer_failures_total{system=\"authorizer\",cause=\"server_error\"} 1";
    assert!(figures.contains(figure) && !figures.contains("relay_failures_total{"), "{figures}");
    assert!(enfuce.received().is_empty());

    // A slow one only takes its own calls, and leaves the other connections free.
    let jwks = key.jwks();
    let slow =
        Upstream::start(move |request| if request.line == "GET /jwks" { ok(&jwks) } else { Answer::Stall })
            .await;
    let mut relay = start(&classic(&enfuce.base_url, "calls = 2"), &slow);
    relay.token = Some(key.token("zoe", json!({})));
    let question = json!({"cardId": "a-card", "operation": "set-pin"});
    let asked = || slow.received().iter().filter(|request| request.line == "POST /authorize").count();
    let (token, url) = (relay.token.clone().unwrap(), format!("{}/control-id", relay.base_url));
    let ask = || relay.client.post(&url).json(&question).bearer_auth(&token).send();
    let stalled: Vec<_> = (0..2).map(|_| tokio::spawn(ask())).collect();
    until("both are under way", async || asked() == 2).await;
    let answer = relay.post("/control-id", &question).await;
    assert_eq!((answer.status, &*answer.code()), (503, "authorizer_unavailable"));
    assert_eq!((&relay.log(1)[0]["cause"], asked()), (&json!("too_many_calls"), 2));
    stalled.iter().for_each(tokio::task::JoinHandle::abort);

    // The claim of the token decides, without a call.
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
    // With a call every two seconds, the calls reserved for the first session leave no time for another one.
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
        assert_eq!(answer.json()["place"], place, "it keeps its place");
        assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    }
    assert_eq!(enfuce.received().len(), asked);
    let figures = relay.admin("/metrics").await.text;
    assert!(figures.contains("card_pin_relay_customers_waiting 1\n"), "{figures}");

    // With a call every 42 seconds, if another back-end issues the control ids: one waits for its turn, and the next would wait
    // too long.
    let config = classic(&enfuce.base_url, "timeout_ms = 60000\n[quota]\nper_minute = 3\ncopies = 2");
    let pass_through = Relay::start(&format!("deadline_ms = 60000\n{config}"));
    let request = set_request("an-id", &[1; 8]);
    let set = || pass_through.post("/set", &request);
    assert_eq!(set().await.status, 200);
    let one_waits = until("one waits", async || {
        pass_through.admin("/metrics").await.text.contains("card_pin_relay_calls_waiting 1\n")
    });
    let set = tokio::select! {
        _ = set() => panic!("it had its turn"),
        set = async { one_waits.await; set().await } => set,
    };
    assert_eq!((set.status, &*set.code()), (424, "relay_busy"), "surely not set");
    assert!(set.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 60);
}

#[tokio::test]
async fn a_device_that_goes_away_gives_back_what_it_has_not_used() {
    let key = Arc::new(SigningKey::make("k1"));
    let (issuer, enfuce) = (issuer(&key).await, Upstream::start(|_| Answer::Stall).await);
    // With one call a second, the calls that are reserved for one session leave no time for another one.
    let mut relay = start(&classic(&enfuce.base_url, "[quota]\nper_minute = 60"), &issuer);
    relay.token = Some(key.token("zoe", json!({})));
    let question = json!({"cardId": "a-card", "operation": "set-pin"});
    let ask = || relay.post("/control-id", &question);
    let is_asked = async |times| until("asked", async || enfuce.received().len() >= times).await;
    tokio::select! {
        _ = ask() => panic!("Enfuce does not answer"),
        () = is_asked(1) => {}
    }
    until("gone", async || {
        relay.admin("/metrics").await.text.contains("card_pin_relay_requests_in_flight 0\n")
    })
    .await;
    tokio::select! {
        answer = ask() => panic!("{}", answer.text),
        () = is_asked(2) => {}
    }
}

#[tokio::test]
async fn while_nothing_answers_nobody_is_admitted_and_places_are_kept() {
    let key = Arc::new(SigningKey::make("k1"));
    let issuer = issuer(&key).await;
    let closed = ClosedPort::reserve();
    let config = classic(&format!("http://{closed}"), "[limits]\nburst = 1000");
    let mut relay = start(&config, &issuer);
    relay.token = Some(key.token("zoe", json!({})));
    let question = json!({"cardId": "a-card", "operation": "set-pin"});
    let mut asked = 0;
    while !relay.admin("/metrics").await.text.contains("card_pin_relay_customers_waiting 1\n") {
        asked += 1;
        assert!(asked < 100, "nobody keeps a place");
        relay.post("/control-id", &question).await;
    }
    let line = &relay.log(asked)[asked - 1];
    assert_eq!((&line["code"], &line["cause"]), (&json!("relay_busy"), &json!("enfuce_is_down")));
}

#[tokio::test]
async fn a_slow_issuer_does_not_have_a_control_id_spent_for_nobody() {
    let key = SigningKey::make("k1");
    let enfuce = enfuce().await;
    // Either of the two is slow, but there would be time left for a quick Enfuce.
    let ask = async |slow: &'static str, ms: u64| {
        let (deadline, timeout) = (ms * 4 / 3, ms * 11 / 10);
        let config = classic(&enfuce.base_url, &format!("timeout_ms = {timeout}"));
        let config = format!("deadline_ms = {deadline}\n{config}");
        let jwks = key.jwks();
        let issuer = Upstream::start(move |request| {
            let answer = if request.line == "GET /jwks" { ok(&jwks) } else { ok(json!({"allowed": true})) };
            if request.line == slow {
                Answer::After(Duration::from_millis(ms), Box::new(answer))
            } else {
                answer
            }
        })
        .await;
        let mut relay = start(&config, &issuer);
        relay.token = Some(key.token("zoe", json!({})));
        let answer = relay.post("/control-id", &json!({"cardId": "a-card", "operation": "set-pin"})).await;
        (answer.status, answer.code())
    };
    // Looking up the keys takes at most three seconds, and a busy machine is slower than the issuer means to be.
    let (authorizer, provider) = tokio::join!(ask("POST /authorize", 9000), ask("GET /jwks", 900));
    assert_eq!(authorizer, (503, "authorizer_unavailable".to_owned()));
    assert_eq!(provider, (503, "relay_busy".to_owned()));
    assert!(enfuce.received().is_empty());
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
