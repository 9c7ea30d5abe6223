use anyhow::{Context, Result};
use std::{
    fs,
    os::unix::process::CommandExt as _,
    process::{Child, ChildStdout, Command},
    thread,
    time::{Duration, Instant},
};

/// For an orderly end; then the rest is killed.
const GRACE: Duration = Duration::from_secs(3);

/// A child with all the processes that it starts in turn; all of them end with it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts it in a process group of its own, which its children share.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("{program} cannot be started: run `cargo xtask setup`"))?;
        Ok(Self { child })
    }

    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn signal_group(&self, signal: &str) {
        // There may be nobody left to signal: that is the aim.
        let _ = Command::new("kill").args([signal, "--", &format!("-{}", self.child.id())]).output();
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

/// The processes below one whose command line has that word, as Linux tells it.
pub(crate) fn descendants(root: u32, word: &str) -> Vec<u32> {
    let mut found = vec![root];
    let mut seen = 0;
    while let Some(parent) = found.get(seen).copied() {
        found.extend(children(parent));
        seen += 1;
    }
    let has_word = |process: &u32| {
        let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0 || *byte == b' ').any(|part| part == word.as_bytes())
    };
    found.into_iter().filter(has_word).collect()
}

/// Each thread of a process has the children that it started.
fn children(parent: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{parent}/task")) else { return Vec::new() };
    let of_thread =
        |thread: fs::DirEntry| fs::read_to_string(thread.path().join("children")).unwrap_or_default();
    let children: Vec<String> = threads.flatten().map(of_thread).collect();
    children.iter().flat_map(|ids| ids.split_whitespace()).filter_map(|id| id.parse().ok()).collect()
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal_group("-TERM");
        let deadline = Instant::now() + GRACE;
        while !self.has_ended() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        self.signal_group("-KILL");
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_below_is_found_by_its_word_and_ends_with_the_one_above() -> Result<()> {
        let shell =
            Process::spawn(Command::new("sh").args(["-c", "sleep $SPAN & wait"]).env("SPAN", "61.5"))?;
        let deadline = Instant::now() + GRACE;
        let sleeping = loop {
            match &*descendants(shell.id(), "61.5") {
                [sleeping] => break *sleeping,
                _ if Instant::now() > deadline => anyhow::bail!("the child is not found"),
                _ => thread::sleep(Duration::from_millis(10)),
            }
        };
        assert_ne!(sleeping, shell.id());
        assert!(descendants(shell.id(), "another").is_empty());
        drop(shell);
        // What has ended has no command line any more. The signal is on its way by now.
        let deadline = Instant::now() + GRACE;
        while !descendants(sleeping, "61.5").is_empty() {
            anyhow::ensure!(Instant::now() < deadline, "the child goes on");
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}
