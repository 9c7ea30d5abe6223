//! The options of a sandbox, and the constants that have no option.

use std::fmt;
use std::path::PathBuf;

/// How long a control id waits for its first use (the set-PIN guide: "valid 30 seconds"), in milliseconds.
pub(crate) const CONTROL_ID_MS: u64 = 30_000;

/// How long a control id stays usable after its first use, in minutes. Enfuce does not publish it; five are enough to
/// choose a PIN without haste.
const PAGE_MINUTES: u32 = 5;

/// How long the answer to a request with an idempotency key is kept, in milliseconds ("a successful response for 24 hours").
pub(crate) const IDEMPOTENCY_MS: u64 = 24 * 60 * 60 * 1000;

/// How long a bearer token is valid, in seconds. The number is ours: Enfuce publishes none, but names it in each answer.
pub(crate) const TOKEN_SECONDS: u64 = 3600;

/// The one key that the sandbox shares with the issuer for the PIN API v2, and the `zpkIndex` that names it. Everybody may
/// know it: nothing here is fit for real PINs.
pub(crate) const ZPK_INDEX: &str = "0";
pub(crate) const ZPK: u128 = 0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210;

/// The longest request body that is read.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// The frame key that every sandbox knows; it belongs to the issuer app's own origin.
pub(crate) const DEMO_FRAME_KEY: &str = "sandbox";

/// The limit that Enfuce publishes: 50 requests a second.
pub const ENFUCE_REQUESTS: usize = 50;

/// When plastics are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Embossing {
    /// At every full hour, as in Enfuce's test environment.
    Hourly,
    /// Every day at 03:00 UTC, as in Enfuce's production.
    Daily,
}

/// How a sandbox is started.
#[derive(Clone)]
pub struct Config {
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// The SQLite file; made when absent, with its master key beside it (same name plus `.key`).
    pub db: PathBuf,
    /// The folder of the built page: `page.html` and every file that it loads.
    pub dist: PathBuf,
    /// The issuer's user name for HTTP Basic authentication.
    pub user: String,
    /// The password that goes with it.
    pub password: String,
    /// When the embossing runs are, by the sandbox's own clock.
    pub embossing: Embossing,
    /// How many requests a second the issuer may make; Enfuce's own number is [`ENFUCE_REQUESTS`].
    pub requests_per_second: usize,
    /// How many minutes a control id stays usable after its first use.
    pub page_minutes: u32,
    /// Whether a control id has only its first 30 seconds for all PKI calls of a back-end, `set` included. The set-PIN guide can be
    /// read in this way.
    pub strict_control_ids: bool,
    /// The keys of frames besides `sandbox`, each with the origin that may frame the page under it.
    pub frames: Vec<(String, String)>,
    /// The issuer's style sheet, from which the hosted page takes the pad's properties.
    pub theme: Option<PathBuf>,
}

/// A sandbox like Enfuce's test environment, at the address and with the files that the command line names when it is given no
/// options.
impl Default for Config {
    fn default() -> Self {
        Self {
            port: 8080,
            db: PathBuf::from("target/sandbox/sandbox.sqlite"),
            dist: PathBuf::from("dist"),
            user: "sandbox".to_owned(),
            password: "sandbox".to_owned(),
            embossing: Embossing::Hourly,
            requests_per_second: ENFUCE_REQUESTS,
            page_minutes: PAGE_MINUTES,
            strict_control_ids: false,
            frames: Vec::new(),
            theme: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("port", &self.port)
            .field("db", &self.db)
            .field("dist", &self.dist)
            .field("user", &self.user)
            .field("embossing", &self.embossing)
            .field("page_minutes", &self.page_minutes)
            .field("strict_control_ids", &self.strict_control_ids)
            .field("frames", &self.frames)
            .field("theme", &self.theme)
            .finish_non_exhaustive()
    }
}
