use anyhow::{Context, Result};
use std::{
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

    fn signal_group(&self, signal: &str) {
        // There may be nobody left to signal: that is the aim.
        let _ = Command::new("kill").args([signal, "--", &format!("-{}", self.child.id())]).output();
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
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
