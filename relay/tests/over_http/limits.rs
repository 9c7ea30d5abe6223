//! What the relay refuses itself: none of this reaches Enfuce.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::device::{key_request, public_key, set_request};
use crate::process::{Answer, Relay, classic};
use crate::upstream::{Upstream, ok};

fn changed(request: &Value, name: &str, value: Value) -> Value {
    let mut request = request.clone();
    request[name] = value;
    request
}

#[tokio::test]
async fn only_the_documented_fields_in_their_shape_pass() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    let (key, set) = (key_request("an-id"), set_request("an-id", &[1; 8]));
    let der = public_key();
    for (path, body, hint) in [
        ("/tzpk", json!([]), "publicKey"),
        ("/tzpk", set.clone(), "publicKey"),
        ("/tzpk", json!({"controlId": "an-id"}), "publicKey"),
        ("/set", key.clone(), "pinBlock"),
        ("/set", changed(&set, "pin", json!("4826")), "nothing else"),
        ("/view", changed(&key, "pinBlock", json!("AAECAwQFBgc=")), "nothing else"),
        ("/set", changed(&set, "controlId", json!("")), "controlId"),
        ("/set", changed(&set, "controlId", json!("a".repeat(4097))), "controlId"),
        ("/set", changed(&set, "controlId", json!("a b")), "controlId"),
        ("/set", changed(&set, "controlId", json!(4826)), "nothing else"),
        ("/set", changed(&set, "pinBlock", json!("4826")), "pinBlock"),
        ("/set", changed(&set, "pinBlock", json!("FEEDFACEFEEDFACE")), "pinBlock"),
        ("/set", changed(&set, "pinBlock", json!("AAECAwQFBgc")), "pinBlock"),
        ("/set", changed(&set, "pinBlock", json!("AAECAwQFBgc=\n")), "pinBlock"),
        ("/tzpk", changed(&key, "publicKey", json!(format!("{der}===="))), "publicKey"),
        ("/tzpk", changed(&key, "publicKey", json!(der[..der.len() - 4])), "publicKey"),
        ("/tzpk", changed(&key, "publicKey", json!("AAAA".repeat(98))), "publicKey"),
        ("/tzpk", changed(&key, "publicKey", json!("-----BEGIN PUBLIC KEY-----")), "publicKey"),
    ] {
        let answer = relay.post(path, &body).await;
        assert_eq!((answer.status, &*answer.code()), (400, "malformed"), "{path} {body}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(hint) && !detail.contains("4826"), "{detail}");
    }
    for block in [[1; 8].as_slice(), &[1; 16]] {
        assert_eq!(relay.post("/set", &set_request("an-id", block)).await.status, 200);
    }
    assert_eq!(upstream.received().len(), 2);
}

#[tokio::test]
async fn what_is_no_request_of_the_module_is_refused() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    let set = set_request("an-id", &[1; 8]);
    for (answer, status, code) in [
        (relay.get("/set").await, 405, "method_not_allowed"),
        (relay.get("/pin/v3/set").await, 404, "unknown_route"),
        (relay.post("/set/", &set).await, 404, "unknown_route"),
        (relay.post("/livez", &set).await, 404, "unknown_route"),
        (relay.post("/set", &json!({"x": "y".repeat(9000)})).await, 413, "too_large"),
        // The fields in their order, but not an object.
        (relay.post("/set", &json!(["an-id", "AAECAwQFBgc="])).await, 400, "malformed"),
    ] {
        assert_eq!((answer.status, &*answer.code()), (status, code));
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    let form = relay.client.post(format!("{}/set", relay.base_url)).body(set.to_string());
    let answer = Answer::read(form.header("content-type", "text/plain").send().await.unwrap()).await;
    assert_eq!((answer.status, &*answer.code()), (415, "unsupported_media_type"));
    assert!(upstream.received().is_empty());
}

