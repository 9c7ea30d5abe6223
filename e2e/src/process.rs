//! Child processes that end with the test.

use anyhow::{Context, Result, ensure};
use std::{
    env,
    ffi::OsStr,
    fs,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

/// Stands between the test and a program, and ends the program, with all that it started, when its own input ends: when the test
/// drops the [`Process`], and when the test's process ends, however it ends. Then it removes the program's folder.
///
/// The program gets a process group of its own, three seconds for an orderly end, and is killed after that.
const GUARD: &str = r#"
folder=$1
shift
setsid "$@" < /dev/null &
program=$!
# From here on it waits for the program itself, not for its output.
exec > /dev/null
cat
kill -s TERM -- -"$program"
(sleep 3; kill -s KILL -- -"$program") &
timer=$!
wait "$program"
kill "$timer"
kill -s KILL -- -"$program"
[ -z "$folder" ] || rm -rf -- "$folder"
"#;

/// A program with all the processes that it starts in turn; all of them end with it, and it ends with the test.
#[derive(Debug)]
pub(crate) struct Process {
    guard: Child,
}

impl Process {
    /// Starts a program without output. Its folder is removed when it has ended.
    pub(crate) fn spawn(command: &Command, folder: Option<&Path>) -> Result<Self> {
        Self::spawn_with(command, folder, Stdio::null())
    }

    /// Starts a program, and gives what it says.
    pub(crate) fn spawn_heard(command: &Command) -> Result<(Self, ChildStdout)> {
        let mut process = Self::spawn_with(command, None, Stdio::piped())?;
        let stdout = process.guard.stdout.take().context("the program has no output")?;
        Ok((process, stdout))
    }

    fn spawn_with(command: &Command, folder: Option<&Path>, stdout: Stdio) -> Result<Self> {
        let program = command.get_program();
        ensure!(
            is_installed(program),
            "{} is not installed: run `cargo xtask setup`",
            program.to_string_lossy()
        );
        let environment = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(folder.map(Path::as_os_str).unwrap_or_default())
            .arg(program)
            .args(command.get_args())
            .envs(environment)
            // What a terminal sends to the test does not reach the guard.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(Stdio::null())
            .spawn()
            .context("sh cannot be started")?;
        Ok(Self { guard })
    }

    /// The process from which all others of this program descend.
    pub(crate) fn id(&self) -> u32 {
        self.guard.id()
    }
}

/// Whether the system finds a program of this name.
pub(crate) fn is_installed(program: impl AsRef<OsStr>) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program.as_ref()).is_file())
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
        drop(self.guard.stdin.take());
        // Where it cannot be waited for, it has ended.
        let _ = self.guard.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patience::{PATIENCE, until};
    use std::thread;

    /// A program that starts another one, which sleeps for so many seconds.
    fn sleeper(seconds: &str, folder: &Path) -> Result<Process> {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep $SPAN & wait"]).env("SPAN", seconds);
        Process::spawn(&command, Some(folder))
    }

    #[tokio::test]
    async fn a_process_below_is_found_by_its_word_and_ends_with_the_one_above() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let shell = sleeper("61.5", folder.path())?;
        let sleeping =
            until("the process below", async || Ok(descendants(shell.id(), "61.5").first().copied())).await?;
        assert_ne!(sleeping, shell.id());
        assert!(descendants(shell.id(), "another").is_empty());
        drop(shell);
        // What has ended has no command line any more. The signal is on its way by now.
        let has_ended = async || Ok(descendants(sleeping, "61.5").is_empty().then_some(()));
        until("the end of the process below", has_ended).await?;
        assert!(!folder.path().exists());
        Ok(())
    }

    #[test]
    fn a_missing_program_is_named() {
        let missing = Process::spawn(&Command::new("no-such-program"), None);
        assert!(missing.is_err_and(|error| error.to_string().contains("no-such-program")));
    }

    const FOLDER: &str = "CARD_PIN_TEST_FOLDER";

    #[tokio::test]
    async fn processes_and_folders_end_with_a_test_that_is_killed() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let own = folder.path().join("own");
        fs::create_dir(&own)?;
        let mut test = Command::new(env::current_exe()?)
            .args(["process::tests::a_test_that_waits_to_be_killed", "--exact", "--ignored"])
            .env(FOLDER, &own)
            .stdout(Stdio::null())
            .spawn()?;
        let sleeping =
            until("the process below", async || Ok(descendants(test.id(), "62.5").first().copied())).await?;
        test.kill()?;
        test.wait()?;
        let has_ended = async || Ok(descendants(sleeping, "62.5").is_empty().then_some(()));
        until("the end of the process below", has_ended).await?;
        until("the end of its folder", async || Ok((!own.exists()).then_some(()))).await
    }

    #[test]
    #[ignore = "the test above runs it, and kills it"]
    fn a_test_that_waits_to_be_killed() -> Result<()> {
        let folder = env::var_os(FOLDER).context("nobody kills this test")?;
        let _sleeper = sleeper("62.5", Path::new(&folder))?;
        thread::sleep(PATIENCE);
        Ok(())
    }
}
