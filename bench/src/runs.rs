//! This run beside the earlier ones, some of them on another machine.

use crate::{
    results::Results,
    statistics::{mean, median},
    tables::{REFERENCE, number},
};

/// The full runs whose reports are in the history of `docs/benchmark.md`, kept by hand: before a new report replaces one, the row
/// of its run moves here, with its date and its commit.
const EARLIER: &str = include_str!("runs.md");

/// A row in the form of the earlier ones. README has the least and the greatest of each column, and a test compares them.
pub(crate) fn section(results: &Results) -> String {
    let in_each = |say: &dyn Fn(&str) -> Option<String>| {
        let engines =
            results.engines.iter().map(|engine| say(&engine.name).unwrap_or_else(|| "–".to_owned()));
        engines.collect::<Vec<_>>().join(" / ")
    };
    let key_pair = |contender: &str| {
        in_each(&|engine| {
            let times = |contender| mean(results.key_times(engine, contender));
            Some(number(times(contender)? / times(REFERENCE)?))
        })
    };
    let session = |engine: &str, pad| median(&results.session_times(engine, pad));
    let ratios =
        in_each(&|engine| Some(number(session(engine, "card-pin")? / session(engine, "pad on WebCrypto")?)));
    let times = in_each(&|engine| Some(format!("{:.0}", session(engine, "card-pin")?)));
    format!(
        "## Other machines\n\nAll full runs so far, in Chromium / Firefox / WebKit: keys of 2048 bits as multiples of WebCrypto's time \
         (means), and whole sessions as multiples of the pad's on WebCrypto (medians). The commit is that of the run's report.\n\n\
         {EARLIER}| this run | {} | | {} | {} | {ratios} | {times} ms |\n",
        results.machine.processor,
        key_pair("card-pin"),
        key_pair("card-pin, no SIMD"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{
        Version,
        samples::{keys_of, sessions_of},
    };

    #[test]
    fn this_run_has_a_row_like_the_earlier_ones() {
        let engine = |name: &str| Version { name: name.to_owned(), version: String::new() };
        let mut results = Results {
            engines: vec![engine("Chromium"), engine("WebKit")],
            keys: vec![keys_of("card-pin", &[40.0, 60.0]), keys_of(REFERENCE, &[100.0])],
            sessions: vec![sessions_of("card-pin", 90.4), sessions_of("pad on WebCrypto", 60.0)],
            ..Results::default()
        };
        results.machine.processor = "Z80".to_owned();
        let text = section(&results);
        let row = "\n| this run | Z80 | | 0.50 / – | – / – | 1.51 / – | 90 / – ms |\n";
        assert!(text.ends_with(row), "{text}");
        let columns = |line: &str| line.matches('|').count();
        assert!(EARLIER.lines().all(|line| columns(line) == columns(row)), "{EARLIER}");
    }
}
