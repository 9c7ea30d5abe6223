//! The three engines, their drivers and how they are started.

use crate::{
    process::{Process, descendants},
    screen::Screen,
    screen_reader::ScreenReader,
    webdriver::WebDriver,
};
use anyhow::{Context, Result};
use fantoccini::wd::Capabilities;
use serde_json::json;
use std::{
    ffi::OsString,
    fmt, fs,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::Command,
};
use tempfile::TempDir;

/// The browser engines that customers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Chrome, Edge, Android's web view.
    Chromium,
    /// Firefox.
    Firefox,
    /// Safari, and every web view on iOS. Here as WebKitGTK.
    WebKit,
}

/// A running browser. Dropping it, also in a panic, ends the browser, its driver and its screen.
#[derive(Debug)]
pub struct Browser {
    engine: Engine,
    // The fields are dropped in this order.
    driver: WebDriver,
    driver_process: Process,
    _screen: Option<Process>,
    profile: TempDir,
}

/// What a test may need of a browser beyond what most tests need.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Usual,
    WithoutWasm,
    WithPasswordManager,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// Starts the driver on a free port, and the browser through it.
    ///
    /// # Errors
    ///
    /// If a program is missing or does not come up.
    pub async fn start(self) -> Result<Browser> {
        self.start_as(Kind::Usual, None).await
    }

    /// As [`Engine::start`], but on a device that runs no WebAssembly, as in iOS's Lockdown Mode.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn start_without_wasm(self) -> Result<Browser> {
        self.start_as(Kind::WithoutWasm, None).await
    }

    /// As [`Engine::start`], but with a password manager, which WebDriver normally switches off in Chromium. In Firefox a test
    /// switches it on itself.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn start_with_password_manager(self) -> Result<Browser> {
        self.start_as(Kind::WithPasswordManager, None).await
    }

    async fn start_as(self, kind: Kind, reader: Option<&ScreenReader>) -> Result<Browser> {
        let profile = tempfile::tempdir().context("no folder for the browser's profile")?;
        let screen = if self == Self::WebKit { Some(Screen::start()?) } else { None };
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();

        let mut command = self.driver_command(port);
        command.env("TMPDIR", profile.path());
        if kind == Kind::WithoutWasm {
            // Read by WebKit's engine alone; the other two have it among their capabilities.
            command.env("JSC_useWasm", "0");
        }
        if let Some(reader) = reader {
            command.envs(reader.environment().iter().map(|(name, value)| (*name, value)));
        }
        let screen = screen.map(|screen| {
            command.env("DISPLAY", screen.display);
            screen.process
        });
        let driver_process = Process::spawn(&command, Some(profile.path()))?;
        let url = format!("http://127.0.0.1:{port}");
        let driver = WebDriver::connect(&url, self.capabilities(&profile, kind, reader.is_some())?)
            .await
            .with_context(|| format!("{self} does not start"))?;
        Ok(Browser { engine: self, driver, driver_process, _screen: screen, profile })
    }

    fn driver_command(self, port: u16) -> Command {
        match self {
            Self::Chromium => {
                let mut command = Command::new("chromedriver");
                command.arg(format!("--port={port}"));
                command
            }
            Self::Firefox => {
                let mut command = Command::new("geckodriver");
                // Its WebSocket server would use a fixed port, so that two browsers could not run at the same time.
                command.args(["--port", &port.to_string(), "--websocket-port", "0"]);
                // A test asks Firefox itself what its password manager does.
                command.arg("--allow-system-access");
                command
            }
            Self::WebKit => {
                let mut command = Command::new("WebKitWebDriver");
                // Its sandbox needs kernel rights that containers withhold; its pages come from this machine only.
                command
                    .arg(format!("--port={port}"))
                    .env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1")
                    .env("LIBGL_ALWAYS_SOFTWARE", "1");
                command
            }
        }
    }

    fn capabilities(self, profile: &TempDir, kind: Kind, is_heard: bool) -> Result<Capabilities> {
        let has_passwords = kind == Kind::WithPasswordManager;
        let capabilities = match self {
            Self::Chromium => {
                let mut user_data = OsString::from("--user-data-dir=");
                user_data.push(profile.path().join("chromium"));
                json!({
                    "browserName": "chrome",
                    "goog:chromeOptions": {"args": [
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-dev-shm-usage",
                        "--disable-sync",
                        // Pictures must not depend on how this system draws letters.
                        "--font-render-hinting=none",
                        "--disable-lcd-text",
                        "--force-color-profile=srgb",
                        // Otherwise a page that is made from a string would have to ask before it connects to the servers on this
                        // machine.
                        "--disable-features=LocalNetworkAccessChecks",
                        if kind == Kind::WithoutWasm { "--js-flags=--jitless" } else { "--js-flags=--no-jitless" },
                        user_data.to_string_lossy(),
                    ],
                    // Under automation, Chromium offers to save nothing.
                    "excludeSwitches": if has_passwords { json!(["enable-automation"]) } else { json!([]) },
                    "prefs": {"credentials_enable_service": has_passwords}},
                })
            }
            Self::Firefox => json!({
                "browserName": "firefox",
                "moz:firefoxOptions": {
                    // A screen reader only hears windows.
                    "args": if is_heard { json!([]) } else { json!(["-headless"]) },
                    "prefs": {
                        "javascript.options.wasm": kind != Kind::WithoutWasm,
                        "accessibility.force_disabled": if is_heard { -1 } else { 0 },
                    },
                },
            }),
            Self::WebKit => json!({
                "browserName": "MiniBrowser",
                "webkitgtk:browserOptions": {"binary": mini_browser()?, "args": ["--automation"]},
            }),
        };
        Ok(serde_json::from_value(capabilities)?)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Browser {
    /// The engine of this browser.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The session with the browser.
    #[must_use]
    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Finds the processes of this browser that hold pages. They are there to be found in Chromium, on Linux.
    pub fn page_processes(&self) -> impl Fn() -> Vec<u32> + Send + 'static + use<> {
        let driver = self.driver_process.id();
        move || descendants(driver, "--type=renderer")
    }

    /// The address of a WebSocket that accepts commands of the Chrome DevTools Protocol.
    ///
    /// # Errors
    ///
    /// In the other engines.
    pub fn devtools_address(&self) -> Result<String> {
        let file = self.profile.path().join("chromium/DevToolsActivePort");
        let file = fs::read_to_string(file).context("this browser has no DevTools")?;
        let (port, path) = file.split_once('\n').context("DevTools have no address")?;
        Ok(format!("ws://127.0.0.1:{port}{}", path.trim_end()))
    }
}

/// Starts Firefox on the screen of a screen reader, which can hear it.
///
/// # Errors
///
/// If it does not come up.
pub async fn start_heard(reader: &ScreenReader) -> Result<Browser> {
    Engine::Firefox.start_as(Kind::Usual, Some(reader)).await
}

/// Finds WebKitGTK's browser, `/usr/lib/<architecture>/webkit2gtk-4.1/MiniBrowser`. Its folder is not in the `PATH`.
fn mini_browser() -> Result<PathBuf> {
    let candidates =
        fs::read_dir("/usr/lib")?.flatten().map(|entry| entry.path().join("webkit2gtk-4.1/MiniBrowser"));
    candidates
        .into_iter()
        .find(|path| path.is_file())
        .context("MiniBrowser is not installed: run `cargo xtask setup`")
}
