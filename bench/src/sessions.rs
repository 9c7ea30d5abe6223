//! From a page's opening to the PIN that is set.

use crate::{
    plan::order_of,
    results::{Marks, Sessions},
};
use anyhow::{Context, Error, Result, bail, ensure};
use card_pin_e2e::{Sandbox, WebDriver, random_pin};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// A pad's name in the report, and its page.
pub(crate) type Pad = (&'static str, &'static str);

pub(crate) const PADS: [Pad; 3] = [
    ("card-pin", "pad-card-pin.html"),
    ("pad on WebCrypto", "pad-webcrypto.html"),
    ("pad on node-forge", "pad-forge.html"),
];

/// W3C WebDriver, 17.4.2.
pub(crate) const ENTER: char = '\u{E007}';

/// For a script that waits on a machine made slower.
const PATIENCE: Duration = Duration::from_secs(240);

/// How many sessions of one row of the report may fail because their control id has expired. They are repeated.
const MOST_EXPIRED: u32 = 3;

/// The moments that the page has noted so far.
#[derive(Deserialize)]
struct Told {
    drawn: Option<f64>,
    ready: Option<f64>,
    submitted: Option<f64>,
    accepted: Option<f64>,
    origin: f64,
    error: Option<String>,
    longest_task: f64,
    watches_tasks: bool,
}

/// A pad in a page that was just opened, for a card that waits for its PIN.
pub(crate) struct Opened<'a> {
    sandbox: &'a Sandbox,
    driver: &'a WebDriver,
    card: String,
    pin: String,
}

impl<'a> Opened<'a> {
    /// Opens the page, and returns as soon as the pad is drawn. `page` is its whole address, with the size of the key.
    pub(crate) async fn open(sandbox: &'a Sandbox, driver: &'a WebDriver, page: &str) -> Result<Self> {
        let card = sandbox.waiting_card().await?;
        let pin = random_pin()?;
        driver.open(&format!("{page}&control-id={}", card.control_id)).await?;
        let opened = Self { sandbox, driver, card: card.id, pin };
        opened.wait("drawn").await?;
        Ok(opened)
    }

    /// Waits until a submit would be sent at once.
    pub(crate) async fn is_ready(&self) -> Result<()> {
        self.wait("ready").await.map(drop)
    }

    /// Types the PIN and its confirmation, as fast as the driver can, and submits. Then the sandbox has to know the PIN.
    pub(crate) async fn set_pin(self) -> Result<Marks> {
        self.driver.type_keys(&format!("{0}{0}{ENTER}", self.pin)).await?;
        let told = self.wait("accepted").await?;
        let held = self.sandbox.pin_of(&self.card).await?;
        ensure!(held.as_deref() == Some(&*self.pin), "another PIN is set than the one entered");
        let (Some(drawn), Some(ready), Some(submitted), Some(accepted)) =
            (told.drawn, told.ready, told.submitted, told.accepted)
        else {
            bail!("the page's clock missed a moment");
        };
        let longest_task = told.watches_tasks.then_some(told.longest_task);
        let requested = self.requested().await? - told.origin;
        Ok(Marks { drawn, ready, submitted, requested, accepted, longest_task })
    }

    /// When the PIN reached the sandbox, whose clock is the browser's too. The page does not see the requests of its worker.
    async fn requested(&self) -> Result<f64> {
        let wire = self.sandbox.wire().await?;
        let request = wire.iter().rfind(|request| request["path"] == "/pin-page/set");
        let at = request.and_then(|request| request["at"].as_str()).context("the PIN was not seen")?;
        // Every engine reads a time to the millisecond.
        let at = at.get(..23).context("the sandbox's clock has no milliseconds")?;
        self.driver.run("return Date.parse(argument)", json!(format!("{at}Z"))).await
    }

    async fn wait(&self, moment: &str) -> Result<Told> {
        self.driver.wait_for(&format!("window.{moment}"), "the page's clock").await?;
        let told: Told = self.driver.run(&format!("return {moment}()"), Value::Null).await?;
        match told.error {
            Some(error) => bail!("{error}"),
            None => Ok(told),
        }
    }
}

/// Where sessions run, and how many.
#[derive(Clone)]
pub(crate) struct Course<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) driver: &'a WebDriver,
    pub(crate) engine: String,
    pub(crate) pads: &'a [Pad],
    /// The most sessions with each pad, and the time after which no further one begins.
    pub(crate) plan: (usize, Duration),
    /// How many times slower the machine was made.
    pub(crate) slower: u32,
    /// The size of the key.
    pub(crate) bits: u32,
}

/// Sessions with one pad.
struct Row {
    pad: &'static str,
    page: &'static str,
    runs: Vec<Marks>,
    expired: u32,
}

impl Course<'_> {
    /// Runs sessions with each pad in turn, each in a page that is opened for it.
    pub(crate) async fn measure(&self) -> Result<Vec<Sessions>> {
        self.measure_at(&self.sandbox.url("")).await
    }

    /// As [`Course::measure`], through another origin in front of the sandbox.
    pub(crate) async fn measure_at(&self, origin: &str) -> Result<Vec<Sessions>> {
        let (runs, time) = self.plan;
        self.driver.allow_scripts(PATIENCE).await?;
        let mut rows: Vec<Row> =
            self.pads.iter().map(|(pad, page)| Row { pad, page, runs: Vec::new(), expired: 0 }).collect();
        let mut round = 0;
        while rows.iter().any(|row| row.wants_more(runs, time)) {
            for place in order_of(round, rows.len()) {
                let row = &mut rows[place];
                if row.wants_more(runs, time) {
                    let page = address(origin, row.page, self.bits);
                    let session =
                        async { Opened::open(self.sandbox, self.driver, &page).await?.set_pin().await };
                    match session.await {
                        Ok(marks) => row.runs.push(marks),
                        // On a machine that was made slower, an unlucky search can take longer than the control id is valid.
                        Err(error) if is_expired(&error) && row.expired < MOST_EXPIRED => row.expired += 1,
                        Err(error) => return Err(error.context(format!("a session, {}", row.pad))),
                    }
                }
            }
            round += 1;
        }
        let named = |row: Row| Sessions {
            engine: self.engine.clone(),
            slower: self.slower,
            pad: row.pad.to_owned(),
            runs: row.runs,
        };
        Ok(rows.into_iter().map(named).collect())
    }
}

/// Whether a session failed because its control id had expired, as `card-pin` and the pads written by hand report it.
fn is_expired(error: &Error) -> bool {
    let error = error.to_string();
    error.contains("control_id_expired") || error.ends_with("410")
}

/// The address of a pad's page, with the size of the key.
pub(crate) fn address(origin: &str, page: &str, bits: u32) -> String {
    format!("{origin}/pin-page/{page}?bits={bits}")
}

impl Row {
    fn wants_more(&self, runs: usize, time: Duration) -> bool {
        let taken: f64 = self.runs.iter().map(|marks| marks.accepted).sum();
        self.runs.len() < runs && taken < time.as_secs_f64() * 1000.0
    }
}
