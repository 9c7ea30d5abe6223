//! Levers for tests, on loopback only: time, faults, a record of what was received, and what the HSM decrypted.

mod broken;
mod faults;
mod pin_key;
mod plastics;
mod wire;

use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

pub(crate) use broken::{CutConnection, Misbehaviour};
pub(crate) use faults::{Endpoint, Faults, KeyFault};
pub(crate) use wire::{Wire, record};

use crate::app::App;
use crate::clock::Instant;
use crate::enfuce::{Made, embossing, parse_uuid};
use crate::hsm::PinKeyPlan;
use crate::http::{JsonBody, Kind, Problem};
use crate::openapi::{self, Table};
use crate::server::Peer;
use crate::store::cards;
use crate::store::time::{self, Time};

/// The levers' routes.
pub(crate) fn routes() -> Router<App> {
    openapi::add(Router::new(), table()).route_layer(middleware::from_fn(loopback_only))
}

pub(crate) fn table() -> Table {
    vec![
        ("/sandbox/clock", get(show_clock).post(advance_clock)),
        ("/sandbox/embossing-run", post(embossing_run)),
        ("/sandbox/reset", post(reset)),
        ("/sandbox/faults", post(plan_fault)),
        ("/sandbox/pin-key", post(pin_key::plan)),
        ("/sandbox/wire", get(show_wire)),
        ("/sandbox/cards/{id}/pin", get(show_pin)),
        ("/sandbox/cards/{id}/plastics", post(plastics::order)),
    ]
}

/// The sandbox listens on 127.0.0.1 only; this stays true if somebody forwards a port to it through another interface.
async fn loopback_only(request: Request, next: Next) -> Response {
    match request.extensions().get::<Peer>() {
        Some(Peer(address)) if address.ip().is_loopback() => next.run(request).await,
        _ => Problem::new(Kind::NotLoopback, "The levers answer to this machine only.").into_response(),
    }
}

/// `GET /sandbox/clock`
async fn show_clock(State(app): State<App>) -> Json<Value> {
    let now = app.clock().now();
    Json(json!({
        "now": now.to_rfc3339(),
        "offsetSeconds": app.clock().offset_ms() / 1000,
        "nextEmbossingRun": app.embossing().next_run(now).to_rfc3339(),
    }))
}

/// `POST /sandbox/clock {"advanceSeconds": n}`: where a run's time is passed, the run has happened before the answer.
async fn advance_clock(State(app): State<App>, JsonBody(body): JsonBody) -> Result<Json<Value>, Problem> {
    let step_ms = u64::from(body.number("advanceSeconds")?) * 1000;
    let now = app.clock().now();
    if now.plus_ms(step_ms) >= Instant::LAST_DAY {
        let detail = "advanceSeconds leads out of the year 9999, where the sandbox's clock ends: set it right with POST /sandbox/reset.";
        return Err(Problem::malformed(detail));
    }
    let time = app.store().transaction(move |tx| {
        let time = time::read(tx, now)?;
        let time = Time { offset_ms: time.offset_ms.saturating_add(step_ms), ..time };
        time::write(tx, time)?;
        Ok::<_, Problem>(time)
    });
    app.clock().set_offset_ms(time.await?.offset_ms);
    embossing::run_if_due(&app).await?;
    Ok(show_clock(State(app)).await)
}

/// `POST /sandbox/embossing-run`
async fn embossing_run(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let Made { chosen_pins, random_pins } = embossing::run(&app).await?;
    Ok(Json(json!({"made": chosen_pins + random_pins, "chosenPins": chosen_pins, "randomPins": random_pins})))
}

/// `POST /sandbox/reset`
async fn reset(State(app): State<App>) -> Result<Json<Value>, Problem> {
    // First: the emptied database takes the moment of the last run from the clock.
    app.clock().set_offset_ms(0);
    app.store().clear().await?;
    app.plan_pin_keys(PinKeyPlan::DOCUMENTED);
    app.faults().clear();
    app.rate_limit().clear();
    app.wire().clear();
    Ok(Json(json!({})))
}

/// `POST /sandbox/faults {"on": …, "fault": …, "times": n}`
async fn plan_fault(State(app): State<App>, JsonBody(body): JsonBody) -> Result<Json<Value>, Problem> {
    let plan =
        faults::Plan::from_json(body.into_value()).map_err(|refusal| Problem::malformed(refusal.detail()))?;
    app.faults().add(plan);
    Ok(Json(json!({})))
}

/// `GET /sandbox/wire`
async fn show_wire(State(app): State<App>) -> Json<Value> {
    Json(app.wire().to_json())
}

/// `GET /sandbox/cards/{cardId}/pin`
async fn show_pin(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let id = parse_uuid("cardId", &id)?;
    let sealed = app.store().transaction(move |tx| cards::sealed_pin(tx, id).map_err(Problem::from)).await?;
    let sealed = sealed.ok_or_else(|| Problem::new(Kind::Unknown, "The HSM has no PIN of such a card."))?;
    // EXPOSE: showing it is this lever's purpose; the PINs of a sandbox are nobody's.
    let pin = app.hsm().dangerous_open_pin(id, &sealed)?.expose();
    Ok(Json(json!({"pin": pin.as_str()})))
}
