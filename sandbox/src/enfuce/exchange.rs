//! The exchange of keys and PIN blocks: one implementation for all APIs, whose names for the fields differ.
//!
//! Through `tzpk` and `set` a PIN comes in, through `view` it goes out, each time encrypted between the HSM and a device.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use uuid::Uuid;

use super::cards::parse_uuid;
use super::state::Enfuce;
use crate::faults::{Endpoint, KeyFault, Misbehaviour};
use crate::hsm::{
    AES_BLOCK, Algorithm, DeviceKey, DeviceKeyError, HsmError, PinKey, PinKeyPlan, SetPin, TDEA_BLOCK,
};
use crate::http::{Fields, JsonBody, Kind, Problem};
use crate::store::cards::{self, PinStatus};
use crate::store::control_ids::{self, Ending, SentKey, Visit};
use crate::store::productions;

/// The field names that an API uses.
pub(super) struct Spelling {
    control_id: &'static str,
    public_key: &'static str,
    read_key: fn(&str) -> Result<DeviceKey, DeviceKeyError>,
}

/// The hosted page, and the PIN API v3.
pub(super) const CLASSIC: Spelling =
    Spelling { control_id: "controlId", public_key: "publicKey", read_key: DeviceKey::from_spki_base64 };

/// The nextgen platform.
pub(super) const NEXTGEN: Spelling =
    Spelling { control_id: "pinControlId", public_key: "pubKey", read_key: DeviceKey::from_spki_pem };

impl Spelling {
    fn control_id(&self, body: &Fields) -> Result<Uuid, Problem> {
        parse_uuid(self.control_id, body.text(self.control_id)?)
    }

    fn device_key(&self, body: &Fields) -> Result<DeviceKey, Problem> {
        let key = (self.read_key)(body.text(self.public_key)?);
        key.map_err(|error| {
            let wrong = match error {
                DeviceKeyError::Base64 => "be base64 with padding, in one line, without begin or end markers",
                DeviceKeyError::Pem => "be PEM: base64 between the lines BEGIN PUBLIC KEY and END PUBLIC KEY",
                DeviceKeyError::Spki => {
                    "be the DER of an RSA key's SubjectPublicKeyInfo (algorithm rsaEncryption)"
                }
                DeviceKeyError::Size => "have a modulus of 2048 to 4096 bits",
                DeviceKeyError::Exponent => "have the public exponent 65537",
            };
            Problem::malformed(format!("{} has to {wrong}.", self.public_key))
        })
    }
}

/// A request to one of the APIs.
pub(super) struct Call<'a> {
    pub(super) enfuce: &'a Enfuce,
    pub(super) spelling: &'static Spelling,
    pub(super) path: &'a str,
    /// How long a control id lives in this API from its first use; see [`Visit`].
    pub(super) opened_ms: Option<u64>,
    pub(super) body: Result<JsonBody, Problem>,
}

impl Call<'_> {
    fn visit(&self) -> Visit {
        Visit { now: self.enfuce.clock.now(), opened_ms: self.opened_ms }
    }
}

/// Answers with a TZPK for the device's key.
pub(super) async fn tzpk(call: Call<'_>) -> Response {
    match planned(&call, Endpoint::Tzpk) {
        Plan::Work(fault) => and_close(respond(give_tzpk(call, fault).await)),
        Plan::Fail(misbehaviour) => {
            misbehaviour.carry_out(call.path, async { respond(give_tzpk(call, KeyFault::None).await) }).await
        }
    }
}

/// Takes the PIN block, and answers with an empty object.
pub(super) async fn set(call: Call<'_>) -> Response {
    match planned(&call, Endpoint::Set) {
        // A fault of the key does not go with this endpoint and is never queued for it.
        Plan::Work(_) => respond(take_block(call).await),
        Plan::Fail(misbehaviour) => {
            misbehaviour.carry_out(call.path, async { respond(take_block(call).await) }).await
        }
    }
}

