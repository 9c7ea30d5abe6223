//! Each fault does what it promises, as a client sees it. For broken connections the client is a bare socket.

use std::io::{ErrorKind, Read};

use base64ct::{Base64, Encoding};
use rand::rngs::SysRng;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{BLOCK_1234, PATIENCE, Sandbox, device_key, encrypt, spki, until, unwrap};

/// Sends the request over a bare socket; returns every byte that came back until the other end closed.
async fn raw(sandbox: &Sandbox, path: &str, body: &Value) -> String {
    let mut stream = connect(sandbox, path, body).await;
    let mut received = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut received)).await;
    read.expect("the connection stays open").unwrap();
    String::from_utf8(received).unwrap()
}

/// Sends a request that would keep its connection alive.
async fn connect(sandbox: &Sandbox, path: &str, body: &Value) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    send(sandbox, &mut stream, path, body).await;
    stream
}

async fn send(sandbox: &Sandbox, stream: &mut TcpStream, path: &str, body: &Value) {
    let (host, body) = (sandbox.address(), body.to_string());
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
}

/// Reads one answer, as long as its `content-length` says.
async fn read_answer(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    loop {
        let text = String::from_utf8(received.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() == announced_length(head)
        {
            return text;
        }
        let read = timeout(PATIENCE, stream.read_buf(&mut received)).await;
        assert_ne!(read.expect("no whole answer came").unwrap(), 0, "the connection ended: {text}");
    }
}

fn announced_length(head: &str) -> usize {
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.unwrap().parse().unwrap()
}

/// Checks that an open connection has delivered nothing more until now; the caller makes sure that it would have arrived.
fn assert_silent_and_open(stream: TcpStream) -> TcpStream {
    // Uses the system's own call, because tokio may not know yet what has arrived.
    let mut stream = stream.into_std().unwrap();
    let read = stream.read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(read, Err(ErrorKind::WouldBlock));
    TcpStream::from_std(stream).unwrap()
}

fn tzpk_body(control_id: &str) -> Value {
    json!({"controlId": control_id, "publicKey": spki(device_key())})
}

async fn set_body(sandbox: &Sandbox, control_id: &str) -> Value {
    let block = encrypt(&sandbox.tzpk(control_id).await, BLOCK_1234);
    json!({"controlId": control_id, "pinBlock": Base64::encode_string(&block)})
}

#[tokio::test]
async fn without_a_fault_every_answer_is_whole_and_only_tzpk_ends_its_connection() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    let answer = raw(&sandbox, "/pin-page/tzpk", &tzpk_body(&control_id)).await;
    // `set` must not be sent on a connection that was used before.
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("connection: close"), "{answer}");
    assert!(answer.ends_with("\"}"), "{answer}");

    let body = set_body(&sandbox, &control_id).await;
    let mut stream = connect(&sandbox, "/pin-page/set", &body).await;
    assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
    // The connection is still open, so it is the faults that close those below.
    send(&sandbox, &mut stream, "/pin-page/set", &body).await;
    assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 409 Conflict"));
}

#[tokio::test]
async fn cut_closes_without_an_answer_and_without_the_work() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    sandbox.plan("tzpk", json!("cut")).await;
    assert_eq!(raw(&sandbox, "/pin-page/tzpk", &tzpk_body(&control_id)).await, "");
    let body = set_body(&sandbox, &control_id).await;
    sandbox.plan("set", json!("cut")).await;
    assert_eq!(raw(&sandbox, "/pin-page/set", &body).await, "");
    assert_eq!(sandbox.pin_status(&card_id).await, "W");
    assert_eq!(sandbox.post("/pin-page/set", &body).await.status, 200);
}

#[tokio::test]
async fn cut_after_closes_without_an_answer_but_does_the_work() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let body = set_body(&sandbox, &control_id).await;
    sandbox.plan("set", json!("cut_after")).await;
    assert_eq!(raw(&sandbox, "/pin-page/set", &body).await, "");
    assert_eq!(sandbox.hsm_pin(&card_id).await.as_deref(), Some("1234"));
    assert_eq!(sandbox.post("/pin-page/set", &body).await.status, 409);
}

#[tokio::test]
async fn cut_body_breaks_off_in_the_middle() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    for (path, on) in [("/pin-page/tzpk", "tzpk"), ("/pin-page/set", "set")] {
        let body = if on == "tzpk" { tzpk_body(&control_id) } else { set_body(&sandbox, &control_id).await };
        sandbox.plan(on, json!("cut_body")).await;
        let received = raw(&sandbox, path, &body).await;
        let (head, part) = received.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK"));
        assert_eq!(part.len(), announced_length(head) / 2, "{received}");
        assert!(!part.is_empty());
    }
    assert_eq!(sandbox.pin_status(&card_id).await, "S");
}

