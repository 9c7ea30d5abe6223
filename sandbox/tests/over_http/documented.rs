//! `openapi.json`, and the check that an answer is described there.

use std::sync::LazyLock;

use serde_json::Value;

pub(crate) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../openapi.json")).unwrap());

/// Fails if a documented path gives a status or a media type that its document does not name. Every answer in every test is
/// checked here.
#[track_caller]
pub(crate) fn assert_documented(path: &str, status: u16, media_type: &str, text: &str) {
    let matches = |template: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template.zip(path).all(|(part, given)| part.starts_with('{') || part == given)
    };
    let code =
        serde_json::from_str(text).ok().and_then(|body: Value| Some(body["code"].as_str()?.to_owned()));
    // These answers are described once for all paths: those to other methods, to other hosts, and to pages of other origins.
    if matches!(status, 405 | 421) || code.as_deref() == Some("other_origin") {
        return;
    }
    let is_fault = status == 302 || code.as_deref() == Some("other");
    let paths = DOCUMENT["paths"].as_object().unwrap();
    // A path without parameters goes before one with.
    let item = paths
        .get(path)
        .or_else(|| paths.iter().find(|(template, _)| matches(template)).map(|(_, item)| item));
    let Some(item) = item.filter(|_| !is_fault) else { return };
    let described: Vec<_> = item
        .as_object()
        .unwrap()
        .values()
        .filter_map(|operation| operation["responses"].get(status.to_string()))
        .map(|response| match response["$ref"].as_str() {
            Some(pointer) => DOCUMENT.pointer(pointer.strip_prefix('#').unwrap()).unwrap(),
            None => response,
        })
        .collect();
    assert!(!described.is_empty(), "{path} answered {status}, which is not documented: {text}");
    let media_type = media_type.split(';').next().unwrap();
    let fits = |response: &&Value| match response.get("content") {
        Some(content) => content.get(media_type).is_some(),
        None => text.is_empty(),
    };
    // The faults `html`, `not_json` and the like answer 200 with something else.
    assert!(status == 200 || described.iter().any(fits), "{path} {status}: {media_type}");
}
