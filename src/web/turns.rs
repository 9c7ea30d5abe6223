//! Giving way: long work in steps, with everything else that waits let through in between.

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

/// Turns of the event loop, by a message to oneself: a timer would be held back by four milliseconds each.
#[derive(Debug)]
pub(super) struct Turns(Option<MessageChannel>);

impl Turns {
    pub(super) fn new() -> Self {
        Self(MessageChannel::new().ok())
    }

    /// Lets the event loop run once.
    pub(super) async fn next(&self) {
        let Some(channel) = &self.0 else { return };
        let turn = Promise::new(&mut |resolve, _| {
            channel.port1().set_onmessage(Some(&resolve));
            // A port refuses only what cannot be cloned.
            let _ = channel.port2().post_message(&JsValue::NULL);
        });
        // The promise is never rejected.
        let _ = JsFuture::from(turn).await;
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        if let Some(channel) = &self.0 {
            channel.port1().close();
        }
    }
}
