//! The issuer's relay for the page that takes the PIN itself: the very one that an issuer runs, calling Enfuce over HTTP.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use card_pin_relay::{Auth, Config, Enfuce, Hidden, Limits, Log, Platform, Relay};
use reqwest::Url;

use super::AUDIT_USER;
use crate::error::Error;

/// Where the relay is. The wire's record knows it by this name.
const FOLDER: &str = "/relay";

/// Sets the relay up. Its log says nothing that the wire's record does not.
pub(crate) fn make(base_url: &str, user: &str, password: &str) -> Result<Relay, Error> {
    let enfuce = Enfuce {
        platform: Platform::Classic,
        base_url: Url::parse(base_url).map_err(|_| Error::Client)?,
        audit_user: AUDIT_USER.to_owned(),
        auth: Auth::Basic { user: user.to_owned(), password: Hidden::new(password.to_owned()) },
        connect_timeout: Duration::from_secs(2),
        timeout: Duration::from_secs(8),
        ca: None,
        client_identity: None,
    };
    let config = Config {
        // Not used: it answers under the sandbox's own address.
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        customer_header: None,
        drain: Duration::ZERO,
        enfuce,
        limits: Limits::default(),
    };
    Relay::new(config, Log::new(|_| {})).map_err(|_| Error::Client)
}

pub(super) fn routes(relay: &Relay) -> Router {
    Router::new().nest_service(FOLDER, relay.router())
}
