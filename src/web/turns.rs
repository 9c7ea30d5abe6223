//! Giving way: long work in steps, with everything else that waits let through in between.

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageChannel, MessagePort};

/// Turns of the event loop, by a message to oneself: a timer would be held back by four milliseconds each.
///
/// Both ports are held here, so that no engine can collect one while a message is on its way to it.
#[derive(Debug)]
pub(super) struct Turns(Option<Ports>);

#[derive(Debug)]
struct Ports {
    receiver: MessagePort,
    sender: MessagePort,
}

impl Turns {
    pub(super) fn new() -> Self {
        let channel = MessageChannel::new().ok();
        Self(channel.map(|channel| Ports { receiver: channel.port1(), sender: channel.port2() }))
    }

    /// Lets the event loop run once.
    pub(super) async fn next(&self) {
        let Some(Ports { receiver, sender }) = &self.0 else { return };
        let turn = Promise::new(&mut |resolve, _| {
            receiver.set_onmessage(Some(&resolve));
            // A port refuses only what cannot be cloned.
            let _ = sender.post_message(&JsValue::NULL);
        });
        // The promise is never rejected.
        let _ = JsFuture::from(turn).await;
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        if let Some(Ports { receiver, .. }) = &self.0 {
            receiver.close();
        }
    }
}
