//! The language of the hosted page, and its words.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use serde::Deserialize;

use crate::files::Dist;

/// The file of words that the build makes from the pad's own languages.
const FILE: &str = "page-words.json";

/// The words of the page itself, around the pad and instead of it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct PageWords {
    /// The language's tag, for `lang`.
    #[serde(skip)]
    pub(super) lang: String,
    pub(super) dir: String,
    pub(super) title: String,
    pub(super) script: String,
    pub(super) expired: String,
    pub(super) used: String,
    pub(super) unknown: String,
    pub(super) reopen: String,
}

impl PageWords {
    /// Returns the words in the language that the issuer asked for, else in the first of the customer's languages that is available,
    /// else in English.
    pub(super) fn choose(dist: &Dist, asked: Option<&str>, headers: &HeaderMap) -> Self {
        let languages: BTreeMap<String, Self> =
            dist.text(FILE).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let wanted = asked.into_iter().map(str::to_owned).chain(ranked(accepted.unwrap_or_default()));
        let (lang, words) = wanted
            .chain(["en".to_owned()])
            .find_map(|tag| {
                let language = language_of(&tag).to_owned();
                let words = languages.get(&language)?.clone();
                Some((if tag.starts_with(&language) { tag } else { language }, words))
            })
            .unwrap_or_default();
        Self { lang, ..words }
    }
}

/// The language subtag of a tag (RFC 5646, 2.1), which is also the name of the file.
fn language_of(tag: &str) -> &str {
    match tag.split('-').next().unwrap_or_default() {
        "no" | "nn" => "nb",
        language => language,
    }
}

/// The tags of `Accept-Language`, best first (RFC 9110, 12.5.4); those with a weight of zero are not wanted.
fn ranked(header: &str) -> Vec<String> {
    let mut ranked: Vec<(f32, String)> = header
        .split(',')
        .filter_map(|item| {
            let (tag, weight) = item.split_once(";q=").unwrap_or((item, "1"));
            let weight = weight.trim().parse::<f32>().ok().filter(|weight| *weight > 0.0)?;
            let tag = tag.trim();
            let is_tag =
                !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            is_tag.then(|| (weight, tag.to_ascii_lowercase()))
        })
        .collect();
    ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    ranked.into_iter().map(|(_, tag)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_ranked_by_weight_and_then_by_order() {
        assert_eq!(ranked("de-AT;q=0.5, fr, en;q=0.5, *;q=0.1, it;q=0"), ["fr", "de-at", "en"]);
        assert_eq!(ranked("de;q=x, <b>, ,"), [""; 0]);
    }

    #[test]
    fn norwegian_has_three_tags() {
        assert_eq!(["no", "nn-NO", "nb", "de-CH"].map(language_of), ["nb", "nb", "nb", "de"]);
    }
}
