//! The gateway of `deploy/nginx.conf`, run by nginx itself before two copies of the relay. These tests need nginx, so
//! `cargo xtask nightly deployment` runs them.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::certificates::make_certificates;
use crate::device::{key_request, set_request};
use crate::issuer::{SigningKey, issuing};
use crate::process::{Folder, Relay, classic};
use crate::upstream::{Answer, Upstream, ok};

const NGINX: &str = include_str!("../../deploy/nginx.conf");

/// Debian's path: the folder is not on every user's `PATH`.
const DEBIANS: &str = "/usr/sbin/nginx";

/// nginx with the configuration that operators get, in front of these two addresses. It listens on a socket in a folder of its
/// own, so it needs no free port.
struct Gateway {
    nginx: Child,
    folder: Folder,
}

/// The answer to a device: the head in lower case, and the body.
struct Answered {
    status: u16,
    head: String,
    body: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }
}

impl Gateway {
    fn start(copies: [&str; 2]) -> Self {
        let folder = Folder::make();
        make_certificates(&folder.0);
        let path = |name: &str| folder.0.join(name).display().to_string();
        let mut config = NGINX.to_owned();
        for (from, to) in [
            ("10.0.0.11:8081", copies[0]),
            ("10.0.0.12:8081", copies[1]),
            ("listen 443 ssl", &format!("listen unix:{} ssl", path("gateway"))),
            ("/etc/nginx/tls/pin.pem", &path("server.pem")),
            ("/etc/nginx/tls/pin.key", &path("server.key")),
        ] {
            assert_eq!(config.matches(from).count(), 1, "{from}");
            config = config.replace(from, to);
        }
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {};\n", path(name)))
            .concat();
        let main = format!(
            "daemon off;\nmaster_process off;\npid {};\nerror_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}{config}}}\n",
            path("pid")
        );
        fs::write(folder.0.join("nginx.conf"), main).unwrap();
        let mut command = Command::new(if Path::new(DEBIANS).is_file() { DEBIANS } else { "nginx" });
        command.arg("-c").arg(folder.0.join("nginx.conf")).arg("-p").arg(&folder.0);
        // Until nginx has read its configuration, it writes errors to a file of the system.
        command.args(["-e", "stderr"]).stderr(Stdio::null());
        let nginx =
            command.spawn().expect("nginx is not installed: `cargo xtask nightly deployment` installs it");
        let mut gateway = Self { nginx, folder };
        let deadline = Instant::now() + Duration::from_secs(60);
        while UnixStream::connect(gateway.socket()).is_err() {
            let ended = gateway.nginx.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "nginx does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        gateway
    }

    fn socket(&self) -> PathBuf {
        self.folder.0.join("gateway")
    }

    /// Sends a request over TLS, on a connection of its own; each line of `headers` has its line end.
    async fn post(&self, path: &str, headers: &str, body: &Value) -> Answered {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.folder.0.join("ca.pem")).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let stream = tokio::net::UnixStream::connect(self.socket()).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let head = head.to_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.expect("a length").parse().unwrap() {
                    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                    return Answered { status, head, body: body.to_owned() };
                }
            }
            let count = stream.read(&mut buffer).await.unwrap();
            assert_ne!(count, 0, "the answer is cut: {text}");
            bytes.extend_from_slice(&buffer[..count]);
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.nginx.kill();
        let _ = self.nginx.wait();
    }
}

fn address(upstream: &Upstream) -> &str {
    upstream.base_url.strip_prefix("http://").unwrap()
}

/// Enfuce and the issuer's own systems at one address.
async fn world(key: SigningKey) -> Upstream {
    Upstream::start(move |request| match request.line.split('?').next().unwrap() {
        "GET /jwks" => ok(key.jwks()),
        "POST /authorize" => ok(json!({"allowed": true})),
        "GET /card/v3/a-card/plastic" => {
            ok(json!([{"id": "new", "status": "INACTIVE", "sequenceNumber": 1}]))
        }
        "POST /pincontrol/v2/plastic/new" => {
            Answer::Status(201, json!({"id": "enfuces-own-id", "pinURL": "x"}).to_string())
        }
        "POST /pin/v3/set/tzpk" => ok(json!({"tzpk": Base64::encode_string(&[7; 256])})),
        "POST /pin/v3/set" => ok("{}"),
        other => panic!("{other}"),
    })
    .await
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn customers_set_their_pins_through_the_gateway_while_a_copy_is_gone() {
    let key = SigningKey::make("a");
    let tokens: Vec<_> = (0..12).map(|number| key.token(&format!("customer-{number}"), json!({}))).collect();
    let world = world(key).await;
    let start = || {
        let folder = Folder::make();
        let quota = "[quota]\nper_second = 1000000\nper_minute = 60000000";
        let config = issuing(&classic(&world.base_url, quota), &folder, &world.base_url);
        Relay::start_with(folder, &config, &[])
    };
    let (one, two) = (start(), start());
    let gateway = Gateway::start([one.address(), two.address()]);
    let set_all = async || {
        for token in &tokens {
            let customer = format!("authorization: Bearer {token}\r\n");
            let question = json!({"cardId": "a-card", "operation": "set-pin"});
            let issued = gateway.post("/pin/control-id", &customer, &question).await;
            assert_eq!(issued.status, 201, "{}", issued.body);
            let control_id = issued.json()["controlId"].as_str().unwrap().to_owned();
            let tzpk = gateway.post("/pin/tzpk", &customer, &key_request(&control_id)).await;
            assert_eq!(tzpk.status, 200, "{}", tzpk.body);
            assert!(tzpk.head.contains("\r\nconnection: close"), "{}", tzpk.head);
            let set = gateway.post("/pin/set", &customer, &set_request(&control_id, &[1; 8])).await;
            assert_eq!(set.status, 200, "{}", set.body);
            assert!(!set.head.contains("\r\nconnection: close"), "{}", set.head);
        }
    };
    set_all().await;
    let (code, log) = one.end();
    assert_eq!(code, Some(0));
    assert_eq!(log.matches("\"route\"").count() % 3, 0, "a customer changed the copy:\n{log}");
    set_all().await;
    assert!(two.log(3 * tokens.len()).len() >= 3 * tokens.len());
    let sent =
        world.received().iter().filter(|request| request.line.starts_with("POST /pin/v3/set?")).count();
    assert_eq!(sent, 2 * tokens.len());
    let unsigned = gateway.post("/pin/tzpk", "", &key_request("an-id")).await;
    assert_eq!((unsigned.status, &unsigned.json()["code"]), (401, &json!("not_authenticated")));
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn a_set_is_sent_once_and_without_what_a_stranger_could_add() {
    let copies = [Upstream::start(|_| Answer::Cut).await, Upstream::start(|_| Answer::Cut).await];
    let gateway = Gateway::start([address(&copies[0]), address(&copies[1])]);
    let headers = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\ncookie: a=b\r\n";
    let answer = gateway.post("/pin/set", headers, &set_request("an-id", &[1; 8])).await;
    assert_eq!(answer.status, 502, "it is not known whether it was set");
    let received: Vec<_> = copies.iter().flat_map(Upstream::received).collect();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].line, "POST /set");
    for header in ["traceparent", "cookie"] {
        assert!(!received[0].head.contains(header), "{}", received[0].head);
    }
    let large = gateway.post("/pin/set", "", &json!({"controlId": "x".repeat(9000)})).await;
    assert_eq!(large.status, 413);
    assert_eq!(copies.iter().map(|copy| copy.received().len()).sum::<usize>(), 1);
}
