//! The interface for JavaScript, and the code that uses the browser: messages, requests, timers, and the canvas.

mod crossing;
mod driver;
#[cfg(feature = "shipped")]
mod panic;
mod requests;
mod screen;
mod strokes;
mod tasks;
mod timing;
mod wiping;

use alloc::rc::Rc;
use driver::Driver;
use wasm_bindgen::prelude::*;

/// A vault: it has one session, and exchanges only the messages of `src/protocol.rs` with the page.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Vault(Rc<Driver>);

#[wasm_bindgen]
impl Vault {
    /// Makes a vault that waits for `open`. It calls `tell` with each message for the page, and `break_off` with an exception in
    /// a task, after which the vault cannot be used. An exception in a message is thrown by `receive`.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(tell: js_sys::Function, break_off: js_sys::Function) -> Vault {
        Vault(Driver::new(tell, break_off))
    }

    /// Takes a message of the page, or the canvas on which a PIN is drawn. Anything else is ignored.
    pub fn receive(&self, message: JsValue) {
        self.0.receive(message);
    }
}