#[tokio::test]
async fn stall_never_answers_and_does_not_keep_the_sandbox_from_stopping() {
    let mut sandbox = Sandbox::start().await;
    let (stalled_card, stalled_id) = sandbox.card_and_control_id().await;
    let (other_card, other_id) = sandbox.card_and_control_id().await;
    let stalled_body = set_body(&sandbox, &stalled_id).await;
    let other_body = set_body(&sandbox, &other_id).await;
    sandbox.plan("set", json!("stall")).await;
    let stalled = connect(&sandbox, "/pin-page/set", &stalled_body).await;
    until("the stalled request arrives", async || sets_received(&sandbox).await == 1).await;
    // A later request is answered. Without the fault, the stalled one would be, too.
    assert_eq!(sandbox.post("/pin-page/set", &other_body).await.status, 200);
    assert_eq!(sandbox.pin_status(&other_card).await, "S");
    let mut stalled = assert_silent_and_open(stalled);
    assert_eq!(sandbox.pin_status(&stalled_card).await, "W");
    timeout(PATIENCE, sandbox.stop()).await.expect("stops");
    assert_eq!(stalled.read(&mut [0]).await.unwrap_or(0), 0);
}

/// How many requests to set a PIN have arrived.
async fn sets_received(sandbox: &Sandbox) -> usize {
    let wire = sandbox.get("/sandbox/wire").await.json();
    wire["requests"].as_array().unwrap().iter().filter(|request| request["path"] == "/pin-page/set").count()
}

#[tokio::test]
async fn stall_body_stops_in_the_middle_and_keeps_the_connection() {
    let sandbox = Sandbox::start().await;
    let (stalled_card, stalled_id) = sandbox.card_and_control_id().await;
    let (_, other_id) = sandbox.card_and_control_id().await;
    let stalled_body = set_body(&sandbox, &stalled_id).await;
    let other_body = set_body(&sandbox, &other_id).await;
    sandbox.plan("set", json!("stall_body")).await;
    let mut stream = connect(&sandbox, "/pin-page/set", &stalled_body).await;
    let mut received = Vec::new();
    // The answer's body is `{}`.
    while !received.ends_with(b"\r\n\r\n{") {
        let read = timeout(PATIENCE, stream.read_buf(&mut received)).await;
        assert_ne!(read.expect("half an answer did not come").unwrap(), 0, "the connection ended");
    }
    // An answer that is cut in the middle begins later and ends. If the stalled one were cut, it would have ended before.
    sandbox.plan("set", json!("cut_body")).await;
    assert!(raw(&sandbox, "/pin-page/set", &other_body).await.ends_with("\r\n\r\n{"));
    assert_silent_and_open(stream);
    assert_eq!(sandbox.pin_status(&stalled_card).await, "S");
}

#[tokio::test]
async fn mislabelled_does_the_work_and_calls_it_html() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let body = set_body(&sandbox, &control_id).await;
    sandbox.plan("set", json!("mislabelled")).await;
    let answer = sandbox.post("/pin-page/set", &body).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(answer.json(), json!({}));
    assert_eq!(sandbox.pin_status(&card_id).await, "S");
}

#[tokio::test]
async fn each_of_the_issuers_calls_can_go_wrong() {
    let sandbox = Sandbox::start().await;
    let token = sandbox.token().await;
    let (card_id, _) = sandbox.card_and_control_id().await;
    let plastic_id = sandbox.plastic_id(&card_id).await;
    let classic = async |method, path: String, body: Option<Value>| {
        sandbox.issuer(method, &path, body.as_ref()).await.status
    };
    let scope = || Some(json!({"scope": "SET_PIN"}));
    let (get, post) = (reqwest::Method::GET, reqwest::Method::POST);
    for (on, method, path, body, good) in [
        ("card", get.clone(), format!("/card/v4/MC_CARD/{card_id}"), None, 200),
        ("plastics", get, format!("/card/v3/{card_id}/plastic"), None, 200),
        ("pin_control", post, format!("/pincontrol/v2/plastic/{plastic_id}"), scope(), 201),
    ] {
        // The second call of three.
        let plan = json!({"on": on, "fault": {"status": 401}, "after": 1});
        assert_eq!(sandbox.post("/sandbox/faults", &plan).await.status, 200);
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(classic(method.clone(), path.clone(), body.clone()).await);
        }
        assert_eq!(statuses, [good, 401, good], "{on}");
    }
    sandbox.plan("pin_control", json!({"status": 503})).await;
    let nextgen = format!("/v1/cards/{card_id}/pinControl");
    sandbox.nextgen(&token, &nextgen, &json!({"scope": "SET_PIN"})).await.assert_other(503);
    assert_eq!(sandbox.nextgen(&token, &nextgen, &json!({"scope": "SET_PIN"})).await.status, 201);
    sandbox.plan("token", json!("not_json")).await;
    let asked =
        sandbox.request(reqwest::Method::POST, "/oauth2/token").basic_auth("sandbox", Some("sandbox"));
    let asked = asked.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
    assert_eq!((asked.status().as_u16(), asked.text().await.unwrap().as_str()), (200, "{\"tzpk\": "));
    sandbox.token().await;
}

