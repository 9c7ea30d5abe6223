//! The README's table of statuses, row by row, and what card-pin makes of each status.

use base64ct::{Base64, Encoding};
use serde_json::json;

use crate::device::{key_request, set_request};
use crate::process::{Relay, classic, nextgen};
use crate::upstream::{Answer, ClosedPort, Upstream, ok, until};

/// What the upstream does → the answers to `tzpk` and to `set`, and their code.
fn table() -> Vec<(Answer, u16, u16, &'static str)> {
    let status = |status| Answer::Status(status, "{\"detail\": \"4826\"}".to_owned());
    let raw = |text: &str| Answer::Raw(text.to_owned());
    vec![
        (status(400), 400, 400, "enfuce_refused"),
        (status(422), 400, 400, "enfuce_refused"),
        (status(404), 404, 404, "control_id_unknown"),
        (status(409), 409, 409, "control_id_used"),
        (status(410), 410, 410, "control_id_expired"),
        (status(401), 502, 424, "enfuce_refuses_relay"),
        (status(403), 502, 424, "enfuce_refuses_relay"),
        (status(405), 502, 424, "enfuce_refuses_relay"),
        (status(415), 502, 424, "enfuce_refuses_relay"),
        (status(429), 503, 424, "enfuce_busy"),
        (status(302), 502, 502, "enfuce_failed"),
        (status(500), 502, 502, "enfuce_failed"),
        (status(503), 502, 502, "enfuce_failed"),
        (status(202), 502, 502, "enfuce_bad_answer"),
        (ok("<html>"), 502, 502, "enfuce_bad_answer"),
        (ok("\u{feff} <html>"), 502, 502, "enfuce_bad_answer"),
        (
            raw("HTTP/1.1 200 OK\r\ncontent-type: Text/HTML;charset=utf-8\r\ncontent-length: 2\r\n\r\nok"),
            502,
            502,
            "enfuce_bad_answer",
        ),
        (ok(" ".repeat(257 * 1024)), 502, 502, "enfuce_bad_answer"),
        (raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}"), 502, 502, "enfuce_bad_answer"),
        (raw("nonsense\r\n\r\n"), 502, 502, "enfuce_bad_answer"),
        (Answer::Cut, 502, 502, "enfuce_bad_answer"),
        (Answer::Stall, 504, 504, "enfuce_timeout"),
    ]
}

#[tokio::test]
async fn every_failure_of_enfuce_has_its_status_and_set_is_sent_once() {
    for (answer, tzpk, set, code) in table() {
        let kept = answer.clone();
        let upstream = Upstream::start(move |_| kept.clone()).await;
        let is_late = matches!(answer, Answer::Stall);
        let more = if is_late { "timeout_ms = 1000" } else { "" };
        let relay = Relay::start(&classic(&upstream.base_url, more));
        let answered = relay.post("/tzpk", &key_request("an-id")).await;
        assert_eq!((answered.status, &*answered.code()), (tzpk, code), "tzpk, {answer:?}");
        assert!(!answered.text.contains("4826"), "Enfuce's text is passed on");
        let answered = relay.post("/set", &set_request("an-id", &[1; 8])).await;
        assert_eq!((answered.status, &*answered.code()), (set, code), "set, {answer:?}");
        let mut lines: Vec<_> = upstream.received().into_iter().map(|request| request.line).collect();
        if code == "enfuce_busy" {
            assert!(lines.len() > 2, "a call that was surely not made is repeated");
            lines.dedup();
        }
        assert_eq!(lines, ["POST /pin/v3/set/tzpk?auditUser=relay", "POST /pin/v3/set?auditUser=relay"]);
        let line = &relay.log(2)[1];
        let upstream_status = match answer {
            Answer::Status(status, _) => json!(status),
            Answer::Raw(text) if text.starts_with("HTTP") => json!(200),
            _ => json!(null),
        };
        assert_eq!(
            (&line["status"], &line["code"], &line["upstream_status"]),
            (&json!(set), &json!(code), &upstream_status)
        );
    }
}

