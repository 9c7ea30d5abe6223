//! Runs asynchronous tasks, and reports those that break off.

use alloc::boxed::Box;
use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen]
extern "C" {
    /// Calls one of our functions from JavaScript, because only JavaScript can catch a trap or an exception of the page.
    #[wasm_bindgen(js_namespace = Reflect, js_name = apply, catch)]
    fn call(step: &mut dyn FnMut(), this: &JsValue, arguments: &Array) -> Result<(), JsValue>;
}

/// Starts tasks. Without it a task that breaks off would be lost, and the code that waits for it would wait for ever.
pub(super) struct Tasks {
    break_off: Function,
}

struct Task {
    /// `None` once the task is done, or has broken off.
    work: Option<Pin<Box<dyn Future<Output = ()>>>>,
    break_off: Function,
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tasks")
    }
}

impl Tasks {
    /// Makes tasks that call `break_off` with a thrown value.
    pub(super) fn new(break_off: Function) -> Self {
        Self { break_off }
    }

    pub(super) fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        spawn_local(Task { work: Some(Box::pin(work)), break_off: self.break_off.clone() });
    }
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(mut work) = self.work.take() else { return Poll::Ready(()) };
        let mut polled = Poll::Pending;
        let step = &mut || polled = work.as_mut().poll(context);
        if let Err(thrown) = call(step, &JsValue::UNDEFINED, &Array::new()) {
            // A task that broke off half-way through a step must not be dropped: its state is not consistent.
            core::mem::forget(work);
            let _ = self.break_off.call1(&JsValue::NULL, &thrown);
            return Poll::Ready(());
        }
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}
