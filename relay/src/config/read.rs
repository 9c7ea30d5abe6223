//! Reads each field, with its rule and its default.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use axum::http::HeaderValue;
use url::Url;

use super::address::{URL, url};
use super::fields::Fields;
use super::{
    Auth, Config, ConfigError, Customer, Enfuce, Limits, Listen, Platform, Traces, customers, gateway,
    is_card_product, pem, quota,
};
use crate::operation::{Purpose, REQUESTS_OF_SESSION};
use crate::secret_string::SecretString;

/// The longest time that can be configured.
const LONGEST: u32 = 60_000;

/// 128 bits in hexadecimal.
const SHORTEST_KEY: usize = 32;

/// Reads the configuration: the fields of the TOML file, if one is named, and of the environment, which wins.
///
/// # Errors
/// Every fault at once; see [`ConfigError`].
pub fn read_config(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let mut fields = Fields::read(file, environment)?;
    let address = |text: &str| text.parse().ok();
    let listen = fields.optional("listen", LISTEN, listen);
    let admin_listen = fields.optional("admin_listen", ADDRESS, address);
    let customer = customers::customer(&mut fields);
    let drain = fields.number("drain_ms", 5000, 0..=LONGEST);
    let deadline = fields.number("deadline_ms", 9000, 10..=LONGEST);
    let cors_origins = fields.optional("cors_origins", ORIGINS, origins);
    let audit_key = fields.optional_secret("audit.key").filter(|key| {
        // EXPOSE: only its length is used.
        let is_long = key.expose().len() >= SHORTEST_KEY;
        if !is_long {
            fields.fault("audit.key", format!("has to be {SHORTEST_KEY} characters or more of random text."));
        }
        is_long
    });
    let operations = fields.optional("operations", "set-pin, view-pin, or both", |text| {
        text.split(',').map(|name| Purpose::from_name(name.trim())).collect()
    });
    let default_listen = Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)));
    let listen = listen.unwrap_or(default_listen);
    // Port 0 is another one each time.
    let is_same = |address: SocketAddr| address.port() != 0 && listen == Listen::Tcp(address);
    if admin_listen.is_some_and(is_same) {
        fields.fault("admin_listen", "has to be another address than listen.");
    }
    if matches!((&customer, &listen), (Some(Customer::PeerAddress), Listen::Unix(_))) {
        fields.fault("customer", "peer-address needs a port: a connection to a unix socket has no address.");
    }
    let gateway_tls = gateway::gateway_tls(&mut fields);
    if gateway_tls.is_some() && matches!(listen, Listen::Unix(_)) {
        fields.fault(
            "gateway_tls",
            "needs a port: a unix socket is opened by its file's rights, and has no TLS.",
        );
    }
    let is_open = matches!(listen, Listen::Tcp(_)) && gateway_tls.is_none();
    let control_ids = customers::control_ids(&mut fields, customer.as_ref(), is_open);
    let issuer_ca = fields.authorities("issuer_ca_file");
    let traces = traces(&mut fields);
    let limits = limits(&mut fields);
    let quota = quota::quota(&mut fields);
    let enfuce = enfuce(&mut fields, deadline);
    if enfuce.as_ref().is_some_and(|enfuce| enfuce.calls >= limits.connections) {
        fields.fault(
            "enfuce.calls",
            "has to be less than limits.connections: a slow Enfuce would take all of those.",
        );
    }
    let files = fields.finish()?;
    // If there is no fault, every field has a value.
    let (Some(customer), Some(enfuce)) = (customer, enfuce) else {
        return Err(ConfigError(vec!["The configuration is incomplete.".to_owned()]));
    };
    let default = Config::new(customer, enfuce);
    let config = Config {
        listen,
        gateway_tls,
        admin_listen,
        drain: milliseconds(drain),
        deadline: milliseconds(deadline),
        cors_origins: cors_origins.unwrap_or_default(),
        audit_key,
        operations: operations.unwrap_or(Purpose::ALL.to_vec()),
        control_ids,
        issuer_ca,
        traces,
        quota,
        limits,
        files,
        ..default
    };
    match quota::fault(&config) {
        Some(fault) => Err(ConfigError(vec![fault])),
        None => Ok(config),
    }
}

const LISTEN: &str = "an address and a port, such as 0.0.0.0:8081, or unix: and the path of a socket";

fn listen(text: &str) -> Option<Listen> {
    match text.strip_prefix("unix:") {
        Some(path) => Path::new(path).is_absolute().then(|| Listen::Unix(path.into())),
        None => text.parse().ok().map(Listen::Tcp),
    }
}

