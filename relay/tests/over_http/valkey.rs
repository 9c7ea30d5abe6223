//! A Valkey or Redis server for one test: it saves nothing, and listens on a socket in a folder of its own.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct Valkey {
    folder: PathBuf,
    settings: Vec<String>,
    child: Child,
}

impl Valkey {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(settings: &[String]) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("card-pin-valkey-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let child = serve(&folder, settings);
        Self { folder, settings: settings.to_vec(), child }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Makes it stop answering. It keeps its connections.
    pub(crate) fn stall(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-STOP", &pid]).status().unwrap().success());
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again after it was killed. It has forgotten everything.
    pub(crate) fn start_again(&mut self) {
        self.child = serve(&self.folder, &self.settings);
    }
}

impl Drop for Valkey {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn serve(folder: &Path, settings: &[String]) -> Child {
    let socket = folder.join("socket");
    let _ = fs::remove_file(&socket);
    let start = |program: &str| {
        let mut command = Command::new(program);
        command.current_dir(folder).args(["--port", "0", "--save", "", "--appendonly", "no"]);
        command.args(settings);
        command.arg("--unixsocket").arg(&socket).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    };
    let child = start("valkey-server").or_else(|_| start("redis-server"));
    let child = child.expect("valkey-server or redis-server is needed: cargo xtask setup installs it");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !answers(&socket) {
        assert!(Instant::now() < deadline, "the server does not start");
        thread::sleep(Duration::from_millis(10));
    }
    child
}

fn answers(socket: &Path) -> bool {
    let Ok(mut stream) = UnixStream::connect(socket) else { return false };
    let mut answer = [0; 5];
    let is_answered = stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut answer).is_ok();
    // It may want a password.
    is_answered && [b"+PONG", b"-NOAU"].contains(&&answer)
}
