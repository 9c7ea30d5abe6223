//! The issuer's relay for the page that takes the PIN itself: the very one that an issuer runs. It checks the customer's token, asks
//! the issuer whose the card is, issues control ids, and calls Enfuce, all over HTTP.

use axum::Router;
use card_pin_relay::{
    Auth, Authorize, Config, ControlIds, Customer, Enfuce, Jwt, Log, Platform, Relay, SealKeys, SecretString,
};
use reqwest::Url;

use crate::error::Error;
use crate::idp;

/// The path of the relay, by which the record recognises its requests.
const FOLDER: &str = "/relay";

/// The audit user of its calls.
const AUDIT_USER: &str = "issuer-relay";

/// Sets the relay up, and returns its routes. Its log is dropped, because the record of the wire has the same and more.
pub(crate) fn routes(base_url: &str, user: &str, password: &str) -> Result<Router, Error> {
    let url = |path: &str| Url::parse(&format!("{base_url}{path}")).map_err(|_| Error::Client);
    let auth = Auth::Basic { user: user.to_owned(), password: SecretString::new(password.to_owned()) };
    let enfuce = Enfuce::new(Platform::Classic, url("")?, AUDIT_USER.to_owned(), auth);
    let tokens =
        Jwt { jwks_url: url("/idp/jwks")?, issuer: idp::name(base_url), audience: idp::AUDIENCE.to_owned() };
    // It answers under the sandbox's own address: its own is not used.
    let mut config = Config::new(Customer::Jwt(tokens), enfuce);
    config.control_ids = Some(ControlIds {
        seal_keys: SealKeys::random().ok_or(Error::Entropy)?,
        authorize: Authorize::CallOut { url: url("/issuer/api/authorize")?, token: None },
    });
    let relay = Relay::new(config, Log::new(|_| {})).map_err(|_| Error::Client)?;
    Ok(Router::new().nest_service(FOLDER, relay.router()))
}
