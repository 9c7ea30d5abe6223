//! The test control that chooses the kind of the next TZPKs.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::TestControls;
use crate::hsm::{Algorithm, BlockFormat, PinKeyPlan};
use crate::http::{Fields, JsonBody, Problem};

/// `POST /sandbox/pin-key {"algorithm": "TDEA" | "AES", "keyBytes": n, "pinBlockFormat": n, "kcv": bool}`, each with a default.
pub(super) async fn plan(
    State(TestControls { hsm, .. }): State<TestControls>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let plan = read(&body)?;
    hsm.plan_pin_keys(plan);
    Ok(Json(json!({})))
}

fn read(body: &Fields) -> Result<PinKeyPlan, Problem> {
    let algorithm = match body.optional_text("algorithm")? {
        None | Some("TDEA") => Algorithm::Tdea,
        Some("AES") => Algorithm::Aes,
        Some(_) => return Err(Problem::malformed("algorithm has to be TDEA or AES.")),
    };
    let (lengths, formats): (&[u32], &[u32]) = match algorithm {
        Algorithm::Tdea => (&[16, 24], &[1, 0, 3]),
        Algorithm::Aes => (&[16, 24, 32], &[4]),
    };
    let key_bytes = body.optional_number("keyBytes")?.unwrap_or(16);
    let format = body.optional_number("pinBlockFormat")?.unwrap_or(formats[0]);
    let key_bytes = u8::try_from(key_bytes).ok().filter(|_| lengths.contains(&key_bytes));
    let key_bytes = key_bytes
        .ok_or_else(|| Problem::malformed("keyBytes has to be 16 or 24 with TDEA; 16, 24 or 32 with AES."))?;
    let format = BlockFormat::from_number(format).filter(|_| formats.contains(&format)).ok_or_else(|| {
        Problem::malformed(
            "pinBlockFormat has to be 0, 1 or 3 with TDEA, 4 with AES: their blocks differ in size.",
        )
    })?;
    let check_value = body.optional_bool("kcv")?.unwrap_or(false);
    Ok(PinKeyPlan { algorithm, key_bytes, format, check_value })
}
