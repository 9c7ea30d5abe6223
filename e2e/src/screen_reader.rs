//! A screen reader, and what it says.

use crate::{
    patience::{PATIENCE, POLL, until},
    process::{Process, is_installed},
    screen::Screen,
};
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

const POLLS_TO_A_KEY: u32 = 40;

/// How long to wait for an utterance that may not come at all, and is asked for again.
const SHORT_PATIENCE: Duration = Duration::from_secs(6);

/// Where Debian puts the bus of assistive technologies.
const ACCESSIBILITY_BUS: &str = "/usr/libexec/at-spi-bus-launcher";

/// Orca, the screen reader of GNOME, on a screen and a session bus of its own, with a voice that makes no sound. What it would
/// say is in its log.
#[derive(Debug)]
pub struct ScreenReader {
    // The order of the fields is the order of their end.
    processes: Vec<Process>,
    _screen: Screen,
    environment: Vec<(&'static str, String)>,
    log: PathBuf,
    _home: TempDir,
}

impl ScreenReader {
    /// Whether this machine has what it takes.
    #[must_use]
    pub fn is_installed() -> bool {
        ["orca", "dbus-daemon", "xdotool", "openbox"].into_iter().all(is_installed)
            && Path::new(ACCESSIBILITY_BUS).is_file()
    }

    /// Starts it, and waits until it has said that it is there.
    ///
    /// # Errors
    ///
    /// If a program is missing or does not come up.
    pub async fn start() -> Result<Self> {
        let home = tempfile::tempdir()?;
        let path = |name: &str| home.path().join(name);
        let runtime = path("run");
        fs::create_dir(&runtime)?;
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700))?;
        lay_voice(&home)?;
        lay_settings(&home)?;

        let screen = Screen::start()?;
        let path_of_tools = lay_tools(&home)?;
        let mut environment = vec![
            ("PATH", path_of_tools),
            ("DISPLAY", screen.display.clone()),
            ("HOME", home.path().display().to_string()),
            ("XDG_CONFIG_HOME", path(".config").display().to_string()),
            ("XDG_DATA_HOME", path(".local/share").display().to_string()),
            ("XDG_RUNTIME_DIR", runtime.display().to_string()),
            ("GNOME_ACCESSIBILITY", "1".to_owned()),
            ("NO_AT_BRIDGE", "0".to_owned()),
        ];
        let mut bus = quiet("dbus-daemon", &environment);
        let (bus, said) = Process::spawn_heard(bus.args(["--session", "--nofork", "--print-address=1"]))?;
        let mut address = String::new();
        BufReader::new(said).read_line(&mut address)?;
        environment.push(("DBUS_SESSION_BUS_ADDRESS", address.trim().to_owned()));

