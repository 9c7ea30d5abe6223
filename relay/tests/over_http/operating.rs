//! Faults around the relay that must not stop it: nobody reads the log, all connections are in use, Enfuce is slow or down,
//! secrets change.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64ct::{Base64, Encoding};
use serde_json::json;
use tokio::sync::watch;

use crate::device::{key_request, set_request};
use crate::issuer::issuing;
use crate::process::{Answer as Answered, Folder, Relay, classic, command, nextgen};
use crate::upstream::{Answer, ClosedPort, Upstream, ok, until};

/// So many lines do not fit into a pipe.
const MANY: usize = 1000;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_holds_up_neither_requests_nor_the_end() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let folder = Folder::make();
    let file = folder.0.join("relay.toml");
    fs::write(
        &file,
        classic(
            &upstream.base_url,
            "[limits]\nburst = 1000000\n[quota]\nper_second = 1000000\nper_minute = 60000000",
        ),
    )
    .unwrap();
    let mut command = command();
    command.arg("--config").arg(&file).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut relay = command.spawn().unwrap();
    let mut said = String::new();
    BufReader::new(relay.stderr.take().unwrap()).read_line(&mut said).unwrap();
    let url = format!("{}/set", said.trim().strip_prefix("Listening on ").unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let set = set_request("an-id", &[1; 8]);
    for _ in 0..MANY {
        let answer = client.post(&url).json(&set).timeout(Duration::from_secs(60)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(upstream.received().len(), MANY);
    // These are more lines than the queue can hold: some are lost, and the relay ends nevertheless.
    let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    for _ in 0..10 {
        let mut stream = TcpStream::connect(&address).unwrap();
        let ask = "GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n".repeat(MANY - 1);
        let last = "GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let mut writer = stream.try_clone().unwrap();
        let asking = std::thread::spawn(move || writer.write_all((ask + last).as_bytes()).unwrap());
        let mut answers = Vec::new();
        stream.read_to_end(&mut answers).unwrap();
        asking.join().unwrap();
        assert_eq!(answers.windows(12).filter(|bytes| bytes == b"HTTP/1.1 404").count(), MANY);
    }
    let kill = std::process::Command::new("kill").args(["-TERM", &relay.id().to_string()]).status();
    assert!(kill.unwrap().success());
    assert_eq!(relay.wait().unwrap().code(), Some(0));
    drop(relay.stdout.take());
}

#[tokio::test]
async fn operators_are_answered_while_devices_hold_every_connection() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let relay = Relay::start(&classic(&upstream.base_url, "calls = 2\n[limits]\nconnections = 3"));
    let held: Vec<_> = (0..3).map(|_| TcpStream::connect(relay.address()).unwrap()).collect();
    for (path, text) in [("/livez", "alive\n"), ("/readyz", "ready\n")] {
        let answer = relay.admin(path).await;
        assert_eq!((answer.status, &*answer.text), (200, text));
    }
    assert_eq!(relay.admin("/set").await.status, 404, "a device's path is not on this listener");
    assert!(relay.admin("/metrics").await.text.contains("card_pin_relay_log_lines_dropped_total 0"));
    drop(held);
    assert_eq!(relay.post("/set", &set_request("an-id", &[1; 8])).await.status, 200);
}

#[tokio::test]
async fn a_slow_enfuce_takes_no_more_than_its_calls_and_leaves_one_for_a_pin() {
    for (calls, slow, set) in [(3, 2, 200), (1, 1, 424)] {
        let upstream =
            Upstream::start(|asked| if asked.line.contains("tzpk") { Answer::Stall } else { ok("{}") }).await;
        let relay = Relay::start(&classic(&upstream.base_url, &format!("calls = {calls}")));
        let url = format!("{}/tzpk", relay.base_url);
        let key = key_request("an-id");
        let stalled: Vec<_> =
            (0..slow).map(|_| tokio::spawn(relay.client.post(&url).json(&key).send())).collect();
        until("the slow calls are under way", async || upstream.received().len() == slow).await;
        let answer = relay.post("/tzpk", &key).await;
        assert_eq!((answer.status, &*answer.code()), (503, "relay_busy"));
        assert_eq!(answer.headers["retry-after"], "1");
        assert_eq!(relay.log(1)[0]["cause"], "too_many_calls");
        assert_eq!(upstream.received().len(), slow);
        let answer = relay.post("/set", &set_request("an-id", &[1; 8])).await;
        assert_eq!(answer.status, set, "of {calls} calls");
        stalled.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

#[tokio::test]
async fn nothing_is_sent_without_time_for_its_answer() {
    let upstream = Upstream::start(|_| {
        Answer::After(
            Duration::from_millis(500),
            Box::new(ok(json!({"tzpk": Base64::encode_string(&[7; 256])}))),
        )
    })
    .await;
    // The last turns would come when the time is nearly over. An eighth of the time, three seconds, is kept for the answer.
    let more = "timeout_ms = 24000\n[limits]\nburst = 1000\n[quota]\nper_second = 4";
    let config = classic(&upstream.base_url, more);
    let relay = Relay::start(&config.replace("drain_ms = 0", "drain_ms = 0\ndeadline_ms = 60000"));
    let url = format!("{}/tzpk", relay.base_url);
    let asked: Vec<_> =
        (0..100).map(|_| tokio::spawn(relay.client.post(&url).json(&key_request("an-id")).send())).collect();
    let (mut served, mut refused) = (0, 0);
    for answer in asked {
        match answer.await.unwrap().unwrap().status().as_u16() {
            200 => served += 1,
            503 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(served > 0 && refused > 0, "{served} served, {refused} refused");
    assert_eq!(upstream.received().len(), served, "a call was made in vain");
}

#[tokio::test]
async fn a_pin_for_which_no_connection_came_about_is_surely_not_set() {
    // A full queue of connections looks like a firewall that drops packets.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let _full: Vec<_> = (0..4).map(|_| tokio::spawn(tokio::net::TcpStream::connect(address))).collect();
    tokio::net::TcpStream::connect(address).await.ok();
    for more in ["", "timeout_ms = 2000", "timeout_ms = 2000\nconnect_timeout_ms = 1900"] {
        let relay = Relay::start(&classic(&format!("http://{address}"), more));
        let answer = relay.post("/set", &set_request("an-id", &[1; 8])).await;
        assert_eq!((answer.status, &*answer.code()), (424, "enfuce_unreachable"), "{more}");
        assert_eq!(relay.log(1)[0]["cause"], "timeout_connect");
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_has_its_cause() {
    for (answer, cause) in [
        (Answer::Status(202, "{}".to_owned()), "no_clear_yes"),
        (
            Answer::Raw(
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>".to_owned(),
            ),
            "no_clear_yes",
        ),
    ] {
        let upstream = Upstream::start(move |_| answer.clone()).await;
        let relay = Relay::start(&classic(&upstream.base_url, ""));
        assert_eq!(relay.post("/set", &set_request("an-id", &[1; 8])).await.code(), "enfuce_bad_answer");
        assert_eq!(relay.log(1)[0]["cause"], cause);
        let figure = format!("card_pin_relay_failures_total{{cause=\"{cause}\"}} 1");
        assert!(relay.admin("/metrics").await.text.contains(&figure), "{figure}");
    }
    let upstream = Upstream::start(|_| ok("{}")).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    assert_eq!(relay.post("/tzpk", &key_request("an-id")).await.code(), "enfuce_bad_answer");
    assert_eq!(relay.log(1)[0]["cause"], "undocumented_answer");
}

#[tokio::test]
async fn one_deadline_holds_for_all_of_a_request() {
    let upstream = Upstream::start(|_| Answer::Stall).await;
    let relay = Relay::start(&format!("deadline_ms = 3000\n{}", classic(&upstream.base_url, "")));
    let answer = relay.post("/set", &set_request("an-id", &[1; 8])).await;
    assert_eq!((answer.status, &*answer.code()), (504, "enfuce_timeout"));
    assert_eq!(relay.log(1)[0]["cause"], "timeout_head");
    let mut slow = TcpStream::connect(relay.address()).unwrap();
    let head =
        "POST /set HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 60\r\n\r\n{";
    std::io::Write::write_all(&mut slow, head.as_bytes()).unwrap();
    assert_eq!(relay.log(2)[1]["code"], "body_incomplete");
}

#[tokio::test]
async fn an_enfuce_that_is_gone_is_tried_again_and_then_left_alone_for_a_while() {
    let closed = ClosedPort::reserve();
    let relay = Relay::start(&classic(&format!("http://{closed}"), ""));
    let set = set_request("an-id", &[1; 8]);
    assert_eq!(relay.post("/set", &set).await.code(), "enfuce_unreachable");
    let line = &relay.log(1)[0];
    assert_eq!((&line["cause"], &line["tries"]), (&json!("refused"), &json!(3)));
    let mut sent = 1;
    while relay.post("/set", &set).await.code() != "relay_busy" {
        sent += 1;
        assert!(sent < 20, "it never stops calling");
    }
    assert_eq!(relay.log(sent + 1)[sent]["cause"], "enfuce_is_down");
}

#[tokio::test]
async fn what_kubernetes_puts_into_the_environment_is_no_fault() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let variables = [
        ("CARD_PIN_RELAY_SERVICE_HOST", "10.0.0.1"),
        ("CARD_PIN_RELAY_PORT", "tcp://10.0.0.1:8081"),
        ("CARDPIN_SERVICE_HOST", "10.0.0.1"),
        ("CARDPIN_PORT_8081_TCP_ADDR", "10.0.0.1"),
    ];
    let relay = Relay::start_with(Folder::make(), &classic(&upstream.base_url, ""), &variables);
    assert_eq!(relay.post("/set", &set_request("an-id", &[1; 8])).await.status, 200);
}

#[test]
fn file_descriptors_are_raised_and_checked() {
    let folder = Folder::make();
    let file = folder.0.join("relay.toml");
    fs::write(&file, classic("https://enfuce.example", "")).unwrap();
    let check = |limit: &str| {
        let mut shell = std::process::Command::new("sh");
        let relay = command().get_program().to_owned();
        let shell = shell.arg("-c").arg(format!("ulimit {limit} && exec \"$0\" \"$@\"")).arg(relay);
        let output = shell.arg("--check").arg("--config").arg(&file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(check("-Sn 128").0, Some(0), "the relay raises the soft limit");
    let (code, said) = check("-n 1000");
    assert!(code == Some(2) && said.contains("limits.connections") && said.contains("1000"), "{said}");
    assert_eq!(check("-n 1400").0, Some(0));
    // This relay also calls the issuer's own system.
    let address = "https://enfuce.example";
    fs::write(&file, issuing(&classic(address, ""), &folder, address)).unwrap();
    let (code, said) = check("-n 1400");
    assert!(code == Some(2) && said.contains("need 1528 file descriptors"), "{said}");
}

#[test]
fn a_file_that_anybody_can_change_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::make();
    let (file, secret) = (folder.0.join("relay.toml"), folder.0.join("secret"));
    fs::write(&secret, "hush").unwrap();
    let config = classic("https://enfuce.example", "");
    fs::write(&file, config.replace("password = \"sandbox\"", &format!("password_file = {secret:?}")))
        .unwrap();
    let check = || {
        let output = command().arg("--check").arg("--config").arg(&file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(check().0, Some(0));
    for path in [&file, &secret] {
        let before = fs::metadata(path).unwrap().permissions();
        fs::set_permissions(path, fs::Permissions::from_mode(0o646)).unwrap();
        let (code, said) = check();
        assert!(code == Some(2) && said.contains("chmod o-w") && said.lines().count() == 1, "{said}");
        fs::set_permissions(path, before).unwrap();
    }
}

#[tokio::test]
async fn the_connection_is_closed_before_set() {
    let upstream = Upstream::start(|_| Answer::Status(404, String::new())).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    let tzpk = relay.post("/tzpk", &key_request("an-id")).await;
    assert_eq!(tzpk.headers["connection"], "close");
    let set = relay.post("/set", &set_request("an-id", &[1; 8])).await;
    assert!(!set.headers.contains_key("connection"));
}

#[tokio::test]
async fn the_pages_of_the_configured_origins_alone_may_read_the_answers() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let config =
        format!("cors_origins = [\"https://app.example\", \"null\"]\n{}", classic(&upstream.base_url, ""));
    let relay = Relay::start(&config);
    let set = set_request("an-id", &[1; 8]);
    for (origin, is_allowed) in
        [("https://app.example", true), ("null", true), ("https://evil.example", false)]
    {
        let url = format!("{}/set", relay.base_url);
        let preflight = relay.client.request(reqwest::Method::OPTIONS, &url).header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "POST");
        let preflight =
            preflight.header("access-control-request-headers", "content-type,x-csrf").send().await;
        let post = relay.client.post(&url).header("origin", origin).json(&set).send().await;
        for answer in [Answered::read(preflight.unwrap()).await, Answered::read(post.unwrap()).await] {
            assert_eq!(answer.status, 200);
            let allowed = answer.headers.get("access-control-allow-origin");
            assert_eq!(allowed.map(|value| value.to_str().unwrap()), is_allowed.then_some(origin));
            // Any page can make a frame whose origin is `null`.
            let is_trusted = answer.headers.contains_key("access-control-allow-credentials");
            assert_eq!(is_trusted, origin != "null", "{origin}");
        }
    }
    let without = Relay::start(&classic(&upstream.base_url, ""));
    let url = format!("{}/set", without.base_url);
    let answer = without.client.request(reqwest::Method::OPTIONS, url).send().await.unwrap();
    assert_eq!(answer.status(), 405);
}

/// Answers with a token that is revoked after it was used for the first time.
#[tokio::test]
async fn many_requests_with_a_revoked_token_fetch_one_more() {
    static TOKENS: AtomicUsize = AtomicUsize::new(0);
    let (let_go, held) = watch::channel(());
    let upstream = Upstream::start(move |request| {
        if request.line.contains("/oauth2/token") {
            let number = TOKENS.fetch_add(1, Ordering::Relaxed);
            return ok(
                json!({"access_token": format!("t{number}."), "token_type": "bearer", "expires_in": "3599"}),
            );
        }
        let is_first = request.head.contains("bearer t0.");
        if is_first {
            Answer::Held(held.clone(), Box::new(Answer::Status(401, String::new())))
        } else {
            ok("{}")
        }
    })
    .await;
    // More requests than the budget for repetitions allows, all on their way with the same token.
    let more =
        "timeout_ms = 60000\n[limits]\nburst = 1000\n[quota]\nper_second = 1000000\nper_minute = 60000000";
    let config = nextgen(&upstream.base_url, more);
    let relay = Relay::start(&config.replace("drain_ms = 0", "drain_ms = 0\ndeadline_ms = 60000"));
    let url = format!("{}/set", relay.base_url);
    let requests: Vec<_> = (0..100)
        .map(|_| tokio::spawn(relay.client.post(&url).json(&set_request("an-id", &[1; 8])).send()))
        .collect();
    let sets = || upstream.received().iter().filter(|request| request.line.contains("/set")).count();
    until("all are on their way", async || sets() == 100).await;
    let_go.send(()).unwrap();
    for request in requests {
        assert_eq!(request.await.unwrap().unwrap().status(), 200);
    }
    assert_eq!(TOKENS.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_token_that_is_refused_to_one_is_not_asked_for_by_all() {
    let upstream = Upstream::start(|_| {
        Answer::After(Duration::from_millis(100), Box::new(Answer::Status(500, String::new())))
    })
    .await;
    let relay = Relay::start(&nextgen(&upstream.base_url, "[limits]\nburst = 1000"));
    let url = format!("{}/tzpk", relay.base_url);
    let requests: Vec<_> =
        (0..20).map(|_| tokio::spawn(relay.client.post(&url).json(&key_request("an-id")).send())).collect();
    for request in requests {
        assert_eq!(request.await.unwrap().unwrap().status(), 502);
    }
    assert!(upstream.received().len() < 10, "{}", upstream.received().len());
    assert_eq!(relay.log(20)[0]["cause"], "token_refused");
}

#[tokio::test]
async fn input_that_is_not_a_request_is_counted() {
    let upstream = Upstream::start(|_| ok("{}")).await;
    let relay = Relay::start(&classic(&upstream.base_url, ""));
    for (sent, status, kind) in [
        (format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(20_000)), "431", "head_too_large"),
        ("a broken line\r\n\r\n".to_owned(), "400", "not_http"),
    ] {
        let mut device = TcpStream::connect(relay.address()).unwrap();
        std::io::Write::write_all(&mut device, sent.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A server that has not read everything resets the connection after its answer.
        let _ = std::io::Read::read_to_end(&mut device, &mut answer);
        assert!(String::from_utf8_lossy(&answer).contains(status), "{kind}");
        let figure = format!("card_pin_relay_malformed_requests_total{{kind=\"{kind}\"}} 1");
        until(&figure, async || relay.admin("/metrics").await.text.contains(&figure)).await;
    }
}
