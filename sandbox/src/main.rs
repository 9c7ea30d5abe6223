//! Starts the sandbox from the command line.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use card_pin_sandbox::{Config, Embossing, start};
use lexopt::prelude::*;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
The local stand-in for Enfuce and for an issuer, to try card-pin against.

Usage: card-pin-sandbox [--port N] [--db FILE] [--dist DIR] [--embossing hourly|daily] [--page-minutes N]
                        [--requests-per-second N] [--strict-control-ids] [--frame KEY=ORIGIN]… [--theme FILE]

  --port N     the port on 127.0.0.1, 0 for any free one (8080)
  --db FILE    the database, made when absent (target/sandbox/sandbox.sqlite)
  --dist DIR   the folder of the built page (dist)
  --embossing hourly|daily
               when plastics are made: at every full hour, or at 03:00 UTC (hourly)
  --page-minutes N
               how long a control id can be used once its page is opened, 1 to 1440 minutes (5)
  --requests-per-second N
               how many calls of Enfuce the issuer may make; 60 times as many a minute (50)
  --strict-control-ids
               a control id has 30 seconds for all of a back-end's PKI calls, not for the first alone
  --frame KEY=ORIGIN
               lets the pages of ORIGIN frame the page under KEY; may be given again
  --theme FILE gives the hosted page the issuer's look: a style sheet that sets the pad's own properties and nothing else,
               such as dist/themes/warm.css
  --version    which version this is, and which commit it was built from
  --help       this text
";

/// The version, followed by the commit if `cargo xtask` built it, which sets `CARD_PIN_COMMIT`.
const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "+");
const COMMIT: Option<&str> = option_env!("CARD_PIN_COMMIT");

enum Command {
    Help,
    Version,
    Start(Config),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // If even this cannot be written, the exit code has to be enough.
            let _ = writeln!(io::stderr(), "{reason}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), String> {
    let config = match parse(lexopt::Parser::from_env())? {
        Command::Help => return say(USAGE),
        Command::Version => return say(&format!("{VERSION}{}\n", COMMIT.unwrap_or("unknown"))),
        Command::Start(config) => config,
    };
    // Before anything is printed: whoever reads it may press Ctrl-C at once.
    let mut ctrl_c =
        signal(SignalKind::interrupt()).map_err(|error| format!("Ctrl-C cannot be waited for ({error})."))?;
    let credentials = format!("user: {}\npassword: {}", config.user, config.password);
    let running = start(config).await.map_err(|error| error.to_string())?;
    say(&format!("{}\n{credentials}\nStop with Ctrl-C.\n", running.base_url()))?;
    ctrl_c.recv().await;
    running.stop().await;
    Ok(())
}

fn say(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| format!("The output cannot be written ({error})."))
}

fn parse(mut parser: lexopt::Parser) -> Result<Command, String> {
    let mut config = Config::default();
    while let Some(argument) = parser.next().map_err(explain)? {
        match argument {
            Long("port") => config.port = port(&parser.value().map_err(explain)?)?,
            Long("db") => config.db = parser.value().map_err(explain)?.into(),
            Long("dist") => config.dist = parser.value().map_err(explain)?.into(),
            Long("embossing") => config.embossing = embossing(&parser.value().map_err(explain)?)?,
            Long("page-minutes") => config.page_minutes = minutes(&parser.value().map_err(explain)?)?,
            Long("requests-per-second") => {
                config.requests_per_second = requests(&parser.value().map_err(explain)?)?;
            }
            Long("strict-control-ids") => config.strict_control_ids = true,
            Long("frame") => config.frames.push(frame(&parser.value().map_err(explain)?)?),
            Long("theme") => config.theme = Some(parser.value().map_err(explain)?.into()),
            Long("help") | Short('h') => return Ok(Command::Help),
            Long("version") | Short('V') => return Ok(Command::Version),
            other => return Err(explain(other.unexpected())),
        }
    }
    Ok(Command::Start(config))
}

fn port(text: &OsString) -> Result<u16, String> {
    let number = text.to_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("--port is {}, but has to be a number from 0 to 65535.", text.display()))
}

fn embossing(text: &OsString) -> Result<Embossing, String> {
    match text.to_str() {
        Some("hourly") => Ok(Embossing::Hourly),
        Some("daily") => Ok(Embossing::Daily),
        _ => Err(format!("--embossing is {}, but has to be hourly or daily.", text.display())),
    }
}

fn minutes(text: &OsString) -> Result<u32, String> {
    let number =
        text.to_str().and_then(|text| text.parse().ok()).filter(|number| (1..=1440).contains(number));
    number.ok_or_else(|| {
        format!("--page-minutes is {}, but has to be a number from 1 to 1440.", text.display())
    })
}

fn requests(text: &OsString) -> Result<usize, String> {
    let number =
        text.to_str().and_then(|text| text.parse::<u32>().ok()).and_then(|number| number.try_into().ok());
    number.ok_or_else(|| {
        format!("--requests-per-second is {}, but has to be a number from 0 to 4294967295.", text.display())
    })
}

/// Reads a key without characters that a query would escape, and an origin as in RFC 6454 §6.1: scheme, host, port, nothing more.
fn frame(text: &OsString) -> Result<(String, String), String> {
    let pair = text.to_str().and_then(|text| text.split_once('=')).filter(|(key, origin)| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let is_host = |host: &str| {
            !host.is_empty() && host.bytes().all(|byte| plain(byte) || matches!(byte, b':' | b'[' | b']'))
        };
        !key.is_empty() && key.bytes().all(plain) && host.is_some_and(is_host)
    });
    let pair = pair.map(|(key, origin)| (key.to_owned(), origin.to_owned()));
    pair.ok_or_else(|| {
        format!("--frame is {}, but has to be like shop=https://shop.example: KEY=ORIGIN.", text.display())
    })
}

fn explain(error: lexopt::Error) -> String {
    format!("The arguments are not understood ({error}): see --help.")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use card_pin_sandbox::ENFUCE_REQUESTS;

    use super::*;

    #[test]
    fn options_arrive_where_they_belong() {
        let read = |arguments: &[&str]| match parse(lexopt::Parser::from_args(arguments)).unwrap() {
            Command::Start(config) => config,
            Command::Help | Command::Version => panic!("neither was asked for"),
        };
        let config = read(&[]);
        assert_eq!((config.page_minutes, config.strict_control_ids, config.frames), (5, false, Vec::new()));
        assert_eq!(config.requests_per_second, ENFUCE_REQUESTS);
        let config = read(&[
            "--page-minutes=2",
            "--strict-control-ids",
            "--requests-per-second=500",
            "--embossing=daily",
            "--frame=shop=https://shop.example",
            "--frame=app=http://localhost:3000",
            "--theme=warm.css",
        ]);
        assert_eq!((config.page_minutes, config.strict_control_ids), (2, true));
        assert_eq!((config.embossing, config.requests_per_second), (Embossing::Daily, 500));
        assert_eq!(config.theme, Some(PathBuf::from("warm.css")));
        let frames = [("shop", "https://shop.example"), ("app", "http://localhost:3000")];
        assert_eq!(config.frames, frames.map(|(key, origin)| (key.to_owned(), origin.to_owned())));
    }
}
