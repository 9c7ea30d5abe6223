//! Who the customer is: named by the issuer's gateway, or else the other end of the connection.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::HeaderValue;
use axum::http::request::Parts;

use crate::config;
use crate::limit::Customer;
use crate::problem::Problem;

/// The longest identity; it is only hashed.
const MAX_IDENTITY_BYTES: usize = 512;

/// The customer of a request.
///
/// # Errors
/// [`Problem::CUSTOMER_MISSING`] where the header is not there exactly once, or is empty, overlong or a list: a gateway that
/// appends to what came from outside makes one.
pub(crate) fn customer<'a>(parts: &'a Parts, source: &config::Customer) -> Result<Customer<'a>, Problem> {
    let config::Customer::Header(header) = source else {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        return Ok(Customer::Peer(peer.map(|peer| network(peer.0.ip()))));
    };
    let mut values = parts.headers.get_all(header).iter();
    match (values.next().map(HeaderValue::as_bytes), values.next()) {
        (Some(value), None) if (1..=MAX_IDENTITY_BYTES).contains(&value.len()) && !value.contains(&b',') => {
            Ok(Customer::Named(value))
        }
        _ => Err(Problem::CUSTOMER_MISSING),
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
