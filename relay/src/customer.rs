//! Who the customer is: named by the issuer's gateway, or else the other end of the connection.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use reqwest::header::HeaderName;

use crate::limit::Customer;
use crate::problem::Problem;

/// The longest identity; it is only hashed.
const MAX_IDENTITY_BYTES: usize = 512;

/// The customer of a request.
///
/// # Errors
/// [`Problem::CUSTOMER_MISSING`] where a header is configured and is not there exactly once, or is empty or overlong.
pub(crate) fn customer<'a>(parts: &'a Parts, header: Option<&HeaderName>) -> Result<Customer<'a>, Problem> {
    let Some(header) = header else {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        return Ok(Customer::Peer(peer.map(|peer| network(peer.0.ip()))));
    };
    let mut values = parts.headers.get_all(header).iter();
    match (values.next(), values.next()) {
        (Some(value), None) if (1..=MAX_IDENTITY_BYTES).contains(&value.len()) => {
            Ok(Customer::Named(value.as_bytes()))
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
