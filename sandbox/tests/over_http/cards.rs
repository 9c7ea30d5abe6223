//! The life of a card: brands, idempotent creation, status, renewal.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, BLOCK_1234, Sandbox, decrypt, encrypt, unwrap};

const CREATE: &str = "/card/v4/MC_CARD/customer/7/account/8/MAIN";

async fn create(sandbox: &Sandbox, key: &str, path: &str, body: &Value) -> Answer {
    let request = sandbox.request(Method::POST, &format!("{path}?auditUser=tester"));
    let request = request.basic_auth("sandbox", Some("sandbox")).header("x-idempotency-key", key);
    Answer::read(request.json(body).send().await.unwrap()).await
}

async fn change(sandbox: &Sandbox, card_id: &str, body: &Value) -> Answer {
    sandbox.issuer(Method::PATCH, &format!("/card/v4/MC_CARD/{card_id}"), Some(body)).await
}

async fn plastics(sandbox: &Sandbox, card_id: &str) -> Vec<Value> {
    let list = sandbox.issuer(Method::GET, &format!("/card/v3/{card_id}/plastic"), None).await.json();
    list.as_array().unwrap().clone()
}

async fn order(sandbox: &Sandbox, card_id: &str, body: &Value) -> Answer {
    sandbox.post(&format!("/sandbox/cards/{card_id}/plastics"), body).await
}

#[tokio::test]
async fn cards_of_every_brand() {
    let sandbox = Sandbox::start().await;
    for (brand, first) in [("MC_CARD", "5"), ("DEBIT_MC", "5"), ("VISA_CARD", "4"), ("DEBIT_VISA", "4")] {
        let path = format!("/card/v4/{brand}/customer/1/account/1/SUPPLEMENTARY");
        let card = sandbox.issuer(Method::POST, &path, Some(&json!({"pinStatus": "W"}))).await;
        assert_eq!(card.status, 201, "{}", card.text);
        let card = card.json();
        assert_eq!((&card["product"], &card["pinStatus"]), (&json!(brand), &json!("W")));
        assert!(card["maskedCardNumber"].as_str().unwrap().starts_with(first));
        let path = format!("/card/v4/{brand}/{}", card["id"].as_str().unwrap());
        assert_eq!(sandbox.issuer(Method::GET, &path, None).await.json(), card);
    }
}

#[tokio::test]
async fn a_card_is_changed_under_its_own_brand_and_in_what_concerns_its_pin() {
    let sandbox = Sandbox::start().await;
    let unknown = "0d1f7a3e-30a5-4f3c-9d55-1b4d0f6c9a11";
    for (brand, other) in [("DEBIT_MC", "MC_CARD"), ("VISA_CARD", "DEBIT_VISA"), ("DEBIT_VISA", "VISA_CARD")]
    {
        let path = CREATE.replace("MC_CARD", brand);
        let card = sandbox.issuer(Method::POST, &path, Some(&json!({"pinStatus": "W"}))).await.json();
        let id = card["id"].as_str().unwrap();
        let change = async |brand: &str, id: &str, body: Value| {
            sandbox.issuer(Method::PATCH, &format!("/card/v4/{brand}/{id}"), Some(&body)).await
        };
        let lost = json!({"pinStatus": "D", "status": "CARD_LOST"});
        change(other, id, lost.clone()).await.assert_problem(404, "unknown", "card of this brand");
        change(brand, unknown, lost.clone()).await.assert_problem(404, "unknown", "card of this brand");
        change("GOLD", id, lost.clone()).await.assert_problem(404, "unknown", "brand");
        let fields = json!({"embossing": {"firstName": "Eve"}, "product": other, "customerId": "9",
            "maskedCardNumber": "1", "limits": [1], "id": unknown});
        let ignored = change(brand, id, fields).await;
        assert_eq!((ignored.status, ignored.json()), (200, card.clone()));
        let mut expected = card.clone();
        expected["pinStatus"] = json!("D");
        expected["status"] = json!("CARD_LOST");
        let changed = change(brand, id, lost).await;
        assert_eq!((changed.status, changed.json()), (200, expected));
        let [plastic]: [Value; 1] = plastics(&sandbox, id).await.try_into().unwrap();
        assert_eq!((&plastic["cardId"], &plastic["status"]), (&card["id"], &json!("INACTIVE")));
    }
}

