//! The events that a page derives from a session, by comparing its snapshot with the next one.

use card_pin::{
    entry::Step,
    error::Error,
    session::{Snapshot, Stage},
};

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A digit, an entry or a submit was refused.
    Refused(Error),
    /// The entry changed.
    PinValid { valid: bool, digits: u8, step: Step },
    /// A submit would be sent at once.
    Ready,
    /// A submit was accepted.
    Submitting,
    /// The session waits this many seconds for a busy server.
    Waits(u16),
    /// The PIN to be shown has arrived.
    Arrived,
    /// The PIN is shown.
    Shown,
    /// The PIN that was shown is hidden again.
    Hidden,
    /// The PIN is set.
    Success,
    /// Setting or viewing the PIN failed.
    Failed(Error),
}

/// The events between two snapshots, in the order of the variants above: the entry first, the end last.
pub(crate) fn events(before: Snapshot, after: Snapshot) -> Vec<Event> {
    let entry = |snapshot: Snapshot| (snapshot.valid, snapshot.digits, snapshot.step);
    let (valid, digits, step) = entry(after);
    let refused = after.refused.filter(|_| after.refusals != before.refusals).map(Event::Refused);
    let changed = (after.stage == Stage::Entry && entry(after) != entry(before)).then_some(Event::PinValid {
        valid,
        digits,
        step,
    });
    let ready = (after.ready && !before.ready).then_some(Event::Ready);
    let stage = match after.stage {
        stage if stage == before.stage => None,
        Stage::Entry => None,
        Stage::Submitting => Some(Event::Submitting),
        Stage::Arrived => Some(Event::Arrived),
        Stage::Shown => Some(Event::Shown),
        Stage::Ended => after.end.map(|end| match end.code {
            Some(code) => Event::Failed(code),
            None if before.stage == Stage::Shown => Event::Hidden,
            None => Event::Success,
        }),
    };
    let waits = after.waits_seconds.filter(|_| before.waits_seconds.is_none()).map(Event::Waits);
    [refused, changed, ready, stage, waits].into_iter().flatten().collect()
}
