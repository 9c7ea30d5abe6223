use crate::results::{Marks, Sessions};
use anyhow::{Context, Result, bail, ensure};
use card_pin_e2e::{Sandbox, WebDriver, random_pin};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// Name in the report, and page.
pub(crate) const PADS: [(&str, &str); 3] = [
    ("card-pin", "pad-card-pin.html"),
    ("pad on WebCrypto", "pad-webcrypto.html"),
    ("pad on node-forge", "pad-forge.html"),
];

/// W3C WebDriver, 17.4.2.
pub(crate) const ENTER: char = '\u{E007}';

/// For a script that waits on a machine made slower.
const PATIENCE: Duration = Duration::from_secs(240);

/// The page's clock, as far as it has come.
#[derive(Deserialize)]
struct Told {
    drawn: Option<f64>,
    ready: Option<f64>,
    submitted: Option<f64>,
    accepted: Option<f64>,
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
    /// As soon as the pad is drawn.
    pub(crate) async fn open(sandbox: &'a Sandbox, driver: &'a WebDriver, page: &str) -> Result<Self> {
        let card = sandbox.waiting_card().await?;
        let pin = random_pin()?;
        driver.open(&sandbox.url(&format!("/pin-page/{page}?control-id={}", card.control_id))).await?;
        let opened = Self { sandbox, driver, card: card.id, pin };
        opened.wait("drawn").await?;
        Ok(opened)
    }

    /// Until a submit would go out at once.
    pub(crate) async fn is_ready(&self) -> Result<()> {
        self.wait("ready").await.map(drop)
    }

    /// A customer who is as quick as the driver types the PIN twice, and submits; the sandbox has to know it then.
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
        Ok(Marks { drawn, ready, submitted, accepted, longest_task })
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

/// Sessions with one pad.
struct Row {
    pad: &'static str,
    page: &'static str,
    runs: Vec<Marks>,
}

/// Sessions with each pad in turn, each in a page that is opened for it: so many, or as many as begin within that time for each.
pub(crate) async fn measure(
    sandbox: &Sandbox,
    driver: &WebDriver,
    (engine, slower): (&str, u32),
    (runs, time): (usize, Duration),
) -> Result<Vec<Sessions>> {
    driver.allow_scripts(PATIENCE).await?;
    let mut rows = PADS.map(|(pad, page)| Row { pad, page, runs: Vec::new() });
    let mut round = 0;
    while rows.iter().any(|row| row.wants_more(runs, time)) {
        for place in 0..PADS.len() {
            let row = &mut rows[(place + round) % PADS.len()];
            if row.wants_more(runs, time) {
                let session = async { Opened::open(sandbox, driver, row.page).await?.set_pin().await };
                row.runs.push(session.await.with_context(|| format!("a session, {}", row.pad))?);
            }
        }
        round += 1;
    }
    let named =
        |row: Row| Sessions { engine: engine.to_owned(), slower, pad: row.pad.to_owned(), runs: row.runs };
    Ok(rows.into_iter().map(named).collect())
}

impl Row {
    fn wants_more(&self, runs: usize, time: Duration) -> bool {
        let taken: f64 = self.runs.iter().map(|marks| marks.accepted).sum();
        self.runs.len() < runs && taken < time.as_secs_f64() * 1000.0
    }
}
