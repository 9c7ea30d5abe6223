//! The trace that a request belongs to (W3C Trace Context), from the gateway to Enfuce, and its spans for a collector.

mod span;
mod state;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use rand::TryRng;
use rand::rngs::SysRng;

pub(crate) use span::{Active, Attribute, Called, Span, Spans};

/// The headers, in requests from the gateway and to others.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// The flag that says whether a trace is kept.
const SAMPLED: u8 = 1;

/// The place of a request in its trace.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    /// The id of the gateway's span, 16 hexadecimal digits.
    parent: Option<String>,
    /// The id of this relay's span.
    span: u64,
    flags: u8,
    /// The `tracestate` of other systems.
    state: Option<HeaderValue>,
    /// The queue for spans, if they are kept.
    spans: Option<Spans>,
    /// The number of calls so far.
    calls: Arc<AtomicU64>,
    /// The same moment on both clocks. All times of a trace are derived from it, so that a call never seems to last longer than
    /// its request.
    began: (SystemTime, Instant),
}

impl Trace {
    /// Continues the gateway's trace, or begins one. `random` are 16 bytes for this request only. `spans` is there if traces are
    /// exported. If the gateway does not keep a trace, nothing of it is exported.
    pub(crate) fn of(headers: &HeaderMap, random: [u8; 16], spans: Option<Spans>) -> Self {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let only = values.next().filter(|_| values.next().is_none());
        let given = only.and_then(|value| read(value.to_str().ok()?));
        let begun = if spans.is_some() { SAMPLED } else { 0 };
        let (id, parent, flags, state) = match given {
            Some((id, parent, flags)) => (id, Some(parent), flags, state::of(headers)),
            None => (hex(&random), None, begun, None),
        };
        let spans = spans.filter(|_| flags & SAMPLED != 0);
        let span = u64::from_be_bytes(*random.first_chunk().unwrap_or(&[0; 8]));
        let began = (SystemTime::now(), Instant::now());
        Self { id, parent, span, flags, state, spans, calls: Arc::default(), began }
    }

    /// A trace that is not exported, for calls that belong to no request.
    pub(crate) fn detached() -> Self {
        let mut random = [0; 16];
        // Without randomness the id is zero, and everybody ignores the trace.
        let _ = SysRng.try_fill_bytes(&mut random);
        Self::of(&HeaderMap::new(), random, None)
    }

    /// The id of the next call's span. It is derived from the request's id, so it needs no randomness.
    fn next_call(&self) -> u64 {
        self.span.wrapping_add(self.calls.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The headers of a call.
    fn headers(&self, span: u64) -> HeaderMap {
        let parent = HeaderValue::try_from(format!("00-{}-{span:016x}-{:02x}", self.id, self.flags));
        let headers = [(TRACEPARENT, parent.ok()), (TRACESTATE, self.state.clone())];
        headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Reads version 00 of Trace Context (§3.2), or a later one that begins in the same way. Returns the trace, the parent span and
/// the flags.
fn read(text: &str) -> Option<(String, String, u8)> {
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut parts = text.split('-');
    let (version, id, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_known = is_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    let is_whole = is_hex(id, 32) && is_hex(span, 16) && is_hex(flags, 2);
    let is_set = |text: &str| text.bytes().any(|byte| byte != b'0');
    let flags = u8::from_str_radix(flags, 16).ok()?;
    // Other flags are sent as zero (§3.2.2.5.2).
    let known = flags & SAMPLED;
    (is_known && is_whole && is_set(id) && is_set(span)).then(|| (id.to_owned(), span.to_owned(), known))
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
            let trace = Trace::of(&headers, [0xab; 16], None);
            trace.headers(trace.span)[TRACEPARENT].to_str().unwrap().to_owned()
        };
        let goes_on = format!("00-{id}-abababababababab-01");
        assert_eq!(of(&format!("00-{id}-{span}-ff")), goes_on);
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
        let given = HeaderValue::try_from(format!("00-{id}-{span}-01")).unwrap();
        let twice = HeaderMap::from_iter([(TRACEPARENT, given.clone()), (TRACEPARENT, given)]);
        let twice = [HeaderMap::new(), twice].map(|headers| Trace::of(&headers, [0xab; 16], None).id);
        assert_eq!(twice[0], twice[1], "which of the two it would be is not known");
    }
}
