//! The whole way: from a customer's device through the relay to the sandbox, on both platforms.

use base64ct::{Base64, Encoding};
use card_pin_relay::check_online;
use serde_json::json;

use crate::device;
use crate::relay::{CLASSIC, ISSUES, NEXTGEN, PASSES_ON, Relay, set_up};
use crate::support::{Answer, Sandbox, decrypt, device_key, encrypt, key_request, set_request, unwrap};

/// PIN 4826 in ISO format 1.
const BLOCK_4826: u64 = 0x1448_2611_2233_4455;

/// A control id that the sandbox has never issued.
const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

/// The TZPK that the relay passes on.
async fn tzpk(relay: &Relay, control_id: &str) -> Vec<u8> {
    key_of(&relay.post("/tzpk", &key_request(control_id, device_key())).await)
}

fn key_of(answer: &Answer) -> Vec<u8> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    unwrap(answer).unwrap()
}

/// Control field, length and digits of the PIN block that the relay lets a device view.
async fn viewed(relay: &Relay, control_id: &str) -> u64 {
    let answer = relay.post("/view", &key_request(control_id, device_key())).await;
    let block = Base64::decode_vec(answer.json()["pinBlock"].as_str().unwrap()).unwrap();
    decrypt(&key_of(&answer), &block) >> 40
}

#[tokio::test]
async fn card_pin_sets_and_a_device_views_a_pin() {
    let sandbox = Sandbox::start().await;
    for platform in [CLASSIC, NEXTGEN] {
        let relay = Relay::start(&sandbox, &[platform, PASSES_ON]).await;
        let (card, control_id) = sandbox.card_and_control_id().await;
        let (end, sent) = device::set_pin(&relay, &control_id, "4826").await;
        assert_eq!((end.code, sent.len()), (None, 2));
        assert_eq!(
            (&*sandbox.pin_status(&card).await, sandbox.hsm_pin(&card).await.as_deref()),
            ("S", Some("4826"))
        );

        sandbox.embossing_run().await;
        assert_eq!(viewed(&relay, &sandbox.view_control_id_of(&card).await).await, BLOCK_4826 >> 40);
    }
}

#[tokio::test]
async fn a_customer_sets_a_pin_sees_its_status_and_views_it() {
    let sandbox = Sandbox::start().await;
    for platform in [CLASSIC, NEXTGEN] {
        let mut relay = Relay::start(&sandbox, &[platform, ISSUES]).await;
        relay.token = sandbox.sign_in("7").await;
        let card = sandbox.new_card("W").await["id"].as_str().unwrap().to_owned();
        let control_id = relay.control_id(&card, "set-pin").await;
        let status = relay.post("/status", &json!({"controlId": control_id})).await;
        assert_eq!((status.status, status.json()), (200, json!({"pinStatus": "W"})));
        let (end, _) = device::set_pin(&relay, &control_id, "4826").await;
        assert_eq!((end.code, sandbox.hsm_pin(&card).await.as_deref()), (None, Some("4826")));
        let status = relay.post("/status", &json!({"controlId": control_id})).await;
        assert_eq!(status.json(), json!({"pinStatus": "S"}));

        sandbox.embossing_run().await;
        let control_id = relay.control_id(&card, "view-pin").await;
        assert_eq!(viewed(&relay, &control_id).await, BLOCK_4826 >> 40);
    }
}

#[tokio::test]
async fn two_sets_of_one_token_on_two_copies_set_once() {
    let sandbox = Sandbox::start().await;
    let fields = [CLASSIC, ISSUES];
    let (mut relay, mut copy) =
        (Relay::start(&sandbox, &fields).await, Relay::start(&sandbox, &fields).await);
    relay.token = sandbox.sign_in("7").await;
    copy.token.clone_from(&relay.token);
    let card = sandbox.new_card("W").await["id"].as_str().unwrap().to_owned();
    let control_id = relay.control_id(&card, "set-pin").await;
    let set = set_request(&control_id, &encrypt(&tzpk(&relay, &control_id).await, BLOCK_4826));
    let (one, other) = tokio::join!(relay.post("/set", &set), copy.post("/set", &set));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(sandbox.hsm_pin(&card).await.as_deref(), Some("4826"));
}

