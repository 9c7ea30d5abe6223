//! Confidence intervals of shares.

/// The interval at 95 % of the share of which `count` out of `n` were observed, by Clopper and Pearson (1934). If nothing was
/// observed, all of the 5 % are above, which is the rule of three: at most 3 out of `n`.
pub(crate) fn of(count: usize, tries: usize) -> (f64, f64) {
    if tries == 0 {
        return (0.0, 1.0);
    }
    let (n, side) = (tries as f64, if count == 0 || count == tries { 0.05 } else { 0.025 });
    let low = if count == 0 { 0.0 } else { where_falls(|share| at_most(count - 1, n, share), 1.0 - side) };
    let high = if count == tries { 1.0 } else { where_falls(|share| at_most(count, n, share), side) };
    (low, high)
}

/// The share at which a function that falls from one to zero falls below a height.
fn where_falls(function: impl Fn(f64) -> f64, height: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if function(middle) > height {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The probability of so many or fewer out of `n`. In logarithms: the single terms can be too small for a number.
fn at_most(count: usize, n: f64, share: f64) -> f64 {
    let odds = share.ln() - (-share).ln_1p();
    let mut term = n * (-share).ln_1p();
    let mut sum = term.exp();
    for i in 0..count {
        let i = i as f64;
        term += ((n - i) / (i + 1.0)).ln() + odds;
        sum += term.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn the_interval_agrees_with_scipy() {
        // SciPy 1.17.1: binomtest(3, 10).proportion_ci(method="exact"), and so on.
        for (count, tries, low, high) in
            [(3, 10, 0.066_739_511_2, 0.652_452_850_1), (8, 20_000, 0.000_172_706_9, 0.000_788_006_5)]
        {
            let (found_low, found_high) = of(count, tries);
            assert!((found_low - low).abs() < 1e-9, "{count} of {tries}: {found_low}");
            assert!((found_high - high).abs() < 1e-9, "{count} of {tries}: {found_high}");
        }
    }

    #[test]
    fn of_no_failures_it_is_the_rule_of_three() {
        let (low, high) = of(0, 20_000);
        assert!(low == 0.0 && (high * 20_000.0 - 3.0).abs() < 0.01, "{high}");
        let (low, high) = of(20_000, 20_000);
        assert!(high == 1.0 && ((1.0 - low) * 20_000.0 - 3.0).abs() < 0.01, "{low}");
    }
}
