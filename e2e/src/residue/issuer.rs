//! The server, which the test controls.

use crate::{files::copy_dist, patience::PATIENCE};
use anyhow::{Context as _, Result, ensure};
use axum::{
    Json, Router,
    body::{Body, Bytes, HttpBody},
    extract::{DefaultBodyLimit, Path as Segment, State},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::post,
};
use http_body::Frame;
use serde_json::Value;
use std::{
    fs, io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// A server that the test controls. It serves the built files and the test pages, and takes the vault's requests to `/pin/…`,
/// which the test answers at any time. Dropping it ends it.
#[derive(Debug)]
pub struct Issuer {
    origin: String,
    asked: mpsc::UnboundedReceiver<Asked>,
    taps: mpsc::UnboundedReceiver<Tap>,
    folders: [PathBuf; 2],
    cuts: Arc<AtomicBool>,
    served: JoinHandle<()>,
    _dist: TempDir,
}

/// A request that waits for its answer. If it is dropped without one, the connection is cut.
#[derive(Debug)]
pub struct Asked {
    /// `tzpk`, `set` or `view`.
    pub step: String,
    /// What was posted.
    pub body: Value,
    answer: oneshot::Sender<(StatusCode, Value)>,
}

impl Asked {
    /// Answers.
    ///
    /// # Errors
    ///
    /// If that is not a status.
    pub fn answer(self, status: u16, body: Value) -> Result<()> {
        // The vault may have closed the connection meanwhile.
        let _ = self.answer.send((StatusCode::from_u16(status)?, body));
        Ok(())
    }
}

/// The vault's whole memory at one moment.
#[derive(Debug)]
struct Tap {
    /// `now` if the test asked for it; `searching` or `closed` if the vault's wrapper took it by itself.
    pub moment: String,
    /// All its bytes.
    pub memory: Bytes,
}

#[derive(Clone)]
struct Parts {
    folders: [PathBuf; 2],
    asked: mpsc::UnboundedSender<Asked>,
    taps: mpsc::UnboundedSender<Tap>,
    cuts: Arc<AtomicBool>,
}

impl Issuer {
    /// Starts it on a free port.
    ///
    /// # Errors
    ///
    /// If `dist/` is not built, or there is no port.
    pub async fn start() -> Result<Self> {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("e2e/ lies in no workspace")?;
        let dist = tempfile::tempdir()?;
        copy_dist(dist.path())?;
        let folders = [dist.path().to_owned(), project.join("e2e/pages")];
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let (asked, taps) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let cuts = Arc::new(AtomicBool::new(false));
        let router = Router::new()
            .route("/pin/{step}", post(pin))
            .route("/tap/{moment}", post(tap).layer(DefaultBodyLimit::disable()))
            .fallback(file)
            .with_state(Parts {
                folders: folders.clone(),
                asked: asked.0,
                taps: taps.0,
                cuts: Arc::clone(&cuts),
            });
        // If it ends early, the browser reports it.
        let served = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { origin, asked: asked.1, taps: taps.1, folders, cuts, served, _dist: dist })
    }

    /// An address on it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The core that it serves.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn core(&self) -> Result<Vec<u8>> {
        fs::read(self.folders[0].join("card_pin_bg.wasm")).context("the core cannot be read")
    }

    /// The next request, which has to be this one.
    ///
    /// # Errors
    ///
    /// If it is another, or none comes.
    pub async fn asked(&mut self, step: &str) -> Result<Asked> {
        let asked = timeout(PATIENCE, self.asked.recv()).await;
        let asked =
            asked.ok().flatten().with_context(|| format!("waited in vain for a request to {step}"))?;
        ensure!(asked.step == step, "a request to {} came instead of one to {step}", asked.step);
        Ok(asked)
    }

    /// The next memory, which has to be of this moment.
    ///
    /// # Errors
    ///
    /// If it is of another, or none comes.
    pub async fn tapped(&mut self, moment: &str) -> Result<Bytes> {
        let tap = timeout(PATIENCE, self.taps.recv()).await;
        let tap = tap.ok().flatten().with_context(|| format!("waited in vain for the memory {moment}"))?;
        ensure!(tap.moment == moment, "the memory {} came instead of {moment}", tap.moment);
        Ok(tap.memory)
    }

    /// Cuts the connection of this request and of all that come after it: a browser may send it again by itself.
    pub fn cut(&self, asked: Asked) {
        self.cuts.store(true, Ordering::SeqCst);
        drop(asked);
    }

    /// Forgets the requests and memories of a session that the test has left.
    pub fn forget(&mut self) {
        self.cuts.store(false, Ordering::SeqCst);
        while self.asked.try_recv().is_ok() {}
        while self.taps.try_recv().is_ok() {}
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn pin(
    State(parts): State<Parts>,
    Segment(step): Segment<String>,
    Json(body): Json<Value>,
) -> Response {
    if parts.cuts.load(Ordering::SeqCst) {
        return Body::new(Cut).into_response();
    }
    let (answer, answered) = oneshot::channel();
    if parts.asked.send(Asked { step, body, answer }).is_err() {
        return StatusCode::GONE.into_response();
    }
    match answered.await {
        Ok((status, body)) => (status, Json(body)).into_response(),
        Err(_) => Body::new(Cut).into_response(),
    }
}

/// A body that breaks off.
struct Cut;

impl HttpBody for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }
}

async fn tap(State(parts): State<Parts>, Segment(moment): Segment<String>, memory: Bytes) -> StatusCode {
    match parts.taps.send(Tap { moment, memory }) {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::GONE,
    }
}

async fn file(State(parts): State<Parts>, uri: Uri) -> Response {
    let name = uri.path().trim_start_matches('/');
    let Some(contents) = parts.folders.iter().find_map(|folder| fs::read(folder.join(name)).ok()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let media_type = match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    };
    ([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))], contents).into_response()
}
