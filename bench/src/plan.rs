//! How much is measured.

use rand::{SeedableRng as _, rngs::SmallRng, seq::SliceRandom as _};
use std::time::Duration;

/// How many runs of each measurement there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// For each way to make keys, by size as in [`SIZES`]; the size that Enfuce documents has most runs.
    pub(crate) keys: [KeyPlan; SIZES.len()],
    /// With each pad, and the time after which no further session begins.
    pub(crate) sessions: usize,
    pub(crate) sessions_time: Duration,
    /// The same on a machine made slower.
    pub(crate) slow_keys: KeyPlan,
    pub(crate) slow_sessions: usize,
    pub(crate) slow_sessions_time: Duration,
    /// The same over a slow network, and with larger keys.
    pub(crate) other_sessions: usize,
    pub(crate) other_sessions_time: Duration,
    /// Sessions in one page, in Chromium, and in each of the others.
    pub(crate) many: usize,
    pub(crate) many_elsewhere: usize,
}

/// For each way to make keys at each size: the most runs, and the time after which no further one begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyPlan {
    pub(crate) runs: usize,
    pub(crate) time: Duration,
    /// The same for each of the [`LIBRARIES`].
    pub(crate) libraries_time: Duration,
    /// A measurement that is likely to take longer for a single key pair is skipped.
    pub(crate) longest: Duration,
}

/// The ways that take many times as long as card-pin and WebCrypto, so that fewer runs show it.
pub(crate) const LIBRARIES: [&str; 4] = ["rsa crate", "node-forge", "jsencrypt", "jsrsasign"];

/// The sizes of keys, and those on a machine made slower.
pub(crate) const SIZES: [u32; 3] = [2048, 3072, 4096];
pub(crate) const SLOW_SIZES: [u32; 1] = [2048];
/// How many times slower the machine is made, in addition to full speed.
pub(crate) const SLOWER: [u32; 2] = [4, 20];
/// Networks as WebPageTest has them (`connectivity.ini.sample`): milliseconds of a round trip, and bits a second.
pub(crate) const NETWORKS: [(&str, u64, f64); 2] = [("3G", 300, 1_600_000.0), ("4G", 170, 9_000_000.0)];

impl Plan {
    pub(crate) const FULL: Self = Self {
        keys: [
            KeyPlan { runs: 300, time: seconds(9), libraries_time: seconds(9), longest: seconds(10) },
            KeyPlan { runs: 120, time: seconds(20), libraries_time: seconds(4), longest: seconds(10) },
            KeyPlan { runs: 60, time: seconds(60), libraries_time: seconds(5), longest: seconds(10) },
        ],
        sessions: 20,
        sessions_time: seconds(12),
        slow_keys: KeyPlan { runs: 20, time: seconds(5), libraries_time: seconds(5), longest: seconds(16) },
        slow_sessions: 5,
        slow_sessions_time: seconds(12),
        other_sessions: 8,
        other_sessions_time: seconds(16),
        many: 1000,
        many_elsewhere: 200,
    };

    /// A short run, to see whether the benchmark works.
    pub(crate) const QUICK: Self = Self {
        keys: [KeyPlan { runs: 8, time: seconds(1), libraries_time: seconds(1), longest: seconds(4) };
            SIZES.len()],
        sessions: 3,
        sessions_time: seconds(8),
        slow_keys: KeyPlan { runs: 5, time: seconds(2), libraries_time: seconds(2), longest: seconds(4) },
        slow_sessions: 1,
        slow_sessions_time: seconds(8),
        other_sessions: 1,
        other_sessions_time: seconds(8),
        many: 40,
        many_elsewhere: 20,
    };
}

/// The order in which so many ways have their turns in a round. It is drawn anew for each round, so that none of them always comes
/// after the same other one; each run of the benchmark has the same orders.
pub(crate) fn order_of(round: u64, ways: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..ways).collect();
    order.shuffle(&mut SmallRng::seed_from_u64(round));
    order
}

const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_way_has_a_turn_in_each_round_and_comes_after_each_other_one() {
        let mut neighbours = BTreeSet::new();
        for round in 0..60 {
            let mut order = order_of(round, 8);
            neighbours.extend(order.windows(2).map(|pair| (pair[0], pair[1])));
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3, 4, 5, 6, 7]);
        }
        assert_eq!(neighbours.len(), 8 * 7);
    }
}
