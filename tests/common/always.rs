//! What is true of every session: for the model in `tests/model/` and for the fuzz target of `fuzz/src/session.rs`. These two are not one,
//! because the model knows what each answer means and gives the exact outcome, while the target sends bytes that nobody understands
//! and checks what may follow.

use card_pin::{
    error::Error,
    session::{Snapshot, Stage},
};

/// docs/reference.md: "It waits as long as the server says, or else 1, 2 and 4 seconds, and ends with `busy` instead of a wait of more
/// than 30 seconds."
pub(crate) const WAITS: [u16; 3] = [1, 2, 4];
pub(crate) const LONGEST_WAIT: u16 = 30;
/// docs/reference.md: "After an unknown outcome, `status-url` is asked up to three times, after 1, 2 and 4 seconds."
pub(crate) const LOOK_UPS: [u16; 3] = [1, 2, 4];

/// Checks two consecutive snapshots, after any input.
pub(crate) fn check_change(before: Snapshot, after: Snapshot) {
    let next: &[Stage] = match before.stage {
        Stage::Entry => &[Stage::Entry, Stage::Submitting, Stage::Ended],
        Stage::Submitting => &[Stage::Submitting, Stage::Arrived, Stage::Ended],
        Stage::Arrived => &[Stage::Arrived, Stage::Shown, Stage::Ended],
        Stage::Shown => &[Stage::Shown, Stage::Ended],
        Stage::Ended => &[Stage::Ended],
    };
    assert!(next.contains(&after.stage), "{:?} after {:?}", after.stage, before.stage);
    assert!(before.end.is_none() || after == before, "{after:?} after {before:?}");
    assert_eq!(after.end.is_some(), after.stage == Stage::Ended);
    assert!(after.end.is_none() || (after.digits == 0 && !after.valid));
    assert!(after.ready || !before.ready);
    assert!(after.sent || !before.sent);
    assert!(after.refusals == before.refusals || after.refusals == before.refusals + 1);
    let is_refused_again = after.refusals != before.refusals;
    assert!(is_refused_again || (after.refused, after.reason) == (before.refused, before.reason));
    assert_eq!(after.reason.is_some(), after.refused == Some(Error::WeakPin));
    if let Some(end) = after.end {
        assert_eq!(end.retryable, end.code.is_some_and(Error::is_retryable));
    }
}
