//! The `tracestate` of other systems (W3C Trace Context §3.3). It is passed on unchanged, or not at all.

use std::collections::HashSet;

use axum::http::{HeaderMap, HeaderValue};

use super::TRACESTATE;

/// A longer one need not be passed on (§3.3.1.5).
const MAX_BYTES: usize = 512;
const MAX_MEMBERS: usize = 32;

/// Several headers count as one list.
pub(super) fn of(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(TRACESTATE).iter();
    let mut list = values.next()?.as_bytes().to_vec();
    for value in values {
        list.push(b',');
        list.extend_from_slice(value.as_bytes());
    }
    let text = str::from_utf8(&list).ok()?;
    is_good(text).then(|| HeaderValue::from_bytes(&list).ok())?
}

fn is_good(text: &str) -> bool {
    let members: Vec<_> = text
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']))
        .filter(|member| !member.is_empty())
        .collect();
    let mut keys = HashSet::new();
    (1..=MAX_BYTES).contains(&text.len())
        && (1..=MAX_MEMBERS).contains(&members.len())
        && members.into_iter().all(|member| {
            member
                .split_once('=')
                .is_some_and(|(key, value)| is_key(key) && is_value(value) && keys.insert(key))
        })
}

fn is_key(key: &str) -> bool {
    let is_first = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_next = |byte: u8| is_first(&byte) || b"_-*/@".contains(&byte);
    key.len() <= 256 && key.as_bytes().first().is_some_and(is_first) && key.bytes().all(is_next)
}

fn is_value(value: &str) -> bool {
    (1..=256).contains(&value.len())
        && value.bytes().all(|byte| matches!(byte, b' '..=b'~') && !b",=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed_on(values: &[&str]) -> Option<String> {
        let headers = values.iter().map(|value| (TRACESTATE, HeaderValue::try_from(*value).unwrap()));
        of(&headers.collect()).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn what_is_good_goes_on_unchanged_and_all_else_is_dropped() {
        for good in
            ["rojo=00f067aa0ba902b7", "a=1, 4b@x=t:1;  ,c_-*/d=~ !", &format!("a={}", "x".repeat(256))]
        {
            assert_eq!(passed_on(&[good]).as_deref(), Some(good));
        }
        assert_eq!(passed_on(&["a=1", "b=2"]).as_deref(), Some("a=1,b=2"));
        let many = |count: usize| (0..count).map(|key| format!("k{key}=v,")).collect::<String>();
        assert!(passed_on(&[&many(32)]).is_some());
        for bad in [
            "",
            ",",
            "a",
            "=1",
            "A=1",
            "a=",
            "a=1=2",
            "a=1,a=2",
            "a=\u{e9}",
            "a b=1",
            "-a=1",
            &format!("a={}", "x".repeat(257)),
            &format!("{}=1", "a".repeat(257)),
            &format!("a={},b={0},c=1", "x".repeat(256)),
            &many(33),
        ] {
            assert_eq!(passed_on(&[bad]), None, "{bad}");
        }
        assert_eq!(passed_on(&[]), None);
    }
}
