//! The data on the network: the bodies of Enfuce's public PKI operations, and the outcome of a request.

mod answer;
mod formats;
pub(crate) mod json;
mod key_reply;

use crate::error::Error;
use alloc::{string::String, vec::Vec};
use base64ct::{Base64, Encoding};
use core::fmt;

pub use formats::Formats;

pub(crate) use answer::{cause_of_doubt, read_set, read_status};
pub(crate) use key_reply::{KeyReply, read_key};

/// The largest answer that is read, in bytes.
pub const MAX_REPLY_BYTES: usize = 64 * 1024;

/// The longest control id that is accepted, in bytes. Enfuce's are UUIDs of 36 bytes; an issuer's relay seals tokens.
const MAX_CONTROL_ID_BYTES: usize = 4096;

/// The one-use token that stands for the card in the requests of one session.
#[derive(Clone, PartialEq, Eq)]
pub struct ControlId(String);

impl ControlId {
    /// Takes a control id: 1 to 4096 visible ASCII characters (RFC 5234, B.1, VCHAR).
    ///
    /// # Errors
    /// [`Error::ControlIdMissing`] for an empty text; [`Error::ControlIdUnavailable`] for a text of any other form.
    pub fn new(id: String) -> Result<Self, Error> {
        match id.len() {
            0 => Err(Error::ControlIdMissing),
            1..=MAX_CONTROL_ID_BYTES if id.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Self(id)),
            _ => Err(Error::ControlIdUnavailable),
        }
    }
}

impl fmt::Debug for ControlId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControlId(…)")
    }
}

/// The requests of a session: to set a PIN, `Tzpk` and `Set`, and `Status` if the outcome is not known; to view one, `View`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Asks for a TZPK wrapped under the public key.
    Tzpk,
    /// Sends the encrypted PIN block. This is sent once.
    Set,
    /// Asks for a TZPK wrapped under the public key, and the PIN block encrypted with it.
    View,
    /// Asks whether the PIN was set.
    Status,
}

/// A `POST` request. `Debug` prints no body, because it contains the control id.
#[derive(PartialEq, Eq)]
pub struct Request {
    /// The address.
    pub endpoint: Endpoint,
    /// The JSON body.
    pub body: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({:?}, …)", self.endpoint)
    }
}

/// How a request ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// The whole answer arrived.
    Answered(Answer),
    /// The connection was refused, cut (in the body, too) or redirected, or the device is offline.
    Failed,
    /// The answer did not arrive in the time allowed.
    TimedOut,
}

impl Reply {
    /// How many seconds the server asks to wait.
    #[must_use]
    pub const fn retry_after_seconds(&self) -> Option<u16> {
        match self {
            Self::Answered(answer) => answer.retry_after_seconds,
            Self::Failed | Self::TimedOut => None,
        }
    }
}

/// A whole answer. `Debug` prints no body, because it may contain an account number.
#[derive(PartialEq, Eq)]
pub struct Answer {
    /// The status code (RFC 9110, 15).
    pub status: u16,
    /// Whether the content type says that the body is HTML.
    pub is_html: bool,
    /// The number of seconds in the header `Retry-After` (RFC 9110, 10.2.3), if there is one.
    pub retry_after_seconds: Option<u16>,
    /// The body; `None` if it is larger than [`MAX_REPLY_BYTES`].
    pub body: Option<Vec<u8>>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, …)", self.status)
    }
}

/// The request that sends the public key, base64 of its SubjectPublicKeyInfo in DER, to `endpoint`.
pub(crate) fn key_request(endpoint: Endpoint, control_id: &ControlId, public_key: &str) -> Request {
    Request { endpoint, body: body(control_id, Some(("publicKey", public_key))) }
}

/// The request that sets the PIN.
pub(crate) fn set_request(control_id: &ControlId, encrypted_block: &[u8]) -> Request {
    let pin_block = Base64::encode_string(encrypted_block);
    Request { endpoint: Endpoint::Set, body: body(control_id, Some(("pinBlock", &pin_block))) }
}

/// The request that asks whether the PIN was set.
pub(crate) fn status_request(control_id: &ControlId) -> Request {
    Request { endpoint: Endpoint::Status, body: body(control_id, None) }
}

fn body(control_id: &ControlId, more: Option<(&str, &str)>) -> String {
    let mut members = alloc::vec![("controlId", control_id.0.as_str())];
    members.extend(more);
    json::write_object(&members)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
