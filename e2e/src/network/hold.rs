//! Requests and answers that wait until a test lets them go on.

use crate::patience::PATIENCE;
use anyhow::{Context, Result};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::{sync::watch, time::timeout};

/// Where something is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// On the way to the sandbox, which knows nothing of it.
    There,
    /// On the way back: the sandbox has done its work.
    Back,
}

/// Holds the next request to a path, or its answer, until the test lets it continue. If dropped, it cuts the connection.
#[derive(Debug)]
pub struct Held {
    hold: Arc<Hold>,
}

/// What the network and the test share of it.
#[derive(Debug)]
pub(super) struct Hold {
    path: String,
    way: Way,
    is_used: AtomicBool,
    waiting: watch::Sender<usize>,
    gate: watch::Sender<Gate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Shut,
    Open,
    Cut,
}

impl Held {
    pub(super) fn new(path: &str, way: Way) -> (Self, Arc<Hold>) {
        let hold = Arc::new(Hold {
            path: path.to_owned(),
            way,
            is_used: AtomicBool::new(false),
            waiting: watch::Sender::new(0),
            gate: watch::Sender::new(Gate::Shut),
        });
        (Self { hold: Arc::clone(&hold) }, hold)
    }

    /// Waits until something is held back.
    ///
    /// # Errors
    ///
    /// If nothing comes in time.
    pub async fn came(&self) -> Result<()> {
        self.hold.until_waiting(|waiting| waiting > 0).await
    }

    /// Lets the request or answer go on, and waits until it has arrived.
    ///
    /// # Errors
    ///
    /// If it does not arrive in time.
    pub async fn go_on(self) -> Result<()> {
        self.hold.gate.send_replace(Gate::Open);
        self.hold.until_waiting(|waiting| waiting == 0).await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.hold.gate.send_if_modified(|gate| {
            let is_shut = *gate == Gate::Shut;
            if is_shut {
                *gate = Gate::Cut;
            }
            is_shut
        });
    }
}

impl Hold {
    /// Whether it holds back a request that goes this way: the first one to its path, as long as the test has not let go.
    pub(super) fn takes(&self, path: &str, way: Way) -> bool {
        let is_meant = self.path == path && self.way == way && *self.gate.borrow() == Gate::Shut;
        is_meant && !self.is_used.swap(true, Ordering::Relaxed)
    }

    /// Waits until the test lets the request or answer go on. `None` where the connection is to be cut.
    pub(super) async fn wait(self: Arc<Self>) -> Option<OnItsWay> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        let on_its_way = OnItsWay(Arc::clone(&self));
        let gate = *self.gate.subscribe().wait_for(|gate| *gate != Gate::Shut).await.ok()?;
        (gate == Gate::Open).then_some(on_its_way)
    }

    async fn until_waiting(&self, condition: impl Fn(usize) -> bool) -> Result<()> {
        let mut waiting = self.waiting.subscribe();
        let reached = timeout(PATIENCE, waiting.wait_for(|waiting| condition(*waiting))).await;
        reached.with_context(|| format!("waited in vain for {} on the network", self.path))??;
        Ok(())
    }
}

/// Something that was held back, until it has arrived.
pub(super) struct OnItsWay(Arc<Hold>);

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting -= 1);
    }
}
