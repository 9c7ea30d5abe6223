//! The surface that JavaScript calls, and what speaks to the browser: messages, requests, timers, and the canvas.

/// Messages, from JavaScript's values and to them.
mod crossing;
/// One session, driven: the search in turns, requests, deadlines.
mod driver;
/// What a panic does.
#[cfg(feature = "shipped")]
mod panic;
/// Requests to the server.
mod requests;
/// The canvas on which a PIN is drawn.
mod screen;
/// The strokes of the ten digits.
mod strokes;
/// Work that goes on by itself.
mod tasks;
/// Waiting: for a time, for a frame, for the event loop's next turn.
mod timing;
/// What a library leaves behind where it worked.
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
