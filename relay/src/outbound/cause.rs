//! Derives the cause of an error of the HTTP client, in one word of a closed list. The error's own text is not used, because it
//! may contain addresses.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use super::client::NameNotFound;
use crate::failure::{Failure, Kind};

/// The failure of a request that got no answer.
pub(crate) fn of(error: &reqwest::Error) -> Failure {
    let cause = word(error);
    match (error.is_connect(), cause) {
        (true, Some(cause)) => Failure::new(Kind::Unreachable, cause),
        (true, None) if error.is_timeout() => Failure::new(Kind::Unreachable, "timeout_connect"),
        (true, None) => Failure::new(Kind::Unreachable, "no_connection"),
        (false, cause) => Failure::new(Kind::BadAnswer, cause.unwrap_or("answer_cut")),
    }
}

/// The cause of an error, if it is known.
pub(crate) fn word(error: &(dyn Error + 'static)) -> Option<&'static str> {
    chain(error).find_map(known)
}

/// An error and its chain of sources. The error inside an I/O error is not its source, so it is looked for as well.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}

fn known(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if error.is::<NameNotFound>() {
        return Some("dns");
    }
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(match error {
            rustls::Error::InvalidCertificate(error) => certificate(error),
            rustls::Error::AlertReceived(_) => "tls_refused",
            _ => "tls",
        });
    }
    if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
        return Some("answer_not_http");
    }
    match error.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some("refused"),
        io::ErrorKind::ConnectionReset => Some("reset"),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Some("no_route"),
        io::ErrorKind::TimedOut => Some("timeout_connect"),
        // `ErrorKind` has no value for EMFILE and ENFILE.
        _ => matches!(error.downcast_ref::<io::Error>()?.raw_os_error(), Some(23 | 24))
            .then_some("no_file_descriptor"),
    }
}

fn certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate_expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "certificate_not_valid_yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "certificate_of_another_name"
        }
        CertificateError::UnknownIssuer => "certificate_of_unknown_authority",
        CertificateError::Revoked => "certificate_revoked",
        _ => "certificate_refused",
    }
}