/// This is the rule of card-pin itself.
#[tokio::test]
async fn a_set_that_was_answered_in_full_is_done_whatever_the_words() {
    let raw = |status: &str, body: &str| {
        Answer::Raw(format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    };
    for answer in [
        raw("200", ""),
        raw("200", "OK"),
        raw("200", "null"),
        raw("200", "[]"),
        raw("200", "\n"),
        raw("200", "\u{feff}{}"),
        raw("201", "{\"id\": 1}"),
        Answer::Raw("HTTP/1.1 204 x\r\n\r\n".to_owned()),
    ] {
        let kept = answer.clone();
        let upstream = Upstream::start(move |_| kept.clone()).await;
        let relay = Relay::start(&classic(&upstream.base_url, ""));
        let answered = relay.post("/set", &set_request("an-id", &[1; 8])).await;
        assert_eq!((answered.status, &*answered.text), (200, "{}"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_byte_order_mark_before_json_is_skipped_and_nothing_may_be_compressed() {
    let tzpk = json!({"tzpk": Base64::encode_string(&[7; 256])}).to_string();
    let upstream = Upstream::start(move |_| ok(format!("\u{feff}{tzpk}"))).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    assert_eq!(relay.post("/tzpk", &key_request("an-id")).await.status, 200);
    assert!(upstream.received()[0].head.contains("accept-encoding: identity"));
}

#[tokio::test]
async fn what_is_not_sent_is_not_set() {
    let closed = ClosedPort::reserve();
    let nowhere = format!("http://{closed}");
    let no_token = Upstream::start(|request| {
        assert!(request.line.contains("/oauth2/token"), "nothing else may be asked for: {}", request.line);
        Answer::Status(401, String::new())
    })
    .await;
    for (config, code) in
        [(classic(&nowhere, ""), "enfuce_unreachable"), (nextgen(&no_token.base_url, ""), "enfuce_no_token")]
    {
        let relay = Relay::start(&config);
        for (path, body, status) in
            [("/tzpk", key_request("an-id"), 502), ("/set", set_request("an-id", &[1; 8]), 424)]
        {
            let answered = relay.post(path, &body).await;
            assert_eq!((answered.status, &*answered.code()), (status, code));
        }
    }
}

#[tokio::test]
async fn a_quota_says_when_to_come_again() {
    let upstream = Upstream::start(|_| {
        Answer::Raw(
            "HTTP/1.1 429 x\r\nretry-after: 9\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
        )
    })
    .await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    let answered = relay.post("/tzpk", &key_request("an-id")).await;
    assert_eq!(upstream.received().len(), 1, "it does not wait beyond the deadline");
    assert_eq!((answered.status, answered.headers["retry-after"].to_str().unwrap()), (503, "9"));

    let longest = u64::MAX;
    let upstream = Upstream::start(move |_| {
        Answer::Raw(format!(
            "HTTP/1.1 429 x\r\nretry-after: {longest}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ))
    })
    .await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    let answered = relay.post("/set", &set_request("an-id", &[1; 8])).await;
    assert_eq!((answered.status, &*answered.code()), (424, "enfuce_busy"), "no clock can count this time");
}

#[tokio::test]
async fn an_answer_has_to_have_the_documented_shape() {
    let tzpk = Base64::encode_string(&[7; 256]);
    let good = json!({"tzpk": tzpk, "pinBlock": "AAECAwQFBgc="});
    let with = |name: &str, value: serde_json::Value| {
        let mut answer = good.clone();
        answer[name] = value;
        answer
    };
    for (answer, status) in [
        (good.clone(), 200),
        (with("algorithm", json!("AES")), 200),
        (with("kcv", json!("0123456789")), 200),
        (with("kcv", json!("0a1b2c")), 200),
        (with("pan", json!("5413330089020011")), 200),
        (with("pinBlockFormat", json!(4)), 200),
        (with("kcv", json!(null)), 200),
        (with("tzpk", json!(null)), 502),
        (with("tzpk", json!("AAAA")), 502),
        (with("tzpk", json!(format!("{}!", &tzpk[1..]))), 502),
        (with("tzpk", json!(Base64::encode_string(&[7; 257]))), 502),
        (with("tzpk", json!(Base64::encode_string(&[7; 513]))), 502),
        (with("pinBlock", json!("AAECAwQFBg==")), 502),
        (with("algorithm", json!("RC4")), 502),
        (with("kcv", json!("0123")), 502),
        (with("kcv", json!("012345678")), 502),
        (with("pinBlockFormat", json!(2)), 502),
        (with("pinBlockFormat", json!("1")), 502),
        (with("pan", json!("5413 3300 8902 0011")), 502),
        (with("pan", json!(5_413_330_089_020_011_u64)), 502),
    ] {
        let kept = answer.to_string();
        let upstream = Upstream::start(move |_| ok(&kept)).await;
        let relay = Relay::start(&classic(&upstream.base_url, ""));
        assert_eq!(relay.post("/view", &key_request("an-id")).await.status, status, "{answer}");
    }
}

// It needs more than one thread, so that the client can close its connection while the test waits for the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_goes_away_is_in_the_log_all_the_same() {
    let upstream = Upstream::start(|_| Answer::Stall).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    let request = relay.client.post(format!("{}/set", relay.base_url)).json(&set_request("an-id", &[1; 8]));
    let asking = tokio::spawn(request.send());
    until("the request is under way", async || !upstream.received().is_empty()).await;
    asking.abort();
    let line = &relay.log(1)[0];
    assert_eq!((&line["route"], &line["status"]), (&json!("set"), &json!(499)));
}

#[tokio::test]
async fn set_goes_on_a_connection_of_its_own() {
    let tzpk = json!({"tzpk": Base64::encode_string(&[7; 256])}).to_string();
    let upstream = Upstream::start(move |_| ok(&tzpk)).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    for _ in 0..2 {
        assert_eq!(relay.post("/tzpk", &key_request("an-id")).await.status, 200);
        assert_eq!(relay.post("/set", &set_request("an-id", &[1; 8])).await.status, 200);
    }
    let connections: Vec<_> = upstream.received().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 2, 1, 3], "tzpk requests share one, set requests do not");
}
