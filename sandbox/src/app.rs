//! The whole sandbox: builds its parts, hands each what it needs, and starts it. Nothing but the crate's root uses this.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::{Router, middleware};
use card_pin_relay::Relay;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::config::{Config, DEMO_FRAME_KEY};
use crate::enfuce::{self, Enfuce, Parts, Tokens, embossing};
use crate::error::Error;
use crate::faults::Faults;
use crate::files::Dist;
use crate::hsm::{Hsm, PinKeyPlan};
use crate::http::{self, Origin, RateLimit, add};
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
    let clock = Clock::default();
    let now = clock.now();
    let time = store.transaction(move |tx| time::read(tx, now)).await;
    let time =
        time.map_err(|_| Error::Database { db: config.db.clone(), reason: "it cannot be read".to_owned() })?;
    clock.set_offset_ms(time.offset_ms);
    let app = App::new(config, port, clock, store, hsm, dist)?;
    let base_url = app.enfuce.base_url.clone();
    let (stop, stopped) = watch::channel(());
    let timetable = embossing::keep_timetable(app.enfuce.clone(), stopped.clone());
    let router = app.router();
    let served = tokio::spawn(async {
        tokio::join!(server::serve(listener, router, stopped), timetable);
    });
    Ok(Running { base_url, stop, served })
}

/// All parts of a sandbox, in the state in which it starts.
pub(crate) struct App {
    enfuce: Enfuce,
    idp: Idp,
    issuer: Issuer,
    relay: Relay,
    recorder: Recorder,
    origin: Origin,
}

impl App {
    pub(crate) fn new(
        config: Config,
        port: u16,
        clock: Clock,
        store: Store,
        hsm: Hsm,
        dist: Dist,
    ) -> Result<Self, Error> {
        let base_url = format!("http://127.0.0.1:{port}");
        let mut frame_origins = HashMap::from([(DEMO_FRAME_KEY.to_owned(), base_url.clone())]);
        frame_origins.extend(config.frames);
        let (clock, dist, faults) = (Arc::new(clock), Arc::new(dist), Arc::new(Faults::default()));
        let enfuce_client = Arc::new(EnfuceClient::new(&base_url, &config.user, &config.password)?);
        Ok(Self {
            idp: Idp::new(&base_url, Keys::make().map_err(|_| Error::Entropy)?, Arc::clone(&faults)),
            issuer: Issuer {
                store: store.clone(),
                dist: Arc::clone(&dist),
                enfuce_client,
                faults: Arc::clone(&faults),
            },
            relay: issuer::make_relay(&base_url, &config.user, &config.password)?,
            recorder: Recorder {
                wire: Arc::new(Wire::default()),
                clock: Arc::clone(&clock),
                dist: Arc::clone(&dist),
            },
            origin: Origin { port, base_url: base_url.clone() },
            enfuce: Enfuce::new(Parts {
                credentials: format!("{}:{}", config.user, config.password),
                frame_origins,
                embossing: config.embossing,
                clock,
                store,
                hsm: Arc::new(hsm),
                dist,
                tokens: Tokens::default(),
                rate_limit: RateLimit::new(config.requests_per_second),
                page_opened_ms: u64::from(config.page_minutes) * 60_000,
                strict_control_ids: config.strict_control_ids,
                pin_key_plan: Mutex::new(PinKeyPlan::DOCUMENTED),
                faults,
                base_url,
            }),
        })
    }

    /// All routes. The layers are listed from the inside out: a request that is refused for its host or its site is not recorded.
    pub(crate) fn router(&self) -> Router {
        let controls = TestControls {
            enfuce: self.enfuce.clone(),
            idp: self.idp.clone(),
            wire: Arc::clone(&self.recorder.wire),
        };
        add(Router::new(), openapi::table())
            .merge(enfuce::routes(self.enfuce.clone()))
            .merge(idp::routes(self.idp.clone()))
            .merge(test_controls::routes(controls))
            .merge(issuer::routes(self.issuer.clone(), &self.relay))
            .method_not_allowed_fallback(http::method_not_allowed)
            .fallback(http::unknown_route)
            .layer(middleware::from_fn_with_state(self.recorder.clone(), recorder::record))
            .layer(middleware::from_fn_with_state(self.origin.clone(), http::check_site))
            .layer(middleware::from_fn_with_state(self.origin.clone(), http::check_host))
            .layer(middleware::from_fn(http::complete))
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
            paths(&enfuce::table()),
            paths(&enfuce::nextgen_table()),
            paths(&idp::table()),
            paths(&issuer::table()),
            paths(&test_controls::table()),
            paths(&openapi::table()),
        ];
        assert_eq!(described, served.into_iter().flatten().collect());
    }
}
