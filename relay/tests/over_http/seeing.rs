//! What an operator sees: figures, traces, causes, and who did what.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::device::{key_request, set_request};
use crate::issuer::{SigningKey, issuer, start};
use crate::process::{Answer as Answered, Relay, classic, command};
use crate::upstream::{Answer, Upstream, ok, until};

#[tokio::test]
async fn the_figures_tell_the_outcome_of_requests() {
    let upstream = Upstream::start(|request| {
        if request.line.contains("/tzpk") { Answer::Status(500, String::new()) } else { ok("{}") }
    })
    .await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    assert_eq!(relay.post("/set", &set_request("an-id", &[1; 8])).await.status, 200);
    assert_eq!(relay.post("/tzpk", &key_request("an-id")).await.status, 502);
    assert_eq!(relay.get("/an-id").await.status, 404);
    let answer = relay.admin("/metrics").await;
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    for line in [
        "card_pin_relay_requests_total{route=\"set\",status=\"200\",code=\"ok\"} 1",
        "card_pin_relay_requests_total{route=\"tzpk\",status=\"502\",code=\"enfuce_failed\"} 1",
        "card_pin_relay_requests_total{route=\"unknown\",status=\"404\",code=\"unknown_route\"} 1",
        "card_pin_relay_failures_total{cause=\"server_error\"} 1",
        "card_pin_relay_request_seconds_count{route=\"set\"} 1",
        "card_pin_relay_upstream_seconds_count{route=\"tzpk\"} 1",
        "card_pin_relay_requests_in_flight 0",
        "card_pin_relay_calls_in_flight 0",
        "card_pin_relay_enfuce_down 0",
        "card_pin_relay_token_expiry_timestamp_seconds 0",
        "card_pin_relay_log_lines_dropped_total 0",
        "card_pin_relay_enfuce_calls_total 2",
        "card_pin_relay_quota_calls_per_minute 3000",
        "card_pin_relay_unopened_control_ids_total 0",
        "# EOF",
    ] {
        assert!(answer.text.lines().any(|found| found == line), "{line} is not in\n{}", answer.text);
    }
    assert!(!answer.text.contains("an-id"));
}

#[tokio::test]
async fn the_log_and_the_figures_tell_which_build_it_is() {
    let printed = command().arg("--version").output().unwrap().stdout;
    let printed = String::from_utf8(printed).unwrap();
    let version = printed.trim_end().strip_prefix("card-pin-relay ").unwrap();
    assert!(version.starts_with(concat!(env!("CARGO_PKG_VERSION"), "+")), "{version}");
    let relay = Relay::start(&classic("http://127.0.0.1:1", ""));
    assert_eq!(relay.wait_for_events("started", 1)["version"], version);
    let figures = relay.admin("/metrics").await.text;
    assert!(
        figures.contains(&format!("card_pin_relay_build_info{{version=\"{version}\"}} 1\n")),
        "{figures}"
    );
}

#[tokio::test]
async fn a_trace_goes_on_to_enfuce_and_is_in_the_log() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    let (trace, set) = ("4bf92f3577b34da6a3ce929d0e0e4736", set_request("an-id", &[1; 8]));
    let request = relay.client.post(format!("{}/set", relay.base_url)).json(&set);
    let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    assert_eq!(Answered::read(request.send().await.unwrap()).await.status, 200);
    assert_eq!(relay.post("/set", &set).await.status, 200);
    let log = relay.log(2);
    assert_eq!(log[0]["trace_id"], trace);
    let received = upstream.received();
    for (line, request) in log.iter().zip(&received) {
        let sent = request.head.lines().find_map(|line| line.strip_prefix("traceparent: ")).unwrap();
        assert_eq!(sent.split('-').nth(1).unwrap(), line["trace_id"]);
        assert!(!sent.contains("00f067aa0ba902b7"), "this part of the trace is the relay's own");
    }
    assert_ne!(log[0]["trace_id"], log[1]["trace_id"]);
}

