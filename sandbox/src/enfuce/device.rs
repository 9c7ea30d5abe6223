//! What the customer's device calls: a TZPK for its public key, and the PIN block made with it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use super::parse_uuid;
use crate::app::App;
use crate::hsm::{DeviceKey, DeviceKeyError, HsmError, PIN_BLOCK_BYTES, SetPin, Tzpk};
use crate::http::{Fields, JsonBody, Kind, Problem};
use crate::levers::{Endpoint, KeyFault, Misbehaviour};
use crate::store::cards::{self, PinStatus};
use crate::store::control_ids::{self, Ending, SentKey};

/// `POST /pin-page/tzpk`
pub(super) async fn tzpk(State(app): State<App>, body: Result<JsonBody, Problem>) -> Response {
    let fault = app.faults().take(Endpoint::Tzpk);
    match fault.map(Misbehaviour::from) {
        None => and_close(respond(give_tzpk(&app, body, KeyFault::None).await)),
        Some(Misbehaviour::Key(fault)) => and_close(respond(give_tzpk(&app, body, fault).await)),
        Some(Misbehaviour::Before(broken)) => broken.answer(Endpoint::Tzpk).await,
        Some(Misbehaviour::After(broken)) => {
            broken.spoil(respond(give_tzpk(&app, body, KeyFault::None).await)).await
        }
    }
}

/// `POST /pin-page/set`
pub(super) async fn set(State(app): State<App>, body: Result<JsonBody, Problem>) -> Response {
    let fault = app.faults().take(Endpoint::Set);
    match fault.map(Misbehaviour::from) {
        // A fault of the key does not go with this endpoint and is never queued for it.
        None | Some(Misbehaviour::Key(_)) => respond(take_block(&app, body).await),
        Some(Misbehaviour::Before(broken)) => broken.answer(Endpoint::Set).await,
        Some(Misbehaviour::After(broken)) => broken.spoil(respond(take_block(&app, body).await)).await,
    }
}

fn respond(result: Result<Value, Problem>) -> Response {
    result.map(Json).into_response()
}

/// Has `set` come on a connection of its own. Chromium and Firefox repeat a request by themselves, whatever its method,
/// where a connection that was used before is cut without an answer; on a fresh one they do not, and `set` must arrive
/// once at the most.
fn and_close(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn give_tzpk(app: &App, body: Result<JsonBody, Problem>, fault: KeyFault) -> Result<Value, Problem> {
    let JsonBody(body) = body?;
    let id = control_id(&body)?;
    let device = DeviceKey::from_spki_base64(body.text("publicKey")?).map_err(refuse_key)?;
    let key = Tzpk::make(fault.material())?;
    let wrapped = device.wrap(&key, fault.oaep_hash())?;
    let sealed_tzpk = app.hsm().seal_tzpk(id, &key)?;
    let now = app.clock().now();
    app.store()
        .transaction(move |tx| {
            let key = SentKey { key_fingerprint: device.fingerprint(), sealed_tzpk: &sealed_tzpk };
            control_ids::send_key(tx, id, &key, now).map_err(Problem::from)
        })
        .await?;
    Ok(json!({"tzpk": fault.encode(wrapped)}))
}

async fn take_block(app: &App, body: Result<JsonBody, Problem>) -> Result<Value, Problem> {
    let JsonBody(body) = body?;
    let id = control_id(&body)?;
    let block = Base64::decode_vec(body.text("pinBlock")?).ok().and_then(|block| block.try_into().ok());
    let block: [u8; PIN_BLOCK_BYTES] =
        block.ok_or_else(|| Problem::malformed("pinBlock has to be the base64 of exactly 8 bytes."))?;
    let (now, hsm) = (app.clock().now(), app.hsm_handle());
    let outcome = app
        .store()
        .transaction(move |tx| {
            let awaiting = control_ids::await_block(tx, id, now)?;
            // Two control ids may be out for one card; the first PIN counts.
            let card = cards::find(tx, awaiting.card_id)?;
            if card.is_none_or(|card| card.pin_status != PinStatus::Waiting) {
                return Err(Problem::new(Kind::WrongState, "The card's PIN is already set."));
            }
            let set = SetPin {
                control_id: id,
                card_id: awaiting.card_id,
                sealed_tzpk: &awaiting.sealed_tzpk,
                block,
            };
            match hsm.take_pin(&set) {
                Ok(sealed_pin) => {
                    cards::set_pin(tx, awaiting.card_id, &sealed_pin)?;
                    control_ids::finish(tx, id, Ending::Used, now)?;
                    Ok(Ok(()))
                }
                // Committed all the same: nobody gets a second try with this key.
                Err(HsmError::Block) => {
                    control_ids::finish(tx, id, Ending::Burnt, now)?;
                    Ok(Err(HsmError::Block))
                }
                Err(error) => Err(error.into()),
            }
        })
        .await?;
    outcome?;
    Ok(json!({}))
}

fn control_id(body: &Fields) -> Result<uuid::Uuid, Problem> {
    parse_uuid("controlId", body.text("controlId")?)
}

fn refuse_key(error: DeviceKeyError) -> Problem {
    Problem::malformed(match error {
        DeviceKeyError::Base64 => {
            "publicKey has to be base64 with padding, in one line, without begin or end markers."
        }
        DeviceKeyError::Spki => {
            "publicKey has to be the DER of an RSA key's SubjectPublicKeyInfo (algorithm rsaEncryption)."
        }
        DeviceKeyError::Size => "publicKey has to have a modulus of 2048 to 4096 bits.",
        DeviceKeyError::Exponent => "publicKey has to have the public exponent 65537.",
    })
}