#[tokio::test]
async fn redirect_leads_elsewhere() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    sandbox.plan("tzpk", json!("redirect")).await;
    let answer = sandbox.post("/pin-page/tzpk", &tzpk_body(&control_id)).await;
    assert_eq!((answer.status, answer.header("location")), (302, "/pin-page/tzpk-elsewhere"));
    let body = set_body(&sandbox, &control_id).await;
    sandbox.plan("set", json!("redirect")).await;
    let answer = sandbox.post("/pin-page/set", &body).await;
    assert_eq!((answer.status, answer.header("location")), (302, "/pin-page/set-elsewhere"));
    assert_eq!(sandbox.pin_status(&card_id).await, "W");
}

#[tokio::test]
async fn other_answers_in_place_of_the_right_one() {
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    let set = set_body(&sandbox, &control_id).await;
    for (on, path, body) in
        [("tzpk", "/pin-page/tzpk", tzpk_body(&control_id)), ("set", "/pin-page/set", set.clone())]
    {
        sandbox.plan(on, json!("html")).await;
        let html = sandbox.post(path, &body).await;
        assert_eq!((html.status, html.header("content-type")), (200, "text/html; charset=utf-8"));

        sandbox.plan(on, json!("not_json")).await;
        let garbage = sandbox.post(path, &body).await;
        assert_eq!((garbage.status, garbage.header("content-type")), (200, "application/json"));
        assert!(serde_json::from_str::<Value>(&garbage.text).is_err());

        sandbox.plan(on, json!("too_large")).await;
        let large = sandbox.post(path, &body).await;
        assert_eq!((large.status, large.header("content-type")), (200, "application/json"));
        assert!(large.text.len() > 64 * 1024 && large.json().is_object());

        for status in [400, 401, 403, 404, 409, 410, 418, 429, 500, 503, 599] {
            sandbox.plan(on, json!({"status": status})).await;
            sandbox.post(path, &body).await.assert_other(status);
        }
    }
    assert_eq!(sandbox.pin_status(&card_id).await, "W");
    assert_eq!(sandbox.post("/pin-page/set", &set).await.status, 200);
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_planned() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    let plan = json!({"on": "tzpk", "fault": {"status": 503}, "times": 2});
    assert_eq!(sandbox.post("/sandbox/faults", &plan).await.status, 200);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(sandbox.ask_tzpk(&control_id, device_key()).await.status);
    }
    assert_eq!(statuses, [503, 503, 200]);
}

#[tokio::test]
async fn keys_wrapped_or_damaged_wrongly() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    for fault in ["truncated", "flipped", "sha1", "not_base64"] {
        sandbox.plan("tzpk", json!(fault)).await;
        let answer = sandbox.ask_tzpk(&control_id, device_key()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(unwrap(&answer), None, "{fault}");
        let field = Base64::decode_vec(answer.json()["tzpk"].as_str().unwrap());
        match fault {
            "truncated" => assert_eq!(field.unwrap().len(), 255),
            "flipped" => {
                let mut wrapped = field.unwrap();
                wrapped[255] ^= 1;
                assert_eq!(
                    device_key().oaep_decrypt_with_rng::<Sha256, _>(&mut SysRng, &wrapped).unwrap().len(),
                    16
                );
            }
            "sha1" => {
                assert_eq!(
                    device_key()
                        .oaep_decrypt_with_rng::<Sha1, _>(&mut SysRng, &field.unwrap())
                        .unwrap()
                        .len(),
                    16
                );
            }
            _ => assert!(field.is_err()),
        }
    }
    assert_eq!(sandbox.tzpk(&control_id).await.len(), 16);
}

#[tokio::test]
async fn keys_of_the_wrong_length_or_strength() {
    let sandbox = Sandbox::start().await;
    let (_, control_id) = sandbox.card_and_control_id().await;
    for length in [8, 15, 16, 24, 33] {
        sandbox.plan("tzpk", json!({"key_bytes": length})).await;
        assert_eq!(sandbox.tzpk(&control_id).await.len(), length);
    }
    sandbox.plan("tzpk", json!("single_des")).await;
    let single = sandbox.tzpk(&control_id).await;
    assert_eq!((single.len(), &single[..8]), (16, &single[8..]));
    sandbox.plan("tzpk", json!("weak")).await;
    let weak = sandbox.tzpk(&control_id).await;
    assert_eq!((weak.len(), &weak[..8]), (16, [1; 8].as_slice()));
}

#[tokio::test]
async fn a_triple_length_key_works_to_the_end() {
    use des::TdesEde3;
    use des::cipher::{Array, BlockCipherEncrypt, KeyInit};
    let sandbox = Sandbox::start().await;
    let (card_id, control_id) = sandbox.card_and_control_id().await;
    sandbox.plan("tzpk", json!({"key_bytes": 24})).await;
    let mut block = Array::from(BLOCK_1234.to_be_bytes());
    TdesEde3::new_from_slice(&sandbox.tzpk(&control_id).await).unwrap().encrypt_block(&mut block);
    assert_eq!(sandbox.send_block(&control_id, &block).await.status, 200);
    assert_eq!(sandbox.hsm_pin(&card_id).await.as_deref(), Some("1234"));
}
