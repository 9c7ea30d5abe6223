//! The image, unpacked and run.

use anyhow::{Context, Result, bail, ensure};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
};
use tar::Archive;

/// The user that the image's configuration names, in a folder that has the image's files and no others.
struct Unpacked {
    folder: tempfile::TempDir,
    user: String,
    command: Vec<String>,
}

/// Kills the process if a check fails before it is stopped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs the relay from its image like a container, without this system's files: it answers probes, finds names and
/// authorities, and stops at a signal.
pub(super) fn run(image: &Path) -> Result<()> {
    let unpacked = unpack(image)?;
    let root = unpacked.folder.path();
    let enfuce = TcpListener::bind("127.0.0.1:0")?;
    let port = enfuce.local_addr()?.port();
    // The files that a container's runtime adds.
    fs::write(root.join("etc/hosts"), "127.0.0.1 localhost\n")?;
    fs::create_dir(root.join("etc/card-pin-relay"))?;
    fs::write(
        root.join("etc/card-pin-relay/relay.toml"),
        format!(
            "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\ncustomer = \"peer-address\"\ndrain_ms = 0\n\
             [enfuce]\nplatform = \"classic\"\nbase_url = \"https://localhost:{port}\"\naudit_user = \"relay\"\n\
             auth = {{ kind = \"basic\", user = \"a\", password = \"b\" }}\n"
        ),
    )?;
    let mut command = unpacked.command()?;
    let mut relay = Running(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?);
    let mut said = BufReader::new(relay.0.stderr.take().context("no standard error")?);
    let mut address_after = |words: &str| -> Result<String> {
        let mut line = String::new();
        said.read_line(&mut line)?;
        let address = line.trim().strip_prefix(words);
        Ok(address.with_context(|| format!("the relay in the image says: {line}"))?.to_owned())
    };
    let devices = address_after("Listening on http://")?;
    let operators = address_after("For operators on http://")?;
    ensure!(status(&operators, "GET /readyz", "")? == "200", "the relay in the image is not ready");
    let answer = status(&devices, "POST /set", r#"{"controlId":"an-id","pinBlock":"AAECAwQFBgc="}"#)?;
    ensure!(answer == "424", "a `set` that was not done is answered with {answer}");
    // It has connected, so it has resolved the name; nothing answers its greeting.
    enfuce.set_nonblocking(true)?;
    ensure!(enfuce.accept().is_ok(), "Enfuce was not connected to");
    crate::run::run(Command::new("kill").arg("-TERM").arg(relay.0.id().to_string()))?;
    let ended = relay.0.wait()?;
    ensure!(ended.success(), "the relay in the image ends with {ended}");
    println!("deployment: the image runs as {} with nothing but its own files", unpacked.user);
    Ok(())
}

impl Unpacked {
    /// The command of the image's configuration, run in the image's files if this process is root, which that needs.
    fn command(&self) -> Result<Command> {
        let root = self.folder.path();
        let (program, arguments) = self.command.split_first().context("the image starts nothing")?;
        let is_root = crate::run::output(Command::new("id").arg("-u"))?.trim() == "0";
        let mut command = if is_root {
            let mut command = Command::new("chroot");
            command.arg("--userspec").arg(&self.user).arg(root).arg(program).args(arguments);
            command
        } else {
            println!("deployment: not root, so the relay runs outside of the image's files");
            let mut command = Command::new(root.join(program.trim_start_matches('/')));
            let inside = |argument: &String| match argument.strip_prefix('/') {
                Some(path) => root.join(path).display().to_string(),
                None => argument.clone(),
            };
            command.args(arguments.iter().map(inside));
            command
        };
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        Ok(command)
    }
}

fn unpack(image: &Path) -> Result<Unpacked> {
    let blobs = tempfile::tempdir()?;
    Archive::new(fs::File::open(image)?).unpack(blobs.path()).context("the image cannot be unpacked")?;
    let json = |path: &Path| -> Result<Value> { Ok(serde_json::from_slice(&fs::read(path)?)?) };
    let blob = |descriptor: &Value| -> Result<_> {
        let digest = descriptor["digest"].as_str().context("there is no digest")?;
        Ok(blobs.path().join("blobs").join(digest.replace(':', "/")))
    };
    let index = json(&blobs.path().join("index.json"))?;
    let manifest = json(&blob(&index["manifests"][0])?)?;
    let config = json(&blob(&manifest["config"])?)?;
    let folder = tempfile::tempdir()?;
    let layer = GzDecoder::new(fs::File::open(blob(&manifest["layers"][0])?)?);
    Archive::new(layer).unpack(folder.path()).context("the image's layer cannot be unpacked")?;
    let words = |name: &str| {
        let words = config["config"][name].as_array().into_iter().flatten();
        words.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let user = config["config"]["User"].as_str().context("the image names no user")?.to_owned();
    // Only root can read the folder, like all temporary folders.
    crate::run::run(Command::new("chmod").arg("755").arg(folder.path()))?;
    Ok(Unpacked { folder, user, command: [words("Entrypoint"), words("Cmd")].concat() })
}

/// The status of an answer.
fn status(address: &str, request: &str, body: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let Some(status) = answer.split(' ').nth(1) else { bail!("{request}: no answer") };
    Ok(status.to_owned())
}
