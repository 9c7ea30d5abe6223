//! The PIN API with a pre-shared key, from back-end to back-end. It shows the PIN to the issuer's systems, which is why no
//! device uses it; it is here for completeness.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::routing::post;
use serde_json::{Value, json};

use super::eligibility::may_set;
use crate::config::ZPK_INDEX;
use crate::hsm::{Hsm, TDEA_BLOCK};
use crate::http::{JsonBody, Problem, Table, parse_uuid};
use crate::store::Store;
use crate::store::cards;

/// What the API reads.
#[derive(Clone)]
pub(crate) struct SharedKey {
    pub(crate) store: Store,
    pub(crate) hsm: Arc<Hsm>,
}

pub(crate) fn table() -> Table<SharedKey> {
    vec![("/pin/v2/{plasticId}", post(set))]
}

/// `POST /pin/v2/{plasticId}`
async fn set(
    State(SharedKey { store, hsm }): State<SharedKey>,
    Path(plastic_id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let plastic_id = parse_uuid("plasticId", &plastic_id)?;
    if body.text("zpkIndex")? != ZPK_INDEX {
        return Err(Problem::malformed(format!(
            "zpkIndex has to be {ZPK_INDEX}: the sandbox shares one key."
        )));
    }
    let block = parse_block(body.text("pinBlock")?)
        .ok_or_else(|| Problem::malformed("pinBlock has to be 16 hexadecimal digits."))?;
    store
        .transaction(move |tx| {
            let card_id = may_set(tx, plastic_id)?;
            let sealed_pin = hsm.take_pin_under_shared_key(card_id, &block)?;
            cards::set_pin(tx, card_id, &sealed_pin).map_err(Problem::from)
        })
        .await?;
    Ok(Json(json!({})))
}

fn parse_block(text: &str) -> Option<[u8; TDEA_BLOCK]> {
    let is_hex = text.len() == 2 * TDEA_BLOCK && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|_| is_hex).map(u64::to_be_bytes)
}
