//! Waits for a time, for a frame, or for the event loop's next turn.

use core::{future::poll_fn, pin::pin, task::Poll};
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: u32) -> JsValue;
    #[wasm_bindgen(js_name = requestAnimationFrame, catch)]
    fn request_animation_frame(callback: &Function) -> Result<JsValue, JsValue>;
}

/// How long to wait for a frame, in milliseconds: a hidden page gets none.
const FRAME_MS: u32 = 250;

/// Waits for this many milliseconds.
pub(super) async fn sleep(milliseconds: u32) {
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, milliseconds);
    });
    settled(promise).await;
}

/// Waits until the drawing is on the screen. A worker that ends before its next frame would leave the last one there.
pub(super) async fn frame() {
    let promise = Promise::new(&mut |resolve, _| {
        // The frame only starts at this callback: one more turn waits for its end.
        let then = Closure::once_into_js({
            let resolve = resolve.clone();
            move || {
                set_timeout(&resolve, 0);
            }
        });
        let _ = request_animation_frame(then.unchecked_ref());
        set_timeout(&resolve, FRAME_MS);
    });
    settled(promise).await;
}

/// The outcome of `work` if it is done within this many milliseconds, so that a page which never answers does not block the
/// caller.
pub(super) async fn within<T>(milliseconds: u32, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut end) = (pin!(work), pin!(sleep(milliseconds)));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => end.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// Turns of the event loop, by a message to oneself: a browser delays each timer by four milliseconds.
///
/// The channel is stored here so that no engine collects a port while a message to it is under way.
pub(super) struct Turns(Option<MessageChannel>);

impl Turns {
    pub(super) fn new() -> Self {
        Self(MessageChannel::new().ok())
    }

    /// Waits for the next turn.
    pub(super) async fn next(&self) {
        let Some(channel) = &self.0 else { return sleep(0).await };
        let promise = Promise::new(&mut |resolve, _| {
            channel.port1().set_onmessage(Some(&resolve));
            let _ = channel.port2().post_message(&JsValue::NULL);
        });
        settled(promise).await;
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        if let Some(channel) = &self.0 {
            channel.port1().close();
        }
    }
}

/// None of the promises here is ever rejected.
async fn settled(promise: Promise) {
    let _ = JsFuture::from(promise).await;
}
