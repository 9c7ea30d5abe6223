//! The embossing run: makes every plastic that is due, with the PIN that the customer chose or with a random one.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Transaction;
use tokio::sync::watch;
use tokio::time::interval;

use crate::clock::Clock;
use crate::config::Embossing;
use crate::hsm::Hsm;
use crate::http::Problem;
use crate::store::Store;
use crate::store::cards::{self, PinStatus};
use crate::store::productions;
use crate::store::time::{self, Time};

/// How often to check whether a run is due.
const TICK: Duration = Duration::from_secs(1);

/// How many plastics a run made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Made {
    pub(crate) chosen_pins: u64,
    pub(crate) random_pins: u64,
}

/// What a run reads.
#[derive(Clone)]
pub(crate) struct Embosser {
    pub(crate) clock: Arc<Clock>,
    pub(crate) store: Store,
    pub(crate) hsm: Arc<Hsm>,
    /// When the runs are.
    pub(crate) timetable: Embossing,
}

impl Embosser {
    /// Makes a run now.
    pub(crate) async fn run(&self) -> Result<Made, Problem> {
        let (now, hsm) = (self.clock.now(), Arc::clone(&self.hsm));
        self.store
            .transaction(move |tx| {
                let time = time::read(tx, now)?;
                make_all(tx, &hsm, Time { last_run: now, ..time })
            })
            .await
    }

    /// Makes a run if one is due since the last one.
    pub(crate) async fn run_if_due(&self) -> Result<(), Problem> {
        let (now, timetable, hsm) = (self.clock.now(), self.timetable, Arc::clone(&self.hsm));
        self.store
            .transaction(move |tx| {
                let time = time::read(tx, now)?;
                if timetable.next_run(time.last_run) <= now {
                    make_all(tx, &hsm, Time { last_run: now, ..time })?;
                }
                Ok(())
            })
            .await
    }

    /// Keeps the timetable until the sandbox stops.
    pub(crate) async fn keep_timetable(self, mut stopped: watch::Receiver<()>) {
        let mut ticks = interval(TICK);
        loop {
            tokio::select! {
                _ = stopped.changed() => return,
                _ = ticks.tick() => {}
            }
            // A failure, such as a busy database, is tried again at the next tick.
            let _ = self.run_if_due().await;
        }
    }
}

/// Makes all plastics that are due, in the transaction of the caller: a run that is broken off, even by a kill, has made
/// nothing, and the next one makes each plastic once.
fn make_all(tx: &Transaction<'_>, hsm: &Hsm, time: Time) -> Result<Made, Problem> {
    let mut made = Made::default();
    for due in productions::due(tx)? {
        let sealed_pin = match due.sealed_pin {
            Some(sealed_pin) => sealed_pin,
            None => {
                let sealed_pin = hsm.make_pin(due.card_id)?;
                cards::keep_random_pin(tx, due.card_id, &sealed_pin)?;
                sealed_pin
            }
        };
        productions::record(tx, due.plastic_id, &sealed_pin, time.last_run)?;
        match due.pin_status {
            PinStatus::Set => made.chosen_pins += 1,
            PinStatus::Random | PinStatus::Waiting => made.random_pins += 1,
        }
    }
    time::write(tx, time)?;
    Ok(made)
}
