//! The exchange of keys and PIN blocks: one implementation for all APIs, whose names for the fields differ.
//!
//! Through `tzpk` and `set` a PIN comes in, through `view` it goes out, each time encrypted between the HSM and a device.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use uuid::Uuid;

use super::eligibility::{may_set, may_view};
use super::spelling::Spelling;
use crate::clock::Clock;
use crate::faults::{Endpoint, Faults, KeyFault, Misbehaviour};
use crate::hsm::{AES_BLOCK, Algorithm, DeviceKey, Hsm, HsmError, PinKey, PinKeyPlan, SetPin, TDEA_BLOCK};
use crate::http::{JsonBody, Problem, Table};
use crate::store::Store;
use crate::store::cards;
use crate::store::control_ids::{self, Ending, SentKey, Visit};

/// What an API for the exchange reads.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) clock: Arc<Clock>,
    pub(crate) store: Store,
    pub(crate) hsm: Arc<Hsm>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) spelling: &'static Spelling,
    /// How long a control id lives in this API from its first use; see [`Visit`].
    pub(crate) opened_ms: Option<u64>,
}

/// The calls that the customer's device makes itself, from the hosted page or a page of the issuer's.
pub(crate) fn page_table() -> Table<Exchange> {
    vec![("/pin-page/tzpk", post(tzpk)), ("/pin-page/set", post(set)), ("/pin-page/view", post(view))]
}

/// The PIN API v3, which the issuer's back-end calls for its customer's device.
pub(crate) fn pki_table() -> Table<Exchange> {
    vec![("/pin/v3/set/tzpk", post(tzpk)), ("/pin/v3/set", post(set)), ("/pin/v3/view", post(view))]
}

/// The same on the nextgen platform. Enfuce publishes only `set/tzpk`; `set` and `view` are ours, in the same form.
pub(crate) fn nextgen_table() -> Table<Exchange> {
    vec![
        ("/v1/pin/pki/set/tzpk", post(tzpk)),
        ("/v1/pin/pki/set", post(set)),
        ("/v1/pin/pki/view", post(view)),
    ]
}

/// Answers with a TZPK for the device's key.
async fn tzpk(State(exchange): State<Exchange>, uri: Uri, body: Result<JsonBody, Problem>) -> Response {
    match exchange.planned(Endpoint::Tzpk) {
        Plan::Work(fault) => and_close(respond(exchange.give_tzpk(body, fault).await)),
        Plan::Fail(misbehaviour) => {
            misbehaviour
                .carry_out(uri.path(), async { respond(exchange.give_tzpk(body, KeyFault::None).await) })
                .await
        }
    }
}

/// Takes the PIN block, and answers with an empty object.
async fn set(State(exchange): State<Exchange>, uri: Uri, body: Result<JsonBody, Problem>) -> Response {
    match exchange.planned(Endpoint::Set) {
        // A fault of the key does not go with this endpoint and is never queued for it.
        Plan::Work(_) => respond(exchange.take_block(body).await),
        Plan::Fail(misbehaviour) => {
            misbehaviour.carry_out(uri.path(), async { respond(exchange.take_block(body).await) }).await
        }
    }
}

/// Answers with a TZPK for the device's key, and the PIN in a block under it.
async fn view(State(exchange): State<Exchange>, uri: Uri, body: Result<JsonBody, Problem>) -> Response {
    match exchange.planned(Endpoint::View) {
        Plan::Work(fault) => respond(exchange.give_pin(body, fault).await),
        Plan::Fail(misbehaviour) => {
            misbehaviour
                .carry_out(uri.path(), async { respond(exchange.give_pin(body, KeyFault::None).await) })
                .await
        }
    }
}

enum Plan {
    Work(KeyFault),
    Fail(Misbehaviour),
}

fn respond(result: Result<Value, Problem>) -> Response {
    result.map(Json).into_response()
}

/// Makes the browser open a new connection for `set`. Chromium and Firefox repeat a request of any method automatically if a
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

impl Exchange {
    fn planned(&self, endpoint: Endpoint) -> Plan {
        match self.faults.take(endpoint).map(Misbehaviour::from) {
            None => Plan::Work(KeyFault::None),
            Some(Misbehaviour::Key(fault)) => Plan::Work(fault),
            Some(other) => Plan::Fail(other),
        }
    }

    fn visit(&self) -> Visit {
        Visit { now: self.clock.now(), opened_ms: self.opened_ms }
    }

    fn make_key(&self, body: Result<JsonBody, Problem>, fault: KeyFault) -> Result<Made, Problem> {
        let JsonBody(body) = body?;
        let id = self.spelling.control_id(&body)?;
        let device = self.spelling.device_key(&body)?;
        let plan = self.hsm.pin_key_plan();
        let key = PinKey::make(id, plan, fault.material())?;
        let wrapped = device.wrap(&key.key, fault.oaep_hash())?;
        let answer = describe(&key, plan, fault.encode(wrapped));
        Ok(Made { id, device, key, answer })
    }

    async fn give_tzpk(&self, body: Result<JsonBody, Problem>, fault: KeyFault) -> Result<Value, Problem> {
        let visit = self.visit();
        let Made { id, device, key, answer } = self.make_key(body, fault)?;
        let sealed_tzpk = self.hsm.seal_tzpk(id, &key)?;
        self.store
            .transaction(move |tx| {
                let key = SentKey { key_fingerprint: device.fingerprint(), sealed_tzpk: &sealed_tzpk };
                control_ids::send_key(tx, id, &key, visit).map_err(Problem::from)
            })
            .await?;
        Ok(answer)
    }

    async fn take_block(&self, body: Result<JsonBody, Problem>) -> Result<Value, Problem> {
        let visit = self.visit();
        let JsonBody(body) = body?;
        let id = self.spelling.control_id(&body)?;
        let block = Base64::decode_vec(body.text("pinBlock")?).ok();
        let block = block.filter(|block| [TDEA_BLOCK, AES_BLOCK].contains(&block.len()));
        let detail =
            "pinBlock has to be the base64 of 8 bytes under a TDEA key, of 16 bytes under an AES key.";
        let block = block.ok_or_else(|| Problem::malformed(detail))?;
        let hsm = Arc::clone(&self.hsm);
        let outcome = self
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

    async fn give_pin(&self, body: Result<JsonBody, Problem>, fault: KeyFault) -> Result<Value, Problem> {
        let visit = self.visit();
        let Made { id, key, mut answer, .. } = self.make_key(body, fault)?;
        let hsm = Arc::clone(&self.hsm);
        let block = self
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
