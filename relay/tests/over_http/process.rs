//! A relay process with a folder of its own; dropping it ends the process and removes the folder.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;

use crate::upstream::until;

/// A folder for one test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn make() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("card-pin-relay-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The binary, without the variables of the tests' own environment.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_card-pin-relay"));
    command.env_clear();
    command
}

pub(crate) struct Relay {
    pub(crate) child: Child,
    pub(crate) base_url: String,
    pub(crate) admin_url: String,
    pub(crate) client: Client,
    /// The customer's token, if there is one.
    pub(crate) token: Option<String>,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    folder: Folder,
}

/// An answer whose body was read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn code(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        assert_eq!(self.json()["status"], self.status);
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

/// The fields before the tables.
const TOP: &str =
    "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\ncustomer = \"peer-address\"\ndrain_ms = 0\n";

/// A configuration for the classic platform, with `more` after the table `[enfuce]`.
pub(crate) fn classic(base_url: &str, more: &str) -> String {
    format!(
        "{TOP}[enfuce]\nplatform = \"classic\"\nbase_url = \"{base_url}\"\naudit_user = \"relay\"\n\
         auth = {{ kind = \"basic\", user = \"sandbox\", password = \"sandbox\" }}\n{more}\n"
    )
}

/// A configuration for the nextgen platform.
pub(crate) fn nextgen(base_url: &str, more: &str) -> String {
    format!(
        "{TOP}[enfuce]\nplatform = \"nextgen\"\nbase_url = \"{base_url}\"\naudit_user = \"relay\"\n{more}\n\
         [enfuce.auth]\nkind = \"oauth2\"\ntoken_url = \"{base_url}/oauth2/token\"\nclient_id = \"sandbox\"\nclient_secret = \"sandbox\"\n"
    )
}

impl Relay {
    pub(crate) fn start(config: &str) -> Self {
        Self::start_with(Folder::make(), config, &[])
    }

    pub(crate) fn start_with(folder: Folder, config: &str, environment: &[(&str, &str)]) -> Self {
        let file = folder.0.join("relay.toml");
        fs::write(&file, config).unwrap();
        let mut command = command();
        command.arg("--config").arg(&file).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(environment.iter().copied());
        let mut child = command.spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut address_after = |words: &str| {
            let mut said = String::new();
            errors.read_line(&mut said).unwrap();
            said.trim().strip_prefix(words).unwrap_or_else(|| panic!("{said}")).to_owned()
        };
        let base_url = address_after("Listening on ");
        let admin_url = address_after("For operators on ");
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, kept) = (BufReader::new(child.stdout.take().unwrap()), Arc::clone(&log));
        let reader = thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                kept.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let client = Client::builder().no_proxy().build().unwrap();
        Self { child, base_url, admin_url, client, token: None, log, reader: Some(reader), folder }
    }

    /// Changes its configuration, which it reads at SIGHUP.
    pub(crate) fn configure(&self, config: &str) {
        fs::write(self.folder.0.join("relay.toml"), config).unwrap();
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder.0
    }

    pub(crate) fn address(&self) -> &str {
        self.base_url.strip_prefix("http://").unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.client.post(format!("{}{path}", self.base_url)).json(body);
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Answer::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::read(self.client.get(format!("{}{path}", self.base_url)).send().await.unwrap()).await
    }

    /// Waits until `GET /readyz` is 200.
    pub(crate) async fn until_ready(&self) {
        until("ready", async || self.admin("/readyz").await.status == 200).await;
    }

    /// Asks the listener for operators.
    pub(crate) async fn admin(&self, path: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.admin_url)).timeout(Duration::from_secs(60));
        Answer::read(request.send().await.unwrap()).await
    }

    /// The log's lines about requests, once there are `lines` of them.
    pub(crate) fn log(&self, lines: usize) -> Vec<Value> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let log = self.lines();
            let requests: Vec<_> = log.into_iter().filter(|line| line["event"].is_null()).collect();
            if requests.len() >= lines || Instant::now() > deadline {
                return requests;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for a line of the log about the relay itself.
    pub(crate) fn wait_for_event(&self, event: &str) {
        self.wait_for_events(event, 1);
    }

    /// Waits for this number of lines, and returns the last.
    pub(crate) fn wait_for_events(&self, event: &str, count: usize) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let mut lines = self.lines();
            lines.retain(|line| line["event"] == event);
            if lines.len() >= count {
                return lines.remove(count - 1);
            }
            assert!(Instant::now() < deadline, "{event} does not come {count} times");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn lines(&self) -> Vec<Value> {
        let log = self.log.lock().unwrap().clone();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Ends it, and returns its exit code and its whole log.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        self.signal("-TERM");
        let code = self.child.wait().unwrap().code();
        self.reader.take().unwrap().join().unwrap();
        let log = self.log.lock().unwrap().clone();
        (code, log)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
