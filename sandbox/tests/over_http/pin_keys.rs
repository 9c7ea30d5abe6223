//! TZPKs of other kinds than the documented one, each used by a device that is written for these tests.

use aes::{Aes128, Aes192, Aes256};
use base64ct::{Base64, Encoding};
use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{TdesEde2, TdesEde3};
use serde_json::{Value, json};

use crate::support::{Answer, BLOCK_1234, Sandbox, device_key, unwrap};

/// A block cipher under one of the keys.
struct Cipher<'a> {
    algorithm: &'a str,
    key: &'a [u8],
}

fn process<C: KeyInit + BlockCipherEncrypt + BlockCipherDecrypt>(
    key: &[u8],
    block: &[u8],
    encrypt: bool,
) -> Vec<u8> {
    let mut block = Array::try_from(block).unwrap();
    let cipher = C::new_from_slice(key).unwrap();
    if encrypt {
        cipher.encrypt_block(&mut block)
    } else {
        cipher.decrypt_block(&mut block)
    }
    block.to_vec()
}

impl Cipher<'_> {
    fn run(&self, block: &[u8], encrypt: bool) -> Vec<u8> {
        match (self.algorithm, self.key.len()) {
            ("TDEA", 16) => process::<TdesEde2>(self.key, block, encrypt),
            ("TDEA", 24) => process::<TdesEde3>(self.key, block, encrypt),
            ("AES", 16) => process::<Aes128>(self.key, block, encrypt),
            ("AES", 24) => process::<Aes192>(self.key, block, encrypt),
            ("AES", 32) => process::<Aes256>(self.key, block, encrypt),
            other => panic!("{other:?}"),
        }
    }

    /// The encrypted block for the PIN 2580.
    fn encrypt_2580(&self, format: u64, pan: &str) -> Vec<u8> {
        match format {
            0 => self.run(&(0x0425_80FF_FFFF_FFFF ^ last_twelve(pan)).to_be_bytes(), true),
            1 => self.run(&0x1425_8012_3456_789A_u64.to_be_bytes(), true),
            3 => self.run(&(0x3425_80AB_CDEF_ABCD ^ last_twelve(pan)).to_be_bytes(), true),
            4 => {
                let first = self.run(&0x4425_80AA_AAAA_AAAA_0123_4567_89AB_CDEF_u128.to_be_bytes(), true);
                self.run(&(to_u128(&first) ^ pan_field(pan)).to_be_bytes(), true)
            }
            other => panic!("format {other}"),
        }
    }

    /// The first three bytes of the clear field: format, length and four digits.
    fn head(&self, block: &[u8], format: u64, pan: &str) -> u64 {
        let clear = self.run(block, false);
        let field = match format {
            4 => self.run(&(to_u128(&clear) ^ pan_field(pan)).to_be_bytes(), false),
            1 => clear,
            _ => (u64::from_be_bytes(clear.try_into().unwrap()) ^ last_twelve(pan)).to_be_bytes().to_vec(),
        };
        field[..3].iter().fold(0, |head, byte| head << 8 | u64::from(*byte))
    }
}

fn to_u128(block: &[u8]) -> u128 {
    u128::from_be_bytes(block.try_into().unwrap())
}

fn last_twelve(pan: &str) -> u64 {
    u64::from_str_radix(&pan[pan.len() - 13..pan.len() - 1], 16).unwrap()
}

/// The field of a card number of sixteen digits: 4, the digits, zeros.
fn pan_field(pan: &str) -> u128 {
    u128::from_str_radix(&format!("4{pan:0<31}"), 16).unwrap()
}

async fn plan(sandbox: &Sandbox, plan: &Value) -> Answer {
    sandbox.post("/sandbox/pin-key", plan).await
}

#[tokio::test]
async fn pins_are_set_and_viewed_under_every_kind_of_key() {
    let sandbox = Sandbox::start().await;
    let cases = [
        ("TDEA", 16, 0),
        ("TDEA", 24, 0),
        ("TDEA", 16, 1),
        ("TDEA", 24, 1),
        ("TDEA", 16, 3),
        ("AES", 16, 4),
        ("AES", 24, 4),
        ("AES", 32, 4),
    ];
    for (algorithm, key_bytes, format) in cases {
        let body =
            json!({"algorithm": algorithm, "keyBytes": key_bytes, "pinBlockFormat": format, "kcv": true});
        assert_eq!(plan(&sandbox, &body).await.status, 200);
        let (card_id, control_id) = sandbox.card_and_control_id().await;
        let answer = sandbox.ask_tzpk(&control_id, device_key()).await;
        let said = answer.json();
        assert_eq!((&said["algorithm"], &said["pinBlockFormat"]), (&json!(algorithm), &json!(format)));
        let pan = said["pan"].as_str().unwrap_or_default();
        assert_eq!(pan.len(), if format == 1 { 0 } else { 16 });
        let key = unwrap(&answer).unwrap();
        assert_eq!(key.len(), key_bytes);
        let cipher = Cipher { algorithm, key: &key };
        let check = said["kcv"].as_str().unwrap();
        if algorithm == "TDEA" {
            let zeros = cipher.run(&[0; 8], true);
            assert_eq!(check, format!("{:02X}{:02X}{:02X}", zeros[0], zeros[1], zeros[2]));
        } else {
            assert_eq!(check.len(), 10);
        }
        let block = cipher.encrypt_2580(format, pan);
        let set = sandbox.send_block(&control_id, &block).await;
        assert_eq!(set.status, 200, "{body}: {}", set.text);
        assert_eq!(sandbox.hsm_pin(&card_id).await.as_deref(), Some("2580"), "{body}");

        sandbox.embossing_run().await;
        let control_id = sandbox.view_control_id_of(&card_id).await;
        let answer = sandbox.view(&control_id).await;
        let said = answer.json();
        let (key, pan) = (unwrap(&answer).unwrap(), said["pan"].as_str().unwrap_or_default());
        let block = Base64::decode_vec(said["pinBlock"].as_str().unwrap()).unwrap();
        assert_eq!(Cipher { algorithm, key: &key }.head(&block, format, pan), format << 20 | 0x4_2580);
    }
}

