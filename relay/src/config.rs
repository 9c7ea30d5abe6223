//! The relay's configuration: a TOML file and the environment, which takes precedence.

mod address;
mod customers;
mod fields;
mod gateway;
pub(crate) mod pem;
mod quota;
mod read;

use std::fmt;
use std::mem;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use rand::TryRng as _;
use rand::rngs::SysRng;
use url::Url;
use zeroize::Zeroizing;

use crate::operation::Purpose;
use crate::secret_string::SecretString;
pub(crate) use fields::Stamp;
pub use gateway::GatewayTls;
pub use quota::{Quota, Store, StoreAddress};
pub use read::read_config;

/// Everything that is configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen for devices. The issuer's gateway is in front of it.
    pub listen: Listen,
    /// How the gateway proves its identity, by mutual TLS. Without it, connections are plain HTTP.
    pub gateway_tls: Option<GatewayTls>,
    /// The address of the operators' listener; without one there are no probes and no metrics.
    pub admin_listen: Option<SocketAddr>,
    /// Who a customer is.
    pub customer: Customer,
    /// How long requests are still accepted after the signal to stop, so that load balancers notice it in time.
    pub drain: Duration,
    /// The longest time from the head of a device's request to the answer, whatever happens in between.
    pub deadline: Duration,
    /// The origins of the pages that may read the answers (CORS).
    pub cors_origins: Vec<HeaderValue>,
    /// The key of the hashes in the audit record. Without one there is no record.
    pub audit_key: Option<SecretString>,
    /// What devices may do.
    pub operations: Vec<Purpose>,
    /// How control ids are issued. Without it, Enfuce's own control ids pass through.
    pub control_ids: Option<ControlIds>,
    /// Certificates in PEM of the only authorities that are trusted for the issuer's own systems; without them the system's are.
    pub issuer_ca: Option<Vec<u8>>,
    /// Where traces are exported to. Without it they are not exported.
    pub traces: Option<Traces>,
    /// How Enfuce is called.
    pub enfuce: Enfuce,
    /// How often Enfuce may be called.
    pub quota: Quota,
    /// What one request and one customer may use.
    pub limits: Limits,
    /// The files that it was read from: secrets, keys and certificates.
    pub(crate) files: Vec<(PathBuf, Stamp)>,
}

impl Config {
    /// The defaults for everything that has one.
    #[must_use]
    pub fn new(customer: Customer, enfuce: Enfuce) -> Self {
        Self {
            listen: Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 8081))),
            gateway_tls: None,
            admin_listen: None,
            customer,
            drain: Duration::from_secs(5),
            deadline: Duration::from_secs(9),
            cors_origins: Vec::new(),
            audit_key: None,
            operations: Purpose::ALL.to_vec(),
            control_ids: None,
            issuer_ca: None,
            traces: None,
            enfuce,
            quota: Quota::default(),
            limits: Limits::default(),
            files: Vec::new(),
        }
    }

    /// Whether another configuration can replace this one without a restart. The listeners, the way a customer is identified, the
    /// routes, and everything that is counted or timed across requests cannot change while the process runs.
    pub(crate) fn can_become(&self, other: &Self) -> bool {
        fn fixed(config: &Config) -> impl PartialEq + '_ {
            let Config { listen, admin_listen, customer, deadline, cors_origins, operations, .. } = config;
            let Enfuce { platform, timeout, .. } = &config.enfuce;
            let Quota { per_second, per_minute, copies, store } = &config.quota;
            let store = store.as_ref().map(|store| (&store.address, &store.name));
            (
                (listen, admin_listen, mem::discriminant(customer), operations, cors_origins),
                (deadline, timeout, platform),
                (config.gateway_tls.is_some(), config.control_ids.is_some()),
                (per_second, per_minute, copies, store, &config.limits),
            )
        }
        fixed(self) == fixed(other)
    }

    /// How long a request may wait for all of its turns. An eighth of its time is kept for Enfuce's answers.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.deadline.min(self.enfuce.timeout) * 7 / 8
    }

    /// How many file descriptors are needed to serve all connections and all calls at the same time.
    #[must_use]
    pub fn file_descriptors(&self) -> u64 {
        let asks = |ids: &ControlIds| matches!(ids.authorize, Authorize::CallOut { .. });
        let systems = 1 + usize::from(self.control_ids.as_ref().is_some_and(asks));
        // One for each connection of a device and for each call of Enfuce or of the issuer's own system; and some for the
        // listeners, the log and the operators' connections.
        (self.limits.connections + systems * self.enfuce.calls + 128) as u64
    }
}

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A socket in the file system. Only programs that may open it can say who a customer is.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// How control ids are issued.
#[derive(Debug, Clone)]
pub struct ControlIds {
    /// The keys. The first one seals, and all of them open.
    pub seal_keys: SealKeys,
    /// Who says whether a card is the customer's.
    pub authorize: Authorize,
}

/// Keys that are never printed.
#[derive(Clone)]
pub struct SealKeys(pub(crate) Zeroizing<Vec<[u8; 32]>>);

