//! The part that plays an identity provider (OpenID Connect): it says who a customer is, with signatures that anybody can check.
//!
//! Nobody has to sign in: everybody gets a token for any customer.

mod discovery;
mod keys;
mod token;

use std::sync::Arc;

use axum::routing::{get, post};

pub(crate) use keys::Keys;
pub(crate) use token::{AUDIENCE, make as make_token};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::http::Table;

/// A handle to the parts, cheap to clone.
#[derive(Clone)]
pub(crate) struct Idp(Arc<Parts>);

struct Parts {
    /// Its name in `iss`, with which its addresses begin.
    issuer: String,
    keys: Keys,
    faults: Arc<Faults>,
    /// A clock of its own, which no test control moves: those who check its tokens have real time.
    clock: Clock,
}

impl Idp {
    pub(crate) fn new(base_url: &str, keys: Keys, faults: Arc<Faults>) -> Self {
        Self(Arc::new(Parts { issuer: name(base_url), keys, faults, clock: Clock::default() }))
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }
}

/// Its name in `iss`, for a sandbox at this address.
pub(crate) fn name(base_url: &str) -> String {
    format!("{base_url}/idp")
}

pub(crate) fn table() -> Table<Idp> {
    vec![
        ("/idp/.well-known/openid-configuration", get(discovery::show)),
        ("/idp/jwks", get(keys::show)),
        ("/idp/token", post(token::give)),
    ]
}
