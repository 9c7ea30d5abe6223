//! The whole sandbox: hands each part what it reads, puts the routes of all together, and starts them. Nothing but the crate's root,
//! and `fuzzing`, uses this.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::config::{Config, DEMO_FRAME_KEY};
use crate::enfuce::auth::{self, Access};
use crate::enfuce::cards::{self, Cards};
use crate::enfuce::embossing::Embosser;
use crate::enfuce::exchange::{self, Exchange};
use crate::enfuce::inject::inject_faults;
use crate::enfuce::page::{self, HostedPage};
use crate::enfuce::pincontrol::{self, PinControl};
use crate::enfuce::shared_key::{self, SharedKey};
use crate::enfuce::spelling::Spelling;
use crate::enfuce::{nextgen, oauth};
use crate::error::Error;
use crate::faults::Faults;
use crate::files::{self, Dist};
use crate::hsm::Hsm;
use crate::http::{self, Origin, RateLimit, router};
use crate::idp::{self, Idp, Keys};
use crate::issuer::{self, EnfuceClient, Issuer};
use crate::openapi;
use crate::recorder::{self, Recorder, Wire};
use crate::server;
use crate::store::{Store, time};
use crate::test_controls::{self, TestControls};

/// A running sandbox. It stops when this is dropped, and has stopped when [`Running::stop`] returns.
#[derive(Debug)]
pub struct Running {
    base_url: String,
    stop: watch::Sender<()>,
    served: JoinHandle<()>,
}

impl Running {
    /// The origin under which everything is reached, such as `http://127.0.0.1:8080`, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Stops listening, lets requests in flight end for up to a second, and closes the database.
    pub async fn stop(self) {
        drop(self.stop);
        // A failed task has stopped as well.
        let _ = self.served.await;
    }
}

/// Starts a sandbox on 127.0.0.1 in the current tokio runtime.
///
/// # Errors
///
/// Whatever keeps it from starting; see [`Error`]. Nothing runs then.
pub async fn start(config: Config) -> Result<Running, Error> {
    let dist = Dist::open(&config.dist, config.theme.as_deref())?;
    if config.db.is_dir() {
        return Err(Error::DatabaseIsFolder { db: config.db });
    }
    if let Some(folder) = config.db.parent() {
        fs::create_dir_all(folder)
            .map_err(|source| Error::DatabaseFolder { folder: folder.to_owned(), source })?;
    }
    // Before the files are touched: a second sandbox on the same port must not open the first one's database.
    let listener = server::listen(config.port).await?;
    let port = listener.local_addr().map_err(|source| Error::Listen { port: config.port, source })?.port();
    let hsm = Hsm::open(&master_key_file(&config.db), &config.db)?;
    let store = Store::open(&config.db)?;
    let shared = Shared::new(&config, store, hsm, dist);
    let now = shared.clock.now();
    let time = shared.store.transaction(move |tx| time::read(tx, now)).await;
    let time =
        time.map_err(|_| Error::Database { db: config.db.clone(), reason: "it cannot be read".to_owned() })?;
    shared.clock.set_offset_ms(time.offset_ms);
    let origin = Origin::new(port);
    let base_url = origin.base_url.clone();
    let router = shared.routes(&config, origin)?;
    let (stop, stopped) = watch::channel(());
    let timetable = shared.embosser(&config).keep_timetable(stopped.clone());
    let served = tokio::spawn(async {
        tokio::join!(server::serve(listener, router, stopped), timetable);
    });
    Ok(Running { base_url, stop, served })
}

/// What several parts share, in the state in which a sandbox starts. Each part is handed only what it reads.
pub(crate) struct Shared {
    clock: Arc<Clock>,
    store: Store,
    hsm: Arc<Hsm>,
    dist: Arc<Dist>,
    faults: Arc<Faults>,
    rate_limit: Arc<RateLimit>,
}

impl Shared {
    pub(crate) fn new(config: &Config, store: Store, hsm: Hsm, dist: Dist) -> Self {
        Self {
            clock: Arc::default(),
            store,
            hsm: Arc::new(hsm),
            dist: Arc::new(dist),
            faults: Arc::default(),
            rate_limit: Arc::new(RateLimit::new(config.requests_per_second)),
        }
    }

