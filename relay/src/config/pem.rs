//! Certificates and keys, read once here so that the configuration can say what is wrong with them.

use reqwest::{Certificate, Identity};

use crate::hidden::Hidden;

/// The certificates of a bundle; `None` where there is none, or one cannot be read.
pub(crate) fn authorities(pem: &[u8]) -> Option<Vec<Certificate>> {
    Certificate::from_pem_bundle(pem).ok().filter(|certificates| !certificates.is_empty())
}

/// A certificate chain and its private key.
pub(crate) fn identity(pem: &Hidden) -> Option<Identity> {
    Identity::from_pem(pem.expose().as_bytes()).ok()
}
