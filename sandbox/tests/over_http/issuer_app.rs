//! The issuer's app and its back-end.

use std::pin::pin;

use base64ct::{Base64, Encoding};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, BLOCK_1234, Sandbox, device_key, encrypt, spki, until, unwrap};

#[tokio::test]
async fn the_back_end_makes_cards_and_gets_control_ids() {
    let sandbox = Sandbox::start().await;
    assert_eq!(sandbox.get("/issuer/api/cards").await.json(), json!({"cards": []}));
    let made = sandbox.post("/issuer/api/cards", &json!({"firstName": "Ada", "lastName": "Lindqvist"})).await;
    assert_eq!(made.status, 201);
    let card = made.json();
    assert_eq!((card["name"].as_str(), card["pinStatus"].as_str()), (Some("Ada Lindqvist"), Some("W")));
    let second =
        sandbox.post("/issuer/api/cards", &json!({"firstName": "Bo", "lastName": "Ek"})).await.json();
    assert_eq!(sandbox.get("/issuer/api/cards").await.json(), json!({"cards": [second, card]}));

    let card_id = card["id"].as_str().unwrap();
    let control = sandbox.post(&format!("/issuer/api/cards/{card_id}/set-pin"), &json!({})).await.json();
    assert_eq!(control["pinUrl"], format!("{}/pin-page/mobile", sandbox.base_url()));
    let control_id = control["controlId"].as_str().unwrap();
    let tzpk = sandbox.tzpk(control_id).await;
    assert_eq!(sandbox.send_block(control_id, &encrypt(&tzpk, BLOCK_1234)).await.status, 200);
    assert_eq!(sandbox.get("/issuer/api/cards").await.json()["cards"][1]["pinStatus"], "S");
    let refused = sandbox.post(&format!("/issuer/api/cards/{card_id}/set-pin"), &json!({})).await;
    assert_eq!(refused.status, 409);
    assert!(refused.json()["detail"].as_str().unwrap().contains("pinStatus"), "Enfuce's reason is missing");
}

