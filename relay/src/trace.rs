//! The trace that a request belongs to (W3C Trace Context), from the gateway to Enfuce.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header on both sides.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// One request's place in its trace.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    /// 16 hexadecimal digits, of this relay's part.
    span: String,
    flags: String,
}

impl Trace {
    /// The gateway's trace, or one that begins here; `random` are 16 bytes of this request's own.
    pub(crate) fn of(headers: &HeaderMap, random: [u8; 16]) -> Self {
        let span = hex(&random[..8]);
        let given = headers.get(TRACEPARENT).and_then(|value| read(value.to_str().ok()?));
        match given {
            Some((id, flags)) => Self { id, span, flags },
            None => Self { id: hex(&random), span, flags: "00".to_owned() },
        }
    }

    /// The value for Enfuce.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(format!("00-{}-{}-{}", self.id, self.span, self.flags)).ok()
    }
}

/// Trace Context §3.2: version 00, or a later one that begins in the same way. Gives the trace and its flags.
fn read(text: &str) -> Option<(String, String)> {
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut parts = text.split('-');
    let (version, id, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_known = is_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    let is_whole = is_hex(id, 32) && is_hex(span, 16) && is_hex(flags, 2);
    let is_set = |text: &str| text.bytes().any(|byte| byte != b'0');
    (is_known && is_whole && is_set(id) && is_set(span)).then(|| (id.to_owned(), flags.to_owned()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_and_what_is_none_begins_one() {
        let (id, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let of = |value: &str| {
            let headers = HeaderMap::from_iter([(TRACEPARENT, HeaderValue::try_from(value).unwrap())]);
            let header = Trace::of(&headers, [0xab; 16]).header().unwrap();
            header.to_str().unwrap().to_owned()
        };
        let goes_on = format!("00-{id}-abababababababab-01");
        assert_eq!(of(&format!("00-{id}-{span}-01")), goes_on);
        assert_eq!(of(&format!("cc-{id}-{span}-01-later")), goes_on);
        let begins = format!("00-{}-abababababababab-00", "ab".repeat(16));
        for none in [
            String::new(),
            format!("00-{id}-{span}"),
            format!("00-{id}-{span}-01-more"),
            format!("ff-{id}-{span}-01"),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{}-{span}-01", id.to_uppercase()),
            format!("00-{id}-{}-01", "0".repeat(16)),
        ] {
            assert_eq!(of(&none), begins, "{none}");
        }
    }
}