#[tokio::test]
async fn a_stand_in_replaces_the_card_number() {
    let sandbox = Sandbox::start().await;
    plan(&sandbox, &json!({"algorithm": "AES"})).await;
    let card = sandbox.new_card("W").await;
    let card_id = card["id"].as_str().unwrap();
    let ask = async |control_id: &str| {
        let said = sandbox.ask_tzpk(control_id, device_key()).await.json();
        assert_eq!(said.get("kcv"), None);
        said["pan"].as_str().unwrap().to_owned()
    };
    let (one, other) = (sandbox.control_id_of(card_id).await, sandbox.control_id_of(card_id).await);
    let pan = ask(&one).await;
    // It stays the same for one control id, and differs for another. No scheme's cards begin with 99.
    assert_eq!(ask(&one).await, pan);
    assert_ne!(ask(&other).await, pan);
    assert!(pan.starts_with("99"));
    assert_ne!(card["maskedCardNumber"].as_str().unwrap()[12..], pan);
}

#[tokio::test]
async fn a_block_of_another_format_or_token_burns_the_control_id() {
    let sandbox = Sandbox::start().await;
    plan(&sandbox, &json!({"pinBlockFormat": 0})).await;
    for (format, pan) in [(1, ""), (0, "9999000000000000")] {
        let (card_id, control_id) = sandbox.card_and_control_id().await;
        let key = unwrap(&sandbox.ask_tzpk(&control_id, device_key()).await).unwrap();
        let block = Cipher { algorithm: "TDEA", key: &key }.encrypt_2580(format, pan);
        sandbox.send_block(&control_id, &block).await.assert_problem(400, "malformed", "pinBlock");
        let again = sandbox.send_block(&control_id, &block).await;
        again.assert_problem(409, "already_used", "new one");
        assert_eq!(sandbox.pin_status(&card_id).await, "W");
    }
}

#[tokio::test]
async fn a_reset_restores_the_documented_answer_with_the_key_alone() {
    let sandbox = Sandbox::start().await;
    let members = async || {
        let (_, control_id) = sandbox.card_and_control_id().await;
        let said = sandbox.ask_tzpk(&control_id, device_key()).await.json();
        said.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(members().await, ["tzpk"]);
    plan(&sandbox, &json!({"algorithm": "AES", "kcv": true})).await;
    assert_eq!(members().await, ["algorithm", "kcv", "pan", "pinBlockFormat", "tzpk"]);
    plan(&sandbox, &json!({})).await;
    assert_eq!(members().await, ["tzpk"]);
    plan(&sandbox, &json!({"keyBytes": 24})).await;
    assert_eq!(members().await, ["algorithm", "pinBlockFormat", "tzpk"]);
    sandbox.post("/sandbox/reset", &json!({})).await;
    assert_eq!(members().await, ["tzpk"]);
}

#[tokio::test]
async fn a_change_of_plan_leaves_keys_alone_that_are_out() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let tzpk = sandbox.tzpk(&control_id).await;
    plan(&sandbox, &json!({"algorithm": "AES"})).await;
    let block = crate::support::encrypt(&tzpk, BLOCK_1234);
    assert_eq!(sandbox.send_block(&control_id, &block).await.status, 200);
    assert_eq!(sandbox.hsm_pin(&card_id).await.as_deref(), Some("1234"));
}

#[tokio::test]
async fn plans_that_do_not_fit() {
    let sandbox = Sandbox::start().await;
    let cases = [
        (json!({"algorithm": "RSA"}), "algorithm"),
        (json!({"keyBytes": 32}), "keyBytes"),
        (json!({"keyBytes": "16"}), "keyBytes"),
        (json!({"algorithm": "AES", "keyBytes": 17}), "keyBytes"),
        (json!({"algorithm": "AES", "keyBytes": 272}), "keyBytes"),
        (json!({"pinBlockFormat": 4}), "pinBlockFormat"),
        (json!({"pinBlockFormat": 2}), "pinBlockFormat"),
        (json!({"algorithm": "AES", "pinBlockFormat": 1}), "pinBlockFormat"),
        (json!({"kcv": "yes"}), "kcv"),
    ];
    for (body, hint) in cases {
        plan(&sandbox, &body).await.assert_problem(400, "malformed", hint);
    }
}