/// Answers with a TZPK for the device's key, and the PIN in a block under it.
pub(super) async fn view(call: Call<'_>) -> Response {
    match planned(&call, Endpoint::View) {
        Plan::Work(fault) => respond(give_pin(call, fault).await),
        Plan::Fail(misbehaviour) => {
            misbehaviour.carry_out(call.path, async { respond(give_pin(call, KeyFault::None).await) }).await
        }
    }
}

enum Plan {
    Work(KeyFault),
    Fail(Misbehaviour),
}

fn planned(call: &Call<'_>, endpoint: Endpoint) -> Plan {
    match call.enfuce.faults.take(endpoint).map(Misbehaviour::from) {
        None => Plan::Work(KeyFault::None),
        Some(Misbehaviour::Key(fault)) => Plan::Work(fault),
        Some(other) => Plan::Fail(other),
    }
}

fn respond(result: Result<Value, Problem>) -> Response {
    result.map(Json).into_response()
}

/// Makes the browser open a new connection for `set`. Chromium and Firefox repeat a request of any method by themselves if a
/// connection that was used before is cut without an answer. On a new one they do not, and `set` must arrive at most once.
fn and_close(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A key for a device, and the answer that hands it out.
struct Made {
    id: Uuid,
    device: DeviceKey,
    key: PinKey,
    answer: Value,
}

fn make_key(call: Call<'_>, fault: KeyFault) -> Result<Made, Problem> {
    let JsonBody(body) = call.body?;
    let id = call.spelling.control_id(&body)?;
    let device = call.spelling.device_key(&body)?;
    let plan = call.enfuce.pin_key_plan();
    let key = PinKey::make(id, plan, fault.material())?;
    let wrapped = device.wrap(&key.key, fault.oaep_hash())?;
    let answer = describe(&key, plan, fault.encode(wrapped));
    Ok(Made { id, device, key, answer })
}

async fn give_tzpk(call: Call<'_>, fault: KeyFault) -> Result<Value, Problem> {
    let (enfuce, visit) = (call.enfuce, call.visit());
    let Made { id, device, key, answer } = make_key(call, fault)?;
    let sealed_tzpk = enfuce.hsm.seal_tzpk(id, &key)?;
    enfuce
        .store
        .transaction(move |tx| {
            let key = SentKey { key_fingerprint: device.fingerprint(), sealed_tzpk: &sealed_tzpk };
            control_ids::send_key(tx, id, &key, visit).map_err(Problem::from)
        })
        .await?;
    Ok(answer)
}

/// The fields of an answer about a key. For a key as Enfuce documents it, that is the key alone; the other fields are ours.
fn describe(key: &PinKey, plan: PinKeyPlan, wrapped: String) -> Value {
    let mut answer = json!({"tzpk": wrapped});
    if plan == PinKeyPlan::DOCUMENTED {
        return answer;
    }
    answer["algorithm"] = json!(match plan.algorithm {
        Algorithm::Tdea => "TDEA",
        Algorithm::Aes => "AES",
    });
    answer["pinBlockFormat"] = json!(plan.format.number());
    if plan.format.needs_pan() {
        answer["pan"] = json!(key.pan.to_string());
    }
    // The bytes that a fault sends as a key may have none.
    if let Some(value) = key.key.check_value().filter(|_| plan.check_value) {
        answer["kcv"] = json!(value);
    }
    answer
}

async fn take_block(call: Call<'_>) -> Result<Value, Problem> {
    let visit = call.visit();
    let JsonBody(body) = call.body?;
    let id = call.spelling.control_id(&body)?;
    let block = Base64::decode_vec(body.text("pinBlock")?).ok();
    let block = block.filter(|block| [TDEA_BLOCK, AES_BLOCK].contains(&block.len())).ok_or_else(|| {
        Problem::malformed(
            "pinBlock has to be the base64 of 8 bytes under a TDEA key, of 16 bytes under an AES key.",
        )
    })?;
    let hsm = Arc::clone(&call.enfuce.hsm);
    let outcome = call
        .enfuce
        .store
        .transaction(move |tx| {
            let awaiting = control_ids::await_block(tx, id, visit)?;
            may_set(tx, awaiting.plastic_id)?;
            let set = SetPin {
                control_id: id,
                card_id: awaiting.card_id,
                sealed_tzpk: &awaiting.sealed_tzpk,
                block,
            };
            match hsm.take_pin(&set) {
                Ok(sealed_pin) => {
                    cards::set_pin(tx, awaiting.card_id, &sealed_pin)?;
                    control_ids::finish(tx, id, Ending::Used, visit)?;
                    Ok(Ok(()))
                }
                // Committed nevertheless, so that this key cannot be tried twice.
                Err(HsmError::Block) => {
                    control_ids::finish(tx, id, Ending::Burnt, visit)?;
                    Ok(Err(HsmError::Block))
                }
                Err(error) => Err(Problem::from(error)),
            }
        })
        .await?;
    outcome?;
    Ok(json!({}))
}

async fn give_pin(call: Call<'_>, fault: KeyFault) -> Result<Value, Problem> {
    let (enfuce, visit) = (call.enfuce, call.visit());
    let Made { id, key, mut answer, .. } = make_key(call, fault)?;
    let hsm = Arc::clone(&enfuce.hsm);
    let block = enfuce
        .store
        .transaction(move |tx| {
            let viewed = control_ids::view(tx, id, visit)?;
            let sealed = may_view(tx, viewed.plastic_id)?;
            hsm.give_pin(viewed.card_id, &sealed, &key).map_err(Problem::from)
        })
        .await?;
    answer["pinBlock"] = json!(Base64::encode_string(&block));
    Ok(answer)
}

/// The card of this plastic, if a PIN can be set for it now. This is checked when a control id is
/// given out, and again when it is used: if a card has two control ids, the first PIN counts.
pub(super) fn may_set(tx: &rusqlite::Transaction<'_>, plastic_id: Uuid) -> Result<Uuid, Problem> {
    let (card, plastic) = usable(tx, plastic_id)?;
    let detail = match (card.pin_status, plastic.made) {
        (PinStatus::Waiting, None) => return Ok(card.id),
        (PinStatus::Waiting, Some(_)) => {
            "The plastic is already produced: take the one whose status is INACTIVE.".to_owned()
        }
        (PinStatus::Set, _) => "The card's PIN is already set: its pinStatus is S.".to_owned(),
        (PinStatus::Random, _) => {
            "The card's pinStatus is D: a PIN can be set only while it is W.".to_owned()
        }
    };
    Err(Problem::new(Kind::WrongState, detail))
}

/// The sealed PIN of this plastic, if it can be viewed now. This is checked when a control id is given out, and when it
/// is used.
pub(super) fn may_view(tx: &rusqlite::Transaction<'_>, plastic_id: Uuid) -> Result<Vec<u8>, Problem> {
    usable(tx, plastic_id)?;
    productions::sealed_pin(tx, plastic_id)?.ok_or_else(|| {
        let detail = "The PIN cannot be viewed yet: it can after the embossing run that makes the plastic.";
        Problem::new(Kind::NotAvailable, detail)
    })
}

fn usable(
    tx: &rusqlite::Transaction<'_>,
    plastic_id: Uuid,
) -> Result<(cards::Card, cards::Plastic), Problem> {
    let unknown = || Problem::new(Kind::Unknown, "There is no such plastic.");
    let plastic = cards::find_plastic(tx, plastic_id)?.ok_or_else(unknown)?;
    let card = cards::find(tx, plastic.card_id)?.ok_or_else(unknown)?;
    if !card.status.is_usable() {
        let detail = format!(
            "The card's status is {}: its PIN can be set or viewed while it is CARD_OK.",
            card.status.name()
        );
        return Err(Problem::new(Kind::WrongState, detail));
    }
    Ok((card, plastic))
}
