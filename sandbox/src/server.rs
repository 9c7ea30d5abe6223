//! Starting, serving and stopping. The connections are served here rather than by the web framework, because a fault has
//! to be able to close one without an answer.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::app::{App, Parts, router};
use crate::clock::Clock;
use crate::config::{Config, DEMO_FRAME_KEY};
use crate::enfuce::{Dist, Tokens, embossing};
use crate::error::Error;
use crate::hsm::{Hsm, PinKeyPlan};
use crate::http::RateLimit;
use crate::issuer::{self, EnfuceClient};
use crate::levers::{CutConnection, Faults, Wire};
use crate::store::{Store, time};

/// How long requests in flight may take to end when the sandbox stops.
const GRACE: Duration = Duration::from_secs(1);

/// The other end of a connection; every request carries it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// A running sandbox. It stops when this is dropped, and has stopped when [`Running::stop`] returns.
#[derive(Debug)]
pub struct Running {
    base_url: String,
    stop: watch::Sender<()>,
    served: JoinHandle<()>,
}

impl Running {
    /// The origin under which everything is reached, such as `http://127.0.0.1:8080`, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Stops listening, lets requests in flight end for up to a second, and closes the database.
    pub async fn stop(self) {
        drop(self.stop);
        // A failed task has stopped as well.
        let _ = self.served.await;
    }
}

/// Starts a sandbox on 127.0.0.1 in the current tokio runtime.
///
/// # Errors
///
/// Whatever keeps it from starting; see [`Error`]. Nothing runs then.
pub async fn start(config: Config) -> Result<Running, Error> {
    let dist = Dist::open(&config.dist, config.theme.as_deref())?;
    if config.db.is_dir() {
        return Err(Error::DatabaseIsFolder { db: config.db });
    }
    if let Some(folder) = config.db.parent() {
        fs::create_dir_all(folder)
            .map_err(|source| Error::DatabaseFolder { folder: folder.to_owned(), source })?;
    }
    // Before the files are touched: a second sandbox on the same port must not open the first one's database.
    let listener = listen(config.port).await?;
    let port = listener.local_addr().map_err(|source| Error::Listen { port: config.port, source })?.port();
    let hsm = Hsm::open(&master_key_file(&config.db), &config.db)?;
    let store = Store::open(&config.db)?;
    let clock = Clock::default();
    let now = clock.now();
    let time = store.transaction(move |tx| time::read(tx, now)).await;
    let time =
        time.map_err(|_| Error::Database { db: config.db.clone(), reason: "it cannot be read".to_owned() })?;
    clock.set_offset_ms(time.offset_ms);
    let app = make_app(config, port, clock, store, hsm, dist)?;
    let base_url = app.base_url().to_owned();
    let (stop, stopped) = watch::channel(());
    let timetable = embossing::keep_timetable(app.clone(), stopped.clone());
    let served = tokio::spawn(async {
        tokio::join!(serve(listener, router(app), stopped), timetable);
    });
    Ok(Running { base_url, stop, served })
}

/// The parts together, in the state that a sandbox starts in.
pub(crate) fn make_app(
    config: Config,
    port: u16,
    clock: Clock,
    store: Store,
    hsm: Hsm,
    dist: Dist,
) -> Result<App, Error> {
    let base_url = format!("http://127.0.0.1:{port}");
    let mut frame_origins = HashMap::from([(DEMO_FRAME_KEY.to_owned(), base_url.clone())]);
    frame_origins.extend(config.frames);
    Ok(App::new(Parts {
        port,
        credentials: format!("{}:{}", config.user, config.password),
        frame_origins,
        embossing: config.embossing,
        clock,
        store,
        hsm: Arc::new(hsm),
        dist,
        tokens: Tokens::default(),
        rate_limit: RateLimit::new(config.requests_per_second),
        page_opened_ms: u64::from(config.page_minutes) * 60_000,
        strict_control_ids: config.strict_control_ids,
        pin_key_plan: Mutex::new(PinKeyPlan::DOCUMENTED),
        faults: Faults::default(),
        wire: Wire::default(),
        enfuce_client: EnfuceClient::new(&base_url, &config.user, &config.password)?,
        relay: issuer::make_relay(&base_url, &config.user, &config.password)?,
        base_url,
    }))
}

async fn listen(port: u16) -> Result<TcpListener, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => Error::PortInUse { port },
        _ => Error::Listen { port, source },
    })
}

fn master_key_file(db: &Path) -> PathBuf {
    let mut name = db.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

async fn serve(listener: TcpListener, router: Router, mut stopped: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // The sender is only ever dropped.
            _ = stopped.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, Peer(peer), router.clone(), stopped.clone()));
                }
                // Out of file descriptors, most likely: some connection has to end first.
                Err(_) => sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if timeout(GRACE, all_ended).await.is_err() {
        connections.shutdown().await;
    }
}

async fn connection(stream: TcpStream, peer: Peer, router: Router, mut stopped: watch::Receiver<()>) {
    let service = service_fn(move |request| answer(router.clone(), peer, request));
    let mut connection =
        std::pin::pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    // An error here is a connection that broke, or was made to.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Lets the routes answer. An `Err` makes hyper close the connection without a word.
async fn answer(
    router: Router,
    peer: Peer,
    request: Request<Incoming>,
) -> Result<Response<Body>, CutConnection> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    let response: Result<_, Infallible> = router.oneshot(request).await;
    let Ok(response) = response;
    match response.extensions().get::<CutConnection>() {
        Some(cut) => Err(*cut),
        None => Ok(response),
    }
}

impl fmt::Display for CutConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut on purpose")
    }
}

impl std::error::Error for CutConnection {}
