//! What a collector of traces gets. No request ever waits for it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::device::{key_request, set_request};
use crate::issuer::{SigningKey, enfuce, issuer, start};
use crate::process::{Answer as Answered, Relay, classic, nextgen};
use crate::upstream::{Answer, ClosedPort, Received, Upstream, access_token, ok, until};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const GATEWAY: &str = "00f067aa0ba902b7";

fn traces(collector: &Upstream, more: &str) -> String {
    format!("[traces]\nurl = \"{}/v1/traces\"\n{more}", collector.base_url)
}

/// A request of a gateway, which keeps the trace or not.
async fn post(relay: &Relay, path: &str, body: &Value, flags: &str) -> Answered {
    let request = relay.client.post(format!("{}{path}", relay.base_url)).json(body);
    let request = request.header("traceparent", format!("00-{TRACE}-{GATEWAY}-{flags}"));
    let request = request
        .header("tracestate", "rojo=1,congo=t61rcWkgMzE")
        .bearer_auth(relay.token.as_deref().unwrap_or("-"));
    Answered::read(request.send().await.unwrap()).await
}

/// Every span that a collector got.
fn spans(collector: &Upstream) -> Vec<Value> {
    let mut spans = Vec::new();
    for request in collector.received() {
        assert_eq!(request.line, "POST /v1/traces");
        assert!(request.head.contains("content-type: application/json"), "{}", request.head);
        let export: Value = serde_json::from_str(&request.body).unwrap();
        for resource in export["resourceSpans"].as_array().unwrap() {
            assert_eq!(attribute(&resource["resource"], "service.name"), "card-pin-relay");
            for scope in resource["scopeSpans"].as_array().unwrap() {
                spans.extend(scope["spans"].as_array().unwrap().iter().cloned());
            }
        }
    }
    spans
}

/// The same, once there are `count` spans.
async fn exported(collector: &Upstream, count: usize) -> Vec<Value> {
    until("exported", async || spans(collector).len() >= count).await;
    let spans = spans(collector);
    assert_eq!(spans.len(), count, "{spans:?}");
    spans
}

