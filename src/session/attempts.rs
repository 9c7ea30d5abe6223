//! How often a session tries again before it gives up.

/// How often a public key may be sent with one control id: once more after a network failure. `set` is never repeated.
const MAX_KEY_REQUESTS: u8 = 2;
/// How often a control id may be asked for: once more when the first has expired, or was spent for nothing.
const MAX_CONTROL_IDS: u8 = 2;
/// How often a busy server is waited for.
const MAX_WAITS: u8 = 3;
/// The longest wait for a busy server, in seconds. A server that wants a longer one is told to the customer at once.
const MAX_WAIT_SECONDS: u16 = 30;
/// After so many seconds of waiting a control id, which may live for 30, is not relied on any more.
const CONTROL_ID_SECONDS: u16 = 15;
/// How often an unknown outcome is looked up.
const MAX_LOOK_UPS: u8 = 3;

#[derive(Debug, Default)]
pub(super) struct Attempts {
    key_requests: u8,
    control_ids: u8,
    waits: u8,
    /// Since the control id came.
    waited_seconds: u16,
}

impl Attempts {
    /// Another control id is asked for.
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

    /// For how many seconds a busy server is left alone now: as it says, or 1, 2 and 4. `None` if it is not waited for any more.
    pub(super) fn next_wait(&mut self, retry_after_seconds: Option<u16>) -> Option<u16> {
        let seconds = retry_after_seconds.unwrap_or(1 << self.waits).max(1);
        if self.waits >= MAX_WAITS || seconds > MAX_WAIT_SECONDS {
            return None;
        }
        self.waits += 1;
        self.waited_seconds += seconds;
        // The server answered: what failed before it did is over.
        self.key_requests = 0;
        Some(seconds)
    }

    /// Whether the control id may have run out while the server was waited for.
    pub(super) const fn is_control_id_old(&self) -> bool {
        self.waited_seconds >= CONTROL_ID_SECONDS
    }
}

/// How many seconds pass before an unknown outcome is looked up again; `None` if that was often enough.
pub(super) fn next_look_up(attempts: u8) -> Option<u16> {
    (attempts < MAX_LOOK_UPS).then_some(1 << attempts)
}
