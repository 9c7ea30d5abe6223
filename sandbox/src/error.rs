//! Why a sandbox could not start: one sentence each, which names the thing and the fix.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a sandbox could not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The folder of the built page, or the page in it, is not there.
    Dist {
        /// The folder as given.
        dist: PathBuf,
    },
    /// The theme's file could not be read.
    ThemeUnreadable {
        /// The file as given.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The theme contains something other than settings of the pad's properties.
    Theme {
        /// The file as given.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the line should contain.
        reason: &'static str,
    },
    /// Something else listens on the port.
    PortInUse {
        /// The port as given.
        port: u16,
    },
    /// The port could not be listened on for another reason.
    Listen {
        /// The port as given.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The folder for the database could not be made.
    DatabaseFolder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database's name is that of a folder.
    DatabaseIsFolder {
        /// The name as given.
        db: PathBuf,
    },
    /// The database could not be opened or is not one of ours.
    Database {
        /// The file as given.
        db: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// The master key could not be read or made.
    MasterKey {
        /// The key's file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The master key's file may be read by others than its owner.
    MasterKeyExposed {
        /// The key's file.
        file: PathBuf,
    },
    /// The master key's file does not hold a key.
    MasterKeyMalformed {
        /// The key's file.
        file: PathBuf,
    },
    /// There is a database, but the master key that belongs to it is gone.
    MasterKeyMissing {
        /// The key's file.
        file: PathBuf,
        /// The database.
        db: PathBuf,
    },
    /// The system gave no random bytes.
    Entropy,
    /// The issuer's HTTP client could not be made.
    Client,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dist { dist } => write!(
                f,
                "{} has no page.html: build the page with `cargo xtask build`, or name its folder with --dist DIR.",
                dist.display()
            ),
            Self::ThemeUnreadable { file, source } => {
                write!(
                    f,
                    "The theme {} cannot be read ({source}): name another with --theme FILE.",
                    file.display()
                )
            }
            Self::Theme { file, line, reason } => {
                write!(f, "The theme {} cannot be used, line {line}: {reason}.", file.display())
            }
            Self::PortInUse { port } => {
                write!(
                    f,
                    "Port {port} of 127.0.0.1 is in use: stop what listens there, or choose another with --port N."
                )
            }
            Self::Listen { port, source } => {
                write!(
                    f,
                    "Port {port} of 127.0.0.1 cannot be listened on ({source}): choose another with --port N."
                )
            }
            Self::DatabaseFolder { folder, source } => write!(
                f,
                "The folder {} cannot be made ({source}): choose another file for the database with --db FILE.",
                folder.display()
            ),
            Self::DatabaseIsFolder { db } => {
                write!(f, "{} is a folder, not a database: name a file in it with --db FILE.", db.display())
            }
            Self::Database { db, reason } => write!(
                f,
                "{} cannot be used as the database ({reason}): choose another with --db FILE, or delete it if it is an old one.",
                db.display()
            ),
            Self::MasterKey { file, source } => write!(
                f,
                "The master key {} cannot be read or made ({source}): make it readable for yourself, or choose another database with --db FILE.",
                file.display()
            ),
            Self::MasterKeyExposed { file } => write!(
                f,
                "The master key {} may be read by others: take their rights away with `chmod 600`.",
                file.display()
            ),
            Self::MasterKeyMalformed { file } => write!(
                f,
                "{} is not a master key of 32 bytes: delete it together with the database, and both are made anew.",
                file.display()
            ),
            Self::MasterKeyMissing { file, db } => write!(
                f,
                "{} has no master key {}: bring the key back, or choose another database with --db FILE.",
                db.display(),
                file.display()
            ),
            Self::Entropy => f.write_str(
                "The system gave no random bytes: try again on a system that has a random source.",
            ),
            Self::Client => f.write_str(
                "The issuer's HTTP client cannot be made: check the proxy settings in the environment.",
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::ThemeUnreadable { source, .. }
            | Self::Listen { source, .. }
            | Self::DatabaseFolder { source, .. }
            | Self::MasterKey { source, .. } => Some(source),
            _ => None,
        }
    }
}
