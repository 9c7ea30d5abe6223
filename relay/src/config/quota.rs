//! The quota of calls, and how copies share it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::Config;
use super::fields::Fields;
use crate::secret_string::SecretString;

/// How often Enfuce may be called by all copies together.
#[derive(Debug, Clone)]
pub struct Quota {
    /// Calls a second.
    pub per_second: u32,
    /// Calls a minute.
    pub per_minute: u32,
    /// How many copies share these calls. With a store, this counts only while the store cannot be asked.
    pub copies: u32,
    /// The store in which copies take turns. Without one, each copy keeps to its share.
    pub store: Option<Store>,
}

/// A Valkey or Redis server.
#[derive(Debug, Clone)]
pub struct Store {
    /// Where it is.
    pub address: StoreAddress,
    /// A user of its access control list; without one it is the default user.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// Certificates in PEM of the only authorities that are trusted; without them the system's are.
    pub ca: Option<Vec<u8>>,
    /// The name of the quota in the store. All copies that share a quota use the same name.
    pub name: String,
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreAddress {
    /// Over TLS: host and port.
    Tls(String, u16),
    /// Without TLS, on this machine: host and port.
    Clear(String, u16),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Default for Quota {
    fn default() -> Self {
        Self { per_second: 50, per_minute: 3000, copies: 1, store: None }
    }
}

/// The part of the quota that is used. The rest is for access tokens, and because calls arrive less evenly than they leave.
const USED: f64 = 0.96;

impl Quota {
    /// The calls that all copies may make in a minute.
    pub(crate) fn calls_per_minute(&self) -> u32 {
        self.per_second.saturating_mul(60).min(self.per_minute)
    }

    /// The time between two calls of all copies. It is long enough for both limits.
    pub(crate) fn interval(&self) -> Duration {
        let per_second = f64::from(self.per_second).min(f64::from(self.per_minute) / 60.0);
        Duration::from_secs_f64(1.0 / (per_second * USED))
    }

    /// The longest time for which a call can have to wait for its turn among all copies, each of which takes turns at most a
    /// second in advance. There may be more copies than configured.
    pub(crate) fn longest_wait(&self) -> Duration {
        Duration::from_secs(1) * self.copies + self.interval() * (100 + self.copies)
    }

    /// The time between two calls of one copy that keeps to its share.
    pub(crate) fn own_interval(&self) -> Duration {
        self.interval() * self.copies
    }
}

pub(super) fn quota(fields: &mut Fields) -> Quota {
    let default = Quota::default();
    Quota {
        per_second: fields.number("quota.per_second", default.per_second, 1..=1_000_000),
        per_minute: fields.number("quota.per_minute", default.per_minute, 1..=60_000_000),
        copies: fields.number("quota.copies", default.copies, 1..=1000),
        store: store(fields),
    }
}

/// Enfuce's control ids are valid for 30 seconds. `tzpk` and `set` have to come within this time, each one turn after the
/// previous call.
const LONGEST_WITH_CONTROL_ID: Duration = Duration::from_secs(15);

/// The fault of a quota that is too small for any session to end. Each session would begin, because its first call is made at
/// once. Its next call comes one interval later, and is refused if no request may wait that long. The share counts even if there
/// is a store, because a copy that cannot ask the store keeps to its share.
pub(super) fn fault(config: &Config) -> Option<String> {
    let Config { quota, enfuce, .. } = config;
    let before = if config.control_ids.is_some() { enfuce.platform.calls_for_control_id() } else { 0 };
    let is_one_call = config.operations.iter().all(|purpose| before + purpose.calls() == 1);
    let time = config.longest_wait();
    let longest = if before > 0 { time.min(LONGEST_WITH_CONTROL_ID) } else { time };
    let interval = quota.own_interval();
    if is_one_call || interval < longest {
        return None;
    }
    // With one call in `longest`, of each copy.
    let a_second = 1.0 / (longest.as_secs_f64() * USED);
    let (field, fix) = if quota.interval() < longest {
        let most = longest.as_secs_f64() / quota.interval().as_secs_f64();
        ("quota.copies", format!("Lower it to {} or less", (most.ceil() - 1.0).max(1.0)))
    } else if quota.per_minute / 60 < quota.per_second {
        ("quota.per_minute", format!("Raise it to {} or more", (a_second * 60.0).floor() + 1.0))
    } else {
        ("quota.per_second", format!("Raise it to {} or more", a_second.floor() + 1.0))
    };
    let more_time =
        if longest < time { "" } else { ", or give more time in enfuce.timeout_ms and deadline_ms" };
    Some(format!(
        "{field}: no session could ever end: the calls of one copy are {:.1} seconds apart, and a session waits at most {:.1} seconds \
         for each of its calls. {fix}{more_time}.",
        interval.as_secs_f64(),
        longest.as_secs_f64()
    ))
}

fn store(fields: &mut Fields) -> Option<Store> {
    let faults = fields.has_fault("quota.store.url");
    let address = fields.optional("quota.store.url", ADDRESS, address);
    if address.is_none() && fields.has_fault("quota.store.url") != faults {
        fields.forget("quota.store");
    }
    let address = address?;
    let user = fields.optional("quota.store.user", "a user's name", |text| {
        let is_name = text.bytes().all(|byte| byte.is_ascii_graphic());
        is_name.then(|| text.to_owned())
    });
    let password = fields.optional_secret("quota.store.password");
    if user.is_some() && password.is_none() {
        fields.fault("quota.store.user", "needs quota.store.password or quota.store.password_file.");
    }
    let ca = match address {
        StoreAddress::Tls(..) => fields.authorities("quota.store.ca_file"),
        // Without TLS the field is refused, like any field that does not fit the others.
        _ => None,
    };
    let rule = "1 to 64 letters, digits, dots, hyphens or underscores";
    let name = fields.optional("quota.store.name", rule, |text| {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        (text.len() <= 64 && text.bytes().all(is_name)).then(|| text.to_owned())
    });
    Some(Store { address, user, password, ca, name: name.unwrap_or_else(|| "card-pin".to_owned()) })
}

const ADDRESS: &str = "rediss://HOST:PORT without a user, path or query, redis://HOST:PORT for this machine itself, or unix: \
                       and the path of a socket";
const PORT: u16 = 6379;

fn address(text: &str) -> Option<StoreAddress> {
    if let Some(path) = text.strip_prefix("unix:") {
        return Path::new(path).is_absolute().then(|| StoreAddress::Unix(path.into()));
    }
    let url = Url::parse(text).ok()?;
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none();
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port().unwrap_or(PORT);
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "rediss" if is_bare && !host.is_empty() => Some(StoreAddress::Tls(host, port)),
        "redis" if is_bare && is_here => Some(StoreAddress::Clear(host, port)),
        _ => None,
    }
}
