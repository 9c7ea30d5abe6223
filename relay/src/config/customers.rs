//! Reads what identifies a customer, and how control ids are issued.

use axum::http::HeaderName;
use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::address::{URL, url};
use super::fields::Fields;
use super::{Authorize, ControlIds, Customer, Jwt, SealKeys};

/// The field is required: a relay that mistook its gateway for the only customer would refuse nearly everybody.
pub(super) fn customer(fields: &mut Fields) -> Option<Customer> {
    let header: Option<HeaderName> =
        fields.optional("customer_header", "the name of an HTTP header", |text| text.parse().ok());
    if let Some(header) = header {
        return Some(Customer::Header(header));
    }
    if fields.has_fault("customer_header") {
        fields.forget("customer");
        return None;
    }
    let rule =
        "jwt, or peer-address where no gateway stands before the relay; otherwise give customer_header";
    let kind = fields.needed("customer", rule, |text| match text {
        "jwt" | "peer-address" => Some(text.to_owned()),
        _ => None,
    })?;
    if kind == "peer-address" {
        return Some(Customer::PeerAddress);
    }
    let text = |text: &str| (!text.contains(char::is_control)).then(|| text.to_owned());
    let jwks_url = fields.needed("jwt.jwks_url", URL, url);
    let issuer = fields.needed("jwt.issuer", "the issuer as the tokens name it in iss", text);
    let audience = fields.needed("jwt.audience", "the audience as the tokens name it in aud", text);
    Some(Customer::Jwt(Jwt { jwks_url: jwks_url?, issuer: issuer?, audience: audience? }))
}

/// Reads `control_ids`. On an open port, anybody can name a customer.
pub(super) fn control_ids(
    fields: &mut Fields,
    customer: Option<&Customer>,
    is_open: bool,
) -> Option<ControlIds> {
    let keys = fields.file("control_ids.seal_keys_file")?;
    let keys = seal_keys(&keys.text);
    if keys.is_none() {
        fields.fault("control_ids.seal_keys_file", "has to hold keys of 32 bytes in base64, one a line.");
    }
    match customer {
        Some(Customer::PeerAddress) => {
            fields.fault(
                "control_ids",
                "an address is not an identity: give customer_header, or customer = \"jwt\".",
            );
        }
        Some(Customer::Header(_)) if is_open => {
            let fault = "whoever reaches the port could name any customer: listen on a unix socket, give gateway_tls, or \
                         customer = \"jwt\".";
            fields.fault("customer_header", fault);
        }
        _ => {}
    }
    let claim =
        fields.optional("control_ids.authorize_claim", "the name of a claim", |text| Some(text.to_owned()));
    let authorize = match claim {
        Some(claim) => {
            if matches!(customer, Some(Customer::Header(_))) {
                fields.fault(
                    "control_ids.authorize_claim",
                    "needs customer = \"jwt\": a header has no claims.",
                );
            }
            Some(Authorize::Claim(claim))
        }
        None => {
            let found = fields.needed("control_ids.authorize_url", URL, url);
            let token = fields.optional_secret("control_ids.authorize_token");
            found.map(|url| Authorize::CallOut { url, token })
        }
    };
    Some(ControlIds { seal_keys: keys?, authorize: authorize? })
}

fn seal_keys(text: &str) -> Option<SealKeys> {
    let mut keys = Zeroizing::new(Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let key = Zeroizing::new(Base64::decode_vec(line).ok()?);
        keys.push(key.as_slice().try_into().ok()?);
    }
    (!keys.is_empty()).then_some(SealKeys(keys))
}
