//! A network between a browser and the sandbox.

mod fault;
mod hold;
mod message;
mod slow;

pub use hold::{Held, Way};
pub use slow::Slowness;

use crate::{pad::Pad, patience::until, sandbox::Sandbox, webdriver::WebDriver};
use anyhow::{Context, Result};
use fault::Fault;
use hold::{Hold, OnItsWay};
use message::{Answer, Request};
use serde_json::{Value, json};
use slow::Line;
use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// Where browsers send what violates a policy.
const REPORTS: &str = "/reports";

/// A network between a browser and the sandbox: an origin of its own that passes everything on and keeps what came. An address
/// can ask for a fault: `…?fault=reset` is reset each time, `…?fault=reset&once` only the first time. Every request has a
/// connection of its own. Dropping the network ends it.
#[derive(Debug)]
pub struct Network {
    port: u16,
    parts: Arc<Parts>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

/// A request that came from the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The path, without the query.
    pub path: String,
    /// The query, which names the fault, and whatever else tells requests apart.
    pub query: String,
    /// The header `cookie`, if there was one.
    pub cookie: Option<String>,
    /// The body.
    pub body: String,
}

#[derive(Debug)]
struct Parts {
    /// The sandbox's host and port, and the network's own.
    hosts: [String; 2],
    policies: Vec<(String, String)>,
    line: Option<Line>,
    seen: Mutex<Vec<Seen>>,
    holds: Mutex<Vec<Arc<Hold>>>,
    /// The queries of requests whose answers stall by a fault.
    stalled: Mutex<Vec<String>>,
}

impl Network {
    /// Starts on a free port, in front of this sandbox.
    ///
    /// # Errors
    ///
    /// If there is no port.
    pub async fn start(sandbox: &Sandbox) -> Result<Self> {
        Self::start_as(sandbox, Vec::new(), None).await
    }

    /// As [`Network::start`], on a slow line.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn start_slow(sandbox: &Sandbox, slowness: Slowness) -> Result<Self> {
        Self::start_as(sandbox, Vec::new(), Some(Line::new(slowness))).await
    }

    /// As [`Network::start`], and the files at these paths come under these content security policies in place of the
    /// sandbox's. Every policy, the sandbox's too, has violations reported.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn start_with_policies(sandbox: &Sandbox, policies: Vec<(String, String)>) -> Result<Self> {
        Self::start_as(sandbox, policies, None).await
    }

    async fn start_as(
        sandbox: &Sandbox,
        policies: Vec<(String, String)>,
        line: Option<Line>,
    ) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let upstream =
            sandbox.url("").strip_prefix("http://").context("the sandbox has no address")?.to_owned();
        let hosts = [upstream, format!("127.0.0.1:{port}")];
        let parts = Arc::new(Parts {
            hosts,
            policies,
            line,
            seen: Mutex::default(),
            holds: Mutex::default(),
            stalled: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&parts)));
        Ok(Self { port, parts, listening: Mutex::new(Some(accepting)) })
    }

    /// An address that leads through this network.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Opens the hosted page as a mobile web view gets it: by a form with the control id. Its session begins with the page, so the
    /// core is held back until the pad's events are kept.
    ///
    /// # Errors
    ///
    /// If the browser does not get there.
    pub async fn open_web_view<'a>(&self, driver: &'a WebDriver, control_id: &str) -> Result<Pad<'a>> {
        const POST: &str = "
            const form = document.createElement('form');
            form.method = 'post';
            form.action = './mobile';
            const field = document.createElement('input');
            field.name = 'controlId';
            field.value = argument;
            form.append(field);
            document.body.append(form);
            form.submit();";
        driver.open(&self.url("/pin-page/blank.html")).await?;
        let core = self.hold("/pin-page/card_pin_bg.wasm", Way::There);
        driver.run::<Value>(POST, json!(control_id)).await?;
        let pad = Pad::find(driver).await?;
        core.go_on().await?;
        Ok(pad)
    }

    /// Goes offline: connections break, and new ones are refused.
    pub fn go_away(&self) {
        let accepting = self.listening.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(accepting) = accepting {
            accepting.abort();
        }
    }

    /// Listens on the same port again.
    ///
    /// # Errors
    ///
    /// If somebody else has taken the port.
    pub async fn come_back(&self) -> Result<()> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.context("the port is taken")?;
        let accepting = tokio::spawn(accept(listener, Arc::clone(&self.parts)));
        *self.listening.lock().unwrap_or_else(PoisonError::into_inner) = Some(accepting);
        Ok(())
    }

    /// What came to a path, oldest first.
    #[must_use]
    pub fn seen(&self, path: &str) -> Vec<Seen> {
        let seen = self.parts.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// Waits until something has come to a path.
    ///
    /// # Errors
    ///
    /// If nothing comes in time.
    pub async fn until_seen(&self, path: &str) -> Result<()> {
        let is_seen = async || Ok((!self.seen(path).is_empty()).then_some(()));
        until(&format!("a request to {path}"), is_seen).await
    }

    /// Waits until the answer stalls, by a fault, to a request with this field in its query.
    ///
    /// # Errors
    ///
    /// If none stalls in time.
    pub async fn until_stalled(&self, field: &str) -> Result<()> {
        let is_meant = |query: &String| query.split('&').any(|other| other == field);
        let stalled = async || {
            let stalled = self.parts.stalled.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(stalled.iter().any(is_meant).then_some(()))
        };
        until(&format!("the answer to {field} to stall"), stalled).await
    }

    /// Holds the next request to a path back, or its answer.
    #[must_use]
    pub fn hold(&self, path: &str, way: Way) -> Held {
        let (held, hold) = Held::new(path, way);
        self.parts.holds.lock().unwrap_or_else(PoisonError::into_inner).push(hold);
        held
    }

    /// The violations that the browser has reported.
    #[must_use]
    pub fn reports(&self) -> Vec<String> {
        self.seen(REPORTS).into_iter().map(|seen| seen.body).collect()
    }

    /// Forgets what came.
    pub fn forget(&self) {
        self.parts.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.go_away();
    }
}

