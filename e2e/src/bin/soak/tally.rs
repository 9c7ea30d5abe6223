//! The outcomes of the sessions.

use crate::interval;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// The outcome of one session, as its page tells it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Session {
    /// `success`, or the code that the customer is told.
    pub(crate) outcome: String,
    /// How often the customer had to enter the PIN.
    pub(crate) entries: usize,
    /// Where the vault was in the end.
    pub(crate) isolation: String,
    pub(crate) workers: usize,
    pub(crate) searches: usize,
    pub(crate) ids: usize,
}

/// The outcomes of many sessions.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    sessions: usize,
    /// By code, or by what the browser did.
    failed: BTreeMap<String, usize>,
    asked_again: usize,
    replaced: usize,
    trials: usize,
    ids: usize,
    unwatched: usize,
}

impl Tally {
    pub(crate) fn sessions(&self) -> usize {
        self.sessions
    }

    /// How many sessions failed before the customer.
    pub(crate) fn failures(&self) -> usize {
        self.failed.values().sum()
    }

    pub(crate) fn add(&mut self, session: &Session) {
        self.sessions += 1;
        if session.outcome != "success" {
            *self.failed.entry(session.outcome.clone()).or_default() += 1;
        }
        let vaults = session.workers + usize::from(session.isolation == "page");
        self.asked_again += usize::from(session.entries > 1);
        self.replaced += usize::from(vaults > 1);
        self.ids += usize::from(session.ids > 1);
        // Each vault begins one search at most, and another one for each key pair that it gives up, or that a TZPK is not for.
        self.trials += usize::from(session.searches > vaults + session.ids.saturating_sub(1));
        self.unwatched += usize::from(session.searches == 0);
    }

    /// The browser, or the page, was gone before the session's end.
    pub(crate) fn add_broken(&mut self) {
        self.sessions += 1;
        *self.failed.entry("the browser broke off".to_owned()).or_default() += 1;
    }

    fn rows(&self) -> Vec<(String, usize)> {
        let mut rows = vec![("failed before the customer".to_owned(), self.failures())];
        rows.extend(self.failed.iter().map(|(code, count)| (format!("  {code}"), *count)));
        rows.extend(
            [
                ("asked for the digits again", self.asked_again),
                ("unseen: another vault", self.replaced),
                ("unseen: a key pair was given up", self.trials),
                ("unseen: another control id", self.ids),
            ]
            .map(|(what, count)| (what.to_owned(), count)),
        );
        if self.unwatched > 0 {
            rows.push(("no search was seen, so that no trial could be".to_owned(), self.unwatched));
        }
        rows
    }

    /// In one line.
    pub(crate) fn progress(&self) -> String {
        let rows = self.rows().into_iter().filter(|(_, count)| *count > 0);
        let rows: Vec<String> = rows.map(|(what, count)| format!("{} {count}", what.trim())).collect();
        format!(
            "{} sessions; {}",
            self.sessions,
            if rows.is_empty() { "nothing".to_owned() } else { rows.join(", ") }
        )
    }
}

/// Each count with its interval at 95 %.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in self.rows() {
            let (low, high) = interval::of(count, self.sessions);
            writeln!(f, "  {what:<46} {count:>6}   {:.4} to {:.4} %", low * 100.0, high * 100.0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(outcome: &str) -> Session {
        let isolation = "worker".to_owned();
        Session { outcome: outcome.to_owned(), entries: 1, isolation, workers: 1, searches: 1, ids: 1 }
    }

    #[test]
    fn each_session_is_counted_where_it_belongs() {
        let mut tally = Tally::default();
        tally.add(&session("success"));
        tally.add(&session("closed"));
        tally.add(&Session { workers: 2, searches: 2, ..session("success") });
        tally.add(&Session { isolation: "page".to_owned(), searches: 2, entries: 2, ..session("success") });
        tally.add(&Session { searches: 2, ..session("success") });
        tally.add(&Session { searches: 2, ids: 2, ..session("success") });
        tally.add(&Session { searches: 0, ..session("success") });
        tally.add_broken();
        let counts: Vec<usize> = tally.rows().into_iter().map(|(_, count)| count).collect();
        assert_eq!(tally.failures(), 2);
        assert_eq!((tally.sessions(), &*counts), (8, &[2, 1, 1, 1, 2, 1, 1, 1][..]));
    }
}
