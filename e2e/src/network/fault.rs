//! What goes wrong on the network, and how.

use super::message::Answer;
use anyhow::Result;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

/// The time between two pieces of an answer that comes slowly.
const PAUSE: Duration = Duration::from_millis(100);
const SLOW_PIECES: usize = 5;
const EIGHT_MEBIBYTES: usize = 8 << 20;
/// Deeper than any parser should follow.
const DEPTH: usize = 30_000;

const PAGE: &[u8] = b"<!doctype html><title>Welcome</title>";

/// One fault, by the name that an address gives it.
pub(super) enum Fault {
    /// The request is read, and something other than the sandbox's answer comes.
    Before(Loss),
    /// The sandbox does its work, and the answer is lost.
    After(Loss),
    /// The sandbox does its work, and half of the answer's body comes.
    Half(Loss),
    /// One byte after the other, so slowly that nobody waits for the end.
    Drip,
    /// In pieces, but in time.
    Slow,
    /// The sandbox's answer with another status.
    Status(u16),
    /// This status, with the page of a server that does not know the address.
    Page(u16),
    /// 503, and after how many seconds to come again; nothing is carried out.
    Busy(u16),
    /// 200, and this as the card's `pinStatus`.
    PinStatus(&'static str),
    /// A redirect to a path where nothing is.
    Redirect(u16),
    /// No HTTP.
    Garbage,
    /// It says that it is compressed, and is not.
    Gzip,
    /// Another media type.
    Type,
    /// Another body, made from the true one.
    Body(fn(&[u8]) -> Vec<u8>),
    /// The name of the fault is not known: the answer is 501.
    Unknown,
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// As if the other side were done.
    Closed,
    /// By a reset.
    Reset,
    /// Not at all.
    Stalled,
}

impl Fault {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "cut" => Self::Before(Loss::Closed),
            "reset" => Self::Before(Loss::Reset),
            "stall" => Self::Before(Loss::Stalled),
            "cut_after" => Self::After(Loss::Closed),
            "reset_after" => Self::After(Loss::Reset),
            "stall_after" => Self::After(Loss::Stalled),
            "cut_body" => Self::Half(Loss::Closed),
            "reset_body" => Self::Half(Loss::Reset),
            "stall_body" => Self::Half(Loss::Stalled),
            "drip" => Self::Drip,
            "slow" => Self::Slow,
            "pin_set" => Self::PinStatus("S"),
            "pin_waiting" => Self::PinStatus("W"),
            "garbage" => Self::Garbage,
            "gzip" => Self::Gzip,
            "type" => Self::Type,
            "empty" => Self::Body(|_| Vec::new()),
            "null" => Self::Body(|_| b"null".into()),
            "portal" => Self::Body(|_| PAGE.into()),
            "utf8" => Self::Body(|_| b"{\"tzpk\": \"\xff\xfe\xc0\xaf\"}".into()),
            "json" => Self::Body(|_| b"{\"tzpk\": ".into()),
            "big" => Self::Body(|_| spaced(EIGHT_MEBIBYTES)),
            // More than 64 KiB would be refused for that.
            "deep" => Self::Body(|body| {
                extended(body, &format!("\"deep\": {}{}", "[".repeat(DEPTH), "]".repeat(DEPTH)))
            }),
            "twice" => Self::Body(|body| extended(body, "\"tzpk\": \"AAAA\"")),
            "more" => Self::Body(|body| {
                extended(
                    body,
                    "\"more\": [1, null, {\"tzpk\": \"\"}], \"__proto__\": {\"algorithm\": \"AES\"}",
                )
            }),
            _ => match name.split_once('_').map(|(kind, status)| (kind, status.parse())) {
                Some(("status", Ok(status))) => Self::Status(status),
                Some(("page", Ok(status))) => Self::Page(status),
                Some(("busy", Ok(seconds))) => Self::Busy(seconds),
                Some(("redirect", Ok(status))) => Self::Redirect(status),
                _ => Self::Unknown,
            },
        }
    }

    /// Whether the sandbox never learns of the request.
    pub(super) fn strikes_before(&self) -> bool {
        matches!(self, Self::Before(_) | Self::Busy(_))
    }

    /// Lets the fault happen. `stalls` is called at the moment from which nothing comes any more, or too slowly.
    pub(super) async fn strike(
        self,
        mut stream: TcpStream,
        answer: Option<Answer>,
        stalls: impl FnOnce(),
    ) -> Result<()> {
        if let Self::Busy(seconds) = self {
            let head = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close";
            return Ok(stream
                .write_all(format!("{head}\r\nretry-after: {seconds}\r\n\r\n").as_bytes())
                .await?);
        }
        let (Self::Before(loss) | Self::After(loss) | Self::Half(loss)) = self else {
            let Some(answer) = answer else { return Ok(()) };
            if let Self::Drip = self {
                stalls();
            }
            return self.distort(&mut stream, answer).await;
        };
        if let (Self::Half(_), Some(answer)) = (&self, answer) {
            stream.write_all(&answer.head()).await?;
            stream.write_all(&answer.body[..answer.body.len() / 2]).await?;
            stream.flush().await?;
            // So that the half is there before the end is.
            sleep(PAUSE).await;
        }
        match loss {
            Loss::Closed => {}
            Loss::Reset => stream.set_zero_linger()?,
            // Until the browser gives up.
            Loss::Stalled => {
                stalls();
                while stream.read(&mut [0]).await? > 0 {}
            }
        }
        Ok(())
    }

    async fn distort(self, stream: &mut TcpStream, mut answer: Answer) -> Result<()> {
        match self {
            Self::Drip => return in_pieces(stream, &answer.to_bytes(), 1).await,
            Self::Slow => {
                let bytes = answer.to_bytes();
                return in_pieces(stream, &bytes, bytes.len().div_ceil(SLOW_PIECES)).await;
            }
            Self::Garbage => return Ok(stream.write_all(b"\0\x01 what is this?\r\n\r\n").await?),
            Self::Status(status) => answer.set_status(status),
            Self::Page(status) => {
                answer.set_status(status);
                answer.set_header("content-type", "text/html; charset=utf-8");
                answer.body = PAGE.into();
            }
            Self::PinStatus(status) => {
                answer.set_status(200);
                answer.set_header("content-type", "application/json");
                answer.body = format!("{{\"pinStatus\": \"{status}\"}}").into_bytes();
            }
            Self::Redirect(status) => {
                answer.set_status(status);
                answer.set_header("location", "/elsewhere");
            }
            Self::Gzip => answer.set_header("content-encoding", "gzip"),
            Self::Type => answer.set_header("content-type", "text/html; charset=utf-16"),
            Self::Body(make) => answer.body = make(&answer.body),
            _ => answer.set_status(501),
        }
        Ok(stream.write_all(&answer.to_bytes()).await?)
    }
}

async fn in_pieces(stream: &mut TcpStream, bytes: &[u8], length: usize) -> Result<()> {
    for piece in bytes.chunks(length) {
        stream.write_all(piece).await?;
        stream.flush().await?;
        sleep(PAUSE).await;
    }
    Ok(())
}

/// Valid JSON of this length.
fn spaced(length: usize) -> Vec<u8> {
    let mut body = vec![b' '; length - 2];
    body.extend(b"{}");
    body
}

/// An object with more fields before its own.
fn extended(object: &[u8], fields: &str) -> Vec<u8> {
    let rest = object.strip_prefix(b"{").unwrap_or(b"}");
    let comma = if rest.starts_with(b"}") { "" } else { "," };
    [b"{", fields.as_bytes(), comma.as_bytes(), rest].concat()
}