impl SealKeys {
    /// Makes a new key. Later runs cannot open what it has sealed. `None` if the system gives no random bytes.
    #[must_use]
    pub fn random() -> Option<Self> {
        let mut keys = Zeroizing::new(vec![[0; 32]]);
        keys.iter_mut().try_for_each(|key| SysRng.try_fill_bytes(key)).ok()?;
        Some(Self(keys))
    }
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKeys(…)")
    }
}

/// Who says whether a card is the customer's.
#[derive(Debug, Clone)]
pub enum Authorize {
    /// The issuer's own system is asked.
    CallOut {
        /// Its address.
        url: Url,
        /// By which the relay proves itself.
        token: Option<SecretString>,
    },
    /// A claim of the customer's token: a list of card ids.
    Claim(String),
}

/// Who a customer is.
#[derive(Debug, Clone)]
pub enum Customer {
    /// The name in this header, which the issuer's gateway sets.
    Header(HeaderName),
    /// The other end of the connection: an IPv4 address, or an IPv6 /64.
    PeerAddress,
    /// The subject of a token of the issuer's identity provider (OpenID Connect).
    Jwt(Jwt),
}

/// Which tokens are accepted.
#[derive(Debug, Clone)]
pub struct Jwt {
    /// Where the identity provider's public keys are.
    pub jwks_url: Url,
    /// Its name, which a token has to contain as the issuer.
    pub issuer: String,
    /// The audience that a token has to name.
    pub audience: String,
}

/// An OpenTelemetry collector.
#[derive(Debug, Clone)]
pub struct Traces {
    /// Its whole address, for spans by OTLP over HTTP.
    pub url: Url,
    /// By which the relay proves itself.
    pub token: Option<SecretString>,
}

/// How Enfuce is called.
#[derive(Debug, Clone)]
pub struct Enfuce {
    /// Which of Enfuce's platforms it is.
    pub platform: Platform,
    /// What stands before `/pin/v3` or `/v1/pin`; https, or http to this machine.
    pub base_url: Url,
    /// What stands before `/pincontrol` and `/card`, or `/v1/cards`.
    pub card_base_url: Url,
    /// The cards' product in the classic card API.
    pub card_product: String,
    /// The name of the person or system for which the relay acts.
    pub audit_user: String,
    /// The relay's own credentials.
    pub auth: Auth,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// The longest time from the complete request of the device to the complete answer of Enfuce, with an access token and
    /// further tries.
    pub timeout: Duration,
    /// Calls at a time.
    pub calls: usize,
    /// Certificates in PEM of the only authorities that are trusted; without them the system's are.
    pub ca: Option<Vec<u8>>,
    /// The certificate chain and the private key, in PEM, by which the relay proves itself in TLS.
    pub client_identity: Option<SecretString>,
}

/// Whether a text may be the name of a product in a path of the card API, such as `MC_CARD`.
pub(crate) fn is_card_product(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(is_letter)
}

impl Enfuce {
    /// How much time an answer has at least. With less, the device would have given up before its request was carried out.
    pub(crate) fn time_for_answers(&self) -> Duration {
        self.timeout / 8
    }

    /// The defaults for everything that has one.
    #[must_use]
    pub fn new(platform: Platform, base_url: Url, audit_user: String, auth: Auth) -> Self {
        Self {
            platform,
            card_base_url: base_url.clone(),
            card_product: "MC_CARD".to_owned(),
            base_url,
            audit_user,
            auth,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(8),
            calls: 200,
            ca: None,
            client_identity: None,
        }
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

impl Platform {
    /// The calls that it takes to make a control id: a plastic is looked for first on the classic platform.
    pub(crate) fn calls_for_control_id(self) -> u32 {
        match self {
            Self::Classic => 2,
            Self::Nextgen => 1,
        }
    }
}

/// The relay's credentials.
#[derive(Debug, Clone)]
pub enum Auth {
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A token that does not change (RFC 6750).
    Bearer {
        /// The token.
        token: SecretString,
    },
    /// A token by OAuth 2 client credentials (RFC 6749 §4.4).
    OAuth2 {
        /// Where tokens are given.
        token_url: Url,
        /// The client's name.
        client_id: String,
        /// The client's secret.
        client_secret: SecretString,
        /// The scope to ask for.
        scope: Option<String>,
    },
}

/// What one request and one customer may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most connections of devices at the same time. Further ones wait to be accepted.
    pub connections: usize,
    /// The largest body that the device may send.
    pub body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Requests a minute of one customer, in the long run.
    pub per_minute: u32,
    /// Requests at once of one customer.
    pub burst: u32,
    /// How many customers are counted separately. Those who asked longest ago are forgotten first.
    pub customers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1000,
            body_bytes: 8 * 1024,
            body_timeout: Duration::from_secs(5),
            per_minute: 60,
            burst: 20,
            customers: 100_000,
        }
    }
}

/// All faults of a configuration, one line for each: the field, and what it has to be. Values are never repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}
