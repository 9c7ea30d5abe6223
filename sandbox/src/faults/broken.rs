//! How faults are carried out.

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use tokio::time::{Sleep, sleep};

use super::queue::{Fault, KeyFault};
use crate::config::BODY_LIMIT;
use crate::hsm::KeyMaterial;
use crate::http::{Kind, Problem};

/// Marks a response that is never sent: the server closes the connection instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CutConnection;

/// A fault, by what it does to the endpoint's work.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Misbehaviour {
    /// The work is done with a bad key.
    Key(KeyFault),
    /// Something else answers; the work is not done.
    Before(Instead),
    /// The work is done, its answer is lost.
    After(Loss),
}

/// What answers in place of the endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Instead {
    Redirect,
    Stall,
    Cut,
    Html,
    NotJson,
    TooLarge,
    Status(StatusCode),
}

/// How an answer is lost.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Loss {
    Whole,
    HalfOfBody,
}

impl From<Fault> for Misbehaviour {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Redirect => Self::Before(Instead::Redirect),
            Fault::Stall => Self::Before(Instead::Stall),
            Fault::Cut => Self::Before(Instead::Cut),
            Fault::Html => Self::Before(Instead::Html),
            Fault::NotJson => Self::Before(Instead::NotJson),
            Fault::TooLarge => Self::Before(Instead::TooLarge),
            Fault::Status(status) => {
                // Plans are checked to be 400 to 599.
                Self::Before(Instead::Status(
                    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                ))
            }
            Fault::CutAfter => Self::After(Loss::Whole),
            Fault::CutBody => Self::After(Loss::HalfOfBody),
            Fault::Truncated => Self::Key(KeyFault::Truncated),
            Fault::Flipped => Self::Key(KeyFault::Flipped),
            Fault::NotBase64 => Self::Key(KeyFault::NotBase64),
            Fault::Sha1 => Self::Key(KeyFault::Sha1),
            Fault::KeyBytes(length) => Self::Key(KeyFault::Material(KeyMaterial::Bytes(length))),
            Fault::SingleDes => Self::Key(KeyFault::Material(KeyMaterial::SingleDes)),
            Fault::Weak => Self::Key(KeyFault::Material(KeyMaterial::Weak)),
        }
    }
}

impl Instead {
    pub(crate) async fn answer(self, path: &str) -> Response {
        match self {
            Self::Redirect => {
                let elsewhere = format!("{path}-elsewhere");
                (StatusCode::FOUND, [(header::LOCATION, elsewhere)]).into_response()
            }
            Self::Stall => pending().await,
            Self::Cut => cut(),
            Self::Html => {
                let page = "<!doctype html><title>Welcome</title><p>Please sign in to use this network.</p>";
                ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
            }
            Self::NotJson => ([(header::CONTENT_TYPE, "application/json")], "{\"tzpk\": ").into_response(),
            Self::TooLarge => {
                let body = format!("{{\"tzpk\":\"{}\"}}", "A".repeat(BODY_LIMIT + 4));
                ([(header::CONTENT_TYPE, "application/json")], body).into_response()
            }
            Self::Status(status) => {
                Problem::new(Kind::Other(status), "This answer was asked for as a fault.").into_response()
            }
        }
    }
}

impl Loss {
    /// Loses an answer that was ready to go.
    pub(crate) async fn spoil(self, response: Response) -> Response {
        match self {
            Self::Whole => cut(),
            Self::HalfOfBody => {
                let (mut parts, body) = response.into_parts();
                // Our own answers are in memory; one that cannot be read is lost as a whole.
                let Ok(body) = to_bytes(body, usize::MAX).await else { return cut() };
                parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
                Response::from_parts(parts, Body::new(HalfBody::of(&body)))
            }
        }
    }
}

fn cut() -> Response {
    let mut response = StatusCode::OK.into_response();
    response.extensions_mut().insert(CutConnection);
    response
}

/// The first half of a body, and then, when it has surely been sent, nothing more: the server sees a body shorter than it
/// announced and closes the connection.
struct HalfBody {
    half: Option<Bytes>,
    pause: Pin<Box<Sleep>>,
}

impl HalfBody {
    fn of(body: &Bytes) -> Self {
        Self { half: Some(body.slice(..body.len() / 2)), pause: Box::pin(sleep(Duration::from_millis(50))) }
    }
}

impl HttpBody for HalfBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        ready!(self.pause.as_mut().poll(context));
        Poll::Ready(None)
    }
}
