//! The sandbox's own clock: real time plus an offset that tests may move forward, so that nobody waits for an expiry.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::config::Embossing;

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(pub(crate) u64);

const HOUR_MS: u64 = 60 * 60 * 1000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// A date in the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: u32,
    pub(crate) month: u32,
    pub(crate) day: u32,
}

/// Real time plus an offset.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_ms: AtomicU64,
}

impl Clock {
    pub(crate) fn now(&self) -> Instant {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Instant(u64::try_from(real).unwrap_or(u64::MAX).saturating_add(self.offset_ms.load(Ordering::SeqCst)))
    }

    /// Sets how far the clock is ahead of real time.
    pub(crate) fn set_offset_ms(&self, offset_ms: u64) {
        self.offset_ms.store(offset_ms, Ordering::SeqCst);
    }

    /// How far the clock is ahead of real time.
    pub(crate) fn offset_ms(&self) -> u64 {
        self.offset_ms.load(Ordering::SeqCst)
    }
}

impl Embossing {
    /// The first run after this moment.
    pub(crate) fn next_run(self, after: Instant) -> Instant {
        let (period, phase) = match self {
            Self::Hourly => (HOUR_MS, 0),
            Self::Daily => (DAY_MS, 3 * HOUR_MS),
        };
        let passed = (after.0 + period - phase) / period;
        Instant(passed * period + phase)
    }
}

impl Instant {
    /// 9999-12-31T00:00:00Z: RFC 3339 has four digits for a year, and the next embossing run has to be told as well.
    pub(crate) const LAST_DAY: Self = Self(253_402_214_400_000);

    pub(crate) fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The date in UTC, by Howard Hinnant's `civil_from_days` (<https://howardhinnant.github.io/date_algorithms.html>).
    pub(crate) fn date(self) -> Date {
        // The number of days fits until the year 11 million.
        let days = u32::try_from(self.0 / DAY_MS).unwrap_or(u32::MAX - 719_468) + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Date {
            year: year_of_era + era * 400 + u32::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
        }
    }

    /// RFC 3339 with milliseconds, in UTC.
    pub(crate) fn to_rfc3339(self) -> String {
        let Date { year, month, day } = self.date();
        let ms = self.0 % DAY_MS;
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected values from `date -u -d @SECONDS --iso-8601=seconds` (GNU coreutils).
    #[test]
    fn dates_are_those_of_gnu_date() {
        assert_eq!(Instant(0).to_rfc3339(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Instant(951_782_400_000).to_rfc3339(), "2000-02-29T00:00:00.000Z");
        assert_eq!(Instant(1_709_251_199_007).to_rfc3339(), "2024-02-29T23:59:59.007Z");
        assert_eq!(Instant(4_107_542_400_000).to_rfc3339(), "2100-03-01T00:00:00.000Z");
        assert_eq!(Instant::LAST_DAY.to_rfc3339(), "9999-12-31T00:00:00.000Z");
    }

    #[test]
    fn the_clock_is_ahead_by_its_offset() {
        let clock = Clock::default();
        let before = clock.now();
        clock.set_offset_ms(35_000);
        assert!(clock.now() >= before.plus_ms(35_000));
        clock.set_offset_ms(0);
        assert!(clock.now() < before.plus_ms(35_000));
    }

    #[test]
    fn runs_are_on_the_hour_or_at_three() {
        // 2024-02-29T23:59:59.007Z
        let late = Instant(1_709_251_199_007);
        let next = |embossing: Embossing, after| embossing.next_run(after).to_rfc3339();
        assert_eq!(next(Embossing::Hourly, late), "2024-03-01T00:00:00.000Z");
        assert_eq!(next(Embossing::Daily, late), "2024-03-01T03:00:00.000Z");
        // At a run's own moment, the next one is meant.
        let three = Embossing::Daily.next_run(late);
        assert_eq!(next(Embossing::Daily, three), "2024-03-02T03:00:00.000Z");
        assert_eq!(next(Embossing::Hourly, three), "2024-03-01T04:00:00.000Z");
        assert_eq!(next(Embossing::Daily, Instant(three.0 - 1)), "2024-03-01T03:00:00.000Z");
    }
}
