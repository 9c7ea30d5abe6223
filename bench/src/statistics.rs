//! The summary of a series of times.

use rand::{SeedableRng as _, rngs::SmallRng, seq::IndexedRandom as _};

/// The summary of a series of times, in milliseconds like the times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) runs: usize,
    pub(crate) mean: f64,
    pub(crate) median: f64,
    /// A quarter of the times is below the first, and a quarter above the second.
    pub(crate) quartiles: (f64, f64),
    pub(crate) p95: f64,
}

/// A ratio of two means or medians with the interval in which 95 of 100 repetitions would find it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ratio {
    pub(crate) value: f64,
    pub(crate) interval: (f64, f64),
}

/// [`mean`] or [`median`].
pub(crate) type Centre = fn(&[f64]) -> Option<f64>;

impl Summary {
    /// The summary of these times; `None` if there are none.
    pub(crate) fn of(times: &[f64]) -> Option<Self> {
        let sorted = sorted(times);
        Some(Self {
            runs: times.len(),
            mean: mean(times)?,
            median: quantile(&sorted, 0.5)?,
            quartiles: (quantile(&sorted, 0.25)?, quantile(&sorted, 0.75)?),
            p95: quantile(&sorted, 0.95)?,
        })
    }
}

impl Ratio {
    /// How many resamples the interval is read from.
    const RESAMPLES: usize = 2000;

    /// Of the means or medians of two rows of times, by the percentile bootstrap (Efron 1979): each row is drawn anew from itself,
    /// with replacement, many times over. The same rows give the same interval. `None` where a row has too few times for one.
    pub(crate) fn of(centre: Centre, times: &[f64], reference: &[f64]) -> Option<Self> {
        const FEWEST: usize = 5;
        if times.len() < FEWEST || reference.len() < FEWEST {
            return None;
        }
        let mut random = SmallRng::seed_from_u64(1);
        let mut centre_of_resample = |times: &[f64]| centre(&resample(times, &mut random));
        let ratios: Option<Vec<f64>> = (0..Self::RESAMPLES)
            .map(|_| Some(centre_of_resample(times)? / centre_of_resample(reference)?))
            .collect();
        let ratios = sorted(&ratios?);
        Some(Self {
            value: centre(times)? / centre(reference)?,
            interval: (quantile(&ratios, 0.025)?, quantile(&ratios, 0.975)?),
        })
    }
}

/// As many times, each drawn from all of them.
fn resample(times: &[f64], random: &mut SmallRng) -> Vec<f64> {
    times.iter().filter_map(|_| times.choose(random).copied()).collect()
}

/// `None` if there are no times.
pub(crate) fn mean(times: &[f64]) -> Option<f64> {
    if times.is_empty() { None } else { Some(times.iter().sum::<f64>() / times.len() as f64) }
}

/// `None` if there are no times.
pub(crate) fn median(times: &[f64]) -> Option<f64> {
    quantile(&sorted(times), 0.5)
}

fn sorted(times: &[f64]) -> Vec<f64> {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Interpolates between the two nearest of the sorted times, as most programs do (Hyndman and Fan's definition 7).
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_the_usual_quantiles() {
        // R: quantile(c(4, 1, 3, 2, 10), c(.25, .5, .75, .95)) gives 2, 3, 4, 8.8.
        let summary = Summary::of(&[4.0, 1.0, 3.0, 2.0, 10.0]);
        let expected = Summary { runs: 5, mean: 4.0, median: 3.0, quartiles: (2.0, 4.0), p95: 8.8 };
        assert_eq!(summary.map(|summary| summary.p95.round()), Some(9.0));
        assert!(summary.is_some_and(|summary| (summary.p95 - expected.p95).abs() < 1e-9));
        assert_eq!(summary.map(|summary| Summary { p95: 8.8, ..summary }), Some(expected));
    }

    #[test]
    fn an_even_number_has_its_median_in_the_middle() {
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }

    #[test]
    fn one_time_is_all_of_its_summary() {
        let expected = Summary { runs: 1, mean: 7.0, median: 7.0, quartiles: (7.0, 7.0), p95: 7.0 };
        assert_eq!(Summary::of(&[7.0]), Some(expected));
    }

    #[test]
    fn of_nothing_there_is_nothing() {
        assert_eq!((Summary::of(&[]), median(&[]), mean(&[])), (None, None, None));
        assert_eq!(Ratio::of(mean, &[], &[1.0; 9]), None);
    }

    #[test]
    fn a_ratio_of_constants_is_certain() {
        for centre in [mean, median] {
            let ratio = Ratio::of(centre, &[2.0; 10], &[4.0; 20]);
            assert_eq!(ratio, Some(Ratio { value: 0.5, interval: (0.5, 0.5) }));
        }
    }

    #[test]
    fn a_ratio_of_medians_ignores_how_far_an_outlier_is() {
        let times = [&[2.0; 20][..], &[900.0]].concat();
        let ratio = Ratio::of(median, &times, &[4.0; 21]);
        assert_eq!(ratio, Some(Ratio { value: 0.5, interval: (0.5, 0.5) }));
    }

    #[test]
    fn few_times_have_no_interval() {
        assert_eq!(Ratio::of(mean, &[1.0; 4], &[1.0; 100]), None);
        assert_eq!(Ratio::of(mean, &[1.0; 100], &[1.0; 4]), None);
    }

    #[test]
    fn an_interval_is_as_wide_as_theory_has_it() {
        // Evenly spread over 0 to 2: the mean is 1 ± 1.96 · (1/√3)/√400, so its ratio to a constant 1 is 1 ± 0.057.
        let times: Vec<f64> = (0..400).map(|place| f64::from(place) / 199.5).collect();
        let ratio = Ratio::of(mean, &times, &[1.0; 10]);
        let Some(Ratio { value, interval: (low, high) }) = ratio else {
            unreachable!("there are enough times")
        };
        assert!((value - 1.0).abs() < 1e-9, "{value}");
        assert!((low - 0.943).abs() < 0.01 && (high - 1.057).abs() < 0.01, "{low} to {high}");
    }
}
