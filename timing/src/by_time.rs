//! Judges by the clock: each function runs on two classes of inputs that only differ in the secret, in random order. If the
//! times of the two differ by more than chance allows, the secret leaks.

use crate::{
    class::Class,
    measure::{Expected, Subject, Verdict},
    random::Dice,
    statistics::max_t,
};
use std::hint::black_box;

/// The t value from which a difference counts (Reparaz et al., section 3.3).
const THRESHOLD: f64 = 4.5;

pub(crate) fn heading() -> String {
    format!("{:<58} {:>9} {:>9}  (|t| above {THRESHOLD} is a leak)", "function", "measured", "max |t|")
}

impl Subject {
    /// Measures, and repeats that if there seems to be a difference: on a busy machine one figure in some hundred is
    /// too large by chance.
    pub(crate) fn judge(&mut self, dice: &mut Dice) -> Verdict {
        let first = self.max_t(dice);
        let seems_to_leak = first > THRESHOLD;
        let again = (seems_to_leak && self.expected == Expected::Even).then(|| self.max_t(dice));
        let leaks = seems_to_leak && again.is_none_or(|t| t > THRESHOLD);
        let again = again.map_or_else(String::new, |t| format!(", again {t:.2}"));
        let is_as_listed = !leaks || matches!(self.expected, Expected::Known(_));
        self.verdict(is_as_listed, &format!("{:>9} {first:>9.2}{again}", self.measurements))
    }

    fn max_t(&mut self, dice: &mut Dice) -> f64 {
        // The first runs warm up the caches and the branch predictor.
        for _ in 0..self.measurements / 100 {
            black_box(self.measure(Class::Fixed, dice));
        }
        let measurements: Vec<_> = (0..self.measurements)
            .map(|_| {
                let class = if dice.byte() & 1 == 0 { Class::Fixed } else { Class::Random };
                (class, self.measure(class, dice))
            })
            .collect();
        max_t(&measurements)
    }
}
