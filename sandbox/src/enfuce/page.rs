//! The hosted page: web views get it by a POST with a control id, frames by a GET with a key.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use uuid::Uuid;

use super::cards::unknown_card;
use super::page_words::PageWords;
use crate::clock::Clock;
use crate::files::Dist;
use crate::http::{Kind, Problem, Table, form_field, is_media_type, parse_uuid};
use crate::store::Store;
use crate::store::cards::{self, Card, Product};
use crate::store::control_ids::{self, Fetched, Scope, Visit};

/// The template of the page for a customer whose control id does not work.
const ERROR_PAGE: &str = "page-error.html";

/// What the hosted page reads.
#[derive(Clone)]
pub(crate) struct HostedPage {
    /// The origin of the issuer's app, which may frame the page that it gets by a POST.
    pub(crate) base_url: String,
    /// Frame key → the origin that may frame the page under it.
    pub(crate) frame_origins: Arc<HashMap<String, String>>,
    /// How long a control id lives from its first use by the page.
    pub(crate) opened_ms: u64,
    pub(crate) clock: Arc<Clock>,
    pub(crate) store: Store,
    pub(crate) dist: Arc<Dist>,
}

pub(crate) fn table() -> Table<HostedPage> {
    vec![("/pin-page/mobile", post(mobile)), ("/pin-page/frame", get(frame))]
}

/// `POST /pin-page/mobile` with the form field `controlId`, or on the nextgen platform as JSON with `pinControlId`; and with
/// `lang`, the language of the issuer's app.
async fn mobile(State(hosted): State<HostedPage>, headers: HeaderMap, body: Bytes) -> Response {
    let words = PageWords::choose(&hosted.dist, sent_lang(&headers, &body).as_deref(), &headers);
    match mobile_page(&hosted, &headers, &body, &words).await {
        Ok(html) => page(html, &hosted.base_url),
        Err(problem) => error_page(&hosted, &problem, &words),
    }
}

async fn mobile_page(
    hosted: &HostedPage,
    headers: &HeaderMap,
    body: &[u8],
    words: &PageWords,
) -> Result<String, Problem> {
    let id = sent_id(headers, body)?;
    let template = hosted.dist.page()?;
    let visit = Visit { now: hosted.clock.now(), opened_ms: Some(hosted.opened_ms) };
    let fetched = hosted.store.transaction(move |tx| {
        let Fetched { scope, card_id } = control_ids::fetch_page(tx, id, visit)?;
        Ok::<_, Problem>((scope, cards::find(tx, card_id)?.ok_or_else(unknown_card)?))
    });
    let (scope, card) = fetched.await?;
    let operation = match scope {
        Scope::SetPin => "set-pin",
        Scope::ViewPin => "view-pin",
    };
    let (control_id, parent_origin) = (id.to_string(), hosted.base_url.as_str());
    let expires_in = expires_in(hosted);
    let card = name_of(&card);
    let values =
        Values { operation, control_id: &control_id, card: &card, expires_in: &expires_in, parent_origin };
    Ok(fill_page(&template, &values, words))
}

/// The brand and the last four digits, which need no translation. By them the customer notices a form for somebody else's card.
fn name_of(card: &Card) -> String {
    let brand = match card.product {
        Product::McCard | Product::DebitMc => "Mastercard",
        Product::VisaCard | Product::DebitVisa => "Visa",
    };
    let number = &card.masked_card_number;
    let last = number.get(number.len().saturating_sub(4)..).unwrap_or_default();
    format!("{brand} •••• {last}")
}

/// The language that the issuer asks for, beside the control id.
fn sent_lang(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if is_media_type(headers, "application/json") {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        return body["lang"].as_str().map(str::to_owned);
    }
    std::str::from_utf8(body).ok().and_then(|body| form_field(body, "lang")).map(str::to_owned)
}

fn sent_id(headers: &HeaderMap, body: &[u8]) -> Result<Uuid, Problem> {
    if is_media_type(headers, "application/json") {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = body["pinControlId"].as_str();
        let id = id.ok_or_else(|| Problem::malformed("The JSON member pinControlId is missing."))?;
        parse_uuid("pinControlId", id)
    } else if is_media_type(headers, "application/x-www-form-urlencoded") {
        let id = std::str::from_utf8(body).ok().and_then(|body| form_field(body, "controlId"));
        let id = id.ok_or_else(|| Problem::malformed("The form field controlId is missing."))?;
        parse_uuid("controlId", id)
    } else {
        let detail = "Send controlId as a form (application/x-www-form-urlencoded), or pinControlId as application/json.";
        Err(Problem::new(Kind::UnsupportedMediaType, detail))
    }
}