#[tokio::test]
async fn enfuces_name_for_a_failure_is_kept_and_never_what_was_sent() {
    const PROBLEM: &str = "5b0f5a0e-6f5c-4c39-9a49-5f5e7c7d3a11";
    const CONTROL_ID: &str = "83fa5f55-3dd7-453a-8233-4242a6bad179";
    let upstream = Upstream::start(|request| {
        let id = if request.line.contains("/tzpk") { PROBLEM } else { CONTROL_ID };
        let body = json!({"id": id, "detail": "4826"}).to_string();
        let head = "HTTP/1.1 500 x\r\ncontent-type: application/problem+json\r\ncontent-length:";
        Answer::Raw(format!("{head} {}\r\n\r\n{body}", body.len()))
    })
    .await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    relay.post("/tzpk", &key_request(CONTROL_ID)).await;
    relay.post("/set", &set_request(CONTROL_ID, &[1; 8])).await;
    let log = relay.log(2);
    assert_eq!((&log[0]["problem_id"], &log[1]["problem_id"]), (&json!(PROBLEM), &json!(null)));
}

#[tokio::test]
async fn a_line_tells_of_all_calls_and_names_the_failure_that_counts() {
    const OVERCOME: &str = "5b0f5a0e-6f5c-4c39-9a49-5f5e7c7d3a11";
    const DECISIVE: &str = "0c7d8a52-7b0b-4a39-8f0e-2f6f0a3f9d10";
    let problem = |status: u16, id: &str| {
        let body = json!({"id": id}).to_string();
        let head = format!("HTTP/1.1 {status} x\r\ncontent-type: application/problem+json\r\nretry-after: 0");
        Answer::Raw(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    };
    let asked = AtomicUsize::new(0);
    let enfuce = Upstream::start(move |request| {
        let is_first = || asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        match request.line.split('?').next().unwrap() {
            "GET /card/v3/smooth/plastic" => ok(json!([{"id": "good", "status": "INACTIVE"}])),
            line if line.ends_with("/plastic") && is_first() => problem(429, OVERCOME),
            "GET /card/v3/rough/plastic" => ok(json!([{"id": "good", "status": "INACTIVE"}])),
            "GET /card/v3/broken/plastic" => ok(json!([{"id": "bad", "status": "INACTIVE"}])),
            "POST /pincontrol/v2/plastic/good" => Answer::Status(201, json!({"id": "an-id"}).to_string()),
            "POST /pincontrol/v2/plastic/bad" => problem(500, DECISIVE),
            other => panic!("{other}"),
        }
    })
    .await;
    let key = Arc::new(SigningKey::make("k1"));
    let issuer = issuer(&key).await;
    let mut relay = start(&classic(&enfuce.base_url, ""), &issuer);
    relay.token = Some(key.token("zoe", json!({})));
    for card in ["smooth", "rough", "broken"] {
        relay.post("/control-id", &json!({"cardId": card, "operation": "set-pin"})).await;
    }
    let log = relay.log(3);
    let told: Vec<_> = log
        .iter()
        .map(|line| json!([line["status"], line["upstream_status"], line["tries"], line["problem_id"]]))
        .collect();
    let expected = [
        // No call was repeated, so `tries` is absent.
        json!([201, 201, null, null]),
        json!([201, 201, 3, null]),
        json!([502, 500, 3, DECISIVE]),
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_goes_away_is_not_counted_as_served() {
    let upstream = Upstream::start(|_| Answer::Stall).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    let set = set_request("an-id", &[1; 8]);
    tokio::select! {
        answer = relay.post("/set", &set) => panic!("{answer:?}"),
        () = until("sent", async || !upstream.received().is_empty()) => {}
    }
    let line = &relay.log(1)[0];
    assert_eq!((&line["status"], &line["code"]), (&json!(499), &json!("client_closed")));
    let figures = relay.admin("/metrics").await.text;
    let figure = "card_pin_relay_requests_total{route=\"set\",status=\"499\",code=\"client_closed\"} 1";
    assert!(figures.lines().any(|line| line == figure), "{figures}");
}

#[tokio::test]
async fn a_control_id_that_no_seal_key_opens_is_counted_and_audited() {
    let (enfuce, key) = (Upstream::start(|_| ok("{}")).await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let audit = "[audit]\nkey = \"0123456789abcdef0123456789abcdef\"";
    let mut relay = start(&classic(&enfuce.base_url, audit), &issuer);
    relay.token = Some(key.token("zoe", json!({})));
    let answer = relay.post("/tzpk", &key_request("sealed-by-another-copy")).await;
    assert_eq!((answer.status, &*answer.code()), (404, "control_id_unknown"));
    let figures = relay.admin("/metrics").await.text;
    assert!(figures.contains("\ncard_pin_relay_unopened_control_ids_total 1\n"), "{figures}");
    let log = relay.log(2);
    let record = log.iter().find(|line| line["audit"] == "tzpk").unwrap();
    assert_eq!((&record["outcome"], &record["code"]), (&json!("refused"), &json!("control_id_unknown")));
    assert!(record["customer"].is_string() && record["card"].is_null());
}

#[tokio::test]
async fn each_operation_leaves_an_audit_record_without_a_name() {
    let upstream = Upstream::start(|request| {
        let is_cut = request.body.contains("second");
        if is_cut { Answer::Cut } else { ok("{}") }
    })
    .await;
    let key = "0123456789abcdef0123456789abcdef";
    let config = classic(&upstream.base_url, &format!("[audit]\nkey = \"{key}\""))
        .replace("customer = \"peer-address\"", "customer_header = \"x-customer\"");
    let relay = Relay::start(&config);
    let url = format!("{}/set", relay.base_url);
    for (customer, control_id) in [("zoe", "first-id"), ("zoe", "second-id"), ("grace", "first-id")] {
        let request = relay.client.post(&url).json(&set_request(control_id, &[1; 8]));
        request.header("x-customer", customer).send().await.unwrap();
    }
    let malformed = relay.client.post(&url).json(&json!({})).header("x-customer", "zoe");
    malformed.send().await.unwrap();
    // This request names no customer, so it is refused.
    relay.client.post(&url).json(&set_request("first-id", &[1; 8])).send().await.unwrap();
    let log = relay.log(10);
    let records: Vec<_> = log.iter().filter(|line| line["audit"] == "set").collect();
    let outcomes: Vec<_> = records.iter().map(|record| record["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["done", "unknown", "done", "refused", "refused"]);
    let codes: Vec<_> = records.iter().map(|record| record["code"].as_str()).collect();
    let expected = [None, Some("enfuce_bad_answer"), None, Some("malformed"), Some("customer_missing")];
    assert_eq!(codes, expected);
    assert!(records[4]["customer"].is_null() && records[4]["origin"] == records[0]["origin"]);
    assert!(records[0]["origin"].is_string());
    let is_same = |name: &str, a: usize, b: usize| records[a][name] == records[b][name];
    assert!(is_same("customer", 0, 1) && is_same("customer", 0, 3) && !is_same("customer", 0, 2));
    assert!(is_same("control_id", 0, 2) && !is_same("control_id", 0, 1));
    assert!(records[3]["control_id"].is_null());
    let ids: Vec<_> =
        log.iter().filter(|line| line["audit"].is_null()).map(|line| &line["request_id"]).collect();
    assert_eq!(ids, records.iter().map(|record| &record["request_id"]).collect::<Vec<_>>());
    // HMAC-SHA-256, by OpenSSL, of the kind, a zero byte and the name.
    let command = format!("printf 'customer\\0zoe' | openssl dgst -sha256 -hmac {key} -r | cut -c1-32");
    let openssl = std::process::Command::new("sh").arg("-c").arg(command).output().unwrap();
    assert_eq!(records[0]["customer"], String::from_utf8(openssl.stdout).unwrap().trim());
    let (_, log) = relay.end();
    for name in ["zoe", "grace", "first-id", "second-id", key] {
        assert!(!log.contains(name), "{name} in {log}");
    }
}
