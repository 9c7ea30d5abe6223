//! Runs a function on inputs of one class, between the start and the stop of a meter.

use crate::{class::Class, meter::Meter, random::Dice};
use std::{
    hint::black_box,
    sync::atomic::{Ordering, fence},
};

/// A measurement: takes the number of runs and their class, and returns the meter's reading of all of them.
pub(crate) type Stopwatch = Box<dyn FnMut(usize, Class, &mut Dice) -> u64>;

/// A function under test.
pub(crate) struct Subject {
    /// The code that runs, and the difference between the two classes.
    pub(crate) name: &'static str,
    #[cfg_attr(feature = "memcheck", expect(dead_code, reason = "a few batches are enough to count"))]
    pub(crate) measurements: usize,
    /// Runs in one measurement.
    pub(crate) batch: usize,
    /// How many branches and addresses of a run depend on a secret: those that reveal only public facts, and the known look-ups.
    #[cfg_attr(not(feature = "memcheck"), expect(dead_code, reason = "a clock does not count them"))]
    pub(crate) findings: usize,
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
    /// The clock may find a difference, for this reason. Memcheck still has to find what is known, and no more.
    Known(&'static str),
}

/// The result of a measurement.
pub(crate) struct Verdict {
    pub(crate) text: String,
    pub(crate) is_good: bool,
}

/// Makes a stopwatch: `make` makes the input of a run, `run` is timed. The results of `run` are dropped afterwards.
pub(crate) fn stopwatch<I, O: 'static>(
    mut make: impl FnMut(Class, &mut Dice) -> I + 'static,
    run: impl Fn(I) -> O + 'static,
) -> Stopwatch {
    let mut outputs = Vec::new();
    Box::new(move |batch, class, dice| {
        let inputs: Vec<_> = (0..batch).map(|_| make(class, dice)).collect();
        outputs.reserve(batch);
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
    /// Measures one batch.
    pub(crate) fn measure(&mut self, class: Class, dice: &mut Dice) -> u64 {
        (self.stopwatch)(self.batch, class, dice)
    }

    /// Judges a measurement that found nothing more or less than is listed, or something else, with the figures.
    pub(crate) fn verdict(&self, is_as_listed: bool, figures: &str) -> Verdict {
        let (is_good, verdict) = match (self.expected, is_as_listed) {
            (Expected::Even, true) => (true, "even".to_owned()),
            (Expected::Even, false) => (false, "NOT EVEN".to_owned()),
            (Expected::Leak, false) => (true, "leaks, as it is made to".to_owned()),
            (Expected::Leak, true) => (false, "NOT SEEN: the measuring is at fault".to_owned()),
            (Expected::Known(reason), true) => (true, format!("known: {reason}")),
            (Expected::Known(_), false) => (false, "NOT WHAT IS KNOWN".to_owned()),
        };
        Verdict { text: format!("{:<58} {figures}  {verdict}", self.name), is_good }
    }
}
