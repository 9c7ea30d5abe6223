//! `Pin`: digits that were entered in full, agree, and are acceptable.

use crate::{digits::Digits, entry::Entry, error::Error};

/// A PIN of 4 to 12 digits. There is one way to make one: to finish an [`Entry`].
#[derive(Debug)]
pub struct Pin(Digits);

impl Pin {
    /// Consumes a finished entry.
    ///
    /// # Errors
    /// Those of [`Entry::finish`], with the entry given back.
    pub fn from_entry(entry: Entry) -> Result<Self, (Entry, Error)> {
        entry.finish().map(Self)
    }

    /// Consumes the PIN for the block that is made of it.
    pub(crate) fn into_digits(self) -> Digits {
        self.0
    }
}
