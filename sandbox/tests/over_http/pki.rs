//! The PKI operations that a back-end calls for its customer's device, on both platforms.

use base64ct::{Base64, Encoding};
use reqwest::Method;
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use serde_json::{Value, json};

use crate::support::{Answer, BLOCK_1234, Sandbox, decrypt, device_key, encrypt, spki, unwrap};

fn block_under(answer: &Answer, clear: u64) -> String {
    Base64::encode_string(&encrypt(&unwrap(answer).unwrap(), clear))
}

fn pem() -> String {
    device_key().to_public_key().to_public_key_pem(LineEnding::LF).unwrap()
}

async fn nextgen_card(sandbox: &Sandbox, token: &str, card_id: &str) -> Answer {
    let request = sandbox.request(Method::GET, &format!("/v1/cards/{card_id}"));
    let request = request.bearer_auth(token).header("x-audit-user", "tester");
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_back_end_sets_and_views_a_pin_for_its_customers_device() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let call = async |path: &str, body: Value| sandbox.issuer(Method::POST, path, Some(&body)).await;
    let key = json!({"controlId": control_id, "publicKey": spki(device_key())});
    let tzpk = call("/pin/v3/set/tzpk", key).await;
    assert_eq!(tzpk.status, 200, "{}", tzpk.text);
    let set = json!({"controlId": control_id, "pinBlock": block_under(&tzpk, BLOCK_1234)});
    let answer = call("/pin/v3/set", set.clone()).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
    assert_eq!(sandbox.pin_status(&card_id).await, "S");
    call("/pin/v3/set", set).await.assert_problem(409, "already_used", "new one");

    sandbox.embossing_run().await;
    let control_id = sandbox.view_control_id_of(&card_id).await;
    let key = json!({"controlId": control_id, "publicKey": spki(device_key())});
    let viewed = call("/pin/v3/view", key).await;
    assert_eq!(viewed.status, 200, "{}", viewed.text);
    let block = Base64::decode_vec(viewed.json()["pinBlock"].as_str().unwrap()).unwrap();
    assert_eq!(decrypt(&unwrap(&viewed).unwrap(), &block) >> 40, BLOCK_1234 >> 40);
}

#[tokio::test]
async fn the_same_under_the_nextgen_names() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.token().await;
    let card_id = sandbox.new_card("W").await["id"].as_str().unwrap().to_owned();
    let control = async |scope: &str| {
        sandbox.nextgen(&token, &format!("/v1/cards/{card_id}/pinControl"), &json!({"scope": scope})).await
    };
    let made = control("SET_PIN").await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    assert_eq!(made["pinUrl"], format!("{}/pin-page/mobile", sandbox.base_url()));
    assert_eq!(made["pinFrameUrl"], format!("{}/pin-page/frame", sandbox.base_url()));
    let key = json!({"pinControlId": made["id"], "pubKey": pem()});
    let tzpk = sandbox.nextgen(&token, "/v1/pin/pki/set/tzpk", &key).await;
    assert_eq!(tzpk.status, 200, "{}", tzpk.text);
    let set = json!({"pinControlId": made["id"], "pinBlock": block_under(&tzpk, BLOCK_1234)});
    assert_eq!(sandbox.nextgen(&token, "/v1/pin/pki/set", &set).await.text, "{}");

    assert_eq!(control("VIEW_PIN").await.status, 409);
    sandbox.embossing_run().await;
    let made = control("VIEW_PIN").await.json();
    let key = json!({"pinControlId": made["id"], "pubKey": pem()});
    let viewed = sandbox.nextgen(&token, "/v1/pin/pki/view", &key).await;
    let block = Base64::decode_vec(viewed.json()["pinBlock"].as_str().unwrap()).unwrap();
    assert_eq!(decrypt(&unwrap(&viewed).unwrap(), &block) >> 40, BLOCK_1234 >> 40);

    assert_eq!(nextgen_card(&sandbox, &token, &card_id).await.json()["pinStatus"], "SET");
}

