//! Starts the relay from the command line.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use card_pin_relay::{Config, Log, Relay, VERSION, Watch, check_online, read_config, start};
use lexopt::prelude::*;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const USAGE: &str = "\
Relays what a cardholder's device sends to Enfuce's PIN API, without being able to read it.

Usage: card-pin-relay [--config FILE] [--check [--online]]

  --config FILE    the configuration in TOML; variables of the environment (CARDPIN__…) win
  --check          read the configuration, say what is wrong with it, and end
  --online         with --check: also try names, connections, credentials, quota and store, without touching a card
  --version        which version this is, and which commit it was built from
  --help           this text
";

/// How long it may take to read the files of a configuration again.
const READING: Duration = Duration::from_secs(10);

enum Command {
    Help,
    Version,
    Check { file: Option<PathBuf>, online: bool },
    Run(Option<PathBuf>),
}

fn main() -> ExitCode {
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("The threads cannot be started ({error}).")),
    };
    let ended = runtime.block_on(run());
    // Reading a file for a reload may never end.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => fail(&reason),
    }
}

fn fail(reason: &str) -> ExitCode {
    // If even this cannot be written, the exit code has to be enough.
    let _ = writeln!(io::stderr(), "{reason}");
    ExitCode::from(2)
}

async fn run() -> Result<(), String> {
    let (file, check) = match parse(lexopt::Parser::from_env())? {
        Command::Help => return say(USAGE),
        Command::Version => return say(&format!("{} {}\n", env!("CARGO_PKG_NAME"), *VERSION)),
        Command::Check { file, online } => (file, Some(online)),
        Command::Run(file) => (file, None),
    };
    let config = read(file.as_deref())?;
    let descriptors = raise_file_descriptors()?;
    if descriptors < config.file_descriptors() {
        return Err(format!(
            "limits.connections and enfuce.calls: need {} file descriptors, and the system allows {descriptors}: raise its hard \
             limit (LimitNOFILE, ulimit -Hn), or lower these.",
            config.file_descriptors()
        ));
    }
    if let Some(online) = check {
        let relay = Relay::new(config, Log::new(|_| {})).map_err(|error| error.to_string())?;
        say("The configuration is good.\n")?;
        return if online { try_out(&relay).await } else { Ok(()) };
    }
    let log = Log::stdout().map_err(|error| format!("The log cannot be written ({error})."))?;
    let mut watch = Watch::new(&config);
    let relay = Relay::new(config, log.clone()).map_err(|error| error.to_string())?;
    let signal =
        |kind| signal(kind).map_err(|error| format!("The signals to stop cannot be waited for ({error})."));
    let (mut terminate, mut interrupt, mut quit, mut hangup) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
        signal(SignalKind::quit())?,
        signal(SignalKind::hangup())?,
    );
    // These signals would end the process at once, and with it a PIN that is on its way. So they are caught and ignored.
    let meaningless =
        [SignalKind::user_defined1(), SignalKind::user_defined2(), SignalKind::alarm(), SignalKind::io()];
    let _taken = meaningless.map(signal).into_iter().collect::<Result<Vec<_>, _>>()?;
    let running = start(relay.clone()).await.map_err(|error| error.to_string())?;
    let _ = writeln!(io::stderr(), "Listening on {}", running.listen());
    if let Some(listen) = running.admin_listen() {
        let _ = writeln!(io::stderr(), "For operators on {listen}");
    }
    log.event("started");
    let reloads = async {
        loop {
            tokio::select! {
                Some(()) = hangup.recv() => {}
                () = watch.changed() => {}
            }
            let event = match reload(&relay, file.clone()).await {
                Ok(files) => {
                    watch = files;
                    "reloaded"
                }
                Err(event) => event,
            };
            log.event(event);
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = quit.recv() => {}
        () = reloads => {}
    }
    log.event("stopping");
    running.stop().await;
    log.event("stopped");
    log.flush();
    Ok(())
}

/// Prints for every other system whether it works.
async fn try_out(relay: &Relay) -> Result<(), String> {
    let findings = check_online(relay).await;
    for finding in &findings {
        say(&format!("{finding}\n"))?;
    }
    match findings.iter().filter(|finding| finding.is_failure()).count() {
        0 => Ok(()),
        failures => Err(format!("Failed: {failures} of {}.", findings.len())),
    }
}

/// Reads the configuration again, with all files that it names.
///
/// # Errors
/// The event for the log. `--check` says more: standard error may not have a reader any more, and nothing may wait for one.
async fn reload(relay: &Relay, file: Option<PathBuf>) -> Result<Watch, &'static str> {
    // On a thread of its own, so that a file system that hangs blocks nothing else.
    let reading = spawn_blocking(move || read(file.as_deref()));
    let Ok(Ok(config)) = timeout(READING, reading).await else {
        return Err("not_reloaded_files_do_not_answer");
    };
    let config = config.map_err(|_| "not_reloaded_configuration_has_faults")?;
    let watch = Watch::new(&config);
    relay.reload(config).map_err(|error| error.event())?;
    Ok(watch)
}

fn read(file: Option<&Path>) -> Result<Config, String> {
    let environment = std::env::vars_os().filter_map(|(name, value)| {
        // A value that is not text is converted with replacement characters, and then fails the rule of its field.
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    });
    read_config(file, environment).map_err(|error| error.to_string())
}

/// Raises the limit to the hard limit, and returns the limit in force. Services usually start with 1024.
fn raise_file_descriptors() -> Result<u64, String> {
    rlimit::increase_nofile_limit(rlimit::INFINITY)
        .map_err(|error| format!("The limit of file descriptors cannot be read ({error})."))
}

fn say(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| format!("The output cannot be written ({error})."))
}

fn parse(mut parser: lexopt::Parser) -> Result<Command, String> {
    let (mut file, mut check, mut online) = (None, false, false);
    while let Some(argument) = parser.next().map_err(explain)? {
        match argument {
            Long("config") => file = Some(parser.value().map_err(explain)?.into()),
            Long("check") => check = true,
            Long("online") => online = true,
            Long("help") | Short('h') => return Ok(Command::Help),
            Long("version") | Short('V') => return Ok(Command::Version),
            other => return Err(explain(other.unexpected())),
        }
    }
    match (check, online) {
        (true, online) => Ok(Command::Check { file, online }),
        (false, false) => Ok(Command::Run(file)),
        (false, true) => Err("--online goes with --check: see --help.".to_owned()),
    }
}

fn explain(error: lexopt::Error) -> String {
    format!("The arguments are not understood ({error}): see --help.")
}
