//! Control ids: how long they live. Each works once.

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Answer, BLOCK_1234, Sandbox, device_key, encrypt, make_key};

const UNKNOWN: &str = "0d1f7a3e-30a5-4f3c-9d55-1b4d0f6c9a11";

#[tokio::test]
async fn a_control_id_waits_thirty_seconds() {
    let sandbox = Sandbox::start().await;
    let (_, in_time) = sandbox.card_and_control_id().await;
    let (_, late) = sandbox.card_and_control_id().await;
    sandbox.advance(28).await;
    assert_eq!(sandbox.fetch_page(&in_time).await.status, 200);
    sandbox.advance(3).await;
    assert_eq!(sandbox.fetch_page(&late).await.status, 410);
    sandbox.ask_tzpk(&late, device_key()).await.assert_problem(410, "expired", "new one");
    // The fetched page has started its own five minutes.
    assert_eq!(sandbox.ask_tzpk(&in_time, device_key()).await.status, 200);
}

#[tokio::test]
async fn a_fetched_page_lives_five_minutes() {
    let sandbox = Sandbox::start().await;
    let (card_id, in_time) = sandbox.card_and_control_id().await;
    let (_, late) = sandbox.card_and_control_id().await;
    sandbox.fetch_page(&late).await;
    let late_tzpk = sandbox.tzpk(&late).await;
    sandbox.advance(3).await;
    sandbox.fetch_page(&in_time).await;
    sandbox.advance(298).await;
    let tzpk = sandbox.tzpk(&in_time).await;
    assert_eq!(sandbox.send_block(&in_time, &encrypt(&tzpk, BLOCK_1234)).await.status, 200);
    let expired = sandbox.send_block(&late, &encrypt(&late_tzpk, BLOCK_1234)).await;
    expired.assert_problem(410, "expired", "new one");
    assert_eq!(sandbox.pin_status(&card_id).await, "S");
}

#[tokio::test]
async fn a_fetched_page_lives_as_long_as_it_is_told_to() {
    let mut sandbox = Sandbox::start().await;
    sandbox.restart(|config| config.page_minutes = 1).await;
    // The key is made before the clock starts.
    device_key();
    let (_, control_id) = sandbox.card_and_control_id().await;
    assert_eq!(sandbox.fetch_page(&control_id).await.status, 200);
    sandbox.advance(57).await;
    assert_eq!(sandbox.ask_tzpk(&control_id, device_key()).await.status, 200);
    sandbox.advance(4).await;
    sandbox.ask_tzpk(&control_id, device_key()).await.assert_problem(410, "expired", "new one");
    sandbox.send_block(&control_id, &[0; 8]).await.assert_problem(410, "expired", "new one");
    // It can also live longer than by default.
    sandbox.restart(|config| config.page_minutes = 10).await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    assert_eq!(sandbox.fetch_page(&control_id).await.status, 200);
    sandbox.advance(590).await;
    assert_eq!(sandbox.ask_tzpk(&control_id, device_key()).await.status, 200);
}

#[tokio::test]
async fn asking_for_more_keys_does_not_prolong_a_life() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    sandbox.tzpk(&control_id).await;
    sandbox.advance(200).await;
    sandbox.tzpk(&control_id).await;
    sandbox.advance(101).await;
    assert_eq!(sandbox.ask_tzpk(&control_id, device_key()).await.status, 410);
}

#[tokio::test]
async fn a_used_control_id_is_used_up_for_everything() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&control_id).await;
    let block = encrypt(&tzpk, BLOCK_1234);
    assert_eq!(sandbox.send_block(&control_id, &block).await.status, 200);
    sandbox.send_block(&control_id, &block).await.assert_problem(409, "already_used", "new one");
    sandbox.ask_tzpk(&control_id, device_key()).await.assert_problem(409, "already_used", "new one");
    assert_eq!(sandbox.fetch_page(&control_id).await.status, 409);
    sandbox.advance(3600).await;
    assert_eq!(sandbox.send_block(&control_id, &block).await.status, 409);
}

#[tokio::test]
async fn the_page_is_given_out_once() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    assert_eq!(sandbox.fetch_page(&control_id).await.status, 200);
    assert_eq!(sandbox.fetch_page(&control_id).await.status, 409);
}