#[tokio::test]
async fn nextgen_has_its_own_names_for_the_pin_status() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.token().await;
    let random = sandbox.new_card("D").await["id"].as_str().unwrap().to_owned();
    let (chosen, control_id) = sandbox.card_and_control_id().await;
    assert_eq!(nextgen_card(&sandbox, &token, &random).await.json()["pinStatus"], "GENERATED");
    assert_eq!(nextgen_card(&sandbox, &token, &chosen).await.json()["pinStatus"], "WAITING");
    let tzpk = sandbox.tzpk(&control_id).await;
    assert_eq!(sandbox.send_block(&control_id, &encrypt(&tzpk, BLOCK_1234)).await.status, 200);
    sandbox.embossing_run().await;
    assert_eq!(nextgen_card(&sandbox, &token, &random).await.json()["pinStatus"], "GENERATED");
    assert_eq!(nextgen_card(&sandbox, &token, &chosen).await.json()["pinStatus"], "SET");
}

#[tokio::test]
async fn nextgen_calls_about_a_card_that_are_refused() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.token().await;
    let card_id = sandbox.new_card("W").await["id"].as_str().unwrap().to_owned();
    let control = async |card: &str, scope: &str| {
        sandbox.nextgen(&token, &format!("/v1/cards/{card}/pinControl"), &json!({"scope": scope})).await
    };
    let unknown = "0d1f7a3e-30a5-4f3c-9d55-1b4d0f6c9a11";
    for scope in ["SET_PIN", "VIEW_PIN"] {
        control(unknown, scope).await.assert_problem(404, "unknown", "card");
    }
    nextgen_card(&sandbox, &token, unknown).await.assert_problem(404, "unknown", "card");
    control("1", "SET_PIN").await.assert_problem(400, "malformed", "id has to be a UUID");
    nextgen_card(&sandbox, &token, "1").await.assert_problem(400, "malformed", "id has to be a UUID");
    // Changing a PIN is a scope of the platform that neither the sandbox nor the module supports.
    control(&card_id, "CHANGE_PIN").await.assert_problem(400, "malformed", "SET_PIN or VIEW_PIN");
    assert_eq!(control(&card_id, "SET_PIN").await.status, 201);
}

#[tokio::test]
async fn nextgen_means_the_plastic_that_the_scope_goes_with() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.token().await;
    let card_id = sandbox.card_made_with(BLOCK_1234).await;
    let order = json!({"productionType": "REPLACEMENT", "pinStatus": "W"});
    assert_eq!(sandbox.post(&format!("/sandbox/cards/{card_id}/plastics"), &order).await.status, 201);
    let control = async |scope: &str| {
        let path = format!("/v1/cards/{card_id}/pinControl");
        let answer = sandbox.nextgen(&token, &path, &json!({"scope": scope})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].clone()
    };
    let view = async || {
        let key = json!({"pinControlId": control("VIEW_PIN").await, "pubKey": pem()});
        let viewed = sandbox.nextgen(&token, "/v1/pin/pki/view", &key).await;
        let block = Base64::decode_vec(viewed.json()["pinBlock"].as_str().unwrap()).unwrap();
        decrypt(&unwrap(&viewed).unwrap(), &block) >> 40
    };
    let to_set = control("SET_PIN").await;
    let key = json!({"pinControlId": to_set, "pubKey": pem()});
    let tzpk = sandbox.nextgen(&token, "/v1/pin/pki/set/tzpk", &key).await;
    let set = json!({"pinControlId": to_set, "pinBlock": block_under(&tzpk, 0x1456_78AA_AAAA_AAAA)});
    assert_eq!(sandbox.nextgen(&token, "/v1/pin/pki/set", &set).await.status, 200);
    // The PIN is set for the INACTIVE plastic and viewed on the ACTIVE one. The run makes the newer one ACTIVE.
    assert_eq!(view().await, 0x14_1234);
    sandbox.embossing_run().await;
    assert_eq!(view().await, 0x14_5678);
}

