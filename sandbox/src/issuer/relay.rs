//! The issuer's relay for the page that takes the PIN itself: the very one that an issuer runs, calling Enfuce over HTTP.

use axum::Router;
use card_pin_relay::{Auth, Config, Customer, Enfuce, Log, Platform, Relay, SecretString};
use reqwest::Url;

use super::AUDIT_USER;
use crate::error::Error;

/// Where the relay is. The wire's record knows it by this name.
const FOLDER: &str = "/relay";

/// Sets the relay up. Its log says nothing that the wire's record does not.
pub(crate) fn make(base_url: &str, user: &str, password: &str) -> Result<Relay, Error> {
    let base_url = Url::parse(base_url).map_err(|_| Error::Client)?;
    let auth = Auth::Basic { user: user.to_owned(), password: SecretString::new(password.to_owned()) };
    let enfuce = Enfuce::new(Platform::Classic, base_url, AUDIT_USER.to_owned(), auth);
    // It answers under the sandbox's own address: its own is not used.
    let config = Config::new(Customer::PeerAddress, enfuce);
    Relay::new(config, Log::new(|_| {})).map_err(|_| Error::Client)
}

pub(super) fn routes(relay: &Relay) -> Router {
    Router::new().nest_service(FOLDER, relay.router())
}
