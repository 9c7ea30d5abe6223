//! Each field, its rule and its default.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use reqwest::header::HeaderName;
use url::{Host, Url};

use super::fields::Fields;
use super::{Auth, Config, ConfigError, Enfuce, Hidden, Limits, Platform};
use crate::enfuce::check_certificates;

/// The longest that anything may take.
const LONGEST: u32 = 60_000;

/// Reads the configuration: the fields of the TOML file, if one is named, and of the environment, which wins.
///
/// # Errors
/// Every fault at once; see [`ConfigError`].
pub fn read_config(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let mut fields = Fields::read(file, environment);
    let listen =
        fields.optional("listen", "an address and a port, such as 0.0.0.0:8081", |text| text.parse().ok());
    let customer_header =
        fields.optional("customer_header", "the name of an HTTP header", |text| text.parse().ok());
    let drain = fields.number("drain_ms", 5000, 0..=LONGEST);
    let limits = limits(&mut fields);
    let enfuce = enfuce(&mut fields);
    fields.finish()?;
    // With no fault everything is there.
    let enfuce = enfuce.ok_or_else(|| ConfigError(vec!["enfuce: is incomplete.".to_owned()]))?;
    Ok(Config {
        listen: listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8081))),
        customer_header: customer_header.map(|name: HeaderName| name),
        drain: milliseconds(drain),
        enfuce,
        limits,
    })
}

fn limits(fields: &mut Fields) -> Limits {
    let default = Limits::default();
    let body_timeout = fields.number("limits.body_timeout_ms", 5000, 10..=LONGEST);
    Limits {
        body_bytes: fields.number("limits.body_bytes", 8 * 1024, 1024..=64 * 1024) as usize,
        body_timeout: milliseconds(body_timeout),
        per_minute: fields.number("limits.per_minute", default.per_minute, 1..=1_000_000),
        burst: fields.number("limits.burst", default.burst, 1..=1_000_000),
        customers: fields.number("limits.customers", 100_000, 2..=10_000_000) as usize,
    }
}

fn enfuce(fields: &mut Fields) -> Option<Enfuce> {
    let platform = fields.needed("enfuce.platform", "classic or nextgen", |text| match text {
        "classic" => Some(Platform::Classic),
        "nextgen" => Some(Platform::Nextgen),
        _ => None,
    });
    let base_url = fields.needed("enfuce.base_url", URL, url);
    let audit_user = fields.needed("enfuce.audit_user", "1 to 64 visible ASCII characters", |text| {
        let is_name = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_name.then(|| text.to_owned())
    });
    let auth = auth(fields);
    let connect_timeout = fields.number("enfuce.connect_timeout_ms", 3000, 10..=LONGEST);
    let timeout = fields.number("enfuce.timeout_ms", 8000, 10..=LONGEST);
    let ca = fields.file("enfuce.ca_file");
    let certificate = fields.file("enfuce.client_certificate_file");
    let key = fields.file("enfuce.client_key_file");
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(Hidden::new(format!("{}\n{}", certificate.text, key.text))),
        (None, None) => None,
        // A file that cannot be read is a fault already, and this one more.
        _ => {
            fields.fault(
                "enfuce.client_certificate_file",
                "and enfuce.client_key_file go together: give both.",
            );
            None
        }
    };
    let ca = ca.map(|found| found.text.into_bytes());
    let (ca_is_good, identity_is_good) = check_certificates(ca.as_deref(), identity.as_ref());
    if !ca_is_good {
        fields.fault("enfuce.ca_file", "has to hold certificates in PEM.");
    }
    if !identity_is_good {
        let fault = "and enfuce.client_key_file have to hold a certificate in PEM and its private key in PKCS #8, SEC 1 or PKCS #1.";
        fields.fault("enfuce.client_certificate_file", fault);
    }
    Some(Enfuce {
        platform: platform?,
        base_url: base_url?,
        audit_user: audit_user?,
        auth: auth?,
        connect_timeout: milliseconds(connect_timeout),
        timeout: milliseconds(timeout),
        ca,
        client_identity: identity,
    })
}

fn auth(fields: &mut Fields) -> Option<Auth> {
    let name = |text: &str| (!text.contains(char::is_control)).then(|| text.to_owned());
    let kind = fields.needed("enfuce.auth.kind", "basic, bearer or oauth2", |text| match text {
        "basic" | "bearer" | "oauth2" => Some(text.to_owned()),
        _ => None,
    });
    match kind.as_deref() {
        Some("basic") => {
            let user = fields.needed("enfuce.auth.user", "a user name without a colon", |text| {
                name(text).filter(|name| !name.contains(':'))
            });
            let password = fields.secret("enfuce.auth.password");
            Some(Auth::Basic { user: user?, password: password? })
        }
        Some("bearer") => Some(Auth::Bearer { token: fields.secret("enfuce.auth.token")? }),
        Some(_) => {
            let token_url = fields.needed("enfuce.auth.token_url", URL, url);
            let client_id = fields.needed("enfuce.auth.client_id", "one line of text", name);
            let client_secret = fields.secret("enfuce.auth.client_secret");
            let scope = fields.optional("enfuce.auth.scope", "one line of text", name);
            Some(Auth::OAuth2 {
                token_url: token_url?,
                client_id: client_id?,
                client_secret: client_secret?,
                scope,
            })
        }
        None => {
            fields.forget("enfuce.auth");
            None
        }
    }
}

const URL: &str = "an https address without a user, query or fragment (http only for this machine itself)";

fn url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let is_guarded = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(&url),
        _ => false,
    };
    (is_bare && is_guarded).then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn milliseconds(number: u32) -> Duration {
    Duration::from_millis(number.into())
}