#[tokio::test]
async fn nextgen_errors_are_worded_as_the_platform_does() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.token().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    // With another scope the answer is 400 here, and 403 on the classic platform. Neither uses the id up.
    let key = json!({"pinControlId": control_id, "pubKey": pem()});
    let refused = sandbox.nextgen(&token, "/v1/pin/pki/view", &key).await;
    refused.assert_problem(400, "other_scope", "VIEW_PIN");
    let body = refused.json();
    assert_eq!(body["instance"], "/v1/pin/pki/view");
    assert_eq!(body["id"].as_str().unwrap().len(), 36);
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
    let classic = json!({"controlId": control_id, "publicKey": spki(device_key())});
    let classic = sandbox.issuer(Method::POST, "/pin/v3/view", Some(&classic)).await;
    classic.assert_problem(403, "other_scope", "VIEW_PIN");

    let bad_key = json!({"pinControlId": control_id, "pubKey": spki(device_key())});
    let refused = sandbox.nextgen(&token, "/v1/pin/pki/set/tzpk", &bad_key).await;
    refused.assert_problem(400, "malformed", "pubKey has to be PEM");
    let classic_names = json!({"controlId": control_id, "publicKey": pem()});
    let refused = sandbox.nextgen(&token, "/v1/pin/pki/set/tzpk", &classic_names).await;
    refused.assert_problem(400, "malformed", "pinControlId is missing");

    let nobody = sandbox.post("/v1/pin/pki/set/tzpk", &key).await;
    assert_eq!((nobody.status, nobody.text.as_str(), nobody.header("www-authenticate")), (401, "", "Bearer"));
    let unaudited = sandbox.request(Method::POST, "/v1/pin/pki/set/tzpk").bearer_auth(&token).json(&key);
    let unaudited = Answer::read(unaudited.send().await.unwrap()).await;
    unaudited.assert_problem(400, "malformed", "x-audit-user");
    assert_eq!(sandbox.nextgen(&token, "/v1/pin/pki/set/tzpk", &key).await.status, 200);
}

#[tokio::test]
async fn bearer_tokens_are_for_both_platforms_and_expire() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.new_card("W").await["id"].as_str().unwrap().to_owned();
    let token = sandbox.token().await;
    let path = format!("/card/v4/MC_CARD/{card_id}?auditUser=tester");
    let status =
        async || sandbox.request(Method::GET, &path).bearer_auth(&token).send().await.unwrap().status();
    assert_eq!(status().await, 200);
    sandbox.advance(3590).await;
    assert_eq!(status().await, 200);
    sandbox.advance(11).await;
    assert_eq!(status().await, 401);
}

#[tokio::test]
async fn the_token_endpoint_says_what_it_gives_and_for_how_long() {
    let sandbox = Sandbox::start().await;
    let request = sandbox.request(Method::POST, "/oauth2/token").basic_auth("sandbox", Some("sandbox"));
    let form = request.form(&[("grant_type", "client_credentials")]);
    let answer = Answer::read(form.send().await.unwrap()).await;
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
    // A token of 256 bits, and no other fields.
    assert_eq!((body["access_token"].as_str().unwrap().len(), body.as_object().unwrap().len()), (43, 3));
    assert_ne!(sandbox.token().await, body["access_token"]);
}

#[tokio::test]
async fn the_token_endpoint_refuses_in_its_own_words() {
    let sandbox = Sandbox::start().await;
    let ask = async |user: &str, media_type: &'static str, body: &'static str| {
        let request = sandbox.request(Method::POST, "/oauth2/token").basic_auth(user, Some("sandbox"));
        let request = request.header("content-type", media_type).body(body);
        let answer = Answer::read(request.send().await.unwrap()).await;
        (answer.status, answer.json()["error"].as_str().unwrap().to_owned())
    };
    let form = "application/x-www-form-urlencoded";
    let cases = [
        ("someone", form, "grant_type=client_credentials", 401, "invalid_client"),
        ("sandbox", form, "grant_type=password", 400, "unsupported_grant_type"),
        ("sandbox", form, "", 400, "invalid_request"),
        ("sandbox", "application/json", "{}", 400, "invalid_request"),
    ];
    for (user, media_type, body, status, error) in cases {
        assert_eq!(ask(user, media_type, body).await, (status, error.to_owned()));
    }
}

