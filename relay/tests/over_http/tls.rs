//! The connection to Enfuce: an authority of one's own, and the relay's own certificate, all made by OpenSSL.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::device::{key_request, set_request};
use crate::process::{Folder, Relay, classic, command, nextgen};
use crate::upstream::{Answer, Upstream, ok};

/// Runs OpenSSL in the folder; its arguments are one text, split at spaces.
fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, and certificates of a server on localhost and of a client under it.
pub(crate) fn make_certificates(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(folder, &format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca"));
    fs::write(folder.join("server.ext"), "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
        .unwrap();
    fs::write(folder.join("client.ext"), "extendedKeyUsage=clientAuth\n").unwrap();
    for name in ["server", "client"] {
        openssl(folder, &format!("req -new {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
        let sign = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 2";
        openssl(folder, &format!("x509 -req -in {name}.csr {sign} -extfile {name}.ext -out {name}.pem"));
    }
}

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
    assert_eq!(upstream.received().len(), 2, "nothing came through without both");
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
