//! The PIN API with a pre-shared key.

use reqwest::Method;
use serde_json::json;

use crate::support::{BLOCK_1234, Sandbox, encrypt};

/// The sandbox's key for zpkIndex 0.
const ZPK: u128 = 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210;

fn hex_block(clear: u64) -> String {
    encrypt(&ZPK.to_be_bytes(), clear).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_back_end_sets_a_pin_under_the_key_that_it_shares() {
    let sandbox = Sandbox::start().await;
    let card_id = sandbox.new_card("W").await["id"].as_str().unwrap().to_owned();
    let path = format!("/pin/v2/{}", sandbox.plastic_id(&card_id).await);
    let block = hex_block(BLOCK_1234);
    let bad = [
        (json!({"pinBlock": block}), "zpkIndex is missing"),
        (json!({"zpkIndex": "1", "pinBlock": block}), "zpkIndex"),
        (json!({"zpkIndex": "0", "pinBlock": &block[..14]}), "16 hexadecimal digits"),
        (json!({"zpkIndex": "0", "pinBlock": format!("+{}", &block[1..])}), "16 hexadecimal digits"),
        (json!({"zpkIndex": "0", "pinBlock": hex_block(0x0412_34FF_FFFF_FFFF)}), "not a PIN block"),
    ];
    for (body, hint) in bad {
        sandbox.issuer(Method::POST, &path, Some(&body)).await.assert_problem(400, "malformed", hint);
    }
    let body = json!({"zpkIndex": "0", "pinBlock": block});
    let answer = sandbox.issuer(Method::POST, &path, Some(&body)).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
    assert_eq!(sandbox.pin_status(&card_id).await, "S");
    assert_eq!(sandbox.hsm_pin(&card_id).await.as_deref(), Some("1234"));
    let twice = sandbox.issuer(Method::POST, &path, Some(&body)).await;
    twice.assert_problem(409, "wrong_state", "already set");
    let unknown = "/pin/v2/0d1f7a3e-30a5-4f3c-9d55-1b4d0f6c9a11";
    sandbox.issuer(Method::POST, unknown, Some(&body)).await.assert_problem(404, "unknown", "plastic");
    sandbox.post(&path, &body).await.assert_problem(401, "unauthorized", "Basic");
}