#[tokio::test]
async fn the_page_takes_the_nextgen_form_of_a_control_id() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    let page = sandbox.post("/pin-page/mobile", &json!({"pinControlId": control_id})).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.text.contains(&format!("data-c=\"{control_id}\"")));
    assert_eq!(sandbox.post("/pin-page/mobile", &json!({"pinControlId": control_id})).await.status, 409);
}

#[tokio::test]
async fn a_control_id_for_a_back_end_waits_thirty_seconds_too() {
    let sandbox = Sandbox::start().await;
    let (_, in_time) = sandbox.card_and_control_id().await;
    let (_, late) = sandbox.card_and_control_id().await;
    let ask = async |control_id: &str| {
        let body = json!({"controlId": control_id, "publicKey": spki(device_key())});
        sandbox.issuer(Method::POST, "/pin/v3/set/tzpk", Some(&body)).await
    };
    sandbox.advance(28).await;
    assert_eq!(ask(&in_time).await.status, 200);
    sandbox.advance(3).await;
    ask(&late).await.assert_problem(410, "expired", "new one");
}

#[tokio::test]
async fn read_strictly_thirty_seconds_are_for_all_calls_of_a_back_end() {
    let mut sandbox = Sandbox::start().await;
    // The key is made before the clock starts.
    device_key();
    for (is_strict, late) in [(false, 200), (true, 410)] {
        sandbox.restart(|config| config.strict_control_ids = is_strict).await;
        let token = sandbox.token().await;
        let (_, classic) = sandbox.card_and_control_id().await;
        let (_, nextgen) = sandbox.card_and_control_id().await;
        let (_, in_time) = sandbox.card_and_control_id().await;
        let (_, hosted) = sandbox.card_and_control_id().await;
        let ask = async |control_id: &str| {
            let body = json!({"controlId": control_id, "publicKey": spki(device_key())});
            sandbox.issuer(Method::POST, "/pin/v3/set/tzpk", Some(&body)).await
        };
        let set = async |control_id: &str, tzpk: &Answer| {
            let body = json!({"controlId": control_id, "pinBlock": block_under(tzpk, BLOCK_1234)});
            sandbox.issuer(Method::POST, "/pin/v3/set", Some(&body)).await
        };
        let (classic_key, in_time_key) = (ask(&classic).await, ask(&in_time).await);
        let key = json!({"pinControlId": nextgen, "pubKey": pem()});
        let nextgen_key = sandbox.nextgen(&token, "/v1/pin/pki/set/tzpk", &key).await;
        assert_eq!(sandbox.fetch_page(&hosted).await.status, 200);
        sandbox.advance(25).await;
        assert_eq!(set(&in_time, &in_time_key).await.status, 200);
        sandbox.advance(6).await;
        let answer = set(&classic, &classic_key).await;
        assert_eq!(answer.status, late, "{}", answer.text);
        let body = json!({"pinControlId": nextgen, "pinBlock": block_under(&nextgen_key, BLOCK_1234)});
        assert_eq!(sandbox.nextgen(&token, "/v1/pin/pki/set", &body).await.status, late);
        // The hosted page has its own time limit.
        assert_eq!(sandbox.ask_tzpk(&hosted, device_key()).await.status, 200);
    }
}

#[tokio::test]
async fn every_pki_call_needs_the_issuer_and_an_audit_user() {
    let sandbox = Sandbox::start().await;
    for path in ["/pin/v3/set/tzpk", "/pin/v3/set", "/pin/v3/view"] {
        sandbox.post(path, &json!({})).await.assert_problem(401, "unauthorized", "Bearer");
        let unaudited = sandbox.request(Method::POST, path).basic_auth("sandbox", Some("sandbox"));
        let unaudited = Answer::read(unaudited.json(&json!({})).send().await.unwrap()).await;
        unaudited.assert_problem(400, "malformed", "auditUser");
        let empty = sandbox.issuer(Method::POST, path, Some(&json!({}))).await;
        empty.assert_problem(400, "malformed", "controlId is missing");
    }
}