#[tokio::test]
async fn the_back_end_reaches_enfuce_over_http_only() {
    let sandbox = Sandbox::start().await;
    sandbox.post("/issuer/api/cards", &json!({"firstName": "Ada", "lastName": "L"})).await;
    let wire = sandbox.get("/sandbox/wire").await.json();
    let paths: Vec<_> =
        wire["requests"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(paths[..2], ["/issuer/api/cards", "/card/v4/MC_CARD/customer/1/account/1/MAIN"]);
    assert!(paths[2].starts_with("/card/v3/") && paths.len() == 3, "{paths:?}");
    assert_eq!(wire["requests"][1]["query"], "auditUser=issuer-app");
    // A card that the issuer did not make is not one of its cards, although Enfuce knows it.
    let (foreign, _) = sandbox.card_and_control_id().await;
    let refused = sandbox.post(&format!("/issuer/api/cards/{foreign}/set-pin"), &json!({})).await;
    refused.assert_problem(404, "unknown", "issuer");
}

#[tokio::test]
async fn a_card_is_made_as_it_is_ordered() {
    let sandbox = Sandbox::start().await;
    let order = json!({"firstName": "Ada", "lastName": "L", "product": "VISA_CARD", "pinStatus": "D"});
    let card = sandbox.post("/issuer/api/cards", &order).await.json();
    assert_eq!((card["product"].as_str(), card["pinStatus"].as_str()), (Some("VISA_CARD"), Some("D")));
    let [plastic] = card["plastics"].as_array().unwrap().as_slice() else { panic!("{card}") };
    assert_eq!((plastic["status"].as_str(), &plastic["productionDate"]), (Some("INACTIVE"), &json!(null)));
    assert_eq!(plastic["sequenceNumber"], 1);
    assert!(plastic["expiration"]["year"].is_u64() && plastic["createdDate"].is_string());
    for (field, value, status, hint) in
        [("pinStatus", "S", 400, "W or D"), ("product", "AMEX", 400, "product has to be one of MC_CARD")]
    {
        let mut order = order.clone();
        order[field] = value.into();
        let refused = sandbox.post("/issuer/api/cards", &order).await;
        assert_eq!(refused.status, status, "{}", refused.text);
        assert!(refused.json()["detail"].as_str().unwrap().contains(hint), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_frame_gets_its_key_and_a_card_that_is_not_made_no_view() {
    let sandbox = Sandbox::start().await;
    let card = sandbox.post("/issuer/api/cards", &json!({"firstName": "A", "lastName": "L"})).await.json();
    let path = format!("/issuer/api/cards/{}", card["id"].as_str().unwrap());
    let control = sandbox.post(&format!("{path}/set-pin"), &json!({})).await.json();
    let frame = control["pinFrameUrl"].as_str().unwrap();
    assert_eq!(frame, format!("{}/pin-page/frame?key=sandbox", sandbox.base_url()));
    assert_eq!(sandbox.get("/pin-page/frame?key=sandbox").await.status, 200);
    let refused = sandbox.post(&format!("{path}/view-pin"), &json!({})).await;
    refused.assert_problem(409, "wrong_state", "not made yet");
}

#[tokio::test]
async fn the_app_is_served_under_a_strict_policy_that_it_keeps() {
    let sandbox = Sandbox::start().await;
    let page = sandbox.get("/").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self';"
    ));
    assert!(policy.ends_with("require-trusted-types-for 'script'; trusted-types card-pin"));
    assert!(!policy.contains("'unsafe-"), "{policy}");
    for inline in ["<style", " style=", " onclick=", " onload=", "<script>"] {
        assert!(!page.text.contains(inline), "{inline}");
    }
    assert!(page.text.contains("<title>Issuer app</title>"));
    let mut seen = vec!["/app.js".to_owned()];
    for quoted in page.text.split('"').filter(|text| text.starts_with('/') && !text.contains('>')) {
        let file = sandbox.get(quoted).await;
        assert_eq!(file.status, 200, "{quoted}");
        assert_eq!(file.header("content-security-policy"), policy);
    }
    // Every module that is imported is there, as a script.
    let mut at = 0;
    while let Some(path) = seen.get(at).cloned() {
        let file = sandbox.get(&path).await;
        assert_eq!(file.header("content-type"), "text/javascript; charset=utf-8", "{path}");
        for import in file.text.lines().filter(|line| line.starts_with("import ")) {
            let name = import.split("\"./").nth(1).and_then(|rest| rest.strip_suffix("\";")).unwrap();
            if !seen.contains(&format!("/{name}")) {
                seen.push(format!("/{name}"));
            }
        }
        at += 1;
    }
    assert!(seen.len() > 8, "{seen:?}");
}

#[tokio::test]
async fn the_issuer_serves_its_own_copy_of_the_module() {
    let sandbox = Sandbox::start().await;
    let script = sandbox.get("/card-pin/page.js").await;
    assert_eq!((script.status, script.header("content-type")), (200, "text/javascript; charset=utf-8"));
    assert!(script.header("content-security-policy").contains("connect-src 'self'"));
    assert_eq!(sandbox.get("/card-pin/..%2fsecret.txt").await.status, 404);
}

#[tokio::test]
async fn a_made_card_can_be_viewed_and_renewed_and_a_waiting_one_made_random() {
    let sandbox = Sandbox::start().await;
    let order = |pin_status| json!({"firstName": "A", "lastName": "L", "pinStatus": pin_status});
    let made = sandbox.post("/issuer/api/cards", &order("W")).await.json();
    let id = made["id"].as_str().unwrap().to_owned();
    let changed = sandbox.post(&format!("/issuer/api/cards/{id}/random-pin"), &json!({})).await;
    assert_eq!((changed.status, changed.json()["pinStatus"].as_str()), (200, Some("D")));
    let again = sandbox.post(&format!("/issuer/api/cards/{id}/set-pin"), &json!({})).await;
    again.assert_problem(409, "wrong_state", "pinStatus is D");
    sandbox.post("/sandbox/embossing-run", &json!({})).await;
    let listed = sandbox.get("/issuer/api/cards").await.json()["cards"][0].clone();
    assert_eq!(listed["plastics"][0]["status"], "ACTIVE");
    assert!(listed["plastics"][0]["productionDate"].is_string());
    let view = format!("/issuer/api/cards/{id}/view-pin");
    let control = sandbox.post(&view, &json!({})).await.json();
    let page = sandbox.fetch_page(control["controlId"].as_str().unwrap()).await;
    assert!(page.text.contains("data-o=\"view-pin\""), "{}", page.text);

    let renewal = json!({"productionType": "RENEWAL"});
    assert_eq!(sandbox.post(&format!("/sandbox/cards/{id}/plastics"), &renewal).await.status, 201);
    let listed = sandbox.get("/issuer/api/cards").await.json()["cards"][0].clone();
    let states: Vec<_> =
        listed["plastics"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["ACTIVE", "INACTIVE"]);
    // The PIN of the plastic in the customer's hands is shown.
    assert_eq!(sandbox.post(&view, &json!({})).await.status, 200);
}

#[tokio::test]
async fn a_list_that_takes_more_calls_than_fit_in_a_second_is_complete() {
    const CARDS: usize = 12;
    let sandbox = Sandbox::start().await;
    for _ in 0..CARDS {
        let made = sandbox.post("/issuer/api/cards", &json!({"firstName": "A", "lastName": "L"})).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    assert_eq!(sandbox.post("/sandbox/quota", &json!({"requestsPerSecond": 10})).await.status, 200);
    let mut listing = pin!(sandbox.get("/issuer/api/cards"));
    let mut refused = 0;
    let listed = loop {
        let refusal = until("another call is refused", async || refusals(&sandbox).await > refused);
        tokio::select! {
            listed = &mut listing => break listed,
            () = refusal => {
                refused = refusals(&sandbox).await;
                sandbox.advance(1).await;
            }
        }
    };
    assert_eq!(listed.json()["cards"].as_array().map(Vec::len), Some(CARDS), "{}", listed.text);
    assert!(refused > 0, "the limit was not reached");
}

/// How many answers with status 429 are in the record.
async fn refusals(sandbox: &Sandbox) -> usize {
    let wire = sandbox.get("/sandbox/wire").await.json();
    wire["requests"].as_array().unwrap().iter().filter(|request| request["answer"]["status"] == 429).count()
}

#[tokio::test]
async fn the_relay_serves_a_customer_who_has_signed_in_and_nobody_else() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.new_card("W").await["id"].as_str().unwrap().to_owned();
    let ask = async |token: &str, path: &str, body: Value| {
        let request = sandbox.request(Method::POST, path).bearer_auth(token).json(&body);
        Answer::read(request.send().await.unwrap()).await
    };
    let wanted = json!({"cardId": card_id, "operation": "set-pin"});
    let token = sandbox.sign_in("7").await;
    let issued = ask(&token, "/relay/control-id", wanted.clone()).await;
    assert_eq!(issued.status, 201, "{}", issued.text);
    let control_id = issued.json()["controlId"].as_str().unwrap().to_owned();
    let key = spki(device_key());
    let asked = ask(&token, "/relay/tzpk", json!({"controlId": control_id, "publicKey": key})).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let block = Base64::encode_string(&encrypt(&unwrap(&asked).unwrap(), BLOCK_1234));
    let body = json!({"controlId": control_id, "pinBlock": block});

    // Another customer is refused, and so are a request without a token and Enfuce's own control id.
    let stranger = sandbox.sign_in("8").await;
    assert_eq!(ask(&stranger, "/relay/control-id", wanted.clone()).await.status, 403);
    assert_eq!(ask(&stranger, "/relay/set", body.clone()).await.status, 404);
    assert_eq!(sandbox.post("/relay/set", &body).await.status, 401);
    let enfuces = json!({"controlId": sandbox.control_id_of(&card_id).await, "pinBlock": block});
    assert_eq!(ask(&token, "/relay/set", enfuces).await.status, 404);

    let sent = ask(&token, "/relay/set", body.clone()).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    assert_eq!(sandbox.hsm_pin(&card_id).await.as_deref(), Some("1234"));
    // The relay explains in its own words what Enfuce refused.
    let again = ask(&token, "/relay/set", body).await;
    assert_eq!(again.status, 409, "{}", again.text);
    // The paths for the relay's operators are on a listener of their own, which the sandbox does not start.
    assert_eq!(sandbox.get("/relay/livez").await.status, 404);
}

#[tokio::test]
async fn each_call_that_the_relay_makes_is_told_as_the_relays() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.new_card("W").await["id"].as_str().unwrap().to_owned();
    let token = sandbox.sign_in("7").await;
    let request = sandbox.request(Method::POST, "/relay/control-id").bearer_auth(&token);
    let issued = request.json(&json!({"cardId": card_id, "operation": "set-pin"})).send().await.unwrap();
    assert_eq!(issued.status(), 201);
    let wire = sandbox.get("/sandbox/wire").await.json();
    let told: Vec<_> = wire["requests"].as_array().unwrap().iter().rev().take(6).rev().collect();
    let route = |one: &Value| {
        ["from", "to", "path"].map(|name| one[name].as_str().unwrap().replace(&card_id, "CARD")).join(" ")
    };
    let routes: Vec<_> = told.iter().map(|one| route(one)).collect();
    assert_eq!(
        routes[..5],
        [
            "device issuer /idp/token",
            "device relay /relay/control-id",
            "relay issuer /idp/jwks",
            "relay issuer /issuer/api/authorize",
            "relay enfuce /card/v3/CARD/plastic",
        ]
    );
    assert!(routes[5].starts_with("relay enfuce /pincontrol/v2/plastic/"), "{}", routes[5]);
    let step = |value: &Value| value["step"].as_u64().unwrap();
    assert!(step(told[5]) < step(&told[5]["answer"]) && step(&told[5]["answer"]) < step(&told[1]["answer"]));
    assert!(
        told.iter().all(|one| one["headers"].get("authorization").is_none_or(|value| value == "(elided)"))
    );
}
