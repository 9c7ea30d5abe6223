//! The connection to Enfuce: a private authority and the relay's own certificate, all made by OpenSSL.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use serde_json::json;

use crate::certificates::make_certificates;
use crate::device::{key_request, set_request};
use crate::issuer::{SigningKey, enfuce, issuer, issuing};
use crate::process::{Folder, Relay, classic, command, nextgen};
use crate::upstream::{Answer, Upstream, ok};

fn server(folder: &Path) -> ServerConfig {
    let certificates =
        |name: &str| CertificateDer::pem_file_iter(folder.join(name)).unwrap().map(Result::unwrap);
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates("ca.pem"));
    let client = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    ServerConfig::builder()
        .with_client_cert_verifier(client)
        .with_single_cert(certificates("server.pem").collect(), key)
        .unwrap()
}

#[tokio::test]
async fn the_relay_proves_itself_and_trusts_a_configured_authority() {
    let folder = Folder::make();
    make_certificates(&folder.0);
    let upstream = Upstream::start_tls(server(&folder.0), |_| ok("{}")).await;
    let ca = format!("ca_file = {:?}", folder.0.join("ca.pem"));
    let identity = format!(
        "client_certificate_file = {:?}\nclient_key_file = {:?}",
        folder.0.join("client.pem"),
        folder.0.join("client.key")
    );
    let set = set_request("an-id", &[1; 8]);

    let config = classic(&upstream.base_url, &format!("{ca}\n{identity}"));
    let relay = Relay::start(&format!("issuer_{ca}\n{config}"));
    for _ in 0..2 {
        let answer = relay.post("/set", &set).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    assert_eq!(upstream.received().len(), 2);
    let figures = relay.admin("/metrics").await.text;
    for file in ["enfuce.ca_file", "enfuce.client_certificate_file", "issuer_ca_file"] {
        let name = format!("card_pin_relay_certificate_expiry_timestamp_seconds{{file=\"{file}\"}} ");
        let value: u64 = figures.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!((now + 24 * 3600..now + 3 * 24 * 3600).contains(&value), "{file}: {value}, now {now}");
    }

    let other_name = upstream.base_url.replace("localhost", "127.0.0.1");
    for (base_url, more, cause) in [
        (&upstream.base_url, identity.clone(), "certificate_of_unknown_authority"),
        (&other_name, format!("{ca}\n{identity}"), "certificate_of_another_name"),
        (&"https://no-such-name.invalid".to_owned(), String::new(), "dns"),
    ] {
        let relay = Relay::start(&classic(base_url, &more));
        let answer = relay.post("/set", &set).await;
        assert_eq!((answer.status, &*answer.code()), (424, "enfuce_unreachable"), "{cause}");
        assert_eq!(relay.log(1)[0]["cause"], cause);
    }
    // In TLS 1.3 a server says that a certificate is missing only after the client may have sent its request.
    let without_identity = Relay::start(&classic(&upstream.base_url, &ca)).post("/set", &set).await;
    assert!(without_identity.status >= 424 && without_identity.status != 429, "{}", without_identity.text);
    assert_eq!(upstream.received().len(), 2, "a request came through without both");
}

/// A client with this certificate, or none, that trusts the relay's.
fn gateway(folder: &Path, certificate: Option<&str>) -> reqwest::Client {
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let ca = reqwest::Certificate::from_pem(&read("ca.pem")).unwrap();
    let builder = reqwest::Client::builder().no_proxy().tls_certs_only([ca]);
    let identity = certificate.map(|name| {
        let pem = [read(&format!("{name}.pem")), read(&format!("{name}.key"))].concat();
        reqwest::Identity::from_pem(&pem).unwrap()
    });
    match identity {
        Some(identity) => builder.identity(identity).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

#[tokio::test]
async fn a_gateway_proves_itself_before_it_names_a_customer() {
    let folder = Folder::make();
    make_certificates(&folder.0);
    let (enfuce, key) = (enfuce().await, Arc::new(SigningKey::make("k1")));
    let issuer = issuer(&key).await;
    let path = |name: &str| format!("{:?}", folder.0.join(name));
    let tls = format!(
        "[gateway_tls]\ncertificate_file = {}\nkey_file = {}\nca_file = {}\nname = \"gateway.example\"\n",
        path("server.pem"),
        path("server.key"),
        path("ca.pem")
    );
    let config = issuing(&classic(&enfuce.base_url, ""), &folder, &issuer.base_url)
        .replace("customer = \"jwt\"", "customer_header = \"x-customer\"");
    let config = config.split("[jwt]").next().unwrap().to_owned()
        + &tls
        + "[control_ids]"
        + config.split("[control_ids]").nth(1).unwrap();
    let relay = Relay::start_with(folder, &config, &[]);
    let port = relay.base_url.rsplit(':').next().unwrap();
    let ask = async |client: reqwest::Client| {
        let request = client.post(format!("https://localhost:{port}/control-id")).header("x-customer", "zoe");
        let body = json!({"cardId": "a-card", "operation": "set-pin"});
        request.json(&body).send().await.map(|answer| answer.status().as_u16())
    };
    let folder = relay.folder();
    assert_eq!(ask(gateway(folder, Some("gateway"))).await.unwrap(), 201);
    // A client with another certificate of the same authority, and a client without one.
    assert!(ask(gateway(folder, Some("client"))).await.is_err());
    assert!(ask(gateway(folder, None)).await.is_err());
    let in_clear = relay.client.post(format!("http://localhost:{port}/control-id")).send().await;
    assert!(in_clear.is_err());
    assert_eq!(relay.log(1).len(), 1, "only one request came through");
    let figures = relay.admin("/metrics").await.text;
    for figure in [
        "card_pin_relay_malformed_requests_total{kind=\"not_the_gateway\"} 1\n",
        "card_pin_relay_malformed_requests_total{kind=\"no_tls\"} 2\n",
        "card_pin_relay_certificate_expiry_timestamp_seconds{file=\"gateway_tls.certificate_file\"}",
        "card_pin_relay_certificate_expiry_timestamp_seconds{file=\"gateway_tls.ca_file\"}",
    ] {
        assert!(figures.contains(figure), "{figure} is not in\n{figures}");
    }
    // The relay uses a new certificate without a restart.
    for end in ["pem", "key"] {
        fs::copy(folder.join(format!("other.{end}")), folder.join(format!("server.{end}"))).unwrap();
    }
    relay.wait_for_event("reloaded");
    let other =
        gateway(folder, Some("gateway")).post(format!("https://localhost:{port}/control-id")).send().await;
    let cause = format!("{:?}", other.unwrap_err());
    assert!(cause.contains("NotValidForName"), "it has the name of another server: {cause}");
}

#[test]
fn certificates_that_cannot_be_used_are_said() {
    let folder = Folder::make();
    make_certificates(&folder.0);
    fs::write(folder.0.join("junk.pem"), "4826 is no certificate").unwrap();
    let check = |more: &str| {
        let file = folder.0.join("relay.toml");
        fs::write(&file, classic("https://enfuce.example", more)).unwrap();
        let output = command().arg("--check").arg("--config").arg(file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let path = |name: &str| format!("{:?}", folder.0.join(name));
    let (client, key, ca) = (path("client.pem"), path("client.key"), path("ca.pem"));
    assert_eq!(
        check(&format!("ca_file = {ca}\nclient_certificate_file = {client}\nclient_key_file = {key}")).0,
        Some(0)
    );
    for (more, hint) in [
        (format!("ca_file = {}", path("junk.pem")), "enfuce.ca_file"),
        (format!("ca_file = {}", path("absent.pem")), "enfuce.ca_file: the file it names cannot be read"),
        (format!("client_certificate_file = {client}"), "go together"),
        (
            format!("client_certificate_file = {client}\nclient_key_file = {}", path("junk.pem")),
            "private key",
        ),
        (
            format!("client_certificate_file = {client}\nclient_key_file = {}", path("server.key")),
            "belong together",
        ),
        (format!("[gateway_tls]\ncertificate_file = {client}"), "give all four"),
        (
            format!(
                "[gateway_tls]\ncertificate_file = {client}\nkey_file = {}\nca_file = {ca}\nname = \"gateway.example\"",
                path("server.key")
            ),
            "its private key",
        ),
        (
            format!(
                "[gateway_tls]\ncertificate_file = {client}\nkey_file = {key}\nca_file = {ca}\nname = \"no name\""
            ),
            "gateway_tls.name: has to be",
        ),
    ] {
        let (code, said) = check(&more);
        assert!(code == Some(2) && said.contains(hint) && !said.contains("4826"), "{said}");
    }
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_for_the_world_outside() {
    let proxy = Upstream::start(|_| Answer::Cut).await;
    let environment = [("HTTPS_PROXY", &*proxy.base_url), ("HTTP_PROXY", &*proxy.base_url)];
    let set = set_request("an-id", &[1; 8]);
    let config = classic("https://enfuce.example", "");
    let answer = Relay::start_with(Folder::make(), &config, &environment).post("/set", &set).await;
    assert_eq!((answer.status, &*answer.code()), (424, "enfuce_unreachable"));
    let asked = proxy.received();
    assert!(!asked.is_empty() && asked.iter().all(|request| request.line == "CONNECT enfuce.example:443"));
    let upstream = Upstream::start(|_| ok("{}")).await;
    let config = classic(&upstream.base_url, "");
    assert_eq!(Relay::start_with(Folder::make(), &config, &environment).post("/set", &set).await.status, 200);
    assert_eq!(proxy.received().len(), asked.len());
    // A client secret stays on this machine, wherever else the client calls.
    let token_server = Upstream::start(|_| Answer::Status(500, String::new())).await;
    let config = nextgen("https://enfuce.example", "")
        .replace("https://enfuce.example/oauth2/token", &format!("{}/token", token_server.base_url));
    let relay = Relay::start_with(Folder::make(), &config, &environment);
    assert_eq!(relay.post("/tzpk", &key_request("an-id")).await.status, 502);
    assert_eq!(token_server.received()[0].line, "POST /token");
    assert_eq!(proxy.received().len(), asked.len());
}
