//! `Pin`: digits that were entered in full, agree, and are acceptable.

use crate::{digits::Digits, entry::Entry, error::Error};

/// A PIN of 4 to 12 digits. It is only made by finishing an [`Entry`].
#[derive(Debug)]
pub struct Pin(Digits);

impl Pin {
    /// Consumes a finished entry.
    ///
    /// # Errors
    /// Those of [`Entry::finish`], with the entry returned.
    pub fn from_entry(entry: Entry) -> Result<Self, (Entry, Error)> {
        entry.finish().map(Self)
    }

    /// Consumes the PIN and returns its digits, for its block.
    pub(crate) fn into_digits(self) -> Digits {
        self.0
    }
}