        let log = path("orca.log");
        let mut reader = Self { processes: vec![bus], _screen: screen, environment, log, _home: home };
        reader.spawn("openbox", &[])?;
        // Only a window manager knows of desktops.
        reader.xdotool_until("the window manager does not answer", &["get_num_desktops"]).await?;
        reader.spawn(ACCESSIBILITY_BUS, &["--launch-immediately"])?;
        // Some systems lack this setting; the variables above are enough there.
        let setting = ["set", "org.gnome.desktop.interface", "toolkit-accessibility", "true"];
        drop(quiet("gsettings", &reader.environment).args(setting).status());
        let log_option = format!("--debug-file={}", reader.log.display());
        reader.spawn("orca", &[&log_option])?;
        reader.hear(0, "Screen reader on").await?;
        Ok(reader)
    }

    fn spawn(&mut self, program: &str, args: &[&str]) -> Result<()> {
        self.processes.push(Process::spawn(quiet(program, &self.environment).args(args), None)?);
        Ok(())
    }

    /// What a browser has to be started with to be heard.
    pub(crate) fn environment(&self) -> &[(&'static str, String)] {
        &self.environment
    }

    /// Presses a key of the keyboard, by its name in X11: `8`, `Return`, `Tab`.
    ///
    /// # Errors
    ///
    /// If it cannot be pressed.
    pub fn press(&self, key: &str) -> Result<()> {
        self.xdotool(&["key", key])
    }

    /// Brings Firefox to the front, as the keys go to whatever is there.
    ///
    /// # Errors
    ///
    /// If it has no window in time.
    pub async fn bring_firefox_up(&self) -> Result<()> {
        let search = ["search", "--onlyvisible", "--class", "firefox", "windowactivate", "--sync"];
        self.xdotool_until("Firefox has no window", &search).await
    }

    async fn xdotool_until(&self, problem: &'static str, args: &[&str]) -> Result<()> {
        until(problem, async || Ok(self.xdotool(args).ok())).await
    }

    fn xdotool(&self, args: &[&str]) -> Result<()> {
        let done = quiet("xdotool", &self.environment).args(args).output();
        let done = done.context("xdotool cannot be started: run `cargo xtask nightly screen-reader`")?;
        if !done.status.success() {
            bail!("xdotool {} failed: {}", args.join(" "), String::from_utf8_lossy(&done.stderr));
        }
        Ok(())
    }

    /// Everything that was said so far, in order.
    ///
    /// # Errors
    ///
    /// If the log cannot be read.
    pub fn said(&self) -> Result<Vec<String>> {
        let log = match fs::read(&self.log) {
            Ok(log) => String::from_utf8_lossy(&log).into_owned(),
            // It has said nothing yet.
            Err(_) => return Ok(Vec::new()),
        };
        let lines = log.lines().filter_map(|line| line.split_once("SPEECH OUTPUT: '"));
        Ok(lines.map(|(_, said)| said.rsplit_once('\'').map_or(said, |(said, _)| said).to_owned()).collect())
    }

    /// Waits until something with this text is said, after the first `from` utterances; and gives how many there are then.
    ///
    /// # Errors
    ///
    /// If it is not said in time; what was said instead.
    pub async fn hear(&self, from: usize, text: &str) -> Result<usize> {
        match self.hear_within(PATIENCE, from, text).await? {
            Some(at) => Ok(at),
            None => bail!("`{text}` is not said; this is: {:#?}", &self.said()?.get(from..)),
        }
    }

    /// As [`ScreenReader::hear`], for what may get lost: `None` where it is not said soon.
    ///
    /// # Errors
    ///
    /// If the log cannot be read.
    pub async fn hears(&self, from: usize, text: &str) -> Result<Option<usize>> {
        self.hear_within(SHORT_PATIENCE, from, text).await
    }

    async fn hear_within(&self, patience: Duration, from: usize, text: &str) -> Result<Option<usize>> {
        let deadline = Instant::now() + patience;
        for poll in 1.. {
            // Orca writes the end of its log when there is more to write: a key that does nothing brings it out.
            if poll % POLLS_TO_A_KEY == 0 {
                self.press("Shift_L")?;
            }
            let said = self.said()?;
            if let Some(place) = said.iter().skip(from).position(|utterance| utterance.contains(text)) {
                return Ok(Some(from + place + 1));
            }
            if Instant::now() > deadline {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(None)
    }
}

/// Without a voice, the reader would wait for its speech server for ever.
fn lay_voice(home: &TempDir) -> Result<()> {
    let folder = home.path().join(".config/speech-dispatcher");
    fs::create_dir_all(folder.join("modules"))?;
    let server =
        "AddModule \"quiet\" \"sd_generic\" \"quiet.conf\"\nDefaultModule quiet\nDefaultLanguage en\n";
    fs::write(folder.join("speechd.conf"), server)?;
    let voice = "GenericExecuteSynth \"true\"\nGenericLanguage \"en\" \"en\" \"utf-8\"\nAddVoice \"en\" \"MALE1\" \"en\"\n\
                 DefaultVoice \"MALE1\"\n";
    Ok(fs::write(folder.join("modules/quiet.conf"), voice)?)
}

/// It does not read a whole page when one is opened: when that ends nobody can tell, and what a test waits for gets lost in it.
fn lay_settings(home: &TempDir) -> Result<()> {
    let folder = home.path().join(".local/share/orca");
    fs::create_dir_all(&folder)?;
    let quiet = json!({
        "profile": ["Default", "default"],
        "sayAllOnLoad": false,
        "pageSummaryOnLoad": false,
    });
    let settings = json!({
        "general": quiet,
        "profiles": {"default": quiet},
        "pronunciations": {},
        "keybindings": {},
    });
    Ok(fs::write(folder.join("user-settings.conf"), settings.to_string())?)
}

/// Orca looks with `pgrep` for another of the same person's, and refuses to start beside it. Each here has a screen and a bus of its
/// own, so it is to find none.
fn lay_tools(home: &TempDir) -> Result<String> {
    let folder = home.path().join("bin");
    fs::create_dir(&folder)?;
    let pgrep = folder.join("pgrep");
    fs::write(&pgrep, "#!/bin/sh\nexit 1\n")?;
    fs::set_permissions(&pgrep, fs::Permissions::from_mode(0o755))?;
    Ok(format!("{}:{}", folder.display(), env::var("PATH").unwrap_or_default()))
}

fn quiet(program: &str, environment: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(program);
    command.envs(environment.iter().map(|(name, value)| (*name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