/// Takes connections, which end with this task.
async fn accept(listener: TcpListener, parts: Arc<Parts>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let parts = Arc::clone(&parts);
        // Broken connections are expected here, and the browser reports them.
        connections.spawn(async move { drop(parts.carry(stream).await) });
        while connections.try_join_next().is_some() {}
    }
}

impl Parts {
    async fn carry(&self, mut stream: TcpStream) -> Result<()> {
        // A browser opens connections in advance that it may never use.
        let Some(request) = Request::read(&mut stream).await? else { return Ok(()) };
        let fault = self.note(&request);
        if let Some(line) = &self.line {
            line.one_way().await;
            let answer = self.pass_on(&request).await?.to_bytes();
            line.one_way().await;
            return line.send(&mut stream, &request.path, &answer).await;
        }
        if request.path == REPORTS {
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await?;
            return Ok(());
        }
        let Some(fault) = fault else {
            return self.hold_and_pass_on(&mut stream, &request).await;
        };
        let answer = if fault.strikes_before() { None } else { Some(self.pass_on(&request).await?) };
        let stalls =
            || self.stalled.lock().unwrap_or_else(PoisonError::into_inner).push(request.query.clone());
        fault.strike(stream, answer, stalls).await
    }

    /// Keeps the request, and returns the fault that it asks for.
    fn note(&self, request: &Request) -> Option<Fault> {
        let seen = Seen {
            path: request.path.clone(),
            query: request.query.clone(),
            cookie: request.header("cookie").map(str::to_owned),
            body: String::from_utf8_lossy(&request.body).into_owned(),
        };
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = !all.iter().any(|other| (&other.path, &other.query) == (&seen.path, &seen.query));
        let mut fields = seen.query.split('&');
        let fault = fields.clone().find_map(|field| field.strip_prefix("fault="));
        let strikes = is_first || !fields.any(|field| field == "once");
        let fault = fault.filter(|_| strikes).map(Fault::named);
        all.push(seen);
        fault
    }

    async fn hold_and_pass_on(&self, stream: &mut TcpStream, request: &Request) -> Result<()> {
        let Some(_there) = self.wait(&request.path, Way::There).await else { return Ok(()) };
        let answer = self.pass_on(request).await?;
        let Some(_back) = self.wait(&request.path, Way::Back).await else { return Ok(()) };
        Ok(stream.write_all(&answer.to_bytes()).await?)
    }

    /// Waits as long as the test holds back what goes this way. `None` where the test has the connection cut.
    async fn wait(&self, path: &str, way: Way) -> Option<Vec<OnItsWay>> {
        let holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut on_its_way = Vec::new();
        for hold in holds.into_iter().filter(|hold| hold.takes(path, way)) {
            on_its_way.push(hold.wait().await?);
        }
        Some(on_its_way)
    }

    async fn pass_on(&self, request: &Request) -> Result<Answer> {
        let [upstream, own] = &self.hosts;
        let mut sandbox = TcpStream::connect(upstream).await?;
        sandbox.write_all(&request.to_bytes(own, upstream)).await?;
        let mut bytes = Vec::new();
        sandbox.read_to_end(&mut bytes).await?;
        let mut answer = Answer::parse(&bytes)?;
        answer.replace(upstream, own);
        let policy =
            self.policies.iter().find(|(path, _)| *path == request.path).map(|(_, policy)| policy.as_str());
        if let Some(policy) = policy.or(answer.header("content-security-policy")) {
            let policy = format!("{policy}; report-uri {REPORTS}");
            answer.set_header("content-security-policy", &policy);
        }
        Ok(answer)
    }
}
