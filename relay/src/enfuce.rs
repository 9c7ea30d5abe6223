//! The other side: one call of Enfuce's pin API for one request of the device.

mod credentials;
mod platform;

use std::fmt;
use std::time::Duration;

use axum::http::{StatusCode, header};
use reqwest::{Certificate, Client, Identity, Response, redirect, retry};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use crate::config::{self, Hidden};
use crate::wire::{self, Operation, Request};
use credentials::Credentials;

/// The largest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// How long an unused connection is kept; less than servers commonly do, so that it is seldom found closed.
const IDLE: Duration = Duration::from_secs(15);

/// Why there is no answer for the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There was no connection, so nothing was sent.
    Unreachable,
    /// There was no access token, so nothing was sent.
    NoToken,
    /// Enfuce refuses the relay, whatever the device sent.
    RelayRefused,
    /// Enfuce takes no more requests; with the seconds after which it may again.
    Busy(Option<u64>),
    /// Enfuce refuses what the device sent.
    Refused(StatusCode),
    /// Enfuce failed, or redirected.
    Failed,
    /// The answer was cut, too large, or not of the documented shape.
    BadAnswer,
    /// There was no whole answer in time.
    TimedOut,
}

impl Failure {
    /// Whether it is sure that Enfuce did nothing.
    pub(crate) fn left_undone(self) -> bool {
        match self {
            Self::Unreachable | Self::NoToken | Self::RelayRefused | Self::Busy(_) | Self::Refused(_) => true,
            Self::Failed | Self::BadAnswer | Self::TimedOut => false,
        }
    }

    /// What an answer's status means, unless it is a success.
    ///
    /// 403 is counted as a refusal of the relay, although it may mean a control id of another scope: both are the issuer's to
    /// mend, and a device that takes its control id for expired would only ask for another of the same kind.
    fn from_answer(response: &Response) -> Option<Self> {
        let status = response.status();
        match status {
            _ if status.is_success() => None,
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                Some(Self::Refused(StatusCode::BAD_REQUEST))
            }
            StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::GONE => Some(Self::Refused(status)),
            StatusCode::TOO_MANY_REQUESTS => {
                let seconds = response.headers().get(header::RETRY_AFTER);
                Some(Self::Busy(seconds.and_then(|value| value.to_str().ok()?.parse().ok())))
            }
            _ if status.is_client_error() => Some(Self::RelayRefused),
            _ => Some(Self::Failed),
        }
    }
}

/// What a call came to, and the status that Enfuce gave, for the log.
pub(crate) struct Outcome {
    pub(crate) result: Result<Map<String, Value>, Failure>,
    pub(crate) status: Option<StatusCode>,
}

/// Calls Enfuce.
pub(crate) struct Upstream {
    config: config::Enfuce,
    credentials: Credentials,
    /// For requests that may be repeated without harm.
    client: Client,
    /// For `set`: each on a connection of its own. One that was used before may be found closed, and then it is unknown what
    /// became of a request, or a library repeats it.
    set_client: Client,
}

/// The connections to Enfuce cannot be set up: the certificates do not fit together, or the system has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientError;

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "The connection to Enfuce cannot be set up: check that enfuce.client_certificate_file and \
             enfuce.client_key_file belong together, and that the system's CA certificates are installed.",
        )
    }
}

impl std::error::Error for ClientError {}

impl Upstream {
    pub(crate) fn new(config: config::Enfuce) -> Result<Self, ClientError> {
        let credentials = Credentials::new(config.auth.clone());
        let client = make_client(&config, usize::MAX)?;
        let set_client = make_client(&config, 0)?;
        Ok(Self { config, credentials, client, set_client })
    }

    /// Passes a request on, once, and reads the answer.
    pub(crate) async fn call(&self, request: &Request) -> Outcome {
        let deadline = Instant::now() + self.config.timeout;
        let client = if request.operation == Operation::Set { &self.set_client } else { &self.client };
        let call = platform::translate(&self.config, client, request);
        let call = match timeout_at(deadline, self.credentials.add_to(call, &self.client)).await {
            Ok(Ok(call)) => call,
            // No request had been sent that has to do with a PIN.
            Ok(Err(_)) | Err(_) => return Outcome { result: Err(Failure::NoToken), status: None },
        };
        let mut status = None;
        let answered = async {
            let mut response = call.send().await.map_err(|error| {
                if error.is_connect() { Failure::Unreachable } else { Failure::BadAnswer }
            })?;
            status = Some(response.status());
            if let Some(failure) = Failure::from_answer(&response) {
                return Err(failure);
            }
            let body = body(&mut response).await?;
            wire::read_answer(request.operation, &body).ok_or(Failure::BadAnswer)
        };
        let result = timeout_at(deadline, answered).await.unwrap_or(Err(Failure::TimedOut));
        if status == Some(StatusCode::UNAUTHORIZED) {
            self.credentials.refused().await;
        }
        Outcome { result, status }
    }
}

/// The whole body of an answer.
async fn body(response: &mut Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Failure::BadAnswer)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Failure::BadAnswer);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn make_client(config: &config::Enfuce, idle_connections: usize) -> Result<Client, ClientError> {
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .user_agent(concat!("card-pin-relay/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(config.connect_timeout)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(idle_connections);
    if config.base_url.scheme() == "http" {
        // To this machine: a proxy of the environment is for the world outside.
        builder = builder.no_proxy();
    }
    if !config.speaks_tls() {
        // Otherwise a system without any authorities could not be served at all.
        builder = builder.tls_certs_only([]);
    }
    if let Some(ca) = &config.ca {
        builder = builder.tls_certs_merge(Certificate::from_pem_bundle(ca).map_err(|_| ClientError)?);
    }
    if let Some(identity) = &config.client_identity {
        builder = builder.identity(from_pem(identity).ok_or(ClientError)?);
    }
    builder.build().map_err(|_| ClientError)
}

/// Whether the certificates, and the client's certificate and key, can be read.
pub(crate) fn check_certificates(ca: Option<&[u8]>, identity: Option<&Hidden>) -> (bool, bool) {
    let is_bundle = |ca| Certificate::from_pem_bundle(ca).is_ok_and(|certificates| !certificates.is_empty());
    (ca.is_none_or(is_bundle), identity.is_none_or(|identity| from_pem(identity).is_some()))
}

fn from_pem(identity: &Hidden) -> Option<Identity> {
    Identity::from_pem(identity.expose().as_bytes()).ok()
}
