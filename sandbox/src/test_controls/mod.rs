//! Test controls, on loopback only: time, faults, a record of what was received, and what the HSM decrypted.

mod identity;
mod pin_key;
mod plastics;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::clock::Instant;
use crate::enfuce::{Enfuce, Made, embossing, parse_uuid};
use crate::faults::Plan;
use crate::hsm::PinKeyPlan;
use crate::http::{JsonBody, Kind, Peer, Problem, Table, add};
use crate::idp::Idp;
use crate::recorder::Wire;
use crate::store::cards;
use crate::store::time::{self, Time};

/// The parts that the test controls change.
#[derive(Clone)]
pub(crate) struct TestControls {
    pub(crate) enfuce: Enfuce,
    pub(crate) idp: Idp,
    pub(crate) wire: Arc<Wire>,
}

/// The routes of the test controls.
pub(crate) fn routes(controls: TestControls) -> Router {
    add(Router::new(), table()).route_layer(middleware::from_fn(loopback_only)).with_state(controls)
}

pub(crate) fn table() -> Table<TestControls> {
    vec![
        ("/sandbox/clock", get(show_clock).post(advance_clock)),
        ("/sandbox/embossing-run", post(embossing_run)),
        ("/sandbox/reset", post(reset)),
        ("/sandbox/faults", post(plan_fault)),
        ("/sandbox/pin-key", post(pin_key::plan)),
        ("/sandbox/idp/keys", post(identity::rotate)),
        ("/sandbox/idp/tokens", post(identity::token)),
        ("/sandbox/quota", get(show_quota).post(change_quota)),
        ("/sandbox/wire", get(show_wire)),
        ("/sandbox/cards/{id}/pin", get(show_pin)),
        ("/sandbox/cards/{id}/plastics", post(plastics::order)),
    ]
}

/// The sandbox listens on 127.0.0.1 only; this stays true if somebody forwards a port to it.
async fn loopback_only(request: Request, next: Next) -> Response {
    match request.extensions().get::<Peer>() {
        Some(Peer(address)) if address.ip().is_loopback() => next.run(request).await,
        _ => {
            Problem::new(Kind::NotLoopback, "The test controls answer to this machine only.").into_response()
        }
    }
}

/// `GET /sandbox/clock`
async fn show_clock(State(controls): State<TestControls>) -> Json<Value> {
    let now = controls.enfuce.clock.now();
    Json(json!({
        "now": now.to_rfc3339(),
        "offsetSeconds": controls.enfuce.clock.offset_ms() / 1000,
        "stopped": controls.enfuce.clock.is_stopped(),
        "nextEmbossingRun": controls.enfuce.embossing.next_run(now).to_rfc3339(),
    }))
}

/// `POST /sandbox/clock {"advanceSeconds": n, "stopped": …}`: if a run is due then, it has happened before the
/// answer. While the clock is stopped, only `advanceSeconds` moves it.
async fn advance_clock(
    State(controls): State<TestControls>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let step_ms = u64::from(body.number("advanceSeconds")?) * 1000;
    let stopped = body.optional_bool("stopped")?;
    let now = controls.enfuce.clock.now();
    if now.plus_ms(step_ms) >= Instant::LAST_DAY {
        let detail = "advanceSeconds leads out of the year 9999, where the sandbox's clock ends: set it right with POST /sandbox/reset.";
        return Err(Problem::malformed(detail));
    }
    match stopped {
        Some(true) => controls.enfuce.clock.stop(),
        Some(false) => controls.enfuce.clock.run(),
        None => {}
    }
    let time = controls.enfuce.store.transaction(move |tx| {
        let time = time::read(tx, now)?;
        let time = Time { offset_ms: time.offset_ms.saturating_add(step_ms), ..time };
        time::write(tx, time)?;
        Ok::<_, Problem>(time)
    });
    controls.enfuce.clock.set_offset_ms(time.await?.offset_ms);
    embossing::run_if_due(&controls.enfuce).await?;
    Ok(show_clock(State(controls)).await)
}

/// `POST /sandbox/embossing-run`
async fn embossing_run(State(controls): State<TestControls>) -> Result<Json<Value>, Problem> {
    let Made { chosen_pins, random_pins } = embossing::run(&controls.enfuce).await?;
    Ok(Json(json!({"made": chosen_pins + random_pins, "chosenPins": chosen_pins, "randomPins": random_pins})))
}

/// `POST /sandbox/reset`
async fn reset(State(controls): State<TestControls>) -> Result<Json<Value>, Problem> {
    // First, because the emptied database takes the time of the last run from the clock.
    controls.enfuce.clock.set_offset_ms(0);
    controls.enfuce.clock.run();
    controls.enfuce.store.clear().await?;
    controls.enfuce.plan_pin_keys(PinKeyPlan::DOCUMENTED);
    controls.enfuce.faults.clear();
    controls.enfuce.rate_limit.clear();
    controls.wire.clear();
    Ok(Json(json!({})))
}

/// `POST /sandbox/faults {"on": …, "fault": …, "times": n}`
async fn plan_fault(
    State(controls): State<TestControls>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let plan = Plan::from_json(body.into_value()).map_err(|refusal| Problem::malformed(refusal.detail()))?;
    controls.enfuce.faults.add(plan);
    Ok(Json(json!({})))
}

/// `GET /sandbox/quota`
async fn show_quota(State(controls): State<TestControls>) -> Json<Value> {
    Json(json!({"requestsPerSecond": controls.enfuce.rate_limit.requests()}))
}

/// `POST /sandbox/quota {"requestsPerSecond": n}`
async fn change_quota(
    State(controls): State<TestControls>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let requests = usize::try_from(body.number("requestsPerSecond")?).unwrap_or(usize::MAX);
    controls.enfuce.rate_limit.change(requests);
    Ok(show_quota(State(controls)).await)
}

/// `GET /sandbox/wire`
async fn show_wire(State(controls): State<TestControls>) -> Json<Value> {
    Json(controls.wire.to_json())
}

/// `GET /sandbox/cards/{cardId}/pin`
async fn show_pin(
    State(controls): State<TestControls>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = parse_uuid("cardId", &id)?;
    let sealed =
        controls.enfuce.store.transaction(move |tx| cards::sealed_pin(tx, id).map_err(Problem::from)).await?;
    let sealed = sealed.ok_or_else(|| Problem::new(Kind::Unknown, "The HSM has no PIN of such a card."))?;
    // EXPOSE: showing the PIN is this control's purpose; the PINs of a sandbox are made up.
    let pin = controls.enfuce.hsm.dangerous_open_pin(id, &sealed)?.expose();
    Ok(Json(json!({"pin": pin.as_str()})))
}
