//! Test controls, on loopback only: time, faults, a record of what was received, and what the HSM decrypted.

mod identity;
mod pin_key;
mod plastics;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::clock::{Clock, Instant};
use crate::enfuce::embossing::{Embosser, Made};
use crate::faults::{Faults, Plan};
use crate::hsm::{Hsm, PinKeyPlan};
use crate::http::{JsonBody, Kind, Peer, Problem, RateLimit, Table, parse_uuid, router};
use crate::idp::Idp;
use crate::recorder::Wire;
use crate::store::Store;
use crate::store::cards;
use crate::store::time::{self, Time};

/// What the test controls read and change.
#[derive(Clone)]
pub(crate) struct TestControls {
    pub(crate) clock: Arc<Clock>,
    pub(crate) store: Store,
    pub(crate) hsm: Arc<Hsm>,
    pub(crate) embosser: Embosser,
    pub(crate) faults: Arc<Faults>,
    pub(crate) rate_limit: Arc<RateLimit>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) idp: Idp,
}

/// The routes of the test controls.
pub(crate) fn routes(controls: TestControls) -> Router {
    router(table(), controls).route_layer(from_fn(loopback_only))
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
    let now = controls.clock.now();
    Json(json!({
        "now": now.to_rfc3339(),
        "offsetSeconds": controls.clock.offset_ms() / 1000,
        "stopped": controls.clock.is_stopped(),
        "nextEmbossingRun": controls.embosser.timetable.next_run(now).to_rfc3339(),
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
    let now = controls.clock.now();
    if now.plus_ms(step_ms) >= Instant::LAST_DAY {
        let detail = "advanceSeconds leads out of the year 9999, where the sandbox's clock ends: set it right with POST /sandbox/reset.";
        return Err(Problem::malformed(detail));
    }
    match stopped {
        Some(true) => controls.clock.stop(),
        Some(false) => controls.clock.run(),
        None => {}
    }
    let time = controls.store.transaction(move |tx| {
        let time = time::read(tx, now)?;
        let time = Time { offset_ms: time.offset_ms.saturating_add(step_ms), ..time };
        time::write(tx, time)?;
        Ok::<_, Problem>(time)
    });
    controls.clock.set_offset_ms(time.await?.offset_ms);
    controls.embosser.run_if_due().await?;
    Ok(show_clock(State(controls)).await)
}

/// `POST /sandbox/embossing-run`
async fn embossing_run(
    State(TestControls { embosser, .. }): State<TestControls>,
) -> Result<Json<Value>, Problem> {
    let Made { chosen_pins, random_pins } = embosser.run().await?;
    Ok(Json(json!({"made": chosen_pins + random_pins, "chosenPins": chosen_pins, "randomPins": random_pins})))
}

/// `POST /sandbox/reset`
async fn reset(State(controls): State<TestControls>) -> Result<Json<Value>, Problem> {
    // First, because the emptied database takes the time of the last run from the clock.
    controls.clock.set_offset_ms(0);
    controls.clock.run();
    controls.store.clear().await?;
    controls.hsm.plan_pin_keys(PinKeyPlan::DOCUMENTED);
    controls.faults.clear();
    controls.rate_limit.clear();
    controls.wire.clear();
    Ok(Json(json!({})))
}

/// `POST /sandbox/faults {"on": …, "fault": …, "times": n}`
async fn plan_fault(
    State(TestControls { faults, .. }): State<TestControls>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let plan = Plan::from_json(body.into_value()).map_err(|refusal| Problem::malformed(refusal.detail()))?;
    faults.add(plan);
    Ok(Json(json!({})))
}

/// `GET /sandbox/quota`
async fn show_quota(State(controls): State<TestControls>) -> Json<Value> {
    Json(json!({"requestsPerSecond": controls.rate_limit.requests()}))
}

/// `POST /sandbox/quota {"requestsPerSecond": n}`
async fn change_quota(
    State(controls): State<TestControls>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Problem> {
    let requests = usize::try_from(body.number("requestsPerSecond")?).unwrap_or(usize::MAX);
    controls.rate_limit.change(requests);
    Ok(show_quota(State(controls)).await)
}

/// `GET /sandbox/wire`
async fn show_wire(State(TestControls { wire, .. }): State<TestControls>) -> Json<Value> {
    Json(wire.to_json())
}

/// `GET /sandbox/cards/{cardId}/pin`
async fn show_pin(
    State(TestControls { store, hsm, .. }): State<TestControls>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = parse_uuid("cardId", &id)?;
    let sealed = store.transaction(move |tx| cards::sealed_pin(tx, id).map_err(Problem::from)).await?;
    let sealed = sealed.ok_or_else(|| Problem::new(Kind::Unknown, "The HSM has no PIN of such a card."))?;
    // EXPOSE: showing the PIN is this control's purpose; the PINs of a sandbox are made up.
    let pin = hsm.dangerous_open_pin(id, &sealed)?.expose();
    Ok(Json(json!({"pin": pin.as_str()})))
}
