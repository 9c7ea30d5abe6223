//! The part that plays an identity provider (OpenID Connect): it says who a customer is, with signatures that anybody can check.
//!
//! There is no sign-in: whoever asks for a customer's token gets one.

mod discovery;
mod keys;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use keys::Keys;
pub(crate) use token::{AUDIENCE, make as make_token};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::http::{Table, add};

/// A handle to the parts, cheap to clone.
#[derive(Clone)]
pub(crate) struct Idp(Arc<Parts>);

struct Parts {
    /// As its tokens name it in `iss`; its addresses begin with this.
    issuer: String,
    keys: Keys,
    faults: Arc<Faults>,
    /// Its own, which no test control moves: who checks its tokens has real time.
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

/// What its tokens name it, at this address of the sandbox.
pub(crate) fn name(base_url: &str) -> String {
    format!("{base_url}/idp")
}

/// The identity provider's routes.
pub(crate) fn routes(idp: Idp) -> Router {
    add(Router::new(), table()).with_state(idp)
}

pub(crate) fn table() -> Table<Idp> {
    vec![
        ("/idp/.well-known/openid-configuration", get(discovery::show)),
        ("/idp/jwks", get(keys::show)),
        ("/idp/token", post(token::give)),
    ]
}