const ADDRESS: &str = "an address and a port, such as 0.0.0.0:8081";

const ORIGINS: &str = "origins such as https://app.example, or null, with commas between them";

/// `*` is not accepted: any page could then set a PIN with the customer's session.
fn origins(text: &str) -> Option<Vec<HeaderValue>> {
    let origin = |text: &str| {
        let is_origin =
            text == "null" || Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text);
        HeaderValue::from_str(text).ok().filter(|_| is_origin)
    };
    text.split(',').map(|text| origin(text.trim())).collect()
}

fn traces(fields: &mut Fields) -> Option<Traces> {
    let url = fields.optional("traces.url", URL, url);
    let token = fields.optional_secret("traces.token");
    if url.is_none() && token.is_some() && !fields.has_fault("traces.url") {
        fields.fault("traces.token", "needs traces.url.");
    }
    Some(Traces { url: url?, token })
}

fn limits(fields: &mut Fields) -> Limits {
    let default = Limits::default();
    let body_timeout = fields.number("limits.body_timeout_ms", 5000, 10..=LONGEST);
    Limits {
        connections: fields.number("limits.connections", 1000, 1..=1_000_000) as usize,
        body_bytes: fields.number("limits.body_bytes", 8 * 1024, 1024..=64 * 1024) as usize,
        body_timeout: milliseconds(body_timeout),
        per_minute: fields.number("limits.per_minute", default.per_minute, 1..=1_000_000),
        burst: fields.number("limits.burst", default.burst, REQUESTS_OF_SESSION..=1_000_000),
        customers: fields.number("limits.customers", 100_000, 2..=10_000_000) as usize,
    }
}

fn enfuce(fields: &mut Fields, deadline: u32) -> Option<Enfuce> {
    let platform = fields.needed("enfuce.platform", "classic or nextgen", |text| match text {
        "classic" => Some(Platform::Classic),
        "nextgen" => Some(Platform::Nextgen),
        _ => None,
    });
    let base_url = fields.needed("enfuce.base_url", URL, url);
    let card_base_url = fields.optional("enfuce.card_base_url", URL, url);
    let card_product = fields.optional("enfuce.card_product", "a product such as MC_CARD", |text| {
        is_card_product(text).then(|| text.to_owned())
    });
    let audit_user = fields.needed("enfuce.audit_user", "1 to 64 visible ASCII characters", |text| {
        let is_name = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_name.then(|| text.to_owned())
    });
    let auth = auth(fields);
    let timeout = fields.number("enfuce.timeout_ms", 8000, 10..=LONGEST).min(deadline);
    // For a short time-out, the same fraction of it as of the usual one.
    let connect_timeout = fields.number("enfuce.connect_timeout_ms", 3000.min(timeout * 3 / 8), 10..=LONGEST);
    if connect_timeout >= timeout {
        fields.fault(
            "enfuce.connect_timeout_ms",
            "has to be less than enfuce.timeout_ms and deadline_ms: nothing could be sent in time.",
        );
    }
    let calls = fields.number("enfuce.calls", 200, 1..=100_000);
    let ca = fields.authorities("enfuce.ca_file");
    let client_identity = client_identity(fields);
    let default = Enfuce::new(platform?, base_url?, audit_user?, auth?);
    Some(Enfuce {
        card_base_url: card_base_url.unwrap_or(default.card_base_url),
        card_product: card_product.unwrap_or(default.card_product),
        connect_timeout: milliseconds(connect_timeout),
        timeout: milliseconds(timeout),
        calls: calls as usize,
        ca,
        client_identity,
        ..default
    })
}

fn client_identity(fields: &mut Fields) -> Option<SecretString> {
    let certificate = fields.file("enfuce.client_certificate_file");
    let key = fields.file("enfuce.client_key_file");
    let fault = match (certificate, key) {
        (Some(certificate), Some(key)) => {
            let identity = SecretString::new(format!("{}\n{}", certificate.text, key.text));
            if pem::identity(&identity).is_some() {
                return Some(identity);
            }
            "and enfuce.client_key_file have to hold a certificate in PEM and its private key in PKCS #8, SEC 1 or PKCS #1."
        }
        (None, None) => return None,
        // A file that cannot be read already counts as a fault. An empty list would be a second one.
        _ => "and enfuce.client_key_file go together: give both.",
    };
    fields.fault("enfuce.client_certificate_file", fault);
    None
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

fn milliseconds(number: u32) -> Duration {
    Duration::from_millis(number.into())
}
