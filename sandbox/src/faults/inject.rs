//! How faults are carried out.

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use tokio::time::{Sleep, sleep};

use super::queue::{Endpoint, Fault, Faults, KeyFault};
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
    /// The work is done with other keys under the names of the real ones.
    WrongKey,
    /// Another answer is sent; the work is not done.
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
    /// The second half never arrives.
    RestOfBody,
    /// The whole answer is sent, with a wrong media type.
    MediaType,
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
            Fault::StallBody => Self::After(Loss::RestOfBody),
            Fault::Mislabelled => Self::After(Loss::MediaType),
            Fault::WrongKey => Self::WrongKey,
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

impl Misbehaviour {
    /// Carries out the fault around `work`. A fault of a key is left to `work`.
    pub(crate) async fn carry_out(self, path: &str, work: impl Future<Output = Response>) -> Response {
        match self {
            Self::Key(_) | Self::WrongKey => work.await,
            Self::Before(instead) => instead.answer(path).await,
            Self::After(loss) => loss.spoil(work.await).await,
        }
    }
}

impl Instead {
    async fn answer(self, path: &str) -> Response {
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
    async fn spoil(self, mut response: Response) -> Response {
        let end = match self {
            Self::Whole => return cut(),
            Self::MediaType => {
                let html = HeaderValue::from_static("text/html; charset=utf-8");
                response.headers_mut().insert(header::CONTENT_TYPE, html);
                return response;
            }
            // Ends the body after the first half has been sent: hyper sees a body shorter than announced and closes the
            // connection.
            Self::HalfOfBody => Some(Box::pin(sleep(Duration::from_millis(50)))),
            Self::RestOfBody => None,
        };
        let (mut parts, body) = response.into_parts();
        // Our own answers are in memory; one that cannot be read is lost as a whole.
        let Ok(body) = to_bytes(body, usize::MAX).await else { return cut() };
        parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
        let half = Some(body.slice(..body.len() / 2));
        Response::from_parts(parts, Body::new(HalfBody { half, end }))
    }
}

impl Faults {
    /// Carries out the fault that is planned for this endpoint, or the work alone if there is none.
    pub(crate) async fn inject(
        &self,
        endpoint: Endpoint,
        path: &str,
        work: impl Future<Output = Response>,
    ) -> Response {
        match self.take(endpoint).map(Misbehaviour::from) {
            None => work.await,
            Some(misbehaviour) => misbehaviour.carry_out(path, work).await,
        }
    }
}

fn cut() -> Response {
    let mut response = StatusCode::OK.into_response();
    response.extensions_mut().insert(CutConnection);
    response
}

/// A body of which only the first half is sent.
struct HalfBody {
    half: Option<Bytes>,
    /// When the body ends, if it ever does.
    end: Option<Pin<Box<Sleep>>>,
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
        match &mut self.end {
            Some(end) => {
                ready!(end.as_mut().poll(context));
                Poll::Ready(None)
            }
            // Nothing wakes this: the client has to give up, or the connection breaks.
            None => Poll::Pending,
        }
    }
}
