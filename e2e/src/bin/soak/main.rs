//! `cargo xtask soak --sessions N`: runs whole sessions, each in a newly loaded page, so that the browser compiles the core each
//! time. A browser sometimes compiles it wrongly. Counts the failures that the customer sees and those that are recovered. Fails if
//! a customer saw one, unless `--dist` names another build, which is only a control.

#![allow(clippy::print_stdout, reason = "a command line talks to its terminal")]

mod interval;
mod tally;

use anyhow::{Context, Result, bail, ensure};
use card_pin_e2e::{Browser, Engine, Sandbox, random_pin};
use serde_json::json;
use std::{
    cell::{Cell, RefCell},
    env,
    path::PathBuf,
    time::{Duration, Instant},
};
use tally::{Session, Tally};

/// After how many sessions it reports its progress.
const PROGRESS: usize = 100;
/// The limit for a session. A session takes a second; one that reports nothing for this long has failed.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let (mut sessions, mut engines, mut dist) = (0, Engine::ALL.to_vec(), None);
    let mut options = env::args().skip(1);
    while let Some(option) = options.next() {
        let value = options.next().with_context(|| format!("{option} has no value"))?;
        match &*option {
            "--sessions" => sessions = value.parse()?,
            "--engine" => engines.retain(|engine| engine.to_string().eq_ignore_ascii_case(&value)),
            "--dist" => dist = Some(PathBuf::from(value)),
            _ => bail!("the option `{option}` is unknown"),
        }
    }
    ensure!(!engines.is_empty(), "the engines are chromium, firefox and webkit");
    let is_control = dist.is_some();
    let sandbox = match dist {
        Some(dist) => Sandbox::start_of(&dist).await?,
        None => Sandbox::start_unlimited().await?,
    };
    let mut failures = 0;
    for engine in engines {
        let (left, tally) = (Cell::new(sessions), RefCell::default());
        let rig = Rig { sandbox: &sandbox, engine, left, tally, started: Instant::now() };
        // Each browser keeps about one core busy.
        let ended = tokio::try_join!(rig.play_all(), rig.play_all());
        println!("{engine}: {} sessions in {}", rig.tally.borrow().sessions(), rig.minutes());
        print!("{}", rig.tally.borrow());
        ended?;
        failures += rig.tally.borrow().failures();
    }
    ensure!(is_control || failures == 0, "{failures} sessions failed before the customer");
    Ok(())
}

struct Rig<'a> {
    sandbox: &'a Sandbox,
    engine: Engine,
    /// How many sessions have not begun yet.
    left: Cell<usize>,
    tally: RefCell<Tally>,
    started: Instant,
}

impl Rig<'_> {
    /// Runs sessions one after the other, and starts a new browser after each one that crashes.
    async fn play_all(&self) -> Result<()> {
        while self.left.get() > 0 {
            let browser = self.engine.start().await?;
            if let Err(error) = self.play_in(&browser).await {
                self.tally.borrow_mut().add_broken();
                println!("{}: {error:#}", self.engine);
            }
        }
        Ok(())
    }

    async fn play_in(&self, browser: &Browser) -> Result<()> {
        while let Some(left) = self.left.get().checked_sub(1) {
            self.left.set(left);
            let session = tokio::time::timeout(PATIENCE, self.play(browser)).await;
            let session = session.context("nothing is heard of the browser")??;
            self.tally.borrow_mut().add(&session);
            if session.outcome != "success" {
                println!("{}: {session:?}", self.engine);
            }
            if self.tally.borrow().sessions().is_multiple_of(PROGRESS) {
                println!("{}, {}: {}", self.engine, self.minutes(), self.tally.borrow().progress());
            }
        }
        Ok(())
    }

    async fn play(&self, browser: &Browser) -> Result<Session> {
        let (card, pin) = (self.sandbox.waiting_card().await?.id, random_pin()?);
        let driver = browser.driver();
        driver.open(&self.sandbox.url("/pin-page/soak.html")).await?;
        driver.wait_for("window.play", "the page").await?;
        let mut session: Session =
            driver.run("return window.play(argument)", json!({"card": card, "pin": pin})).await?;
        // The server alone knows.
        if session.outcome == "success" && self.sandbox.pin_of(&card).await? != Some(pin) {
            session.outcome = "another PIN is set".to_owned();
        }
        Ok(session)
    }

    fn minutes(&self) -> String {
        format!("{:.1} min", self.started.elapsed().as_secs_f64() / 60.0)
    }
}
