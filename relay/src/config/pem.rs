//! Certificates and keys, read once here so that the configuration can say what is wrong with them.

use reqwest::{Certificate, Identity};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::der::Decode;

use crate::secret_string::SecretString;

/// The certificates of a bundle; `None` if there is none, or one cannot be read.
pub(crate) fn authorities(pem: &[u8]) -> Option<Vec<Certificate>> {
    Certificate::from_pem_bundle(pem).ok().filter(|certificates| !certificates.is_empty())
}

/// A certificate chain and its private key.
pub(crate) fn identity(pem: &SecretString) -> Option<Identity> {
    // EXPOSE: read into an identity that only the TLS connections use.
    Identity::from_pem(pem.expose().as_bytes()).ok()
}

/// When the first of the certificates expires, in Unix time; keys among them are passed over. PEM is read as TLS reads it: lines of any
/// length are taken.
pub(crate) fn expires(pem: &[u8]) -> Option<i64> {
    let times = CertificateDer::pem_slice_iter(pem).filter_map(|certificate| {
        let certificate = x509_cert::Certificate::from_der(&certificate.ok()?).ok()?;
        let not_after = certificate.tbs_certificate().validity().not_after;
        i64::try_from(not_after.to_unix_duration().as_secs()).ok()
    });
    times.min()
}

#[cfg(test)]
mod tests {
    use super::expires;
    use std::process::Command;

    /// Made by OpenSSL.
    fn certificate() -> String {
        let options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -days 2 -subj /CN=test";
        let made = Command::new("openssl").args(options.split(' ')).output().unwrap();
        String::from_utf8(made.stdout).unwrap()
    }

    #[test]
    fn the_date_of_a_certificate_is_read_however_its_lines_are_wrapped() {
        let wrapped = certificate();
        let time = expires(wrapped.as_bytes()).unwrap();
        let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
        let base64: String = wrapped.replace(begin, "").replace(end, "").split_whitespace().collect();
        let of_76: Vec<_> = base64.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
        for base64 in [base64.clone(), of_76.join("\r\n"), of_76.join(" \n")] {
            assert_eq!(expires(format!("{begin}\n{base64}\n{end}\n").as_bytes()), Some(time), "{base64}");
        }
        assert_eq!(expires(b"no certificate"), None);
    }
}
