//! Listens, serves, and stops without dropping a request.

mod listener;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::admin;
use crate::config::{GatewayTls, Listen};
use crate::metrics::Metrics;
use crate::otlp::Exporting;
use crate::relay::Relay;
use listener::{Listener, Stream};

/// How long a connection may be idle, or take to send the head of a request. This is longer than gateways usually keep a
/// connection (60 s), so that the gateway closes it: a request on a connection that is just being closed is lost.
const IDLE: Duration = Duration::from_secs(75);
/// How long the first request may take to arrive: idle connections must not block others.
const FIRST: Duration = Duration::from_secs(10);
/// How long an answer may wait if the other end has stopped reading.
const WRITE: Duration = Duration::from_secs(10);
/// The most connections of operators at the same time.
const ADMIN_CONNECTIONS: usize = 64;
/// The largest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// How long a request in flight may take beyond its deadline.
const GRACE: Duration = Duration::from_secs(1);

/// A running relay.
#[derive(Debug)]
pub struct Running {
    relay: Relay,
    devices: Listening,
    operators: Option<Listening>,
    exporting: Option<Exporting>,
}

#[derive(Debug)]
struct Listening {
    at: Listen,
    stop: watch::Sender<()>,
    served: JoinHandle<()>,
}

/// An address cannot be listened on.
#[derive(Debug)]
pub struct ListenError {
    field: &'static str,
    at: Listen,
    source: io::Error,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, at, source } = self;
        write!(f, "{field}: {at} cannot be listened on ({}).", source.kind())
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl Running {
    /// The address for devices.
    #[must_use]
    pub fn listen(&self) -> &Listen {
        &self.devices.at
    }

    /// The address for operators.
    #[must_use]
    pub fn admin_listen(&self) -> Option<&Listen> {
        self.operators.as_ref().map(|operators| &operators.at)
    }

    /// Reports at `GET /readyz` that the relay stops, and serves for the configured time. Then it accepts no more connections,
    /// and returns when every request in flight is answered. Traces are exported as far as possible within two seconds.
    pub async fn stop(self) {
        self.relay.stopping();
        let drain = self.relay.live().config.drain;
        sleep(drain).await;
        self.devices.stop().await;
        if let Some(exporting) = self.exporting {
            exporting.stop().await;
        }
        if let Some(operators) = self.operators {
            operators.stop().await;
        }
    }
}

/// How the connections of a listener are handled.
struct Service {
    router: Router,
    /// Who may connect, by the current configuration.
    gateway: Box<dyn Fn() -> Option<GatewayTls> + Send + Sync>,
    /// The most connections at the same time.
    connections: usize,
    /// How long requests in flight may take at the end.
    grace: Duration,
    metrics: Arc<Metrics>,
}

impl Listening {
    async fn start(field: &'static str, at: &Listen, service: Service) -> Result<Self, ListenError> {
        let (listener, at) =
            Listener::bind(at).await.map_err(|source| ListenError { field, at: at.clone(), source })?;
        let (stop, stopped) = watch::channel(());
        let served = tokio::spawn(serve(listener, service, stopped));
        Ok(Self { at, stop, served })
    }

    async fn stop(self) {
        drop(self.stop);
        // A failed task has stopped as well.
        let _ = self.served.await;
    }
}

/// Starts a relay in the current tokio runtime, on the addresses of its configuration.
///
/// # Errors
/// [`ListenError`]; nothing runs then.
pub async fn start(relay: Relay) -> Result<Running, ListenError> {
    relay.admission().open();
    let live = relay.live();
    let config = &live.config;
    let operators = match config.admin_listen {
        Some(address) => {
            let service = Service {
                router: admin::router(&relay),
                gateway: Box::new(|| None),
                connections: ADMIN_CONNECTIONS,
                grace: GRACE,
                metrics: relay.metrics().clone(),
            };
            Some(Listening::start("admin_listen", &Listen::Tcp(address), service).await?)
        }
        None => None,
    };
    let service = Service {
        router: relay.router(),
        gateway: Box::new({
            let relay = relay.clone();
            move || relay.live().config.gateway_tls.clone()
        }),
        connections: config.limits.connections,
        grace: config.deadline + GRACE,
        metrics: relay.metrics().clone(),
    };
    let devices = Listening::start("listen", &config.listen, service).await?;
    let getting_ready = relay.clone();
    tokio::spawn(async move { getting_ready.get_ready().await });
    let exporting = relay.export();
    Ok(Running { relay, devices, operators, exporting })
}

