//! Makes requests to the server: with a deadline, and without redirects, referrer and cache.

use super::timing::within;
use crate::{
    protocol::{Credentials, Open},
    wire::{Answer, Endpoint, MAX_REPLY_BYTES, Reply, Request},
};
use alloc::{string::String, vec::Vec};
use core::cell::RefCell;
use js_sys::{Date, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, Headers, ReadableStream, ReadableStreamDefaultReader, Response};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn fetch(url: &str, options: &Object) -> Result<Promise, JsValue>;
}

/// The addresses and options of a session's requests. There is never more than one under way.
#[derive(Debug)]
pub(super) struct Requests {
    tzpk_url: String,
    set_url: String,
    view_url: String,
    status_url: Option<String>,
    credentials: Credentials,
    headers: Vec<String>,
    timeout_ms: u32,
    under_way: RefCell<Option<AbortController>>,
}

impl Requests {
    pub(super) fn new(open: &mut Open) -> Self {
        Self {
            tzpk_url: core::mem::take(&mut open.tzpk_url),
            set_url: core::mem::take(&mut open.set_url),
            view_url: core::mem::take(&mut open.view_url),
            status_url: open.status_url.take(),
            credentials: open.credentials,
            headers: core::mem::take(&mut open.request_headers),
            timeout_ms: open.timeout_ms,
            under_way: RefCell::new(None),
        }
    }

    /// Aborts the request under way.
    pub(super) fn abort(&self) {
        if let Some(controller) = self.under_way.take() {
            controller.abort();
        }
    }

    /// Makes the request; the answer counts if all of it arrives in time.
    pub(super) async fn post(&self, request: Request) -> Reply {
        let Ok(controller) = AbortController::new() else { return Reply::Failed };
        let signal = controller.signal();
        *self.under_way.borrow_mut() = Some(controller);
        let answer = within(self.timeout_ms, self.exchange(request, &signal)).await;
        if answer.is_none() {
            self.abort();
        }
        self.under_way.take();
        answer.map_or(Reply::TimedOut, |answer| answer.map_or(Reply::Failed, Reply::Answered))
    }

    async fn exchange(&self, request: Request, signal: &AbortSignal) -> Result<Answer, JsValue> {
        let options = self.options(&request, signal)?;
        let answer = fetch(self.url(request.endpoint), &options)?;
        // The browser has the body now, and the vault may be closed before the answer comes.
        drop((request, options));
        let response: Response = JsFuture::from(answer).await?.unchecked_into();
        let headers = response.headers();
        let header = |name| headers.get(name).ok().flatten();
        Ok(Answer {
            status: response.status(),
            is_html: header("content-type").is_some_and(|kind| is_html(&kind)),
            retry_after_seconds: header("retry-after").and_then(|after| seconds_from(&after)),
            body: match response.body() {
                Some(stream) => whole_of(&stream).await?,
                None => Some(Vec::new()),
            },
        })
    }

    /// Makes options without a prototype, so that a property of `Object.prototype` does not become one.
    fn options(&self, request: &Request, signal: &AbortSignal) -> Result<Object, JsValue> {
        let headers = Headers::new()?;
        for [name, value] in self.headers.as_chunks().0 {
            headers.set(name, value)?;
        }
        headers.set("content-type", "application/json")?;
        headers.set("accept", "application/json")?;
        let options = Object::create(JsValue::NULL.unchecked_ref());
        let texts = [
            ("method", "POST"),
            ("body", &request.body),
            ("credentials", self.credentials.name()),
            ("referrerPolicy", "no-referrer"),
            ("cache", "no-store"),
            ("redirect", "error"),
        ];
        for (name, value) in texts {
            Reflect::set(&options, &name.into(), &value.into())?;
        }
        Reflect::set(&options, &"headers".into(), &headers)?;
        Reflect::set(&options, &"signal".into(), signal)?;
        Ok(options)
    }

    fn url(&self, endpoint: Endpoint) -> &str {
        match endpoint {
            Endpoint::Tzpk => &self.tzpk_url,
            Endpoint::Set => &self.set_url,
            Endpoint::View => &self.view_url,
            // Without an address the session never asks for the status.
            Endpoint::Status => self.status_url.as_deref().unwrap_or_default(),
        }
    }
}

/// Reads the body; `None` as soon as it is too large.
async fn whole_of(stream: &ReadableStream) -> Result<Option<Vec<u8>>, JsValue> {
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut body = Vec::new();
    loop {
        let read = JsFuture::from(reader.read()).await?;
        if Reflect::get(&read, &"done".into())?.is_truthy() {
            return Ok(Some(body));
        }
        let chunk: Uint8Array = Reflect::get(&read, &"value".into())?.unchecked_into();
        let length = chunk.length() as usize;
        if body.len() + length > MAX_REPLY_BYTES {
            // Nothing waits for the rest, nor for the outcome of cancelling it.
            let _ = reader.cancel();
            return Ok(None);
        }
        let start = body.len();
        body.resize(start + length, 0);
        chunk.copy_to(&mut body[start..]);
        // An account number may be in it, and the core has a copy of its own.
        chunk.fill(0, 0, chunk.length());
    }
}

fn is_html(content_type: &str) -> bool {
    // Compares bytes: the table of all white space of Unicode would take 330 bytes more with brotli.
    let kind = content_type.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    [b"text/html".as_slice(), b"application/xhtml+xml"].iter().any(|html| kind.eq_ignore_ascii_case(html))
}

/// RFC 9110, 10.2.3: a number of seconds, or a date.
fn seconds_from(retry_after: &str) -> Option<u16> {
    let retry_after = retry_after.trim_ascii();
    if !retry_after.is_empty() && retry_after.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(retry_after.parse().unwrap_or(u16::MAX));
    }
    let seconds = (Date::parse(retry_after) - Date::now()) / 1000.0;
    // An invalid date is NaN. A cast takes the nearest number of its type.
    (!seconds.is_nan()).then_some((seconds + 1.0) as u16)
}
