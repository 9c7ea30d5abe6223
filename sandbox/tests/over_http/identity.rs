//! The identity provider, and the issuer's system that knows whose card it is, as the relay uses them to issue control ids.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};

use crate::relay::{CLASSIC, ISSUES, Relay};
use crate::support::Sandbox;

/// A relay that issues control ids to the customers of the sandbox's identity provider. It knows no keys yet.
async fn relay(sandbox: &Sandbox) -> Relay {
    Relay::start(sandbox, &[CLASSIC, ISSUES]).await
}

/// The relay's answer to a customer with this token who wants to set the PIN of a card.
async fn ask(relay: &Relay, token: &str, card_id: &str) -> (u16, String) {
    let answer = relay.ask(token, card_id, "set-pin").await;
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

/// The answer of a relay that has not looked up keys before.
async fn ask_anew(sandbox: &Sandbox, token: &str, card_id: &str) -> (u16, String) {
    let relay = relay(sandbox).await;
    let answer = ask(&relay, token, card_id).await;
    relay.stop().await;
    answer
}

async fn ordered(sandbox: &Sandbox, order: Value) -> String {
    let answer = sandbox.post("/sandbox/idp/tokens", &order).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["token"].as_str().unwrap().to_owned()
}

async fn card_of(sandbox: &Sandbox, customer: &str) -> String {
    let order = json!({"firstName": "Ada", "lastName": "Lindqvist", "customerId": customer});
    let card = sandbox.post("/issuer/api/cards", &order).await.json();
    assert_eq!(card["customerId"], customer);
    card["id"].as_str().unwrap().to_owned()
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn it_says_where_its_keys_are_and_who_a_customer_is() {
    let sandbox = Sandbox::start().await;
    let found = sandbox.get("/idp/.well-known/openid-configuration").await.json();
    assert_eq!(found["issuer"], format!("{}/idp", sandbox.base_url()));
    let place =
        |name: &str| found[name].as_str().unwrap().strip_prefix(sandbox.base_url()).unwrap().to_owned();
    assert_eq!(place("token_endpoint"), "/idp/token");
    let keys = sandbox.get(&place("jwks_uri")).await.json();
    let [key] = keys["keys"].as_array().unwrap().as_slice() else { panic!("{keys}") };
    let token = sandbox.sign_in("ada").await;
    let parts: Vec<_> = token.split('.').collect();
    let [header, claims]: [Value; 2] = [parts[0], parts[1]]
        .map(|part| serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).unwrap()).unwrap());
    assert_eq!((&header["alg"], &header["kid"]), (&json!("ES256"), &key["kid"]));
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!("ada"), &json!("card-pin")));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 300);
    for form in [
        [("grant_type", "client_credentials"), ("username", "ada")],
        [("grant_type", "password"), ("user", "ada")],
        [("grant_type", "password"), ("username", "a b")],
        [("type", "password"), ("username", "ada")],
    ] {
        assert_eq!(sandbox.log_in(&form).await.status, 400, "{form:?}");
    }
    // The record does not contain the tokens, so its reader cannot pretend to be a customer.
    assert!(!sandbox.get("/sandbox/wire").await.text.contains(&token));
}

#[tokio::test]
async fn the_relay_issues_control_ids_for_a_customers_own_cards() {
    let sandbox = Sandbox::start().await;
    let relay = relay(&sandbox).await;
    let (ada, bo) = (sandbox.sign_in("ada").await, sandbox.sign_in("bo").await);
    let card = card_of(&sandbox, "ada").await;
    assert_eq!(ask(&relay, &ada, &card).await, refused(201, ""));
    assert_eq!(ask(&relay, &bo, &card).await, refused(403, "not_allowed"));
    // A card that was not ordered in the issuer's app has an owner, too.
    let card = sandbox.new_card("W").await;
    let seven = sandbox.sign_in("7").await;
    assert_eq!(ask(&relay, &seven, card["id"].as_str().unwrap()).await, refused(201, ""));
    assert_eq!(ask(&relay, &ada, "0d1f7a3e-30a5-4f3c-9d55-1b4d0f6c9a11").await, refused(403, "not_allowed"));
}

#[tokio::test]
async fn the_issuers_system_knows_the_owner_of_a_card() {
    let sandbox = Sandbox::start().await;
    let card = card_of(&sandbox, "ada").await;
    for (customer, card_id, allowed) in
        [("ada", card.as_str(), true), ("Ada", &card, false), ("1", &card, false), ("ada", "none", false)]
    {
        let body = json!({"customer": customer, "cardId": card_id, "operation": "view-pin"});
        let answer = sandbox.post("/issuer/api/authorize", &body).await;
        let mut expected = json!({"allowed": allowed});
        if allowed {
            expected["cardProduct"] = json!("MC_CARD");
        }
        assert_eq!(answer.json(), expected, "{customer} {card_id}");
    }
    for field in ["customer", "cardId", "operation"] {
        let mut body = json!({"customer": "ada", "cardId": card, "operation": "set-pin"});
        body[field] = json!(null);
        sandbox.post("/issuer/api/authorize", &body).await.assert_problem(400, "malformed", field);
        body[field] = json!("change-pin");
        let answer = sandbox.post("/issuer/api/authorize", &body).await;
        assert_eq!(answer.status, if field == "operation" { 400 } else { 200 });
    }
    // The customer's id is optional, and is 1 by default.
    let made = sandbox.post("/issuer/api/cards", &json!({"firstName": "A", "lastName": "L"})).await.json();
    assert_eq!(made["customerId"], "1");
    let order = json!({"firstName": "A", "lastName": "L", "customerId": "a/b"});
    sandbox.post("/issuer/api/cards", &order).await.assert_problem(400, "malformed", "customerId");
}

