//! The sandbox's own clock: real time plus an offset that tests may move forward, so that nobody waits for an expiry. A test can
//! also stop it, so that the speed of the machine does not decide what has expired.
//!
//! It writes dates itself, 20 lines, instead of using the crate `time`: each instant is UTC and in milliseconds, and nothing is parsed.

use std::sync::{Mutex, MutexGuard, PoisonError};
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
    setting: Mutex<Setting>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Setting {
    offset_ms: u64,
    /// The real time that counts while the clock is stopped.
    stopped_at_ms: Option<u64>,
}

impl Clock {
    pub(crate) fn now(&self) -> Instant {
        let setting = *self.setting();
        Instant(setting.stopped_at_ms.unwrap_or_else(real_ms).saturating_add(setting.offset_ms))
    }

    /// Sets how far the clock is ahead of real time.
    pub(crate) fn set_offset_ms(&self, offset_ms: u64) {
        self.setting().offset_ms = offset_ms;
    }

    /// How far the clock is ahead of real time.
    pub(crate) fn offset_ms(&self) -> u64 {
        self.setting().offset_ms
    }

    /// Stops the clock where it is: from now on only a new offset moves it.
    pub(crate) fn stop(&self) {
        self.setting().stopped_at_ms.get_or_insert_with(real_ms);
    }

    /// Lets a stopped clock run again. It catches up with the time that has passed meanwhile.
    pub(crate) fn run(&self) {
        self.setting().stopped_at_ms = None;
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.setting().stopped_at_ms.is_some()
    }

    fn setting(&self) -> MutexGuard<'_, Setting> {
        self.setting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
fn real_ms() -> u64 {
    let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    u64::try_from(real).unwrap_or(u64::MAX)
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
    /// 9999-12-31T00:00:00Z: RFC 3339 has four digits for a year, and the next embossing run has to be shown as well.
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
    fn a_stopped_clock_moves_by_its_offset_alone() {
        let clock = Clock::default();
        clock.stop();
        let stopped = clock.now();
        while real_ms() <= stopped.0 {
            std::hint::spin_loop();
        }
        clock.stop();
        assert_eq!(clock.now(), stopped);
        clock.set_offset_ms(5);
        assert_eq!(clock.now(), stopped.plus_ms(5));
        clock.run();
        assert!(clock.now() > stopped.plus_ms(5));
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
