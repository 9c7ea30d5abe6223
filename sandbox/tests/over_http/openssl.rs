//! The device's side, done by OpenSSL, so that the `rsa` and `des` crates are not only tested against themselves.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64ct::{Base64, Encoding};
use serde_json::json;

use crate::support::Sandbox;

/// Runs OpenSSL in the folder; its arguments are one text, split at spaces.
fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn openssl_sets_a_pin_with_every_accepted_key_size() {
    let sandbox = Sandbox::start().await;
    let folder = &sandbox.folder;
    for bits in [2048, 3072, 4096] {
        let (card_id, control_id) = sandbox.card_and_control_id().await;
        openssl(folder, &format!("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -out key.pem"));
        openssl(folder, "pkey -in key.pem -pubout -outform DER -out key.der");
        let public_key = Base64::encode_string(&fs::read(folder.join("key.der")).unwrap());
        let answer =
            sandbox.post("/pin-page/tzpk", &json!({"controlId": control_id, "publicKey": public_key})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);

        let wrapped = Base64::decode_vec(answer.json()["tzpk"].as_str().unwrap()).unwrap();
        assert_eq!(wrapped.len() * 8, bits);
        fs::write(folder.join("wrapped"), wrapped).unwrap();
        openssl(
            folder,
            "pkeyutl -decrypt -inkey key.pem -in wrapped -out tzpk -pkeyopt rsa_padding_mode:oaep \
             -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256",
        );
        let tzpk = fs::read(folder.join("tzpk")).unwrap();
        assert_eq!(tzpk.len(), 16);

        // K1‖K2‖K1 for a cipher that takes only triple length; PIN 40567 with its own filler.
        let key: String = tzpk.iter().chain(&tzpk[..8]).map(|byte| format!("{byte:02x}")).collect();
        fs::write(folder.join("clear"), 0x1540_567F_0E1D_2C3B_u64.to_be_bytes()).unwrap();
        openssl(folder, &format!("enc -des-ede3 -nopad -K {key} -in clear -out block"));
        let answer = sandbox.send_block(&control_id, &fs::read(folder.join("block")).unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(sandbox.hsm_pin(&card_id).await.as_deref(), Some("40567"));
    }
}