fn attribute(of: &Value, key: &str) -> Value {
    let attributes = of["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key);
    found.map_or(Value::Null, |found| found["value"].as_object().unwrap().values().next().unwrap().clone())
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    let mut found = spans.iter().filter(|span| span["name"] == name);
    let names: Vec<_> = spans.iter().map(|span| &span["name"]).collect();
    let span = found.next().unwrap_or_else(|| panic!("{name} is not in {names:?}"));
    assert!(found.next().is_none(), "{name} is twice in {names:?}");
    span
}

/// The span that a request names as its caller.
fn caller(request: &Received) -> String {
    let header = request.head.lines().find_map(|line| line.strip_prefix("traceparent: ")).unwrap();
    assert!(header.starts_with(&format!("00-{TRACE}-")) && header.ends_with("-01"), "{header}");
    assert!(request.head.contains("tracestate: rojo=1,congo=t61rcwkgmze"), "{}", request.head);
    header.split('-').nth(2).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_and_each_of_its_calls_are_a_span() {
    let (enfuce, key, collector) =
        (enfuce().await, Arc::new(SigningKey::make("k1")), Upstream::start(|_| ok("{}")).await);
    let issuer = issuer(&key).await;
    let mut relay = start(&classic(&enfuce.base_url, &traces(&collector, "token = \"a-token\"")), &issuer);
    relay.token = Some(key.token("zoe", json!({})));
    // The relay looks up the keys before the first request, outside of any trace.
    relay.until_ready().await;
    let answer =
        post(&relay, "/control-id", &json!({"cardId": "a-card", "operation": "set-pin"}), "01").await;
    let control_id = answer.json()["controlId"].as_str().unwrap().to_owned();
    let block = [0x5a; 8];
    let (tzpk, set) = (key_request(&control_id), set_request(&control_id, &block));
    assert_eq!(post(&relay, "/tzpk", &tzpk, "01").await.status, 200);
    assert_eq!(post(&relay, "/set", &set, "01").await.status, 200);
    let token = relay.token.clone().unwrap();
    let spans = exported(&collector, 8).await;
    for (request, calls) in [
        (
            "POST /control-id",
            &["POST /authorize", "GET /card/v3/{card}/plastic", "POST /pincontrol/v2/plastic/{plastic}"][..],
        ),
        ("POST /tzpk", &["POST /pin/v3/set/tzpk"]),
        ("POST /set", &["POST /pin/v3/set"]),
    ] {
        let request = named(&spans, request);
        assert_eq!((&request["parentSpanId"], &request["kind"]), (&json!(GATEWAY), &json!(2)));
        for call in calls {
            let call = named(&spans, call);
            assert_eq!((&call["parentSpanId"], &call["kind"]), (&request["spanId"], &json!(3)));
            let nanos = |span: &Value, name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
            for (time, is_early) in [("startTimeUnixNano", true), ("endTimeUnixNano", false)] {
                let (call, request) = (nanos(call, time), nanos(request, time));
                assert!(if is_early { request <= call } else { call <= request }, "{time}");
            }
        }
    }
    for span in &spans {
        assert_eq!((&span["traceId"], &span["flags"]), (&json!(TRACE), &json!(1)));
        assert_eq!(span["traceState"], "rojo=1,congo=t61rcWkgMzE");
        assert_eq!(span["status"]["code"], 0, "{span}");
    }
    let request = named(&spans, "POST /control-id");
    assert_eq!(attribute(request, "http.route"), "/control-id");
    assert_eq!(attribute(request, "http.response.status_code"), "201");
    let call = named(&spans, "GET /card/v3/{card}/plastic");
    assert_eq!(attribute(call, "server.address"), "127.0.0.1");
    assert!(enfuce.base_url.ends_with(&format!(":{}", attribute(call, "server.port").as_str().unwrap())));
    // The called system continues the trace from the call.
    let calls = issuer.received().into_iter().filter(|request| request.line != "GET /jwks");
    for request in calls.chain(enfuce.received()) {
        let caller = caller(&request);
        assert!(spans.iter().any(|span| span["spanId"] == *caller && span["kind"] == 3), "{}", request.line);
    }

    let received = collector.received();
    assert!(received.iter().all(|request| request.head.contains("authorization: bearer a-token")));
    let told: String = received.iter().map(|request| request.body.as_str()).collect();
    let sent =
        ["publicKey", "pinBlock"].map(|field| tzpk.get(field).or(set.get(field)).unwrap().as_str().unwrap());
    for secret in
        ["a-card", "zoe", "enfuces-own-id", "a-token", "plastic/new", &control_id, &token, sent[0], sent[1]]
    {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_says_why_and_a_further_try_is_a_call_of_its_own() {
    let tokens = Upstream::start(|_| access_token("a-token")).await;
    let collector = Upstream::start(|_| ok("")).await;
    let gone = ClosedPort::reserve();
    let config = nextgen(&tokens.base_url, &traces(&collector, ""));
    let config = config
        .replace(&format!("base_url = \"{}\"", tokens.base_url), &format!("base_url = \"http://{gone}\""));
    let relay = Relay::start(&config);
    // The gateway keeps no traces, so a trace begins here.
    assert_eq!(relay.post("/set", &set_request("an-id", &[1; 8])).await.status, 424);
    assert_eq!(relay.get("/an-id").await.status, 404);
    let log = relay.log(2);
    let spans = exported(&collector, 6).await;
    let request = named(&spans, "POST /set");
    assert!(request["parentSpanId"].is_null());
    assert_eq!(request["traceId"], log[0]["trace_id"]);
    assert_eq!(attribute(request, "error.type"), "enfuce_unreachable");
    assert_eq!(attribute(named(&spans, "POST /oauth2/token"), "http.response.status_code"), "200");
    let calls: Vec<_> = spans.iter().filter(|span| span["name"] == "POST /v1/pin/pki/set").collect();
    let resent: Vec<_> = calls.iter().map(|call| attribute(call, "http.request.resend_count")).collect();
    assert_eq!(resent, [json!(null), json!("1"), json!("2")]);
    for call in calls {
        assert_eq!((attribute(call, "error.type"), &call["status"]["code"]), (json!("refused"), &json!(2)));
    }
    // A path that is not a route may contain anything, so it is left out.
    let unknown = named(&spans, "GET");
    assert_eq!(
        (attribute(unknown, "http.route"), attribute(unknown, "url.path")),
        (json!(null), json!(null))
    );
    assert!(!spans.iter().any(|span| span.to_string().contains("an-id")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_waits_for_what_is_to_be_exported_and_that_is_what_the_gateway_keeps() {
    let (upstream, collector) = (Upstream::start(|_| ok("{}")).await, Upstream::start(|_| ok("{}")).await);
    let set = set_request("an-id", &[1; 8]);
    for (config, flags, expected) in
        [(traces(&collector, ""), "00", 0), (String::new(), "01", 0), (traces(&collector, ""), "01", 2)]
    {
        let relay = Relay::start(&classic(&upstream.base_url, &config));
        assert_eq!(post(&relay, "/set", &set, flags).await.status, 200);
        assert!(!relay.admin("/metrics").await.text.contains("card_pin_relay_trace_spans_dropped_total{"));
        assert_eq!(relay.end().0, Some(0));
        assert_eq!(spans(&collector).len(), expected);
    }
    // The state of other systems is passed on in any case.
    assert!(upstream.received().iter().all(|request| request.head.contains("tracestate: rojo=1,")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_collector_does_not_take_is_counted_and_nobody_notices() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let gone = ClosedPort::reserve();
    let refuses = Upstream::start(|_| Answer::Status(404, String::new())).await;
    let rejects = Upstream::start(|_| ok(json!({"partialSuccess": {"rejectedSpans": "1"}}))).await;
    for (url, cause, count) in [
        (format!("http://{gone}/v1/traces"), "refused", 2),
        (refuses.base_url.clone(), "spans_refused", 2),
        (rejects.base_url.clone(), "rejected", 1),
    ] {
        let relay = Relay::start(&classic(&upstream.base_url, &format!("[traces]\nurl = \"{url}\"")));
        assert_eq!(relay.post("/set", &set_request("an-id", &[1; 8])).await.status, 200);
        let figure = format!("card_pin_relay_trace_spans_dropped_total{{cause=\"{cause}\"}} {count}\n");
        until(&figure, async || relay.admin("/metrics").await.text.contains(&figure)).await;
        assert_eq!(relay.end().0, Some(0));
    }
    // A collector that accepts connections and never answers.
    let stalls = Upstream::start(|_| Answer::Stall).await;
    let relay = Relay::start(&classic(&upstream.base_url, &traces(&stalls, "")));
    for _ in 0..3 {
        assert_eq!(relay.post("/set", &set_request("an-id", &[1; 8])).await.status, 200);
    }
    until("an export", async || !stalls.received().is_empty()).await;
    assert_eq!(relay.post("/set", &set_request("an-id", &[1; 8])).await.status, 200);
    assert_eq!(relay.end().0, Some(0));
}
