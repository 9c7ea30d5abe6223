//! Judges by Memcheck's count. This finds differences that a clock does not, because they are small or this processor hides them.

use crate::{
    class::Class,
    measure::{Subject, Verdict},
    random::Dice,
};

/// Enough batches for every branch.
const BATCHES: usize = 16;

pub(crate) fn heading() -> String {
    format!("{:<58} {:>9} {:>9}", "function", "findings", "expected")
}

impl Subject {
    /// Counts over a few batches of secrets. The count is the same in every run, so fewer findings are wrong, too: something is not
    /// run any more, or the next leak would go unnoticed.
    pub(crate) fn judge(&mut self, dice: &mut Dice) -> Verdict {
        let findings: u64 = (0..BATCHES).map(|_| self.measure(Class::Random, dice)).sum();
        let expected = (BATCHES * self.batch * self.findings) as u64;
        self.verdict(findings == expected, &format!("{findings:>9} {expected:>9}"))
    }
}
