//! `POST` with `fetch`: no cookies, no referrer, no cache, no redirects, a time limit, and a size limit.

use crate::wire::{MAX_REPLY_BYTES, Reply};
use alloc::{rc::Rc, vec::Vec};
use core::cell::Cell;
use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, ReadableStreamDefaultReader, ReferrerPolicy, Request, RequestCache, RequestCredentials,
    RequestInit, RequestRedirect, Response,
};

#[wasm_bindgen]
extern "C" {
    // The same in a worker and on a page.
    #[wasm_bindgen(catch)]
    fn fetch(request: &Request) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// Posts a JSON `body` and reads the whole answer, within `timeout_ms` for both, unless `abort` is used before.
pub(super) async fn post(url: &str, body: &str, timeout_ms: i32, abort: &AbortController) -> Reply {
    let timed_out = Rc::new(Cell::new(false));
    let on_timeout = Closure::once({
        let (timed_out, abort) = (Rc::clone(&timed_out), abort.clone());
        move || {
            timed_out.set(true);
            abort.abort();
        }
    });
    let timer = set_timeout(on_timeout.as_ref().unchecked_ref(), timeout_ms);
    let answer = exchange(url, body, abort).await;
    clear_timeout(&timer);
    match answer {
        Ok(answered) => answered,
        Err(_) if timed_out.get() => Reply::TimedOut,
        Err(_) => Reply::Failed,
    }
}

async fn exchange(url: &str, body: &str, abort: &AbortController) -> Result<Reply, JsValue> {
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_body(&body.into());
    options.set_credentials(RequestCredentials::Omit);
    options.set_referrer_policy(ReferrerPolicy::NoReferrer);
    options.set_cache(RequestCache::NoStore);
    options.set_redirect(RequestRedirect::Error);
    options.set_signal(Some(&abort.signal()));
    let request = Request::new_with_str_and_init(url, &options)?;
    request.headers().set("content-type", "application/json")?;
    request.headers().set("accept", "application/json")?;
    let response: Response = JsFuture::from(fetch(&request)?).await?.unchecked_into();
    let status = response.status();
    Ok(Reply::Answered { status, body: read(&response).await? })
}

/// The body, or `None` as soon as it turns out to be larger than the limit.
async fn read(response: &Response) -> Result<Option<Vec<u8>>, JsValue> {
    let mut bytes = Vec::new();
    let Some(stream) = response.body() else { return Ok(Some(bytes)) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        if Reflect::get(&chunk, &"done".into())?.is_truthy() {
            return Ok(Some(bytes));
        }
        let chunk: Uint8Array = Reflect::get(&chunk, &"value".into())?.unchecked_into();
        if bytes.len() + chunk.length() as usize > MAX_REPLY_BYTES {
            // Nothing waits for the rest, nor for the outcome of giving it up.
            let _ = reader.cancel();
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk.to_vec());
    }
}
