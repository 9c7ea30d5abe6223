//! How often a session tries again before it gives up.

/// How often a public key may be sent with one control id: once more after a network failure. `set` is never repeated.
const MAX_KEY_REQUESTS: u8 = 2;
/// How often a control id may be asked for: once more when the first has expired. Another key pair may need one more.
const MAX_CONTROL_IDS: u8 = 2;
/// How many key pairs may be made: another one when a wrapped key could not be unwrapped.
const MAX_KEY_PAIRS: u8 = 2;
/// How often the session waits for a busy server.
const MAX_WAITS: u8 = 3;
/// The longest wait for a busy server, in seconds. If the server asks for a longer one, the session ends at once.
const MAX_WAIT_SECONDS: u16 = 30;
/// After this many seconds of waiting a control id, which may live for 30, is replaced.
const CONTROL_ID_SECONDS: u16 = 15;
/// How often an unknown outcome is looked up.
const MAX_LOOK_UPS: u8 = 3;

#[derive(Debug, Default)]
pub(super) struct Attempts {
    key_requests: u8,
    control_ids: u8,
    key_pairs: u8,
    waits: u8,
    /// Seconds that were waited since the control id arrived.
    waited_seconds: u16,
}

impl Attempts {
    /// Counts another control id that is asked for.
    pub(super) fn control_id_asked(&mut self) {
        self.control_ids += 1;
        self.key_requests = 0;
        self.waited_seconds = 0;
    }

    pub(super) fn key_requested(&mut self) {
        self.key_requests += 1;
    }

    pub(super) const fn may_request_key(&self) -> bool {
        self.key_requests < MAX_KEY_REQUESTS
    }

    pub(super) const fn may_ask_control_id(&self) -> bool {
        self.control_ids < MAX_CONTROL_IDS
    }

    pub(super) fn key_pair_made(&mut self) {
        self.key_pairs += 1;
    }

    pub(super) const fn may_make_key_pair(&self) -> bool {
        self.key_pairs < MAX_KEY_PAIRS
    }

    /// How many seconds to wait for a busy server now: as it says, or 1, 2 and 4. `None` if there is no further wait.
    pub(super) fn next_wait(&mut self, retry_after_seconds: Option<u16>) -> Option<u16> {
        let seconds = retry_after_seconds.unwrap_or(1 << self.waits).max(1);
        if self.waits >= MAX_WAITS || seconds > MAX_WAIT_SECONDS {
            return None;
        }
        self.waits += 1;
        self.waited_seconds += seconds;
        // The server answered, so earlier failures of the network do not count any more.
        self.key_requests = 0;
        Some(seconds)
    }

    /// Whether the control id may have expired during the waits for the server.
    pub(super) const fn is_control_id_old(&self) -> bool {
        self.waited_seconds >= CONTROL_ID_SECONDS
    }
}

/// How many seconds to wait before an unknown outcome is looked up again; `None` if there is no further look-up.
pub(super) fn next_look_up(attempts: u8) -> Option<u16> {
    (attempts < MAX_LOOK_UPS).then_some(1 << attempts)
}
