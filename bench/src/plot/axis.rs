//! Numbers along a line.

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Of time.
    Milliseconds,
    /// Of size; read in KiB or MiB.
    Bytes,
    /// Of times something was done.
    Count,
}

/// How numbers lie along a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From zero; equal steps are equal differences.
    Linear,
    /// Equal steps are equal ratios.
    Logarithmic,
}

/// Where an axis may end, and how far from tick to tick.
const ENDS: [f64; 8] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0];
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];

/// A stretch of numbers on a stretch of the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    scale: Scale,
    numbers: (f64, f64),
    places: (f64, f64),
}

impl Unit {
    /// Formats the number for people.
    pub(crate) fn say(self, number: f64) -> String {
        match self {
            Self::Milliseconds if number < 9.95 => format!("{number:.1} ms"),
            Self::Milliseconds if number < 999.5 => format!("{number:.0} ms"),
            Self::Milliseconds if number < 9_950.0 => format!("{:.2} s", number / 1000.0),
            Self::Milliseconds => format!("{:.1} s", number / 1000.0),
            Self::Bytes if number.abs() < 1024.0 * 1024.0 => format!("{:.1} KiB", number / 1024.0),
            Self::Bytes if number.abs() < 1024.0 * 1024.0 * 1024.0 => {
                format!("{:.1} MiB", number / 1024.0 / 1024.0)
            }
            Self::Bytes => format!("{:.0} GiB", number / 1024.0 / 1024.0 / 1024.0),
            Self::Count => format!("{number:.0}"),
        }
    }

    /// A round number at a tick, without trailing zeros.
    fn say_round(self, number: f64) -> String {
        match self {
            _ if number == 0.0 => "0".to_owned(),
            Self::Milliseconds if number < 1000.0 => format!("{number} ms"),
            Self::Milliseconds => format!("{} s", number / 1000.0),
            Self::Bytes if number < 1024.0 * 1024.0 => format!("{} KiB", number / 1024.0),
            Self::Bytes => format!("{} MiB", number / 1024.0 / 1024.0),
            Self::Count => format!("{number}"),
        }
    }

    /// What round numbers of it are multiples of.
    fn base(self, largest: f64) -> f64 {
        match self {
            Self::Bytes if largest >= 2.0 * 1024.0 * 1024.0 => 1024.0 * 1024.0,
            Self::Bytes => 1024.0,
            Self::Milliseconds | Self::Count => 1.0,
        }
    }
}

impl Axis {
    /// Long enough for all of these numbers, ended at a round one.
    pub(super) fn over(
        scale: Scale,
        unit: Unit,
        numbers: impl Iterator<Item = f64>,
        places: (f64, f64),
    ) -> Self {
        let (mut least, mut largest) = (f64::MAX, 0.0_f64);
        for number in numbers {
            least = least.min(number);
            largest = largest.max(number);
        }
        let base = unit.base(largest);
        let numbers = match scale {
            Scale::Linear => (0.0, round_up((largest / base).max(1e-3), &ENDS) * base),
            // Zero is not on a logarithmic axis.
            Scale::Logarithmic => {
                let least = least.clamp(0.1, largest.max(0.1));
                let decade = 10_f64.powf(least.log10().floor());
                let below = STEPS.into_iter().rev().find(|step| step * decade <= least * 1.000_001);
                let low = clean(below.unwrap_or(1.0) * decade);
                (low, round_up(largest.max(low * 10.0), &ENDS))
            }
        };
        Self { scale, numbers, places }
    }

    /// Where a number lies; a number outside the range is placed at the edge.
    pub(super) fn place(&self, number: f64) -> f64 {
        let (low, high) = self.numbers;
        let number = number.clamp(low, high);
        let part = match self.scale {
            Scale::Linear => (number - low) / (high - low),
            Scale::Logarithmic => (number / low).log10() / (high / low).log10(),
        };
        self.places.0 + part * (self.places.1 - self.places.0)
    }

