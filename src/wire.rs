//! What goes over the network: the bodies of Enfuce's public PKI operations, and what an answer means.
//!
//! The only place that knows JSON.

use crate::error::Error;
use base64ct::{Base64, Encoding};
use core::fmt;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The largest answer that is read, in bytes.
pub const MAX_REPLY_BYTES: usize = 64 * 1024;

/// The longest control id taken, in bytes. Enfuce's are UUIDs of 36; an issuer's relay may use tokens.
const MAX_CONTROL_ID_BYTES: usize = 4096;

/// The one-use token that stands for the card in the requests of one session.
#[derive(Clone, PartialEq, Eq)]
pub struct ControlId(String);

impl ControlId {
    /// Takes a control id.
    ///
    /// # Errors
    /// [`Error::ControlIdMissing`] for one that is empty or longer than 4096 bytes.
    pub fn new(id: String) -> Result<Self, Error> {
        if id.is_empty() || id.len() > MAX_CONTROL_ID_BYTES {
            return Err(Error::ControlIdMissing);
        }
        Ok(Self(id))
    }
}

impl fmt::Debug for ControlId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControlId(…)")
    }
}

/// The two requests of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Asks for a TZPK wrapped under the public key.
    Tzpk,
    /// Hands over the encrypted PIN block. Sent once.
    Set,
}

/// A `POST` to be made.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// Where to.
    pub endpoint: Endpoint,
    /// The JSON body.
    pub body: String,
}

/// How a request ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// The whole answer came.
    Answered {
        /// The status code.
        status: u16,
        /// The body; `None` if it is larger than [`MAX_REPLY_BYTES`].
        body: Option<Vec<u8>>,
    },
    /// Refused, cut (in the body, too), redirected, or offline.
    Failed,
    /// The time allowed ran out.
    TimedOut,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TzpkRequest<'a> {
    control_id: &'a str,
    public_key: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SetRequest<'a> {
    control_id: &'a str,
    pin_block: &'a str,
}

#[derive(Deserialize)]
struct TzpkReply {
    tzpk: String,
}

/// The request for a TZPK. `public_key` is base64 of the SubjectPublicKeyInfo in DER.
pub(crate) fn tzpk_request(control_id: &ControlId, public_key: &str) -> Request {
    let body = TzpkRequest { control_id: &control_id.0, public_key };
    Request { endpoint: Endpoint::Tzpk, body: to_json(&body) }
}

/// The request that sets the PIN.
pub(crate) fn set_request(control_id: &ControlId, encrypted_block: [u8; 8]) -> Request {
    let body = SetRequest { control_id: &control_id.0, pin_block: &Base64::encode_string(&encrypted_block) };
    Request { endpoint: Endpoint::Set, body: to_json(&body) }
}

/// The wrapped TZPK of an answer.
///
/// # Errors
/// [`Error::Network`], [`Error::Timeout`], [`Error::ControlIdExpired`], [`Error::AlreadyUsed`],
/// [`Error::Rejected`], [`Error::ServerError`], [`Error::BadResponse`]; [`Error::TzpkInvalid`] for a `tzpk`
/// that is no base64.
pub(crate) fn read_tzpk(reply: Reply) -> Result<Zeroizing<Vec<u8>>, Error> {
    let body = match reply {
        Reply::Failed => return Err(Error::Network),
        Reply::TimedOut => return Err(Error::Timeout),
        Reply::Answered { status: 200..=299, body } => body,
        Reply::Answered { status: 500..=599, .. } => return Err(Error::ServerError),
        Reply::Answered { status, .. } => return Err(refusal(status).unwrap_or(Error::BadResponse)),
    };
    let reply: TzpkReply =
        body.and_then(|body| serde_json::from_slice(&body).ok()).ok_or(Error::BadResponse)?;
    Base64::decode_vec(&reply.tzpk).map(Zeroizing::new).map_err(|_| Error::TzpkInvalid)
}

/// Whether the PIN was set: a 2xx that came in full says yes, whatever its body; a 4xx says no; nothing else
/// says anything.
///
/// # Errors
/// [`Error::ControlIdExpired`], [`Error::AlreadyUsed`], [`Error::Rejected`]; [`Error::OutcomeUnknown`].
pub(crate) fn read_set(reply: &Reply) -> Result<(), Error> {
    match reply {
        Reply::Answered { status: 200..=299, body: Some(_) } => Ok(()),
        Reply::Answered { status, .. } => Err(refusal(*status).unwrap_or(Error::OutcomeUnknown)),
        Reply::Failed | Reply::TimedOut => Err(Error::OutcomeUnknown),
    }
}

/// What a 4xx means; `None` for every other status.
fn refusal(status: u16) -> Option<Error> {
    match status {
        401 | 403 | 404 | 410 => Some(Error::ControlIdExpired),
        409 => Some(Error::AlreadyUsed),
        400..=499 => Some(Error::Rejected),
        _ => None,
    }
}

fn to_json(body: &impl Serialize) -> String {
    // Cannot fail: the bodies are structs of strings, written to memory.
    serde_json::to_string(body).unwrap_or_default()
}
