//! Starts the relay from the command line.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use card_pin_relay::{Log, Relay, read_config, start};
use lexopt::prelude::*;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
Relays what a cardholder's device sends to Enfuce's PIN API, without being able to read it.

Usage: card-pin-relay [--config FILE] [--check]

  --config FILE    the configuration in TOML; variables of the environment (CARD_PIN_RELAY_…) win
  --check          read the configuration, say what is wrong with it, and end
  --help           this text
";

enum Command {
    Help,
    Check(Option<PathBuf>),
    Run(Option<PathBuf>),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Where even this cannot be written, the exit code has to do.
            let _ = writeln!(io::stderr(), "{reason}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), String> {
    let (file, check) = match parse(lexopt::Parser::from_env())? {
        Command::Help => return say(USAGE),
        Command::Check(file) => (file, true),
        Command::Run(file) => (file, false),
    };
    let environment = std::env::vars_os().filter_map(|(name, value)| {
        // A value that is no text comes out marked, and fails the rule of its field.
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    });
    let config = read_config(file.as_deref(), environment).map_err(|error| error.to_string())?;
    let relay = Relay::new(config, Log::stdout()).map_err(|error| error.to_string())?;
    if check {
        return say("The configuration is good.\n");
    }
    let cannot_wait = |error| format!("The signals to stop cannot be waited for ({error}).");
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot_wait)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot_wait)?;
    let running = start(relay).await.map_err(|error| error.to_string())?;
    let _ = writeln!(io::stderr(), "Listening on http://{}", running.address());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    running.stop().await;
    Ok(())
}

fn say(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| format!("The output cannot be written ({error})."))
}

fn parse(mut parser: lexopt::Parser) -> Result<Command, String> {
    let (mut file, mut check) = (None, false);
    while let Some(argument) = parser.next().map_err(explain)? {
        match argument {
            Long("config") => file = Some(parser.value().map_err(explain)?.into()),
            Long("check") => check = true,
            Long("help") | Short('h') => return Ok(Command::Help),
            other => return Err(explain(other.unexpected())),
        }
    }
    Ok(if check { Command::Check(file) } else { Command::Run(file) })
}

fn explain(error: lexopt::Error) -> String {
    format!("The arguments are not understood ({error}): see --help.")
}