    /// Round numbers along it, and how they are written.
    pub(super) fn ticks(&self, unit: Unit) -> Vec<(f64, String)> {
        let (low, high) = self.numbers;
        let numbers: Vec<f64> = match self.scale {
            Scale::Linear => {
                let base = unit.base(high);
                let step = round_up(high / base / 5.0, &STEPS) * base;
                (0_u32..)
                    .map(|tick| f64::from(tick) * step)
                    .take_while(|tick| *tick <= high * 1.001)
                    .collect()
            }
            Scale::Logarithmic => {
                let first = (low * 0.999).log10().ceil() as i32;
                let decades = (first..).map(|power| 10_f64.powi(power));
                decades.take_while(|decade| *decade <= high * 1.001).collect()
            }
        };
        numbers.into_iter().map(|number| (self.place(number), unit.say_round(clean(number)))).collect()
    }
}

/// Without what the arithmetic of binary fractions adds.
fn clean(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

/// Rounds up to one of these, times a power of ten.
fn round_up(number: f64, rounds: &[f64]) -> f64 {
    let decade = 10_f64.powf(number.log10().floor());
    let round = rounds.iter().find(|round| *round * decade >= number * 0.999_999);
    clean(round.unwrap_or(&10.0) * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(axis: &Axis, unit: Unit) -> Vec<String> {
        axis.ticks(unit).into_iter().map(|(_, written)| written).collect()
    }

    #[test]
    fn numbers_are_written_as_people_say_them() {
        let milliseconds = |number| Unit::Milliseconds.say(number);
        assert_eq!([3.44, 34.4, 344.4].map(milliseconds), ["3.4 ms", "34 ms", "344 ms"]);
        assert_eq!([999.7, 3444.0, 34444.0].map(milliseconds), ["1.00 s", "3.44 s", "34.4 s"]);
        let bytes = |number| Unit::Bytes.say(number);
        assert_eq!([65536.0, 2.5 * 1024.0 * 1024.0, 2.5e10].map(bytes), ["64.0 KiB", "2.5 MiB", "23 GiB"]);
    }

    #[test]
    fn a_logarithmic_axis_has_its_decades() {
        let axis =
            Axis::over(Scale::Logarithmic, Unit::Milliseconds, [31.0, 4200.0].into_iter(), (0.0, 300.0));
        assert_eq!(written(&axis, Unit::Milliseconds), ["100 ms", "1 s"]);
        assert_eq!(axis.place(20.0), 0.0);
        assert_eq!(axis.place(5000.0), 300.0);
        let tenfold = axis.place(200.0);
        assert!((axis.place(2000.0) - 2.0 * tenfold).abs() < 1e-9);
        // What lies beyond stays on the picture.
        assert_eq!((axis.place(0.0), axis.place(1e9)), (0.0, 300.0));
    }

    #[test]
    fn a_linear_axis_begins_at_nought_and_ends_at_a_round_number() {
        let kib = 1024.0;
        let axis =
            Axis::over(Scale::Linear, Unit::Bytes, [30.0 * kib, 77.0 * kib].into_iter(), (100.0, 200.0));
        assert_eq!(written(&axis, Unit::Bytes), ["0", "20 KiB", "40 KiB", "60 KiB", "80 KiB"]);
        assert_eq!((axis.place(0.0), axis.place(40.0 * kib), axis.place(80.0 * kib)), (100.0, 150.0, 200.0));
    }

    #[test]
    fn an_axis_over_nothing_is_one_all_the_same() {
        for scale in [Scale::Linear, Scale::Logarithmic] {
            let axis = Axis::over(scale, Unit::Milliseconds, std::iter::empty(), (0.0, 1.0));
            assert!(axis.place(5.0).is_finite(), "{scale:?}");
            assert!(axis.ticks(Unit::Milliseconds).len() < 100, "{scale:?}");
        }
    }

    #[test]
    fn a_large_axis_counts_in_larger_units() {
        let axis = Axis::over(Scale::Linear, Unit::Bytes, [5.2e6].into_iter(), (0.0, 100.0));
        assert_eq!(written(&axis, Unit::Bytes), ["0", "1 MiB", "2 MiB", "3 MiB", "4 MiB", "5 MiB"]);
    }
}