#[tokio::test]
async fn tokens_that_are_not_as_they_should_be() {
    let sandbox = Sandbox::start().await;
    let relay = relay(&sandbox).await;
    let card = card_of(&sandbox, "ada").await;
    let order = |change: Value| {
        let mut order = json!({"customerId": "ada"});
        order.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        ordered(&sandbox, order)
    };
    assert_eq!(ask(&relay, &order(json!({})).await, &card).await, refused(201, ""));
    for change in [
        json!({"expiresIn": -60}),
        json!({"claims": {"aud": "another"}}),
        json!({"claims": {"iss": "https://another.example"}}),
        json!({"claims": {"sub": null}}),
        json!({"claims": {"nbf": 32_503_680_000_u64}}),
        json!({"signedBy": "stranger"}),
        json!({"signedBy": "nobody"}),
    ] {
        let token = order(change.clone()).await;
        assert_eq!(ask(&relay, &token, &card).await, refused(401, "not_authenticated"), "{change}");
    }
    for (body, hint) in [
        (json!({}), "customerId"),
        (json!({"customerId": "ada", "signedBy": "me"}), "signedBy"),
        (json!({"customerId": "ada", "audience": "x"}), "claims"),
        (json!({"customerId": "a b"}), "customerId has to be"),
    ] {
        sandbox.post("/sandbox/idp/tokens", &body).await.assert_problem(400, "malformed", hint);
    }
    let early = sandbox.post("/sandbox/idp/tokens", &json!({"customerId": "ada", "signedBy": "old"})).await;
    early.assert_problem(409, "wrong_state", "/sandbox/idp/keys");
}

#[tokio::test]
async fn keys_that_change() {
    let sandbox = Sandbox::start().await;
    let card = card_of(&sandbox, "ada").await;
    let old = sandbox.sign_in("ada").await;
    let named = async || {
        let keys = sandbox.get("/idp/jwks").await.json();
        let names =
            keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let first = named().await;
    let second =
        sandbox.post("/sandbox/idp/keys", &json!({})).await.json()["kid"].as_str().unwrap().to_owned();
    assert_eq!(named().await, [second.clone(), first[0].clone()]);
    for token in [&old, &sandbox.sign_in("ada").await] {
        assert_eq!(ask_anew(&sandbox, token, &card).await, refused(201, ""));
    }
    let third = sandbox.post("/sandbox/idp/keys", &json!({"keepOld": false})).await.json();
    assert_eq!(named().await, [third["kid"].as_str().unwrap()]);
    let withdrawn = ordered(&sandbox, json!({"customerId": "ada", "signedBy": "old"})).await;
    for token in [&old, &withdrawn] {
        assert_eq!(ask_anew(&sandbox, token, &card).await, refused(401, "not_authenticated"));
    }
}

#[tokio::test]
async fn an_identity_provider_that_lies_or_is_out_of_order() {
    let sandbox = Sandbox::start().await;
    let card = card_of(&sandbox, "ada").await;
    let token = sandbox.sign_in("ada").await;
    for (fault, status, code) in [
        (json!("wrong_key"), 401, "not_authenticated"),
        (json!("html"), 503, "identity_provider_unavailable"),
        (json!("cut_body"), 503, "identity_provider_unavailable"),
        (json!({"status": 500}), 503, "identity_provider_unavailable"),
    ] {
        sandbox.plan("jwks", fault.clone()).await;
        assert_eq!(ask_anew(&sandbox, &token, &card).await, refused(status, code), "{fault}");
    }
    assert_eq!(ask_anew(&sandbox, &token, &card).await, refused(201, ""));
}

#[tokio::test]
async fn an_issuers_system_that_is_out_of_order() {
    let sandbox = Sandbox::start().await;
    let relay = relay(&sandbox).await;
    let card = card_of(&sandbox, "ada").await;
    let token = sandbox.sign_in("ada").await;
    for fault in [json!("html"), json!("not_json"), json!("cut"), json!({"status": 500})] {
        sandbox.plan("authorize", fault.clone()).await;
        let answer = ask(&relay, &token, &card).await;
        assert_eq!(answer, refused(503, "authorizer_unavailable"), "{fault}");
    }
    assert_eq!(ask(&relay, &token, &card).await, refused(201, ""));
}
