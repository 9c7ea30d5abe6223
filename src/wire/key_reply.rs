//! The TZPK in an answer, and the fields beside it.

use super::{Endpoint, Formats, Reply, answer::body_of_success, json};
use crate::{
    error::Error,
    pan::Pan,
    pin_block::Format,
    tzpk::{KeyUsage, WrappedKey},
};
use alloc::{borrow::Cow, string::String, vec::Vec};
use base64ct::{Base64, Encoding};
use core::ops::RangeInclusive;
use zeroize::{Zeroize, Zeroizing};

/// The ciphertext of RSA-OAEP is as long as the modulus (RFC 8017, 7.1.1): of 2048, 3072 or 4096 bits.
const WRAPPED_KEY_BYTES: [usize; 3] = [256, 384, 512];

/// How many bytes of a check value a server may send (ANSI X9.24-1-2017, Annex A): at least three, at most a block.
const CHECK_VALUE_BYTES: RangeInclusive<usize> = 3..=16;

/// The content of the answer to a public key.
#[derive(Debug)]
pub(crate) struct KeyReply {
    /// The TZPK.
    pub(crate) key: WrappedKey,
    /// The PIN's block, encrypted with the TZPK, if the PIN is viewed.
    pub(crate) pin_block: Option<Vec<u8>>,
}

/// The members of an answer: `None` if a member is missing, and `Some(None)` if it is `null`.
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

/// Reads the TZPK of an answer, and the PIN block if one was asked for. The server may ask for one of `formats`.
///
/// # Errors
/// [`Error::Network`], [`Error::Timeout`], [`Error::ControlIdExpired`], [`Error::NotAllowed`], [`Error::AlreadyUsed`],
/// [`Error::Busy`], [`Error::Rejected`], [`Error::ServerError`]; [`Error::BadResponse`] for any fault in the
/// form of the answer.
pub(crate) fn read_key(endpoint: Endpoint, formats: Formats, mut reply: Reply) -> Result<KeyReply, Error> {
    let read = body_of_success(&reply).and_then(|body| read_body(endpoint, formats, body));
    // It may contain an account number.
    if let Reply::Answered(answer) = &mut reply {
        answer.body.zeroize();
    }
    read
}

fn read_body(endpoint: Endpoint, formats: Formats, body: &[u8]) -> Result<KeyReply, Error> {
    let KeyReplyBody { tzpk: Some(Some(tzpk)), pin_block, algorithm, pin_block_format, pan, kcv } =
        KeyReplyBody::read(body).ok_or(Error::BadResponse)?
    else {
        return Err(Error::BadResponse);
    };
    let usage =
        read_usage(formats, algorithm.flatten().as_deref(), pin_block_format.flatten(), pan.flatten())?;
    let check_value = kcv.flatten().map(|kcv| read_check_value(&kcv)).transpose()?;
    let pin_block = match (endpoint, pin_block.flatten()) {
        (Endpoint::View, Some(block)) => Some(read_base64(&block)?),
        (Endpoint::View, None) => return Err(Error::BadResponse),
        _ => None,
    };
    let ciphertext = read_base64(&tzpk)?;
    if !WRAPPED_KEY_BYTES.contains(&ciphertext.len()) {
        return Err(Error::BadResponse);
    }
    Ok(KeyReply { key: WrappedKey { ciphertext, usage, check_value }, pin_block })
}

impl<'a> KeyReplyBody<'a> {
    /// Reads an answer; `None` if it is not such an object, or if one of the members is repeated. Other members are skipped.
    fn read(body: &'a [u8]) -> Option<Self> {
        let mut read = Self::default();
        let mut is_twice = false;
        json::read_object(body, &mut |name, value| {
            let text = match name {
                "tzpk" => &mut read.tzpk,
                "pinBlock" => &mut read.pin_block,
                "algorithm" => &mut read.algorithm,
                "kcv" => &mut read.kcv,
                "pan" => {
                    let pan = value.text()?.map(|pan| Zeroizing::new(pan.into_owned()));
                    is_twice |= read.pan.replace(pan).is_some();
                    return Ok(());
                }
                "pinBlockFormat" => {
                    is_twice |= read.pin_block_format.replace(value.byte()?).is_some();
                    return Ok(());
                }
                _ => return value.skip(),
            };
            is_twice |= text.replace(value.text()?).is_some();
            Ok(())
        })
        .ok()?;
        (!is_twice).then_some(read)
    }
}

/// The use of the key. By default this is TDEA and format 1, or AES and format 4.
fn read_usage(
    formats: Formats,
    algorithm: Option<&str>,
    format: Option<u8>,
    pan: Option<Zeroizing<String>>,
) -> Result<KeyUsage, Error> {
    let algorithm = algorithm.unwrap_or("TDEA");
    let format = format.unwrap_or(if algorithm == "AES" { 4 } else { 1 });
    if !formats.contain(format) {
        return Err(Error::BadResponse);
    }
    let pan = || pan.as_ref().ok_or(Error::BadResponse).and_then(|pan| Pan::from_ascii(pan.as_bytes()));
    match (algorithm, format) {
        ("TDEA", 0) => Ok(KeyUsage::Tdea(Format::Iso0(pan()?))),
        ("TDEA", 1) => Ok(KeyUsage::Tdea(Format::Iso1)),
        ("TDEA", 3) => Ok(KeyUsage::Tdea(Format::Iso3(pan()?))),
        ("AES", 4) => Ok(KeyUsage::Aes(pan()?)),
        _ => Err(Error::BadResponse),
    }
}

fn read_base64(text: &str) -> Result<Vec<u8>, Error> {
    Base64::decode_vec(text).map_err(|_| Error::BadResponse)
}

/// Reads the first bytes of a check value from hexadecimal digits of either case.
fn read_check_value(hex: &str) -> Result<Vec<u8>, Error> {
    base16ct::mixed::decode_vec(hex)
        .ok()
        .filter(|value| CHECK_VALUE_BYTES.contains(&value.len()))
        .ok_or(Error::BadResponse)
}