#[tokio::test]
async fn what_enfuce_refuses_keeps_its_meaning() {
    let sandbox = Sandbox::start().await;
    for platform in [CLASSIC, NEXTGEN] {
        let relay = Relay::start(&sandbox, &[platform, PASSES_ON]).await;
        let unknown = relay.post("/tzpk", &key_request(UNKNOWN, device_key())).await;
        unknown.assert_problem(404, "control_id_unknown", "");
        assert_eq!(relay.post("/set", &set_request(UNKNOWN, &[7; 8])).await.status, 404);

        let (_, control_id) = sandbox.card_and_control_id().await;
        let block = encrypt(&tzpk(&relay, &control_id).await, BLOCK_4826);
        let set = relay.post("/set", &set_request(&control_id, &block)).await;
        assert_eq!((set.status, &*set.text), (200, "{}"));
        let again = relay.post("/set", &set_request(&control_id, &block)).await;
        again.assert_problem(409, "control_id_used", "");

        let (_, control_id) = sandbox.card_and_control_id().await;
        sandbox.advance(31).await;
        let expired = relay.post("/tzpk", &key_request(&control_id, device_key())).await;
        expired.assert_problem(410, "control_id_expired", "");
    }
}

#[tokio::test]
async fn what_describes_the_key_passes_to_the_device() {
    let sandbox = Sandbox::start().await;
    let plan = json!({"algorithm": "AES", "keyBytes": 32, "pinBlockFormat": 4, "kcv": true});
    assert_eq!(sandbox.post("/sandbox/pin-key", &plan).await.status, 200);
    for platform in [CLASSIC, NEXTGEN] {
        let relay = Relay::start(&sandbox, &[platform, PASSES_ON]).await;
        let (_, control_id) = sandbox.card_and_control_id().await;
        let answer = relay.post("/tzpk", &key_request(&control_id, device_key())).await;
        assert_eq!(key_of(&answer).len(), 32);
        let answer = answer.json();
        assert_eq!((&answer["algorithm"], &answer["pinBlockFormat"]), (&json!("AES"), &json!(4)));
        assert_eq!(answer["kcv"].as_str().unwrap().len(), 10);
        assert!((12..=19).contains(&answer["pan"].as_str().unwrap().len()));
        // A block of sixteen bytes is passed on, but does not contain a PIN under this key.
        let refused = relay.post("/set", &set_request(&control_id, &[1; 16])).await;
        refused.assert_problem(400, "enfuce_refused", "");
    }
}

#[tokio::test]
async fn a_bearer_token_of_the_configuration_serves_on_the_classic_platform() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.token().await;
    let bearer =
        [("ENFUCE__PLATFORM", "classic"), ("ENFUCE__AUTH__KIND", "bearer"), ("ENFUCE__AUTH__TOKEN", &token)];
    let relay = Relay::start(&sandbox, &[&bearer, PASSES_ON]).await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    let answer = relay.post("/tzpk", &key_request(&control_id, device_key())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn a_wrong_password_is_the_relays_own_failure_and_is_recorded() {
    let sandbox = Sandbox::start().await;
    let wrong = [("ENFUCE__AUTH__PASSWORD", "wrong")];
    let relay = Relay::start(&sandbox, &[CLASSIC, PASSES_ON, &wrong]).await;
    let answer = relay.post("/tzpk", &key_request(UNKNOWN, device_key())).await;
    answer.assert_problem(502, "enfuce_refuses_relay", "");
    assert!(sandbox.get("/sandbox/wire").await.text.contains("/pin/v3/set/tzpk"));
}

#[tokio::test]
async fn the_relay_finds_nothing_wrong_with_the_sandbox() {
    let sandbox = Sandbox::start().await;
    let issuing = ["jwt.jwks_url", "control_ids.authorize_url"];
    for (platform, things) in [
        (CLASSIC, ["enfuce.base_url", "enfuce.auth", "quota"].as_slice()),
        (NEXTGEN, &["enfuce.base_url", "enfuce.auth.token_url", "enfuce.auth", "quota"]),
    ] {
        let findings = check_online(&set_up(&sandbox, &[platform, ISSUES])).await;
        let said: Vec<_> = findings.iter().map(ToString::to_string).collect();
        let all_well: Vec<_> =
            things.iter().chain(&issuing).map(|thing| format!("ok         {thing}")).collect();
        let short: Vec<_> = said.iter().map(|line| line.split(": ").next().unwrap()).collect();
        assert_eq!(short, all_well, "{said:?}");
    }
}
