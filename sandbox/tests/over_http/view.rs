//! Viewing a PIN.

use base64ct::{Base64, Encoding};
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, BLOCK_1234, Sandbox, decrypt, encrypt, unwrap};

/// The clear block in an answer to `view`.
fn clear(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let block = Base64::decode_vec(answer.json()["pinBlock"].as_str().unwrap()).unwrap();
    decrypt(&unwrap(answer).unwrap(), &block)
}

#[tokio::test]
async fn a_pin_can_be_viewed_once_the_card_is_made() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&control_id).await;
    assert_eq!(sandbox.send_block(&control_id, &encrypt(&tzpk, 0x1698_7650_AAAA_AAAA)).await.status, 200);
    let path = format!("/pincontrol/v2/plastic/{}", sandbox.plastic_id(&card_id).await);
    let view = json!({"scope": "VIEW_PIN"});
    let early = sandbox.issuer(Method::POST, &path, Some(&view)).await;
    early.assert_problem(409, "not_available", "embossing run");
    sandbox.embossing_run().await;
    let control_id = sandbox.view_control_id_of(&card_id).await;
    // The block has format 1, six digits, and another filler than the block that set the PIN.
    assert_eq!(clear(&sandbox.view(&control_id).await) >> 32, 0x1698_7650);
}

#[tokio::test]
async fn a_view_uses_its_control_id_up_and_each_has_a_key_of_its_own() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.card_made_with(BLOCK_1234).await;
    let (first, second) =
        (sandbox.view_control_id_of(&card_id).await, sandbox.view_control_id_of(&card_id).await);
    let (one, other) = (sandbox.view(&first).await, sandbox.view(&second).await);
    assert_ne!(unwrap(&one), unwrap(&other));
    assert_ne!(one.json()["pinBlock"], other.json()["pinBlock"]);
    assert_eq!(clear(&one) >> 40, clear(&other) >> 40);
    sandbox.view(&first).await.assert_problem(409, "already_used", "new one");
}

#[tokio::test]
async fn the_page_of_a_view_control_id_is_for_viewing() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.card_made_with(BLOCK_1234).await;
    let control_id = sandbox.view_control_id_of(&card_id).await;
    let page = sandbox.fetch_page(&control_id).await;
    assert!(page.text.contains("data-o=\"view-pin\""), "{}", page.text);
    sandbox.advance(290).await;
    assert_eq!(clear(&sandbox.view(&control_id).await) >> 40, 0x14_1234);
}

#[tokio::test]
async fn faults_strike_viewing_too() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.card_made_with(BLOCK_1234).await;
    let control_id = sandbox.view_control_id_of(&card_id).await;
    sandbox.plan("view", json!({"status": 503})).await;
    sandbox.view(&control_id).await.assert_other(503);
    sandbox.plan("view", json!("flipped")).await;
    assert_eq!(unwrap(&sandbox.view(&control_id).await), None);
    let control_id = sandbox.view_control_id_of(&card_id).await;
    sandbox.plan("view", json!({"key_bytes": 15})).await;
    assert_eq!(unwrap(&sandbox.view(&control_id).await).unwrap().len(), 15);
}

#[tokio::test]
async fn a_random_pin_is_viewed_as_it_was_drawn() {
    let sandbox = Sandbox::start().await;
    // Two, so that a fixed PIN would have to be both.
    for _ in 0..2 {
        let card_id = sandbox.new_card("D").await["id"].as_str().unwrap().to_owned();
        assert_eq!(sandbox.hsm_pin(&card_id).await, None);
        assert_eq!(sandbox.embossing_run().await, json!({"made": 1, "chosenPins": 0, "randomPins": 1}));
        let drawn = sandbox.hsm_pin(&card_id).await.unwrap();
        assert!(drawn.len() >= 4 && drawn.bytes().all(|byte| byte.is_ascii_digit()), "{drawn}");
        let control_id = sandbox.view_control_id_of(&card_id).await;
        // Format 1: a 1, the length, the digits.
        let block = format!("{:016x}", clear(&sandbox.view(&control_id).await));
        assert!(block.starts_with(&format!("1{:x}{drawn}", drawn.len())), "{drawn} is not in {block}");
        assert_eq!(sandbox.pin_status(&card_id).await, "D");
    }
}

#[tokio::test]
async fn the_pin_of_a_card_that_is_not_ok_is_not_shown() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.card_made_with(BLOCK_1234).await;
    let control_id = sandbox.view_control_id_of(&card_id).await;
    let (card, plastic) = (
        format!("/card/v4/MC_CARD/{card_id}"),
        format!("/pincontrol/v2/plastic/{}", sandbox.plastic_id(&card_id).await),
    );
    for status in ["CARD_BLOCKED", "CARD_CLOSED_DUE_TO_FRAUD"] {
        let changed = sandbox.issuer(Method::PATCH, &card, Some(&json!({"status": status}))).await;
        assert_eq!((changed.status, &changed.json()["status"]), (200, &json!(status)));
        let refused = sandbox.issuer(Method::POST, &plastic, Some(&json!({"scope": "VIEW_PIN"}))).await;
        refused.assert_problem(409, "wrong_state", status);
        // An earlier control id is refused in the same way.
        sandbox.view(&control_id).await.assert_problem(409, "wrong_state", status);
    }
    sandbox.issuer(Method::PATCH, &card, Some(&json!({"status": "CARD_OK"}))).await;
    assert_eq!(clear(&sandbox.view(&control_id).await) >> 40, 0x14_1234);
}
