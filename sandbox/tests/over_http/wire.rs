//! The record of the messages: it has their parties, and requests and answers in order, but no credentials.

use base64ct::{Base64, Encoding};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{BLOCK_1234, Sandbox, encrypt};

async fn requests(sandbox: &Sandbox) -> Vec<Value> {
    sandbox.get("/sandbox/wire").await.json()["requests"].as_array().unwrap().clone()
}

#[tokio::test]
async fn requests_and_answers_are_told_in_order_with_their_parties() {
    let sandbox = Sandbox::start().await;
    sandbox.post("/issuer/api/cards", &json!({"firstName": "Ada", "lastName": "L"})).await;
    let told = requests(&sandbox).await;
    let parties: Vec<_> =
        told.iter().map(|one| (one["from"].as_str().unwrap(), one["to"].as_str().unwrap())).collect();
    assert_eq!(parties, [("device", "issuer"), ("issuer", "enfuce"), ("issuer", "enfuce")]);
    let step = |value: &Value| value["step"].as_u64().unwrap();
    let steps: Vec<_> = told.iter().map(|one| (step(one), step(&one["answer"]))).collect();
    let first = steps[0].0;
    assert_eq!(steps, [(first, first + 5), (first + 1, first + 2), (first + 3, first + 4)]);
    assert_eq!((&told[0]["answer"]["status"], &told[1]["answer"]["status"]), (&json!(201), &json!(201)));
    let answer: Value = serde_json::from_str(told[1]["answer"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(answer["pinStatus"], "W");
}

#[tokio::test]
async fn the_bodies_of_a_session_are_those_that_travelled() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&control_id).await;
    let block = encrypt(&tzpk, BLOCK_1234);
    assert_eq!(sandbox.send_block(&control_id, &block).await.status, 200);
    let told = requests(&sandbox).await;
    let [.., key, set] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        (&key["path"], &key["from"], &key["to"]),
        (&json!("/pin-page/tzpk"), &json!("device"), &json!("enfuce"))
    );
    assert!(key["answer"]["body"].as_str().unwrap().starts_with("{\"tzpk\":\""));
    assert!(set["body"].as_str().unwrap().contains(&Base64::encode_string(&block)));
    assert_eq!(set["answer"]["body"], "{}");
}

#[tokio::test]
async fn credentials_are_not_written_down() {
    let sandbox = Sandbox::start().await;
    sandbox.new_card("W").await;
    let form = [("grant_type", "client_credentials"), ("client_secret", "hunter2")];
    sandbox.request(Method::POST, "/oauth2/token").form(&form).send().await.unwrap();
    let told = requests(&sandbox).await;
    assert_eq!(told[0]["headers"]["authorization"], "(elided)");
    assert_eq!((&told[1]["body"], &told[1]["answer"]["body"]), (&json!("(elided)"), &json!("(elided)")));
    let text = json!(told).to_string();
    for secret in ["hunter2", &Base64::encode_string(b"sandbox:sandbox")] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn an_answer_that_never_came_whole_is_told_as_far_as_it_came() {
    let sandbox = Sandbox::start().await;
    for (fault, status, body) in [("cut", json!(null), ""), ("cut_body", json!(200), "{\"tzpk\":\"")] {
        let (_, control_id) = sandbox.card_and_control_id().await;
        sandbox.plan("tzpk", json!(fault)).await;
        let lost = sandbox
            .request(Method::POST, "/pin-page/tzpk")
            .json(&json!({"controlId": control_id, "publicKey": crate::support::spki(crate::support::device_key())}))
            .send()
            .await;
        let is_lost = match lost {
            Ok(response) => response.bytes().await.is_err(),
            Err(_) => true,
        };
        assert!(is_lost, "{fault}");
        let told = requests(&sandbox).await;
        let answer = &told.last().unwrap()["answer"];
        assert_eq!(answer["status"], status, "{fault}");
        let told = answer["body"].as_str().unwrap();
        assert!(told.starts_with(body) && !told.ends_with('}'), "{fault}: {told}");
    }
}

#[tokio::test]
async fn a_long_answer_is_kept_in_part_and_sent_whole() {
    let sandbox = Sandbox::start().await;
    sandbox.plan("tzpk", json!("too_large")).await;
    let answer = sandbox.post("/pin-page/tzpk", &json!({})).await;
    assert!(answer.text.len() > 64 * 1024);
    let told = requests(&sandbox).await;
    let kept = told[0]["answer"]["body"].as_str().unwrap();
    assert_eq!(kept.len(), 16 * 1024);
    assert!(answer.text.starts_with(kept));
}
