//! The files of secrets, keys and certificates, which others replace while the relay runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::config::{Config, Stamp};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// Notices when a file that the configuration names is replaced.
#[derive(Debug)]
pub struct Watch {
    files: Vec<PathBuf>,
    /// Of the versions that the relay knows.
    known: Vec<Stamp>,
}

impl Watch {
    /// From the versions that this configuration was read from.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let (files, known) = config.files.iter().cloned().unzip();
        Self { files, known }
    }

    /// Waits until a file is another than before, and stays so for two looks: then it is written to its end, most likely.
    pub async fn changed(&mut self) {
        let mut before = None;
        loop {
            sleep(PAUSE).await;
            let files = self.files.clone();
            // On a thread of its own: a file system that hangs holds nothing else up.
            let look =
                spawn_blocking(move || files.iter().map(|path| stamp(path)).collect::<Option<Vec<_>>>());
            // A file that is not there is just being replaced.
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
