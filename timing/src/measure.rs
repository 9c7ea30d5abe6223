//! Running a function on inputs of two classes, in random order, and taking the time.

use crate::{
    random::Dice,
    statistics::{Class, max_t},
};
use std::{
    hint::black_box,
    sync::atomic::{Ordering, fence},
    time::Instant,
};

/// How sure a difference has to be to count (Reparaz et al., section 3.3).
pub(crate) const THRESHOLD: f64 = 4.5;

/// What a measurement takes: a class in, the nanoseconds of one batch out.
pub(crate) type Stopwatch = Box<dyn FnMut(Class, &mut Dice) -> u64>;

/// A function under test.
pub(crate) struct Subject {
    /// What is run, and in what the two classes differ.
    pub(crate) name: &'static str,
    pub(crate) measurements: usize,
    pub(crate) expected: Expected,
    pub(crate) stopwatch: Stopwatch,
}

/// What is known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The same time for both classes.
    Even,
    /// A difference, made on purpose: one that is not seen shows that the measuring is at fault.
    Leak,
    /// A difference is no finding, for this reason.
    Known(&'static str),
}

/// What was measured.
pub(crate) struct Verdict {
    pub(crate) text: String,
    pub(crate) is_good: bool,
}

/// Makes a stopwatch: `prepare` makes the inputs of a batch, `run` is what is timed. What `run` gives back is dropped
/// afterwards.
pub(crate) fn stopwatch<I, O: 'static>(
    mut prepare: impl FnMut(Class, &mut Dice) -> Vec<I> + 'static,
    run: impl Fn(I) -> O + 'static,
) -> Stopwatch {
    let mut outputs = Vec::new();
    Box::new(move |class, dice| {
        let inputs = prepare(class, dice);
        outputs.reserve(inputs.len());
        // What the making of the inputs still has to write is not to be waited for within the measurement.
        fence(Ordering::SeqCst);
        let start = Instant::now();
        for input in inputs {
            outputs.push(black_box(run(black_box(input))));
        }
        let time = start.elapsed();
        outputs.clear();
        u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
    })
}

impl Subject {
    /// Measures, and once more where there seems to be a difference: on a busy machine one figure in some hundred is
    /// too large by chance.
    pub(crate) fn measure(&mut self, dice: &mut Dice) -> Verdict {
        let first = self.max_t(dice);
        let seems_to_leak = first > THRESHOLD;
        let again = (seems_to_leak && self.expected == Expected::Even).then(|| self.max_t(dice));
        let leaks = seems_to_leak && again.is_none_or(|t| t > THRESHOLD);
        let again = again.map_or_else(String::new, |t| format!(", again {t:.2}"));
        let (is_good, verdict) = match (self.expected, leaks) {
            (Expected::Even, false) => (true, "even".to_owned()),
            (Expected::Even, true) => (false, "LEAKS".to_owned()),
            (Expected::Leak, true) => (true, "leaks, as it is made to".to_owned()),
            (Expected::Leak, false) => (false, "NOT SEEN: the measuring is at fault".to_owned()),
            (Expected::Known(reason), _) => (true, format!("known: {reason}")),
        };
        let text = format!("{:<58} {:>9} {first:>9.2}{again}  {verdict}", self.name, self.measurements);
        Verdict { text, is_good }
    }

    fn max_t(&mut self, dice: &mut Dice) -> f64 {
        // What the caches and the branch predictor have to learn first.
        for _ in 0..self.measurements / 100 {
            black_box((self.stopwatch)(Class::Fixed, dice));
        }
        let measurements: Vec<_> = (0..self.measurements)
            .map(|_| {
                let class = if dice.byte() & 1 == 0 { Class::Fixed } else { Class::Random };
                (class, (self.stopwatch)(class, dice))
            })
            .collect();
        max_t(&measurements)
    }
}
