//! Enfuce's PIN API with keys of its own: it wraps a TZPK for each control id, and decrypts the PIN that comes back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use base64ct::{Base64, Encoding};
use des::TdesEde2;
use des::cipher::{Array, BlockCipherDecrypt, KeyInit};
use rand::TryRng;
use rand::rngs::SysRng;
use rsa::PublicKey;
use rsa::pkcs8::DecodePublicKey;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::upstream::{Answer, Received, Upstream, access_token, ok};

pub(crate) struct PinApi {
    upstream: Upstream,
    hsm: Arc<Hsm>,
}

/// What Enfuce knows about each control id.
#[derive(Default)]
struct Hsm {
    tzpks: Mutex<HashMap<String, [u8; 16]>>,
    /// The received blocks, decrypted.
    blocks: Mutex<HashMap<String, [u8; 8]>>,
    /// Whether it accepts the next PIN and never answers.
    stalls: AtomicBool,
}

impl PinApi {
    pub(crate) async fn start() -> Self {
        let hsm = Arc::new(Hsm::default());
        let answers = Arc::clone(&hsm);
        Self { upstream: Upstream::start(move |request| answers.answer(request)).await, hsm }
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.upstream.base_url
    }

    /// A card whose plastic and control id have the same id as the card. Nothing else contains it by chance.
    pub(crate) fn card() -> String {
        random::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The PIN that arrived for a control id.
    pub(crate) fn pin(&self, control_id: &str) -> Option<String> {
        let blocks = self.hsm.blocks.lock().unwrap();
        let nibbles: String = blocks.get(control_id)?.iter().map(|byte| format!("{byte:02x}")).collect();
        // Format 1: the control nibble, the length, and the digits (ISO 9564-1:2017, 9.3.3).
        let length = usize::from_str_radix(nibbles.strip_prefix('1')?.get(..1)?, 16).unwrap();
        Some(nibbles[2..2 + length].to_owned())
    }

    pub(crate) fn stall_at_the_next_set(&self) {
        self.hsm.stalls.store(true, Ordering::Relaxed);
    }

    /// How many PINs have arrived so far, answered or not.
    pub(crate) fn sets(&self) -> usize {
        self.upstream.received().iter().filter(|request| path(request).ends_with("/set")).count()
    }
}

impl Hsm {
    fn answer(&self, request: &Received) -> Answer {
        match path(request) {
            "POST /oauth2/token" => access_token("a-token"),
            "POST /pin/v3/set/tzpk" => self.tzpk(request, "controlId", "publicKey"),
            "POST /pin/v3/set" => self.set(request, "controlId"),
            "POST /v1/pin/pki/set/tzpk" => self.tzpk(request, "pinControlId", "pubKey"),
            "POST /v1/pin/pki/set" => self.set(request, "pinControlId"),
            path => {
                if let Some(plastic) = path.strip_prefix("POST /pincontrol/v2/plastic/") {
                    return Answer::Status(201, json!({"id": plastic, "pinURL": "x"}).to_string());
                }
                let card = path.strip_prefix("GET /card/v3/").and_then(|path| path.strip_suffix("/plastic"));
                let card = card.unwrap_or_else(|| panic!("{path} is not asked for"));
                ok(json!([{"id": card, "status": "INACTIVE", "sequenceNumber": 1}]))
            }
        }
    }

    /// A new key, encrypted under the device's key by RSAES-OAEP (RFC 8017 §7.1.1).
    fn tzpk(&self, request: &Received, id: &str, key: &str) -> Answer {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        // The key is in PEM, or in PEM without its first and last line.
        let spki: String = text(&body, key).lines().filter(|line| !line.starts_with("---")).collect();
        let key = PublicKey::from_public_key_der(&Base64::decode_vec(&spki).unwrap()).unwrap();
        let tzpk = random::<16>();
        let wrapped = key.oaep_encrypt_with_rng::<Sha256, _>(&mut SysRng, &tzpk).unwrap();
        self.tzpks.lock().unwrap().insert(text(&body, id).to_owned(), tzpk);
        ok(json!({"tzpk": Base64::encode_string(&wrapped)}))
    }

    fn set(&self, request: &Received, id: &str) -> Answer {
        if self.stalls.swap(false, Ordering::Relaxed) {
            return Answer::Stall;
        }
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let control_id = text(&body, id);
        let mut block = [0; 8];
        Base64::decode(text(&body, "pinBlock"), &mut block).unwrap();
        let mut block = Array::from(block);
        TdesEde2::new_from_slice(&self.tzpks.lock().unwrap()[control_id]).unwrap().decrypt_block(&mut block);
        self.blocks.lock().unwrap().insert(control_id.to_owned(), block.into());
        ok("{}")
    }
}

/// `POST /pin/v3/set`, without the query.
fn path(request: &Received) -> &str {
    request.line.split('?').next().unwrap()
}

fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().unwrap()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).unwrap();
    bytes
}
