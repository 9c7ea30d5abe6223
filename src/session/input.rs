//! The customer's input.

use super::{
    Session,
    phase::{Phase, PinTrack},
};
use crate::{entry::Entry, error::Error, pin::Pin, weak_pin::WeakReason};
use rand_core::TryCryptoRng;

impl<R: TryCryptoRng> Session<R> {
    /// The customer pressed a digit, 0 to 9.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end. The snapshot reports a digit that is refused.
    pub fn press(&mut self, digit: u8) -> Result<(), Error> {
        self.edit(|entry| entry.press(digit))
    }

    /// The customer removed the last digit.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end.
    pub fn erase(&mut self) -> Result<(), Error> {
        self.edit(|entry| {
            entry.erase();
            Ok(())
        })
    }

    /// The customer emptied the entry.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end.
    pub fn clear(&mut self) -> Result<(), Error> {
        self.edit(|entry| {
            entry.clear();
            Ok(())
        })
    }

    /// The page is not looked at any more: both entries are emptied, and a PIN to be viewed is wiped.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end.
    pub fn forget(&mut self) -> Result<(), Error> {
        if let Phase::Arrived(_) | Phase::Showing(_) = self.phase {
            self.close();
            return Ok(());
        }
        self.edit(|entry| {
            entry.forget();
            Ok(())
        })
    }

    /// The customer moves on to the second entry.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end. The snapshot reports an entry that is refused.
    pub fn confirm(&mut self) -> Result<(), Error> {
        self.edit(Entry::confirm)
    }

    /// The customer wants a PIN to be drawn: it is shown, in place of one that was drawn before, until the customer does
    /// anything else. The entry is emptied.
    ///
    /// # Errors
    /// [`Error::Closed`] after the submit or the end.
    pub fn suggest(&mut self) -> Result<(), Error> {
        let Phase::Open { pin: PinTrack::Entering(entry), .. } = &mut self.phase else {
            return Err(Error::Closed);
        };
        entry.forget();
        match entry.suggest(&mut self.random) {
            Ok(digits) => self.suggested = Some(digits),
            Err(error) => self.fail(error),
        }
        Ok(())
    }

    /// The customer submits: the PIN is sent as soon as the TZPK is there; or asks for the PIN to be shown.
    /// Submitting again changes nothing.
    ///
    /// # Errors
    /// [`Error::Closed`] after the end. The snapshot reports an entry that is refused.
    pub fn submit(&mut self) -> Result<(), Error> {
        self.suggested = None;
        match self.take_phase() {
            Phase::Open { key, pin: PinTrack::Entering(entry) } => {
                let submitted = (entry.step(), entry.digits());
                match Pin::from_entry(entry) {
                    Ok(pin) => {
                        self.submitted = Some(submitted);
                        self.advance_tracks(key, PinTrack::Chosen(pin));
                    }
                    Err((entry, error)) => {
                        self.refuse(error, entry.weak_reason());
                        self.phase = Phase::Open { key, pin: PinTrack::Entering(entry) };
                    }
                }
            }
            Phase::Open { key, pin: PinTrack::Idle } => self.advance_tracks(key, PinTrack::Requested),
            ended @ Phase::Ended(_) => {
                self.phase = ended;
                return Err(Error::Closed);
            }
            submitted => self.phase = submitted,
        }
        Ok(())
    }

    /// The customer takes the next step: the second entry, or the submit. Without digits this does
    /// nothing.
    ///
    /// # Errors
    /// Those of [`confirm`](Self::confirm) or [`submit`](Self::submit).
    pub fn advance(&mut self) -> Result<(), Error> {
        match &self.phase {
            Phase::Open { pin: PinTrack::Entering(entry), .. } if entry.digits() == 0 => Ok(()),
            Phase::Open { pin: PinTrack::Entering(entry), .. } if entry.awaits_confirm() => self.confirm(),
            _ => self.submit(),
        }
    }

    /// The customer looks at the page: a PIN that has arrived is shown. At any other time it changes nothing.
    pub fn reveal(&mut self) {
        self.phase = match self.take_phase() {
            Phase::Arrived(digits) => Phase::Showing(digits),
            other => other,
        };
    }

    fn edit(&mut self, change: impl FnOnce(&mut Entry) -> Result<(), Error>) -> Result<(), Error> {
        let Phase::Open { pin: PinTrack::Entering(entry), .. } = &mut self.phase else {
            return Err(Error::Closed);
        };
        self.suggested = None;
        if let Err(error) = change(entry) {
            let weak_reason = entry.weak_reason();
            self.refuse(error, weak_reason);
        }
        Ok(())
    }

    fn refuse(&mut self, error: Error, weak_reason: Option<WeakReason>) {
        self.refusals = self.refusals.saturating_add(1);
        self.refused = Some(error);
        self.reason = weak_reason.filter(|_| error == Error::WeakPin);
    }
}
