//! What goes over the network: the bodies of Enfuce's public PKI operations, and what an answer means.

/// The only place that knows JSON.
pub(crate) mod json;

use crate::{
    error::Error,
    pan::Pan,
    pin_block::Format,
    tzpk::{Use, WrappedKey},
};
use alloc::{borrow::Cow, string::String, vec::Vec};
use base64ct::{Base64, Encoding};
use core::fmt;
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

/// The requests of a session: to set a PIN, the first two; to view one, the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Asks for a TZPK wrapped under the public key.
    Tzpk,
    /// Hands over the encrypted PIN block. Sent once.
    Set,
    /// Asks for a TZPK wrapped under the public key, and the PIN block encrypted with it.
    View,
}

impl Endpoint {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tzpk => "tzpk",
            Self::Set => "set",
            Self::View => "view",
        }
    }
}

/// A `POST` to be made. `Debug` prints no body: the control id is in it.
#[derive(PartialEq, Eq)]
pub struct Request {
    /// Where to.
    pub endpoint: Endpoint,
    /// The JSON body.
    pub body: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({:?}, …)", self.endpoint)
    }
}

/// How a request ended. `Debug` prints no body: an account number may be in it.
#[derive(PartialEq, Eq)]
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

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { status, .. } => write!(f, "Answered({status}, …)"),
            Self::Failed => f.write_str("Failed"),
            Self::TimedOut => f.write_str("TimedOut"),
        }
    }
}

/// The members of an answer, each `None` where it is not there, and `Some(None)` where it is `null`.
#[derive(Default)]
struct KeyReplyBody<'a> {
    tzpk: Member<Cow<'a, str>>,
    pin_block: Member<Cow<'a, str>>,
    algorithm: Member<Cow<'a, str>>,
    pin_block_format: Member<u8>,
    pan: Member<Zeroizing<String>>,
    kcv: Member<Cow<'a, str>>,
}

type Member<T> = Option<Option<T>>;

/// What comes back for a public key.
#[derive(Debug)]
pub(crate) struct KeyReply {
    /// The TZPK.
    pub(crate) key: WrappedKey,
    /// To view a PIN: its block, encrypted with the TZPK.
    pub(crate) pin_block: Option<Vec<u8>>,
}

/// The request that sends the public key, base64 of its SubjectPublicKeyInfo in DER, to `endpoint`.
pub(crate) fn key_request(endpoint: Endpoint, control_id: &ControlId, public_key: &str) -> Request {
    let body = body(control_id, ("publicKey", public_key));
    Request { endpoint, body }
}

/// The request that sets the PIN.
pub(crate) fn set_request(control_id: &ControlId, encrypted_block: &[u8]) -> Request {
    let pin_block = Base64::encode_string(encrypted_block);
    let body = body(control_id, ("pinBlock", &pin_block));
    Request { endpoint: Endpoint::Set, body }
}

fn body(control_id: &ControlId, (name, text): (&str, &str)) -> String {
    json::write_object(&[("controlId", json::Value::Text(&control_id.0)), (name, json::Value::Text(text))])
}

/// The TZPK of an answer, and the PIN block where one was asked for.
///
/// # Errors
/// [`Error::Network`], [`Error::Timeout`], [`Error::ControlIdExpired`], [`Error::AlreadyUsed`],
/// [`Error::Rejected`], [`Error::ServerError`], [`Error::BadResponse`]; [`Error::TzpkInvalid`] for a `tzpk`
/// that is no base64.
pub(crate) fn read_key(endpoint: Endpoint, reply: Reply) -> Result<KeyReply, Error> {
    let body = match reply {
        Reply::Failed => return Err(Error::Network),
        Reply::TimedOut => return Err(Error::Timeout),
        Reply::Answered { status: 200..=299, body } => body.map(Zeroizing::new),
        Reply::Answered { status: 500..=599, .. } => return Err(Error::ServerError),
        Reply::Answered { status, .. } => return Err(refusal(status).unwrap_or(Error::BadResponse)),
    };
    let body = body.ok_or(Error::BadResponse)?;
    let KeyReplyBody { tzpk: Some(Some(tzpk)), pin_block, algorithm, pin_block_format, pan, kcv } =
        KeyReplyBody::read(&body).ok_or(Error::BadResponse)?
    else {
        return Err(Error::BadResponse);
    };
    let usage = read_use(algorithm.flatten().as_deref(), pin_block_format.flatten(), pan.flatten())?;
    let check_value = kcv.flatten().map(|kcv| from_hex(&kcv).ok_or(Error::BadResponse)).transpose()?;
    let pin_block = match (endpoint, pin_block.flatten()) {
        (Endpoint::View, Some(block)) => Some(Base64::decode_vec(&block).map_err(|_| Error::BadResponse)?),
        (Endpoint::View, None) => return Err(Error::BadResponse),
        _ => None,
    };
    let ciphertext = Base64::decode_vec(&tzpk).map_err(|_| Error::TzpkInvalid)?;
    Ok(KeyReply { key: WrappedKey { ciphertext, usage, check_value }, pin_block })
}

impl<'a> KeyReplyBody<'a> {
    /// `None` for what is no such object, and where one of the members is there twice. Other members are read over.
    fn read(body: &'a [u8]) -> Option<Self> {
        let mut read = Self::default();
        let mut is_twice = false;
        json::read_object(body, |name, value| {
            is_twice |= match name {
                "tzpk" => read.tzpk.replace(value.text()?).is_some(),
                "pinBlock" => read.pin_block.replace(value.text()?).is_some(),
                "algorithm" => read.algorithm.replace(value.text()?).is_some(),
                "pinBlockFormat" => read.pin_block_format.replace(value.byte()?).is_some(),
                "pan" => {
                    let pan = value.text()?.map(|pan| Zeroizing::new(pan.into_owned()));
                    read.pan.replace(pan).is_some()
                }
                "kcv" => read.kcv.replace(value.text()?).is_some(),
                _ => {
                    value.skip()?;
                    false
                }
            };
            Ok(())
        })
        .ok()?;
        (!is_twice).then_some(read)
    }
}

/// What the key is for. Without a word about it: TDEA and format 1, or AES and format 4.
fn read_use(
    algorithm: Option<&str>,
    format: Option<u8>,
    pan: Option<Zeroizing<String>>,
) -> Result<Use, Error> {
    let pan = || pan.as_ref().ok_or(Error::BadResponse).and_then(|pan| Pan::from_ascii(pan.as_bytes()));
    match (algorithm.unwrap_or("TDEA"), format) {
        ("TDEA", Some(0)) => Ok(Use::Tdea(Format::Iso0(pan()?))),
        ("TDEA", Some(1) | None) => Ok(Use::Tdea(Format::Iso1)),
        ("TDEA", Some(3)) => Ok(Use::Tdea(Format::Iso3(pan()?))),
        ("AES", Some(4) | None) => Ok(Use::Aes(pan()?)),
        _ => Err(Error::BadResponse),
    }
}

/// The bytes of pairs of hexadecimal digits.
fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        hex.chars().map(|digit| digit.to_digit(16).and_then(|digit| digit.try_into().ok())).collect();
    let (pairs, []) = digits.as_ref()?.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
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