#[tokio::test]
async fn plastics_tell_what_they_are() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.new_card("D").await["id"].as_str().unwrap().to_owned();
    for kind in ["RENEWAL", "REPLACEMENT"] {
        sandbox.embossing_run().await;
        assert_eq!(order(&sandbox, &card_id, &json!({"productionType": kind})).await.status, 201);
    }
    let list = plastics(&sandbox, &card_id).await;
    let created = list[0]["createdDate"].as_str().unwrap();
    let (year, month): (u32, u32) = (created[..4].parse().unwrap(), created[5..7].parse().unwrap());
    for (plastic, (kind, number)) in list.iter().zip([("NEW", 1), ("RENEWAL", 2), ("REPLACEMENT", 3)]) {
        assert_eq!((&plastic["productionType"], &plastic["sequenceNumber"]), (&json!(kind), &json!(number)));
        assert_eq!(plastic["expiration"], json!({"year": year + 3 * number, "month": month}));
        let embossing = json!({"firstName": "Ada", "lastName": "Lindqvist", "physical": true,
            "manufacturer": "SANDBOX", "externalLayoutCode": "STANDARD-01"});
        assert_eq!(plastic["embossing"], embossing);
    }
    assert_eq!(list.len(), 3);
}

#[tokio::test]
async fn a_creation_sent_again_makes_one_card() {
    let sandbox = Sandbox::start().await;
    let body = json!({"pinStatus": "W", "embossing": {"firstName": "Ada"}});
    let first = create(&sandbox, "key-1", CREATE, &body).await;
    assert_eq!(first.status, 201, "{}", first.text);
    sandbox.advance(24 * 3600 - 10).await;
    let again = create(&sandbox, "key-1", CREATE, &body).await;
    assert_eq!((again.status, again.json()), (201, first.json()));
    // A request with another key is a new one, and so is one with the same key after a day.
    assert_ne!(create(&sandbox, "key-2", CREATE, &body).await.json()["id"], first.json()["id"]);
    sandbox.advance(11).await;
    assert_ne!(create(&sandbox, "key-1", CREATE, &body).await.json()["id"], first.json()["id"]);
}

#[tokio::test]
async fn a_key_is_for_one_request() {
    let sandbox = Sandbox::start().await;
    let body = json!({"pinStatus": "W"});
    assert_eq!(create(&sandbox, "key", CREATE, &body).await.status, 201);
    for (path, other) in [
        (CREATE.to_owned(), json!({"pinStatus": "D"})),
        (CREATE.replace("customer/7", "customer/6"), body.clone()),
        (CREATE.replace("MC_CARD", "VISA_CARD"), body.clone()),
    ] {
        let refused = create(&sandbox, "key", &path, &other).await;
        refused.assert_problem(422, "key_reused", "another request");
    }
    for key in ["", &"k".repeat(65)] {
        let refused = create(&sandbox, key, CREATE, &body).await;
        refused.assert_problem(400, "malformed", "x-idempotency-key");
    }
    assert_eq!(create(&sandbox, &"k".repeat(64), CREATE, &body).await.status, 201);
}

