//! Welch's t-test on running times, with cropping (Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?",
//! DATE 2017).
//!
//! It is 60 lines of arithmetic, instead of `statrs`: the figure is compared with a fixed limit, so no distribution is needed.

use crate::class::Class;

/// The number of percentiles above which measurements are left out, one at a time: a measurement with an interrupt
/// says nothing about the code.
const CROPS: u32 = 100;
/// The least number of measurements in a class for a figure.
const LEAST: f64 = 500.0;

/// Mean and variance of a row of numbers as they come (Welford).
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn take(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
    }

    fn error(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

/// The largest |t| of all crops. Above 4.5 it is nearly certain that the two classes take different times.
pub(crate) fn max_t(measurements: &[(Class, u64)]) -> f64 {
    let mut sorted: Vec<u64> = measurements.iter().map(|&(_, time)| time).collect();
    sorted.sort_unstable();
    let limits = (1..=CROPS).map(|crop| {
        // As in the paper's own tool: denser towards the long end.
        let share = 1.0 - 0.5_f64.powf(10.0 * f64::from(crop) / f64::from(CROPS));
        sorted[(share * (sorted.len() - 1) as f64) as usize]
    });
    limits.chain([u64::MAX]).map(|limit| t(measurements, limit)).fold(0.0, f64::max)
}

/// |t| of the measurements that took no longer than `limit`.
fn t(measurements: &[(Class, u64)], limit: u64) -> f64 {
    let (mut fixed, mut random) = (Moments::default(), Moments::default());
    for &(class, time) in measurements.iter().filter(|&&(_, time)| time <= limit) {
        match class {
            Class::Fixed => fixed.take(time as f64),
            Class::Random => random.take(time as f64),
        }
    }
    let error = fixed.error() + random.error();
    if fixed.count < LEAST || random.count < LEAST || error <= 0.0 {
        return 0.0;
    }
    ((fixed.mean - random.mean) / error.sqrt()).abs()
}
