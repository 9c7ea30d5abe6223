//! How the relay is set up: a TOML file, and the environment, which wins.

mod fields;
mod read;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::HeaderName;
use url::Url;

pub use read::read_config;

/// Everything that is configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on, in clear HTTP: the issuer's gateway stands before it.
    pub listen: SocketAddr,
    /// The header in which the gateway names the customer; without one, a customer is an address.
    pub customer_header: Option<HeaderName>,
    /// How long requests are still taken after the signal to stop, so that load balancers see it coming.
    pub drain: Duration,
    /// The other side.
    pub enfuce: Enfuce,
    /// What one request and one customer may use.
    pub limits: Limits,
}

/// How Enfuce is called.
#[derive(Debug, Clone)]
pub struct Enfuce {
    /// Which of Enfuce's platforms it is.
    pub platform: Platform,
    /// What stands before `/pin/v3` or `/v1/pin`; https, or http to this machine.
    pub base_url: Url,
    /// In whose name the relay acts.
    pub audit_user: String,
    /// The relay's own credentials.
    pub auth: Auth,
    /// For making a connection.
    pub connect_timeout: Duration,
    /// From a whole request of the device to the whole answer of Enfuce, an access token included.
    pub timeout: Duration,
    /// Certificates in PEM of authorities that are trusted beside the system's.
    pub ca: Option<Vec<u8>>,
    /// The certificate chain and the private key, in PEM, by which the relay proves itself in TLS.
    pub client_identity: Option<Hidden>,
}

impl Enfuce {
    /// Whether anything is called by https.
    pub(crate) fn speaks_tls(&self) -> bool {
        let is_https = |url: &Url| url.scheme() == "https";
        is_https(&self.base_url)
            || matches!(&self.auth, Auth::OAuth2 { token_url, .. } if is_https(token_url))
    }
}

/// Enfuce's platforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// `/pin/v3/…`
    Classic,
    /// `/v1/pin/pki/…`
    Nextgen,
}

/// The relay's credentials.
#[derive(Debug, Clone)]
pub enum Auth {
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: Hidden,
    },
    /// A token that does not change (RFC 6750).
    Bearer {
        /// The token.
        token: Hidden,
    },
    /// A token by OAuth 2 client credentials (RFC 6749 §4.4).
    OAuth2 {
        /// Where tokens are given.
        token_url: Url,
        /// The client's name.
        client_id: String,
        /// The client's secret.
        client_secret: Hidden,
        /// The scope to ask for.
        scope: Option<String>,
    },
}

/// What one request and one customer may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest body that the device may send.
    pub body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Requests a minute of one customer, in the long run.
    pub per_minute: u32,
    /// Requests at once of one customer.
    pub burst: u32,
    /// How many customers are told apart; those who asked longest ago are forgotten.
    pub customers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 8 * 1024,
            body_timeout: Duration::from_secs(5),
            per_minute: 60,
            burst: 20,
            customers: 100_000,
        }
    }
}

/// A text that is never shown.
#[derive(Clone)]
pub struct Hidden(String);

impl Hidden {
    /// Hides a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// Every fault of a configuration, one line each: which field, and what it has to be. Values are never repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}