async fn serve(listener: Listener, service: Service, mut stopped: watch::Receiver<()>) {
    let Service { router, gateway, connections: places, grace, metrics } = service;
    let places = Arc::new(Semaphore::new(places));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // The sender is never used to send; it is dropped.
            _ = stopped.changed() => break,
            accepted = accept(&listener, &places) => match accepted {
                Ok((stream, peer, place)) => {
                    let (router, metrics, stopped) = (router.clone(), metrics.clone(), stopped.clone());
                    let gateway = gateway();
                    connections.spawn(async move {
                        match admitted(stream, gateway).await {
                            Ok(stream) => connection(stream, peer, router, metrics, stopped).await,
                            Err(kind) => metrics.count_malformed(kind),
                        }
                        drop(place);
                    });
                }
                // The process is probably out of file descriptors. Then a connection has to end first.
                Err(_) => sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if timeout(grace, all_ended).await.is_err() {
        connections.shutdown().await;
    }
}

async fn accept(
    listener: &Listener,
    places: &Arc<Semaphore>,
) -> io::Result<(Stream, Option<SocketAddr>, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

/// The connection, after the gateway has proved its identity if that is required; otherwise the kind of failure.
async fn admitted(stream: Stream, gateway: Option<GatewayTls>) -> Result<Stream, &'static str> {
    let Some(gateway) = gateway else { return Ok(stream) };
    match timeout(FIRST, gateway.accept(stream)).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => Err("not_the_gateway"),
        Ok(Err(_)) | Err(_) => Err("no_tls"),
    }
}

async fn connection(
    stream: Stream,
    peer: Option<SocketAddr>,
    router: Router,
    metrics: Arc<Metrics>,
    mut stopped: watch::Receiver<()>,
) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE));
    let has_asked = Arc::new(AtomicBool::new(false));
    let asked = has_asked.clone();
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        asked.store(true, Ordering::Relaxed);
        let mut request = request.map(Body::new);
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(MAX_HEAD_BYTES);
    let stream = Box::pin(stream);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let never_asks = async {
        sleep(FIRST).await;
        if has_asked.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = never_asks => return,
        _ = stopped.changed() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // There was no request, so the log has no line about it.
    if let Some(kind) = ended.err().and_then(|error| malformed(&error)) {
        metrics.count_malformed(kind);
    }
}

/// The fault in the input. A connection that broke or was idle for too long is not a fault.
fn malformed(error: &hyper::Error) -> Option<&'static str> {
    if error.is_parse_too_large() { Some("head_too_large") } else { error.is_parse().then_some("not_http") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    /// A connection with a device that has asked for much more than is under way at a time.
    async fn device() -> (DuplexStream, JoinHandle<()>) {
        let (mut device, stream) = duplex(1024);
        let router = Router::new().route("/", get(async || "x".repeat(4096)));
        let (stop, stopped) = watch::channel(());
        let served = tokio::spawn(async move {
            let _not_yet = stop;
            connection(Box::new(stream), None, router, Arc::default(), stopped).await;
        });
        device.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        (device, served)
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_an_answer_is_cut_off() {
        let started = Instant::now();
        let (mut device, served) = device().await;
        timeout(2 * IDLE, served).await.unwrap().unwrap();
        assert!((WRITE..IDLE).contains(&started.elapsed()), "{:?}", started.elapsed());
        let mut answer = String::new();
        device.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.len() < 4096, "{}", answer.len());
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_for_nothing_does_not_keep_a_connection() {
        let (mut device, stream) = duplex(1024);
        let (_stop, stopped) = watch::channel(());
        let started = Instant::now();
        connection(Box::new(stream), None, Router::new(), Arc::default(), stopped).await;
        assert!((FIRST..IDLE).contains(&started.elapsed()), "{:?}", started.elapsed());
        assert_eq!(device.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_is_not() {
        let (mut device, served) = device().await;
        let mut answer = Vec::new();
        loop {
            sleep(WRITE / 2).await;
            if device.read_buf(&mut answer).await.unwrap() == 0 {
                break;
            }
        }
        served.await.unwrap();
        assert!(answer.ends_with(&[b'x'; 4096]), "{}", answer.len());
    }
}
