//! Watches the files of secrets, keys and certificates, which other programs replace while the relay runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::config::{Config, Stamp};

/// The time between two checks.
const PAUSE: Duration = Duration::from_secs(2);

/// Notices when a file that the configuration names is replaced.
#[derive(Debug)]
pub struct Watch {
    files: Vec<PathBuf>,
    /// The files in the versions that the relay uses.
    known: Vec<Stamp>,
}

impl Watch {
    /// Starts with the versions from which this configuration was read.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let (files, known) = config.files.iter().cloned().unzip();
        Self { files, known }
    }

    /// Waits until a file has changed and is the same in two checks: then it is probably complete.
    pub async fn changed(&mut self) {
        let mut before = None;
        loop {
            sleep(PAUSE).await;
            let files = self.files.clone();
            // On a thread of its own, so that a file system that hangs blocks nothing else.
            let look =
                spawn_blocking(move || files.iter().map(|path| stamp(path)).collect::<Option<Vec<_>>>());
            // A missing file is probably being replaced.
            let now = look.await.ok().flatten().filter(|now| *now != self.known);
            if now.is_some() && now == before {
                self.known = now.unwrap_or_default();
                return;
            }
            before = now;
        }
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    std::fs::metadata(path).ok().as_ref().and_then(Stamp::of)
}