#[tokio::test]
async fn unknown_malformed_and_early() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    sandbox.ask_tzpk(UNKNOWN, device_key()).await.assert_problem(404, "unknown", "control id");
    sandbox.ask_tzpk("nonsense", device_key()).await.assert_problem(400, "malformed", "controlId");
    sandbox.send_block(UNKNOWN, &[0; 8]).await.assert_problem(404, "unknown", "control id");
    sandbox.send_block(&control_id, &[0; 8]).await.assert_problem(409, "wrong_state", "TZPK");
    assert_eq!(sandbox.fetch_page(UNKNOWN).await.status, 404);
    // None of these requests has used the control id up.
    assert_eq!(sandbox.fetch_page(&control_id).await.status, 200);
}

#[tokio::test]
async fn a_second_device_gets_no_key() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    sandbox.tzpk(&control_id).await;
    sandbox.ask_tzpk(&control_id, &make_key(2048)).await.assert_problem(409, "other_key", "new control id");
    assert_eq!(sandbox.ask_tzpk(&control_id, device_key()).await.status, 200);
}

#[tokio::test]
async fn a_token_of_another_scope_is_refused_and_not_used_up() {
    let sandbox = Sandbox::start().await;
    let (_, to_set) = sandbox.card_and_control_id().await;
    sandbox.view(&to_set).await.assert_problem(403, "other_scope", "VIEW_PIN");
    assert_eq!(sandbox.ask_tzpk(&to_set, device_key()).await.status, 200);

    let card_id = sandbox.card_made_with(BLOCK_1234).await;
    let to_view = sandbox.view_control_id_of(&card_id).await;
    sandbox.ask_tzpk(&to_view, device_key()).await.assert_problem(403, "other_scope", "SET_PIN");
    sandbox.send_block(&to_view, &[0; 8]).await.assert_problem(403, "other_scope", "SET_PIN");
    assert_eq!(sandbox.view(&to_view).await.status, 200);
}

#[tokio::test]
async fn of_two_control_ids_for_one_card_the_first_pin_counts() {
    let sandbox = Sandbox::start().await;
    let (card_id, first) = sandbox.card_and_control_id().await;
    let second = sandbox.control_id_of(&card_id).await;
    let (first_tzpk, second_tzpk) = (sandbox.tzpk(&first).await, sandbox.tzpk(&second).await);
    assert_eq!(sandbox.send_block(&second, &encrypt(&second_tzpk, 0x1456_78AA_AAAA_AAAA)).await.status, 200);
    let refused = sandbox.send_block(&first, &encrypt(&first_tzpk, BLOCK_1234)).await;
    refused.assert_problem(409, "wrong_state", "already set");
    assert_eq!(sandbox.hsm_pin(&card_id).await.as_deref(), Some("5678"));
    let path = format!("/pincontrol/v2/plastic/{}", sandbox.plastic_id(&card_id).await);
    assert_eq!(sandbox.issuer(Method::POST, &path, Some(&json!({"scope": "SET_PIN"}))).await.status, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixteen_blocks_at_once_one_wins() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&control_id).await;
    let mut racers = JoinSet::new();
    for digit in 0..16_u64 {
        use base64ct::Encoding;
        // PINs 0000, 1111, … to recognise the winner.
        let pin = (digit % 10) * 0x1111;
        let block = base64ct::Base64::encode_string(&encrypt(&tzpk, 0x1400_00AA_AAAA_AAAA | pin << 40));
        let request = sandbox.request(Method::POST, "/pin-page/set");
        let request = request.json(&json!({"controlId": control_id, "pinBlock": block}));
        racers.spawn(async move { (pin, Answer::read(request.send().await.unwrap()).await.status) });
    }
    let results = racers.join_all().await;
    let winners: Vec<_> = results.iter().filter(|(_, status)| *status == 200).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    assert_eq!(results.iter().filter(|(_, status)| *status == 409).count(), 15, "{results:?}");
    assert_eq!(sandbox.hsm_pin(&card_id).await, Some(format!("{:04x}", winners[0].0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_eight_page_fetches_at_once_one_wins() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    let mut racers = JoinSet::new();
    for _ in 0..8 {
        let request = sandbox.request(Method::POST, "/pin-page/mobile").form(&[("controlId", &control_id)]);
        racers.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let mut results = racers.join_all().await;
    results.sort_unstable();
    assert_eq!(results, [200, 409, 409, 409, 409, 409, 409, 409]);
}