#[tokio::test]
async fn errors_are_not_kept() {
    let sandbox = Sandbox::start().await;
    let refused = create(&sandbox, "key", CREATE, &json!({"pinStatus": "S"})).await;
    refused.assert_problem(400, "malformed", "pinStatus");
    assert_eq!(create(&sandbox, "key", CREATE, &json!({"pinStatus": "W"})).await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_creations_at_once_one_makes_a_card() {
    let sandbox = Sandbox::start().await;
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let request = sandbox.request(Method::POST, &format!("{CREATE}?auditUser=tester"));
        let request = request.basic_auth("sandbox", Some("sandbox")).header("x-idempotency-key", "key");
        let request = request.json(&json!({}));
        racers.spawn(async { Answer::read(request.send().await.unwrap()).await.json()["id"].to_string() });
    }
    let mut ids = racers.join_all().await;
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[tokio::test]
async fn waiting_can_be_given_up_and_no_other_pin_status_changed() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&control_id).await;
    let to_set = change(&sandbox, &card_id, &json!({"pinStatus": "S"})).await;
    to_set.assert_problem(409, "wrong_state", "automatically");
    let given_up = change(&sandbox, &card_id, &json!({"pinStatus": "D"})).await;
    assert_eq!((given_up.status, &given_up.json()["pinStatus"]), (200, &json!("D")));
    let late = sandbox.send_block(&control_id, &encrypt(&tzpk, BLOCK_1234)).await;
    late.assert_problem(409, "wrong_state", "pinStatus is D");
    let back = change(&sandbox, &card_id, &json!({"pinStatus": "W"})).await;
    back.assert_problem(409, "wrong_state", "from D to W");
    assert_eq!(sandbox.embossing_run().await["randomPins"], 1);

    let set = sandbox.card_made_with(BLOCK_1234).await;
    for next in ["W", "D"] {
        let refused = change(&sandbox, &set, &json!({"pinStatus": next})).await;
        refused.assert_problem(409, "wrong_state", &format!("from S to {next}"));
    }
    assert_eq!(change(&sandbox, &set, &json!({"pinStatus": "S"})).await.status, 200);
    change(&sandbox, &set, &json!({"pinStatus": "X"})).await.assert_problem(400, "malformed", "pinStatus");
}

#[tokio::test]
async fn a_card_that_is_not_ok_gets_no_pin_and_is_not_made() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let path = format!("/pincontrol/v2/plastic/{}", sandbox.plastic_id(&card_id).await);
    for status in [
        "CARD_BLOCKED",
        "CARD_LOST",
        "CARD_STOLEN",
        "CARD_CLOSED",
        "CARD_CLOSED_DUE_TO_FRAUD",
        "SUSPECTED_FRAUD",
    ] {
        let changed = change(&sandbox, &card_id, &json!({"status": status})).await;
        assert_eq!((changed.status, &changed.json()["status"]), (200, &json!(status)));
        let refused = sandbox.issuer(Method::POST, &path, Some(&json!({"scope": "SET_PIN"}))).await;
        refused.assert_problem(409, "wrong_state", status);
    }
    let tzpk = sandbox.tzpk(&control_id).await;
    let refused = sandbox.send_block(&control_id, &encrypt(&tzpk, BLOCK_1234)).await;
    refused.assert_problem(409, "wrong_state", "SUSPECTED_FRAUD");
    assert_eq!(change(&sandbox, &card_id, &json!({"pinStatus": "D"})).await.status, 200);
    assert_eq!(sandbox.embossing_run().await["made"], 0);
    // Both fields change together; if one of them is wrong, neither changes.
    let half = change(&sandbox, &card_id, &json!({"status": "CARD_OK", "pinStatus": "W"})).await;
    half.assert_problem(409, "wrong_state", "from D to W");
    assert_eq!(sandbox.embossing_run().await["made"], 0);
    assert_eq!(change(&sandbox, &card_id, &json!({"status": "CARD_OK"})).await.status, 200);
    assert_eq!(sandbox.embossing_run().await["made"], 1);
    let unknown = change(&sandbox, &card_id, &json!({"status": "LOST"})).await;
    unknown.assert_problem(400, "malformed", "CARD_LOST");
}

