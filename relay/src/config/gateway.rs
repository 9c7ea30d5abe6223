//! Mutual TLS with the gateway.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::fields::Fields;
use super::pem;

/// The relay's own certificate, and the name and authorities of the gateway's.
#[derive(Clone)]
pub struct GatewayTls {
    acceptor: TlsAcceptor,
    /// A name in the gateway's certificate.
    name: ServerName<'static>,
    /// When the first certificate of the relay, and the first of the authorities, expires, in Unix time.
    pub(crate) certificate_expires: Option<i64>,
    pub(crate) ca_expires: Option<i64>,
}

impl fmt::Debug for GatewayTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatewayTls(…)")
    }
}

impl GatewayTls {
    /// From a certificate chain, its private key and the gateway's authorities, all in PEM, and the name in the gateway's certificate
    /// (a DNS name or an IP address). `None` if one of them cannot be read, or certificate and key do not belong together.
    #[must_use]
    pub fn from_pem(certificate: &[u8], key: &[u8], ca: &[u8], name: &str) -> Option<Self> {
        let name = ServerName::try_from(name.to_owned()).ok()?;
        let mut authorities = RootCertStore::empty();
        for authority in certificates(ca)? {
            authorities.add(authority).ok()?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let gateway =
            WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(&provider));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .ok()?
            .with_client_cert_verifier(gateway.build().ok()?)
            .with_single_cert(certificates(certificate)?, PrivateKeyDer::from_pem_slice(key).ok()?)
            .ok()?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (certificate_expires, ca_expires) = (pem::expires(certificate), pem::expires(ca));
        Some(Self { acceptor, name, certificate_expires, ca_expires })
    }

    /// The connection, once the other end has proved that it is the gateway.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<TlsStream<S>> {
        let stream = self.acceptor.accept(stream).await?;
        let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
        // The authority may have signed certificates for others than the gateway.
        let is_gateway = certificates.first().is_some_and(|certificate| {
            ParsedCertificate::try_from(certificate)
                .is_ok_and(|certificate| verify_server_name(&certificate, &self.name).is_ok())
        });
        if is_gateway { Ok(stream) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}

/// Reads all certificates of a chain or bundle; `None` if there is none, or if one cannot be read.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    certificates.ok().filter(|certificates| !certificates.is_empty())
}

/// Reads `gateway_tls`. Either all of its fields are given, or none.
pub(super) fn gateway_tls(fields: &mut Fields) -> Option<GatewayTls> {
    const NAMES: [&str; 4] =
        ["gateway_tls.certificate_file", "gateway_tls.key_file", "gateway_tls.ca_file", "gateway_tls.name"];
    let faults = fields.faults();
    let [certificate, key, ca] = [NAMES[0], NAMES[1], NAMES[2]].map(|name| fields.file(name));
    let name = fields.optional(NAMES[3], "a DNS name or an IP address", |text| {
        ServerName::try_from(text.to_owned()).ok().map(|_| text.to_owned())
    });
    if fields.faults() > faults {
        return None;
    }
    match (certificate, key, ca, name) {
        (None, None, None, None) => None,
        (Some(certificate), Some(key), Some(ca), Some(name)) => {
            let [certificate, key, ca] = [&certificate, &key, &ca].map(|found| found.text.as_bytes());
            let tls = GatewayTls::from_pem(certificate, key, ca, &name);
            if tls.is_none() {
                let fault = "gateway_tls.key_file and gateway_tls.ca_file have to hold, in PEM, a certificate, its private key, and \
                             the authorities of the gateway's certificate.";
                fields.fault(NAMES[0], format!("with {fault}"));
            }
            tls
        }
        _ => {
            fields.fault(
                "gateway_tls",
                "certificate_file, key_file, ca_file and name go together: give all four.",
            );
            None
        }
    }
}