    /// The routes of all parts. The layers are listed from the inside out: a request that is refused for its host or its site is not
    /// recorded.
    pub(crate) fn routes(&self, config: &Config, origin: Origin) -> Result<Router, Error> {
        let Self { clock, store, hsm, dist, faults, rate_limit } = self;
        let Origin { base_url, .. } = &origin;
        let wire: Arc<Wire> = Arc::default();
        let idp = Idp::new(base_url, Keys::make().map_err(|_| Error::Entropy)?, faults.clone());
        let controls = TestControls {
            clock: clock.clone(),
            store: store.clone(),
            hsm: hsm.clone(),
            embosser: self.embosser(config),
            faults: faults.clone(),
            rate_limit: rate_limit.clone(),
            wire: wire.clone(),
            idp: idp.clone(),
        };
        let issuer = Issuer {
            store: store.clone(),
            enfuce_client: Arc::new(EnfuceClient::new(base_url, &config.user, &config.password)?),
            faults: faults.clone(),
        };
        let recorder = Recorder { wire, clock: clock.clone(), dist: dist.clone() };
        let router = router(openapi::table(), ())
            .merge(self.enfuce(config, base_url))
            .merge(router(idp::table(), idp))
            .merge(test_controls::routes(controls))
            .merge(router(issuer::table(), issuer))
            .merge(issuer::relay_routes(base_url, &config.user, &config.password)?)
            .merge(files::routes(dist.clone()))
            .method_not_allowed_fallback(http::method_not_allowed)
            .fallback(http::unknown_route)
            .layer(from_fn_with_state(recorder, recorder::record))
            .layer(from_fn_with_state(origin.clone(), http::check_site))
            .layer(from_fn_with_state(origin, http::check_host))
            .layer(from_fn(http::complete));
        Ok(router)
    }

    /// Enfuce's routes.
    fn enfuce(&self, config: &Config, base_url: &str) -> Router {
        let Self { clock, store, hsm, dist, faults, rate_limit } = self;
        let access = Access {
            credentials: format!("{}:{}", config.user, config.password),
            tokens: Arc::default(),
            rate_limit: rate_limit.clone(),
            clock: clock.clone(),
        };
        let pin_control =
            PinControl { base_url: base_url.to_owned(), clock: clock.clone(), store: store.clone() };
        let opened_ms = u64::from(config.page_minutes) * 60_000;
        let for_page = Exchange {
            clock: clock.clone(),
            store: store.clone(),
            hsm: hsm.clone(),
            faults: faults.clone(),
            spelling: &Spelling::CLASSIC,
            opened_ms: Some(opened_ms),
        };
        let pki_opened_ms = (!config.strict_control_ids).then_some(opened_ms);
        let pki = Exchange { opened_ms: pki_opened_ms, ..for_page.clone() };
        let nextgen_pki = Exchange { spelling: &Spelling::NEXTGEN, ..pki.clone() };
        let mut frame_origins = HashMap::from([(DEMO_FRAME_KEY.to_owned(), base_url.to_owned())]);
        frame_origins.extend(config.frames.iter().cloned());
        let hosted_page = HostedPage {
            base_url: base_url.to_owned(),
            frame_origins: Arc::new(frame_origins),
            opened_ms,
            clock: clock.clone(),
            store: store.clone(),
            dist: dist.clone(),
        };

        let classic = router(cards::table(), Cards { clock: clock.clone(), store: store.clone() })
            .merge(router(pincontrol::table(), pin_control.clone()))
            .merge(router(shared_key::table(), SharedKey { store: store.clone(), hsm: hsm.clone() }))
            .merge(router(exchange::pki_table(), pki))
            .route_layer(from_fn_with_state(access.clone(), auth::check_classic));
        let nextgen = router(nextgen::table(), pin_control)
            .merge(router(exchange::nextgen_table(), nextgen_pki))
            .route_layer(from_fn_with_state(access.clone(), auth::check_nextgen))
            .route_layer(from_fn_with_state(clock.clone(), nextgen::format_errors));
        classic
            .merge(nextgen)
            .merge(router(oauth::table(), access))
            .route_layer(from_fn_with_state(faults.clone(), inject_faults))
            .merge(router(page::table(), hosted_page))
            .merge(router(exchange::page_table(), for_page))
    }

    fn embosser(&self, config: &Config) -> Embosser {
        Embosser {
            clock: self.clock.clone(),
            store: self.store.clone(),
            hsm: self.hsm.clone(),
            timetable: config.embossing,
        }
    }
}

fn master_key_file(db: &Path) -> PathBuf {
    let mut name = db.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn paths<S>(table: &http::Table<S>) -> Vec<&'static str> {
        table.iter().map(|(path, _)| *path).collect()
    }

    #[test]
    fn the_document_describes_every_route_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(openapi::DOCUMENT).unwrap();
        let described: BTreeSet<_> =
            document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let served = [
            paths(&cards::table()),
            paths(&pincontrol::table()),
            paths(&nextgen::table()),
            paths(&exchange::pki_table()),
            paths(&exchange::nextgen_table()),
            paths(&exchange::page_table()),
            paths(&shared_key::table()),
            paths(&oauth::table()),
            paths(&page::table()),
            paths(&idp::table()),
            paths(&issuer::table()),
            paths(&test_controls::table()),
            paths(&openapi::table()),
        ];
        assert_eq!(described, served.into_iter().flatten().collect());
    }
}