#[tokio::test]
async fn good_answers_are_not_kept_either_and_are_tied_to_their_line_in_the_log() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    let answer = relay.post("/set", &set_request("an-id", &[1; 8])).await;
    assert_eq!((answer.status, &answer.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
    let line = &relay.log(1)[0];
    assert_eq!(line["request_id"], answer.headers["x-request-id"].to_str().unwrap());
    let names: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["ms", "request_id", "route", "status", "time", "trace_id", "upstream_ms", "upstream_status"]
    );
    let time = line["time"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z') && line["ms"].is_u64(), "{line}");
}

/// Sends bytes as they are, then one of `more` at a time until the relay answers, and returns the beginning of its answer.
fn send(relay: &Relay, bytes: &str, more: &[u8]) -> String {
    let mut stream = TcpStream::connect(relay.address()).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut buffer = [0; 4096];
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    for byte in more {
        match stream.read(&mut buffer) {
            Ok(count) => return String::from_utf8_lossy(&buffer[..count]).into_owned(),
            // The relay may have answered meanwhile and closed the connection.
            Err(_) => _ = stream.write_all(&[*byte]),
        }
    }
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let count = stream.read(&mut buffer).unwrap_or(0);
    String::from_utf8_lossy(&buffer[..count]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_or_trickles_is_given_up() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let config = classic(&upstream.base_url, "[limits]\nbody_timeout_ms = 200");
    let relay = Relay::start(&config.replace("drain_ms = 0", "drain_ms = 0\ndeadline_ms = 60000"));
    let head = "POST /set HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let with_length = format!("{head}content-length: 8000\r\n\r\n{{");
    // The time is that of the whole body: each byte comes soon after the one before it, and all together take longer than the
    // deadline.
    for more in [&[][..], &[b' '; 7000]] {
        let started = Instant::now();
        let answer = send(&relay, &with_length, more);
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("body_incomplete"), "{answer}");
        assert!(started.elapsed() < Duration::from_secs(60), "only the deadline ended it");
    }
    // The default time is enough for bodies that arrive at once.
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n4000\r\n{}", "x".repeat(0x3000));
    let answer = send(&relay, &chunked, &[]);
    assert!(answer.starts_with("HTTP/1.1 413"), "a length that is not announced is counted: {answer}");
    let large = format!("GET /set HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(20_000));
    assert!(send(&relay, &large, &[]).starts_with("HTTP/1.1 431"));
    assert!(upstream.received().is_empty());
}

#[tokio::test]
async fn each_customer_has_a_rate_limit_and_is_named_by_the_gateway() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let config = classic(&upstream.base_url, "")
        .replace("customer = \"peer-address\"", "customer_header = \"x-customer\"");
    let relay = Relay::start(&format!("{config}[limits]\nper_minute = 1\nburst = 4"));
    let set = set_request("an-id", &[1; 8]);
    let ask = async |names: &[&str]| {
        let mut request = relay.client.post(format!("{}/set", relay.base_url)).json(&set);
        for name in names {
            request = request.header("x-customer", *name);
        }
        Answer::read(request.send().await.unwrap()).await
    };
    for (names, status) in [
        (&["zoe"][..], 200),
        (&["zoe"], 200),
        (&["zoe"], 200),
        (&["zoe"], 200),
        (&["zoe"], 429),
        (&["grace"], 200),
        (&["zoe", "grace"], 400),
        (&["zoe, eve"], 400),
        (&[""], 400),
        (&[], 400),
    ] {
        assert_eq!(ask(names).await.status, status, "{names:?}");
    }
    let refused = ask(&["zoe"]).await;
    assert_eq!(refused.code(), "too_many_requests");
    let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((30..=60).contains(&seconds), "{seconds}");
    assert_eq!(ask(&[]).await.code(), "customer_missing");
    assert_eq!(upstream.received().len(), 5);
    let (_, log) = relay.end();
    assert!(!log.contains("zoe") && !log.contains("an-id"), "{log}");
}

#[tokio::test]
async fn without_a_header_a_customer_is_an_address() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let relay = Relay::start(&classic(&upstream.base_url, "[limits]\nper_minute = 1\nburst = 4"));
    let set = set_request("an-id", &[1; 8]);
    for _ in 0..4 {
        assert_eq!(relay.post("/set", &set).await.status, 200);
    }
    assert_eq!(relay.post("/set", &set).await.status, 429);
    assert_eq!(relay.admin("/livez").await.status, 200, "operators are not limited");
}
