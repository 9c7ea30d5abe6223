//! Entry points for `fuzz/` only: the routes without a connection, and the HSM's own code for blocks and keys.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use tower::ServiceExt;

use crate::app::Shared;
use crate::config::Config;
use crate::error::Error;
use crate::faults::CutConnection;
use crate::files::Dist;
use crate::hsm::Hsm;
pub use crate::hsm::fuzzing::{Key, Module, wrap_key};
use crate::http::{Origin, Peer};
use crate::store::Store;

/// The port that the routes believe they are reached at.
pub const PORT: u16 = 8080;
/// Both the user and the password.
pub const CREDENTIALS: &str = "sandbox";

/// All routes on a database in memory.
#[derive(Debug)]
pub struct Routes(Router);

impl Routes {
    /// Sets them up; `dist` is the folder of the page.
    ///
    /// # Errors
    /// If the folder lacks `page.html`.
    pub fn open(dist: &Path) -> Result<Self, Error> {
        let config = Config {
            port: PORT,
            db: PathBuf::from(":memory:"),
            dist: dist.to_owned(),
            user: CREDENTIALS.to_owned(),
            password: CREDENTIALS.to_owned(),
            ..Config::default()
        };
        let (dist, store) = (Dist::open(dist, None)?, Store::open(&config.db)?);
        let shared = Shared::new(&config, store, Hsm::for_fuzzing()?, dist);
        Ok(Self(shared.routes(&config, Origin::new(PORT))?))
    }

    /// Answers a request that comes from this machine; `None` if the connection would be cut.
    pub async fn answer(&self, mut request: Request<Body>) -> Option<Response<Body>> {
        request.extensions_mut().insert(Peer(SocketAddr::from((Ipv4Addr::LOCALHOST, 1))));
        let response: Result<_, Infallible> = self.0.clone().oneshot(request).await;
        let Ok(response) = response;
        response.extensions().get::<CutConnection>().is_none().then_some(response)
    }
}