/// `GET /pin-page/frame?key=…&lang=…`: the origin that belongs to the key sends the control id later, in a message.
///
/// The answer shows whether a key exists, and its origin: browsers need the origin in the policy. A key is not a secret; the
/// issuer's own page contains it.
async fn frame(State(hosted): State<HostedPage>, headers: HeaderMap, uri: Uri) -> Response {
    let words =
        PageWords::choose(&hosted.dist, form_field(uri.query().unwrap_or_default(), "lang"), &headers);
    match frame_page(&hosted, &uri, &words) {
        Ok((html, origin)) => page(html, origin),
        Err(problem) => error_page(&hosted, &problem, &words),
    }
}

fn frame_page<'a>(
    hosted: &'a HostedPage,
    uri: &Uri,
    words: &PageWords,
) -> Result<(String, &'a str), Problem> {
    let key = form_field(uri.query().unwrap_or_default(), "key");
    let key = key.ok_or_else(|| Problem::malformed("The query parameter key is missing."))?;
    let origin = hosted
        .frame_origins
        .get(key)
        .ok_or_else(|| Problem::new(Kind::Unknown, "There is no such frame key."))?;
    // The control id decides what the page is for. The parent's page shows whose card it is.
    let expires_in = expires_in(hosted);
    let values = Values {
        operation: "set-pin",
        control_id: "",
        card: "",
        expires_in: &expires_in,
        parent_origin: origin,
    };
    Ok((fill_page(&hosted.dist.page()?, &values, words), origin))
}

/// How many seconds a control id is valid from its first use by the page.
fn expires_in(hosted: &HostedPage) -> String {
    (hosted.opened_ms / 1000).to_string()
}

/// The values of the placeholders.
struct Values<'a> {
    operation: &'a str,
    control_id: &'a str,
    card: &'a str,
    expires_in: &'a str,
    parent_origin: &'a str,
}

fn fill_page(template: &str, values: &Values<'_>, words: &PageWords) -> String {
    fill(template, |name| {
        Some(match name {
            "operation" => values.operation,
            "control-id" => values.control_id,
            "card" => values.card,
            "expires-in" => values.expires_in,
            "parent-origin" => values.parent_origin,
            "lang" => &words.lang,
            "dir" => &words.dir,
            "title" => &words.title,
            "script" => &words.script,
            "unknown" => &words.unknown,
            "reopen" => &words.reopen,
            _ => return None,
        })
    })
}

/// Replaces the placeholders, each value escaped for an attribute or text.
fn fill<'a>(template: &str, value_of: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut page = String::with_capacity(template.len() + 128);
    let mut rest = template;
    // One pass, so that a value is never searched for placeholders itself.
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let filled = after.split_once("}}").and_then(|(name, after)| Some((value_of(name)?, after)));
        let (value, after) = filled.unwrap_or(("{{", after));
        page.push_str(&escape(value));
        rest = after;
    }
    page.push_str(rest);
    page
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn page(html: String, parent_origin: &str) -> Response {
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; connect-src 'self'; \
         frame-ancestors {parent_origin}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; \
         trusted-types card-pin"
    );
    html_response(StatusCode::OK, html, &policy)
}

/// A readable page for a customer whose token does not work. It contains neither the token nor details for developers.
fn error_page(hosted: &HostedPage, problem: &Problem, words: &PageWords) -> Response {
    let title = match problem.kind() {
        Kind::Expired => &words.expired,
        Kind::AlreadyUsed | Kind::WrongState => &words.used,
        _ => &words.unknown,
    };
    let template = hosted.dist.text(ERROR_PAGE).unwrap_or_default();
    let html = fill(&template, |name| {
        Some(match name {
            "lang" => &words.lang,
            "dir" => &words.dir,
            "title" => title,
            "advice" => &words.reopen,
            _ => return None,
        })
    });
    let policy = format!(
        "default-src 'none'; style-src 'self'; frame-ancestors {}; base-uri 'none'; form-action 'none'",
        hosted.base_url
    );
    html_response(problem.kind().status(), html, &policy)
}

fn html_response(status: StatusCode, html: String, policy: &str) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Cuts the link to a page of another site that opened this one.
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    // A policy that is not a header value can only come from a malformed origin; then nothing may load.
    let policy = HeaderValue::from_str(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once_and_escaped() {
        let template =
            "a {{operation}} b {{control-id}} {{card}} {{expires-in}} c {{parent-origin}} d {{other}} {{";
        let values = Values {
            operation: "set-pin",
            control_id: "<\"'&>",
            card: "Visa •••• 1234",
            expires_in: "300",
            parent_origin: "{{operation}}",
        };
        let filled = fill_page(template, &values, &PageWords::default());
        assert_eq!(
            filled,
            "a set-pin b &lt;&quot;&#39;&amp;&gt; Visa •••• 1234 300 c {{operation}} d {{other}} {{"
        );
    }
}
