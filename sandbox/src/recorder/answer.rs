//! Records an answer while it is sent, and does not change it: a fault's answer breaks off where it was meant to.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use serde_json::json;

use super::party::Route;
use super::{ELIDED, Wire};
use crate::faults::CutConnection;

/// How much of an answer's body is kept. Every answer with a key or a block in it is shorter.
const KEPT_BYTES: usize = 16 * 1024;

/// Wraps the response so that its body is recorded as far as it is sent.
pub(super) fn noted(wire: &Arc<Wire>, request_step: u64, route: Route, response: Response) -> Response {
    let step = wire.next_step();
    if response.extensions().get::<CutConnection>().is_some() {
        wire.add_answer(request_step, json!({"step": step, "status": null, "body": ""}));
        return response;
    }
    let status = response.status().as_u16();
    response.map(|inner| {
        let kept = Vec::new();
        let note = Note { wire: Arc::clone(wire), request_step, step, status, route };
        Body::new(Noted { inner, kept, note: Some(note) })
    })
}

/// The facts about an answer that are known before its body is sent.
struct Note {
    wire: Arc<Wire>,
    request_step: u64,
    step: u64,
    status: u16,
    route: Route,
}

/// A body that is passed on, and recorded up to the limit.
struct Noted {
    inner: Body,
    kept: Vec<u8>,
    /// `None` once the answer is recorded.
    note: Option<Note>,
}

impl Noted {
    fn write_down(&mut self) {
        let Some(Note { wire, request_step, step, status, route }) = self.note.take() else { return };
        let body =
            if route.carries_credentials { ELIDED.into() } else { String::from_utf8_lossy(&self.kept) };
        wire.add_answer(request_step, json!({"step": step, "status": status, "body": body}));
    }
}

impl HttpBody for Noted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            let room = KEPT_BYTES.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(&data[..data.len().min(room)]);
        }
        // Before the last byte is sent, so that a client that has read the answer finds it in the record.
        if frame.is_none() || self.inner.is_end_stream() {
            self.write_down();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Noted {
    /// If the answer broke off, only this much was sent.
    fn drop(&mut self) {
        self.write_down();
    }
}