#[tokio::test]
async fn a_renewed_card_keeps_its_pin() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.card_made_with(BLOCK_1234).await;
    let renewed = order(&sandbox, &card_id, &json!({"productionType": "RENEWAL"})).await;
    assert_eq!(renewed.status, 201, "{}", renewed.text);
    let list = plastics(&sandbox, &card_id).await;
    let shown: Vec<_> = list.iter().map(|one| (&one["sequenceNumber"], &one["status"])).collect();
    assert_eq!(shown, [(&json!(1), &json!("ACTIVE")), (&json!(2), &json!("INACTIVE"))]);
    assert_eq!(list[1]["productionType"], "RENEWAL");
    assert_eq!(list[1]["productionDate"], Value::Null);
    assert_ne!(list[0]["expiration"], list[1]["expiration"]);
    assert_eq!(list[1], renewed.json());
    let twice = order(&sandbox, &card_id, &json!({"productionType": "RENEWAL"})).await;
    twice.assert_problem(409, "wrong_state", "not made yet");

    assert_eq!(sandbox.embossing_run().await, json!({"made": 1, "chosenPins": 1, "randomPins": 0}));
    let list = plastics(&sandbox, &card_id).await;
    assert_eq!((&list[0]["status"], &list[1]["status"]), (&json!("ACTIVE"), &json!("ACTIVE")));
    assert_eq!(viewed(&sandbox, &list[1]).await, 0x14_1234);
}

#[tokio::test]
async fn a_customer_sets_a_new_pin_for_a_replacement() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.card_made_with(BLOCK_1234).await;
    let body = json!({"productionType": "REPLACEMENT", "pinStatus": "W"});
    assert_eq!(order(&sandbox, &card_id, &body).await.status, 201);
    assert_eq!(sandbox.pin_status(&card_id).await, "W");
    let list = plastics(&sandbox, &card_id).await;
    // A PIN can be set for the new plastic, but not for the one that is already made.
    assert_eq!(control(&sandbox, &list[0], "SET_PIN").await.status, 409);
    let control_id = control(&sandbox, &list[1], "SET_PIN").await.json()["id"].as_str().unwrap().to_owned();
    let tzpk = sandbox.tzpk(&control_id).await;
    let block = encrypt(&tzpk, 0x1456_78AA_AAAA_AAAA);
    assert_eq!(sandbox.send_block(&control_id, &block).await.status, 200);
    // Until the run, the old plastic keeps the old PIN.
    assert_eq!(viewed(&sandbox, &list[0]).await, 0x14_1234);
    assert_eq!(control(&sandbox, &list[1], "VIEW_PIN").await.status, 409);
    sandbox.embossing_run().await;
    assert_eq!(viewed(&sandbox, &list[1]).await, 0x14_5678);
}

#[tokio::test]
async fn orders_that_are_refused() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.card_made_with(BLOCK_1234).await;
    let kind = order(&sandbox, &card_id, &json!({"productionType": "NEW"})).await;
    kind.assert_problem(400, "malformed", "RENEWAL or REPLACEMENT");
    let set = order(&sandbox, &card_id, &json!({"productionType": "RENEWAL", "pinStatus": "S"})).await;
    set.assert_problem(400, "malformed", "pinStatus");
    change(&sandbox, &card_id, &json!({"status": "CARD_NO_RENEWAL"})).await;
    let refused = order(&sandbox, &card_id, &json!({"productionType": "RENEWAL"})).await;
    refused.assert_problem(409, "wrong_state", "CARD_NO_RENEWAL");
    let unknown = "0d1f7a3e-30a5-4f3c-9d55-1b4d0f6c9a11";
    let refused = order(&sandbox, unknown, &json!({"productionType": "RENEWAL"})).await;
    refused.assert_problem(404, "unknown", "card");
}

async fn control(sandbox: &Sandbox, plastic: &Value, scope: &str) -> Answer {
    let path = format!("/pincontrol/v2/plastic/{}", plastic["id"].as_str().unwrap());
    sandbox.issuer(Method::POST, &path, Some(&json!({"scope": scope}))).await
}

/// The first three bytes of the clear block: format, length and four digits.
async fn viewed(sandbox: &Sandbox, plastic: &Value) -> u64 {
    use base64ct::{Base64, Encoding};
    let made = control(sandbox, plastic, "VIEW_PIN").await;
    let answer = sandbox.view(made.json()["id"].as_str().unwrap()).await;
    let block = Base64::decode_vec(answer.json()["pinBlock"].as_str().unwrap()).unwrap();
    decrypt(&unwrap(&answer).unwrap(), &block) >> 40
}
