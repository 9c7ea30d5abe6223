//! An upstream that answers or fails exactly as a test says, byte for byte.

use std::fmt::{self, Display, Formatter};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// The number of its connection.
    pub(crate) connection: usize,
    /// `POST /pin/v3/set?…`
    pub(crate) line: String,
    /// The headers in lower case, one on each line.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// What the upstream does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Status(u16, String),
    /// The bytes of the whole answer; then the connection is closed.
    Raw(String),
    /// It waits, and then answers.
    After(Duration, Box<Answer>),
    /// It answers when the test says so.
    Held(watch::Receiver<()>, Box<Answer>),
    Stall,
    Cut,
}

/// Waits until the condition is true, for at most a minute.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so().await {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// 200 with this body.
pub(crate) fn ok(body: impl ToString) -> Answer {
    Answer::Status(200, body.to_string())
}

/// A port of this machine on which nothing listens. While this exists, no other program gets the port.
pub(crate) struct ClosedPort(TcpSocket);

impl ClosedPort {
    pub(crate) fn reserve() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        Self(socket)
    }
}

/// Its address, as a URL needs it.
impl Display for ClosedPort {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.local_addr().unwrap().fmt(f)
    }
}

/// The answer of the nextgen platform's token server.
pub(crate) fn access_token(token: &str) -> Answer {
    ok(json!({"access_token": token, "token_type": "bearer", "expires_in": 3600}))
}

pub(crate) struct Upstream {
    pub(crate) base_url: String,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Upstream {
    pub(crate) async fn start(answer: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        Self::listen(None, answer).await
    }

    /// The same over TLS.
    pub(crate) async fn start_tls(
        config: ServerConfig,
        answer: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Some(TlsAcceptor::from(Arc::new(config))), answer).await
    }

    async fn listen(
        tls: Option<TlsAcceptor>,
        answer: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let base_url = if tls.is_some() { "https://localhost" } else { "http://127.0.0.1" };
        let (received, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let kept = Arc::clone(&received);
        let task = tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                connection += 1;
                let (answer, kept, tls) = (Arc::clone(&answer), Arc::clone(&kept), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, connection, &*answer, &kept).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, connection, &*answer, &kept).await;
                            }
                        }
                    }
                });
            }
        });
        Self { base_url: format!("{base_url}:{port}"), received, task }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    connection: usize,
    answer: &(impl Fn(&Received) -> Answer + ?Sized),
    kept: &Mutex<Vec<Received>>,
) {
    while let Some(received) = read(&mut stream, connection).await {
        kept.lock().unwrap().push(received.clone());
        let mut next = answer(&received);
        loop {
            next = match next {
                Answer::After(time, then) => {
                    tokio::time::sleep(time).await;
                    *then
                }
                Answer::Held(mut held, then) => {
                    // It also answers if the test's end was dropped.
                    let _ = held.changed().await;
                    *then
                }
                _ => break,
            };
        }
        match next {
            Answer::Status(status, body) => {
                let text = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
            Answer::Raw(text) => {
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.shutdown().await;
                return;
            }
            Answer::Stall => tokio::time::sleep(Duration::from_secs(600)).await,
            Answer::Cut | Answer::After(..) | Answer::Held(..) => return,
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin), connection: usize) -> Option<Received> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
                return Some(Received { connection, line, head: lower, body: body.to_owned() });
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
