//! From a new card to a set PIN.

use reqwest::Method;
use serde_json::json;

use crate::support::{BLOCK_1234, Sandbox, encrypt};

#[tokio::test]
async fn a_customer_sets_a_pin_on_the_hosted_page() {
    let sandbox = Sandbox::start().await;
    let card = sandbox.new_card("W").await;
    let card_id = card["id"].as_str().unwrap();
    assert_eq!(card["status"], "CARD_OK");
    assert_eq!(card["pinStatus"], "W");
    assert_eq!(card["embossing"], json!({"firstName": "Ada", "lastName": "Lindqvist"}));
    let masked = card["maskedCardNumber"].as_str().unwrap();
    assert_eq!((masked.len(), &masked[..12]), (16, "555555******"));

    let plastics = sandbox.issuer(Method::GET, &format!("/card/v3/{card_id}/plastic"), None).await.json();
    assert_eq!(plastics.as_array().unwrap().len(), 1);
    assert_eq!(plastics[0]["status"], "INACTIVE");
    assert_eq!(plastics[0]["cardId"], card_id);
    assert_eq!(plastics[0]["sequenceNumber"], 1);
    assert!(plastics[0]["expiration"]["year"].as_u64().unwrap() > 2026);

    let path = format!("/pincontrol/v2/plastic/{}", plastics[0]["id"].as_str().unwrap());
    let control = sandbox.issuer(Method::POST, &path, Some(&json!({"scope": "SET_PIN"}))).await.json();
    let control_id = control["id"].as_str().unwrap();
    assert_eq!(control["pinURL"], format!("{}/pin-page/mobile", sandbox.base_url()));
    assert_eq!(control["pinFrameURL"], format!("{}/pin-page/frame", sandbox.base_url()));

    assert_eq!(sandbox.fetch_page(control_id).await.status, 200);
    let tzpk = sandbox.tzpk(control_id).await;
    assert_eq!(sandbox.hsm_pin(card_id).await, None);
    let answer = sandbox.send_block(control_id, &encrypt(&tzpk, BLOCK_1234)).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
    assert_eq!(sandbox.pin_status(card_id).await, "S");
    assert_eq!(sandbox.hsm_pin(card_id).await.as_deref(), Some("1234"));
}

#[tokio::test]
async fn a_device_without_the_page_sets_a_pin_of_twelve_digits() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&control_id).await;
    assert_eq!(sandbox.send_block(&control_id, &encrypt(&tzpk, 0x1C90_8172_6354_00FE)).await.status, 200);
    assert_eq!(sandbox.hsm_pin(&card_id).await.as_deref(), Some("908172635400"));
}

#[tokio::test]
async fn a_lost_tzpk_is_asked_for_again_and_only_the_last_one_counts() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let first = sandbox.tzpk(&control_id).await;
    let second = sandbox.tzpk(&control_id).await;
    assert_ne!(first, second);
    assert_eq!(sandbox.send_block(&control_id, &encrypt(&second, BLOCK_1234)).await.status, 200);
    assert_eq!(sandbox.hsm_pin(&card_id).await.as_deref(), Some("1234"));
}

#[tokio::test]
async fn the_tzpk_is_a_proper_double_length_key() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&control_id).await;
    assert_eq!(tzpk.len(), 16);
    assert!(tzpk.iter().all(|byte| byte.count_ones() % 2 == 1));
    assert_ne!(tzpk[..8], tzpk[8..]);
}

#[tokio::test]
async fn a_bad_block_burns_the_control_id() {
    let sandbox = Sandbox::start().await;
    // Blocks with a wrong format, a wrong length or a digit above nine, each under the right key.
    for clear in [0x0412_34AA_AAAA_AAAA, 0x1312_3AAA_AAAA_AAAA, 0x1D12_3412_3412_3412, 0x1412_3BAA_AAAA_AAAA]
    {
        let (card_id, control_id) = sandbox.card_and_control_id().await;
        let tzpk = sandbox.tzpk(&control_id).await;
        sandbox.send_block(&control_id, &encrypt(&tzpk, clear)).await.assert_problem(
            400,
            "malformed",
            "pinBlock",
        );
        let again = sandbox.send_block(&control_id, &encrypt(&tzpk, BLOCK_1234)).await;
        again.assert_problem(409, "already_used", "new one");
        assert_eq!(sandbox.pin_status(&card_id).await, "W");
        assert_eq!(sandbox.hsm_pin(&card_id).await, None);
    }
}

#[tokio::test]
async fn pin_status_is_random_unless_asked_for() {
    let sandbox = Sandbox::start().await;
    let answer =
        sandbox.issuer(Method::POST, "/card/v4/VISA_CARD/customer/1/account/1/MAIN", Some(&json!({}))).await;
    assert_eq!(answer.json()["pinStatus"], "D");
    let card_id = sandbox.new_card("D").await["id"].as_str().unwrap().to_owned();
    let path = format!("/pincontrol/v2/plastic/{}", sandbox.plastic_id(&card_id).await);
    let refused = sandbox.issuer(Method::POST, &path, Some(&json!({"scope": "SET_PIN"}))).await;
    refused.assert_problem(409, "wrong_state", "pinStatus");
    let view = sandbox.issuer(Method::POST, &path, Some(&json!({"scope": "VIEW_PIN"}))).await;
    view.assert_problem(409, "not_available", "embossing run");
}

#[tokio::test]
async fn no_pin_and_no_password_is_on_the_wire() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    sandbox.fetch_page(&control_id).await;
    sandbox.get("/pin-page/page.js").await;
    sandbox.get("/pin-page/page.js?pin=1").await;
    let tzpk = sandbox.tzpk(&control_id).await;
    let block = encrypt(&tzpk, BLOCK_1234);
    sandbox.send_block(&control_id, &block).await;
    let wire = sandbox.get("/sandbox/wire").await.json();
    let requests = wire["requests"].as_array().unwrap();
    let paths: Vec<_> = requests.iter().map(|request| request["path"].as_str().unwrap()).collect();
    assert_eq!(paths[3..], ["/pin-page/mobile", "/pin-page/page.js", "/pin-page/tzpk", "/pin-page/set"]);
    assert_eq!(requests[4]["query"], "pin=1");
    assert_eq!(requests[0]["headers"]["authorization"], "(elided)");
    // The record contains the block, so the search below would find a PIN.
    assert!(requests[6]["body"].as_str().unwrap().contains("pinBlock"));
    assert_eq!(requests[6]["method"], "POST");
    let bodies: String = requests.iter().map(|request| request["body"].as_str().unwrap()).collect();
    assert!(!bodies.contains("1412"));
    assert!(!wire.to_string().contains("c2FuZGJveDpzYW5kYm94"));
}
