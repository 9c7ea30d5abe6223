//! Runs a function on inputs of one class, between the start and the stop of a meter.

use crate::{class::Class, meter::Meter, random::Dice};
use std::{
    hint::black_box,
    sync::atomic::{Ordering, fence},
};

/// A measurement: takes a class, and returns the meter's reading of one batch.
pub(crate) type Stopwatch = Box<dyn FnMut(Class, &mut Dice) -> u64>;

/// A function under test.
pub(crate) struct Subject {
    /// The code that runs, and the difference between the two classes.
    pub(crate) name: &'static str,
    #[cfg_attr(feature = "memcheck", expect(dead_code, reason = "a few batches are enough to count"))]
    pub(crate) measurements: usize,
    /// How many branches of a batch depend on a secret, but reveal only public facts.
    #[cfg_attr(not(feature = "memcheck"), expect(dead_code, reason = "a clock does not count branches"))]
    pub(crate) verdicts: usize,
    pub(crate) expected: Expected,
    pub(crate) stopwatch: Stopwatch,
}

/// The expected result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The same for both classes.
    Even,
    /// A difference that is made on purpose: if it is not found, the measurement is wrong.
    Leak,
    /// A difference is not a finding, for this reason.
    Known(&'static str),
}

/// The result of a measurement.
pub(crate) struct Verdict {
    pub(crate) text: String,
    pub(crate) is_good: bool,
}

/// Makes a stopwatch: `prepare` makes the inputs of a batch, `run` is timed. The results of `run` are dropped
/// afterwards.
pub(crate) fn stopwatch<I, O: 'static>(
    mut prepare: impl FnMut(Class, &mut Dice) -> Vec<I> + 'static,
    run: impl Fn(I) -> O + 'static,
) -> Stopwatch {
    let mut outputs = Vec::new();
    Box::new(move |class, dice| {
        let inputs = prepare(class, dice);
        outputs.reserve(inputs.len());
        // Pending writes of the inputs must not be part of the measurement.
        fence(Ordering::SeqCst);
        let meter = Meter::start();
        for input in inputs {
            outputs.push(black_box(run(black_box(input))));
        }
        let measured = meter.stop();
        outputs.clear();
        measured
    })
}

impl Subject {
    /// Judges whether the secret shows, with the figures.
    pub(crate) fn verdict(&self, leaks: bool, figures: &str) -> Verdict {
        let (is_good, verdict) = match (self.expected, leaks) {
            (Expected::Even, false) => (true, "even".to_owned()),
            (Expected::Even, true) => (false, "LEAKS".to_owned()),
            (Expected::Leak, true) => (true, "leaks, as it is made to".to_owned()),
            (Expected::Leak, false) => (false, "NOT SEEN: the measuring is at fault".to_owned()),
            (Expected::Known(reason), _) => (true, format!("known: {reason}")),
        };
        Verdict { text: format!("{:<58} {figures}  {verdict}", self.name), is_good }
    }
}
