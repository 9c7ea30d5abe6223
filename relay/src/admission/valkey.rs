//! The store on a Valkey or Redis server.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, IntoConnectionInfo, RedisConnectionInfo,
    RedisError, Script, TlsCertificates,
};

use super::store::{Answer, Lost, Question, Server};
use crate::config::{Store, StoreAddress};
use crate::outbound;

pub(super) struct Valkey {
    settings: Mutex<Store>,
    connection: Mutex<Option<(MultiplexedConnection, String)>>,
    script: Script,
}

impl Valkey {
    pub(super) fn new(settings: Store) -> Self {
        let script = Script::new(include_str!("gcra.lua"));
        Self { settings: Mutex::new(settings), connection: Mutex::default(), script }
    }

    /// The settings of the next connection.
    pub(super) fn renew(&self, settings: Store) {
        *lock(&self.settings) = settings;
    }
}

impl Server for Valkey {
    fn connect(&self) -> Answer<'_, ()> {
        Box::pin(async {
            let settings = lock(&self.settings).clone();
            // The caller limits the time.
            let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
            let client = client(&settings).map_err(lost)?;
            let connection = client.get_multiplexed_async_connection_with_config(&config);
            let connection = connection.await.map_err(lost)?;
            *lock(&self.connection) = Some((connection, settings.name));
            Ok(())
        })
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Answer<'a, Duration> {
        Box::pin(async {
            let connection = lock(&self.connection).clone();
            let (mut connection, name) = connection.ok_or(Lost("no_connection"))?;
            let mut call = self.script.prepare_invoke();
            call.key(format!("{name}:{}", question.limit.name()));
            call.arg(micros(question.interval)).arg(question.calls);
            // If nothing is to be taken, this is less than any wait.
            call.arg(question.longest.map_or(-1, |longest| micros(longest) as i64));
            call.arg(micros(question.longest_wait));
            let wait: i64 = call.invoke_async(&mut connection).await.map_err(lost)?;
            u64::try_from(wait).map(Duration::from_micros).map_err(|_| Lost("answer_not_understood"))
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The script counts in floating point, which is exact up to this number.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).min(1 << 53)
}

fn client(settings: &Store) -> Result<Client, RedisError> {
    let mut user = RedisConnectionInfo::default().set_skip_set_lib_name();
    if let Some(name) = &settings.user {
        user = user.set_username(name);
    }
    if let Some(password) = &settings.password {
        // EXPOSE: sent to the configured store alone, to log in.
        user = user.set_password(password.expose());
    }
    let address = match settings.address.clone() {
        StoreAddress::Unix(path) => ConnectionAddr::Unix(path),
        StoreAddress::Clear(host, port) => ConnectionAddr::Tcp(host, port),
        StoreAddress::Tls(host, port) => {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        }
    };
    let is_tls = matches!(address, ConnectionAddr::TcpTls { .. });
    let info = address.into_connection_info()?.set_redis_settings(user);
    if is_tls {
        Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: settings.ca.clone() })
    } else {
        Client::open(info)
    }
}

/// The error's own text may contain addresses and names, so it is not used.
fn lost(error: RedisError) -> Lost {
    Lost(match error.kind() {
        ErrorKind::AuthenticationFailed => "credentials_refused",
        _ if error.code() == Some("NOAUTH") => "credentials_refused",
        ErrorKind::Server(_) | ErrorKind::Extension => "refused_by_store",
        // This includes a socket that does not exist.
        ErrorKind::Io if error.is_connection_refusal() => "refused",
        ErrorKind::Io => source(&error).and_then(outbound::cause).unwrap_or("no_connection"),
        _ => "answer_not_understood",
    })
}

/// The client's own error, from which the cause is derived.
fn source(error: &RedisError) -> Option<&(dyn Error + 'static)> {
    let shared = error.source()?.downcast_ref::<Arc<dyn Error + Send + Sync>>()?;
    Some(&**shared)
}
