//! Judges by Memcheck's count. This finds differences that a clock does not, because they are small or this processor hides them.

use crate::{
    class::Class,
    measure::{Subject, Verdict},
    random::Dice,
};

/// Enough batches for every branch.
const BATCHES: usize = 16;

pub(crate) fn heading() -> String {
    format!("{:<58} {:>9} {:>9}", "function", "findings", "public")
}

impl Subject {
    /// Counts over a few batches of secrets.
    pub(crate) fn judge(&mut self, dice: &mut Dice) -> Verdict {
        let findings: u64 = (0..BATCHES).map(|_| (self.stopwatch)(Class::Random, dice)).sum();
        let verdicts = BATCHES * self.verdicts;
        self.verdict(findings > verdicts as u64, &format!("{findings:>9} {verdicts:>9}"))
    }
}
