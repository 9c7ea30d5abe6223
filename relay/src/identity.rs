//! Finds out who the customer is: from the issuer's gateway, from a token of its identity provider, or from the address of the
//! other end of the connection.

mod jwt;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use reqwest::Client;
use serde_json::{Map, Value};

use crate::config;
use crate::limit::Customer;
use crate::problem::Problem;
use crate::trace::Trace;
use jwt::{Refusal, Verifier};

/// The longest name.
const MAX_NAME_BYTES: usize = 512;

/// What is known about a customer.
pub(crate) struct Identity {
    pub(crate) customer: Customer,
    /// The other claims of their token.
    pub(crate) claims: Map<String, Value>,
}

/// Tells who a customer is.
pub(crate) struct Identities(Source);

enum Source {
    Header(HeaderName),
    PeerAddress,
    Jwt(Box<Verifier>),
}

impl Identities {
    /// Takes a client for the identity provider. The provider's keys are taken over from `before`, so that a reload signs nobody
    /// out while the provider cannot be asked.
    pub(crate) fn new(customer: &config::Customer, client: Client, before: Option<&Self>) -> Self {
        let before = match before {
            Some(Self(Source::Jwt(verifier))) => Some(&**verifier),
            _ => None,
        };
        Self(match customer {
            config::Customer::Header(header) => Source::Header(header.clone()),
            config::Customer::PeerAddress => Source::PeerAddress,
            config::Customer::Jwt(jwt) => Source::Jwt(Box::new(Verifier::new(jwt.clone(), client, before))),
        })
    }

    /// Whether the identity provider's keys can be read, if there is a provider.
    pub(crate) async fn finds_keys(&self) -> bool {
        match &self.0 {
            Source::Jwt(verifier) => verifier.finds_keys().await,
            Source::Header(_) | Source::PeerAddress => true,
        }
    }

    /// The customer of a request.
    ///
    /// # Errors
    /// [`Problem::CUSTOMER_MISSING`] unless the header is there exactly once, with a single name of an allowed length. A gateway
    /// that appends its name to one from outside makes a list, which is refused. [`Problem::NOT_AUTHENTICATED`] if the token is
    /// not valid.
    pub(crate) async fn of(&self, parts: &Parts, trace: &Trace) -> Result<Identity, Problem> {
        let known = |customer| Identity { customer, claims: Map::new() };
        match &self.0 {
            Source::PeerAddress => {
                let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
                Ok(known(Customer::Peer(peer.map(|peer| network(peer.0.ip())))))
            }
            Source::Header(header) => {
                let mut values = parts.headers.get_all(header).iter();
                let is_name =
                    |value: &[u8]| (1..=MAX_NAME_BYTES).contains(&value.len()) && !value.contains(&b',');
                match (values.next().map(HeaderValue::as_bytes), values.next()) {
                    (Some(value), None) if is_name(value) => Ok(known(Customer::Named(value.to_vec()))),
                    _ => Err(Problem::CUSTOMER_MISSING),
                }
            }
            Source::Jwt(verifier) => match verifier.verify(&parts.headers, trace).await {
                Ok(claims) => {
                    Ok(Identity { customer: Customer::Named(claims.sub.into_bytes()), claims: claims.others })
                }
                Err(Refusal::Invalid) => Err(Problem::NOT_AUTHENTICATED),
                Err(Refusal::Unavailable(cause)) => {
                    Err(Problem::IDENTITY_PROVIDER_UNAVAILABLE.with_cause(cause))
                }
            },
        }
    }
}

/// One subscriber: an IPv4 address, or the /64 that one is given in IPv6 (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn a_subscriber_is_an_address_or_a_64() {
        for (address, subscriber) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            assert_eq!(network(address.parse().unwrap()).to_string(), subscriber);
        }
    }
}
