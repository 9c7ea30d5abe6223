//! The meaning of an answer's status.

use super::{Answer, Reply, json};
use crate::error::Error;
use alloc::borrow::Cow;

/// The byte order mark of UTF-8, which some servers write first and a reader may skip (RFC 8259, 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The body of a 2xx, without a byte order mark.
///
/// # Errors
/// The meaning of every other outcome of a request: [`Error::Network`], [`Error::Timeout`], those of [`refusal`],
/// [`Error::Busy`], [`Error::ServerError`]; [`Error::BadResponse`] for a 2xx that is too large, and for any other status.
pub(super) fn body_of_success(reply: &Reply) -> Result<&[u8], Error> {
    let answer = match reply {
        Reply::Answered(answer) => answer,
        Reply::Failed => return Err(Error::Network),
        Reply::TimedOut => return Err(Error::Timeout),
    };
    match answer.status {
        200..=299 => answer.body.as_deref().map(without_mark).ok_or(Error::BadResponse),
        503 if answer.retry_after_seconds.is_some() => Err(Error::Busy),
        500..=599 => Err(Error::ServerError),
        _ => Err(refusal(answer).unwrap_or(Error::BadResponse)),
    }
}

/// Whether the PIN was set. A complete 200, 201 or 204 means yes, whatever its body is, unless that is HTML: the log-in page of
/// a proxy also has status 200. A 4xx means no. With any other answer it is unknown.
///
/// # Errors
/// Those of [`refusal`]; [`Error::OutcomeUnknown`].
pub(crate) fn read_set(reply: &Reply) -> Result<(), Error> {
    match reply {
        Reply::Answered(Answer { status: 200 | 201 | 204, is_html: false, body: Some(body), .. })
            if !is_markup(body) =>
        {
            Ok(())
        }
        Reply::Answered(answer) => Err(refusal(answer).unwrap_or(Error::OutcomeUnknown)),
        Reply::Failed | Reply::TimedOut => Err(Error::OutcomeUnknown),
    }
}

/// The reason why [`read_set`] does not know whether the PIN was set.
pub(crate) fn cause_of_doubt(reply: &Reply) -> Error {
    match reply {
        Reply::Failed => Error::Network,
        Reply::TimedOut => Error::Timeout,
        Reply::Answered(Answer { status: 500..=599, .. }) => Error::ServerError,
        Reply::Answered(_) => Error::BadResponse,
    }
}

/// Whether the server says that the PIN was set.
///
/// # Errors
/// Those of [`body_of_success`]; [`Error::BadResponse`] if `pinStatus` is missing or is not a word that Enfuce documents.
pub(crate) fn read_status(reply: &Reply) -> Result<bool, Error> {
    let mut status: Option<Option<Cow<'_, str>>> = None;
    let mut is_twice = false;
    json::read_object(body_of_success(reply)?, &mut |name, value| {
        match name {
            "pinStatus" => is_twice |= status.replace(value.text()?).is_some(),
            _ => value.skip()?,
        }
        Ok(())
    })
    .map_err(|_| Error::BadResponse)?;
    match status.flatten().as_deref() {
        _ if is_twice => Err(Error::BadResponse),
        Some("S" | "SET") => Ok(true),
        Some("W" | "D" | "WAITING" | "GENERATED") => Ok(false),
        _ => Err(Error::BadResponse),
    }
}

/// The meaning of a 4xx; `None` for every other status. A 404 is about the control id only if its body is a JSON object:
/// any other comes from a wrong address.
fn refusal(answer: &Answer) -> Option<Error> {
    match answer.status {
        401 | 403 => Some(Error::NotAllowed),
        404 if answer.body.as_deref().is_some_and(is_object) => Some(Error::ControlIdExpired),
        410 => Some(Error::ControlIdExpired),
        409 => Some(Error::AlreadyUsed),
        408 | 424 | 425 | 429 => Some(Error::Busy),
        400..=499 => Some(Error::Rejected),
        _ => None,
    }
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)
}

fn is_markup(body: &[u8]) -> bool {
    without_mark(body).trim_ascii_start().starts_with(b"<")
}

fn is_object(body: &[u8]) -> bool {
    json::read_object(without_mark(body), &mut |_, value| value.skip()).is_ok()
}
