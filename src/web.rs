//! The surface that JavaScript calls, and what speaks to the browser: messages, requests, timers, and the canvas.

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

/// A vault: it holds one session, and speaks to the page in the messages of `src/protocol.rs` alone.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Vault(Rc<Driver>);

#[wasm_bindgen]
impl Vault {
    /// Makes a vault that waits for `open`. It calls `tell` with each message for the page, and `break_off` with what is thrown
    /// at work that goes on by itself: nothing can be relied on after that. What is thrown at a message, `receive` throws.
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
