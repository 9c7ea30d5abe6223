//! Makes the HTTP clients, and resolves names.

use std::env;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, NoProxy, Proxy, redirect, retry};
use url::Url;

use crate::config::pem;
use crate::secret_string::SecretString;

/// How long an unused connection is kept. This is shorter than most servers keep it, so that a connection is rarely closed when
/// it is used.
const IDLE: Duration = Duration::from_secs(15);

/// The settings of a client.
pub(crate) struct Settings<'a> {
    /// All addresses that it calls.
    pub(crate) urls: &'a [&'a Url],
    /// Certificates in PEM of the only authorities that are trusted; without them the system's are.
    pub(crate) ca: Option<&'a [u8]>,
    /// The certificate and key of the relay itself.
    pub(crate) identity: Option<&'a SecretString>,
    pub(crate) connect_timeout: Duration,
    /// How many unused connections are kept.
    pub(crate) idle_connections: usize,
}

/// The HTTP client cannot be made: the certificates do not fit together, or the system has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientError;

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "The connection to Enfuce cannot be set up: check that enfuce.client_certificate_file and \
             enfuce.client_key_file belong together, that the system's CA certificates are installed, and that HTTPS_PROXY is an \
             address.",
        )
    }
}

impl Error for ClientError {}

/// Makes a client. It follows no redirects, repeats nothing, and reports when a name was not found.
pub(crate) fn make(settings: &Settings<'_>) -> Result<Client, ClientError> {
    // Without this header the server may use any coding (RFC 9110 §12.5.3), and the relay cannot read any.
    let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))]);
    let mut builder = Client::builder()
        .default_headers(headers)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .user_agent(concat!("card-pin-relay/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(settings.idle_connections)
        .dns_resolver(Resolver);
    // Requests to this machine without TLS never go through a proxy, whatever the environment says.
    builder = builder.no_proxy();
    if let Some(proxy) = proxy() {
        builder = builder.proxy(proxy.map_err(|_| ClientError)?);
    }
    let speaks_tls = settings.urls.iter().any(|url| url.scheme() == "https");
    if let Some(ca) = settings.ca {
        builder = builder.tls_certs_only(pem::authorities(ca).ok_or(ClientError)?);
    } else if !speaks_tls {
        // Otherwise the relay could not run at all on a system without authorities.
        builder = builder.tls_certs_only([]);
    }
    if let Some(identity) = settings.identity {
        builder = builder.identity(pem::identity(identity).ok_or(ClientError)?);
    }
    builder.build().map_err(|_| ClientError)
}

/// The proxy that the environment names for TLS, if any.
fn proxy() -> Option<reqwest::Result<Proxy>> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let address = names.into_iter().filter_map(|name| env::var(name).ok()).find(|value| !value.is_empty())?;
    Some(Proxy::https(address).map(|proxy| proxy.no_proxy(NoProxy::from_env())))
}

/// The system's resolver, with an error of our own, so that an unknown name can be distinguished from a closed port.
struct Resolver;

/// A name could not be looked up.
#[derive(Debug)]
pub(super) struct NameNotFound;

impl fmt::Display for NameNotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name could not be looked up")
    }
}

impl Error for NameNotFound {}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| NameNotFound)?;
            let found: Addrs = Box::new(found.collect::<Vec<_>>().into_iter());
            Ok(found)
        })
    }
}
