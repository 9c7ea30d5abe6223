//! Certificates and keys, read once here so that the configuration can say what is wrong with them.

use reqwest::{Certificate, Identity};
use x509_cert::der::DecodePem;

use crate::secret_string::SecretString;

/// The certificates of a bundle; `None` where there is none, or one cannot be read.
pub(crate) fn authorities(pem: &[u8]) -> Option<Vec<Certificate>> {
    Certificate::from_pem_bundle(pem).ok().filter(|certificates| !certificates.is_empty())
}

/// A certificate chain and its private key.
pub(crate) fn identity(pem: &SecretString) -> Option<Identity> {
    Identity::from_pem(pem.expose().as_bytes()).ok()
}

/// When the first of the certificates expires, in Unix time; keys among them are passed over.
pub(crate) fn expires(pem: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(pem).ok()?;
    let blocks = text.split_inclusive(END).filter_map(|block| block.find(BEGIN).map(|at| &block[at..]));
    let times = blocks.filter_map(|block| {
        let certificate = x509_cert::Certificate::from_pem(block).ok()?;
        let not_after = certificate.tbs_certificate().validity().not_after;
        i64::try_from(not_after.to_unix_duration().as_secs()).ok()
    });
    times.min()
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
