//! Rows of the report.

use crate::{
    plot::Unit,
    results::{Keys, Marks, Sessions},
    statistics::{Centre, Ratio, Summary, mean, median},
};
use std::fmt::Write as _;

/// The way that the others are compared with.
pub(crate) const REFERENCE: &str = "WebCrypto";
pub(crate) const KEYS_HEAD: &str = "| | | runs | median | quartiles | p95 | mean | ÷ WebCrypto |\n| --- | --- | --: | --: | --: | --: | --: | --: |\n";

pub(crate) fn key_lines(name: &str, group: &[&Keys]) -> String {
    let reference = group.iter().find(|keys| keys.contender == REFERENCE).map_or(&[][..], |keys| &keys.times);
    let mut text = String::new();
    for (place, keys) in group.iter().enumerate() {
        let name = if place == 0 { name } else { "" };
        let Some(summary) = Summary::of(&keys.times) else {
            let why = keys.skipped.as_deref().unwrap_or_default();
            let _ = writeln!(text, "| {name} | {} | – | {why} | | | | |", keys.contender);
            continue;
        };
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} |",
            keys.contender,
            spread(&summary),
            ratio(&keys.contender, &keys.times, reference)
        );
    }
    text
}

/// Of means.
pub(crate) fn ratio(contender: &str, times: &[f64], reference: &[f64]) -> String {
    if contender == REFERENCE { "1".to_owned() } else { ratio_of(mean, times, reference) }
}

pub(crate) fn ratio_of(centre: Centre, times: &[f64], reference: &[f64]) -> String {
    match (Ratio::of(centre, times, reference), centre(times), centre(reference)) {
        (Some(Ratio { value, interval: (low, high) }), ..) => {
            format!("**{}** ({}–{})", number(value), number(low), number(high))
        }
        // Too few for an interval.
        (None, Some(ours), Some(reference)) => format!("about {}", number(ours / reference)),
        _ => "–".to_owned(),
    }
}

/// With two decimals if it is small.
pub(crate) fn number(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

/// Runs, median, quartiles, 95th percentile and mean.
fn spread(summary: &Summary) -> String {
    let say = |time| Unit::Milliseconds.say(time);
    let (low, high) = summary.quartiles;
    let (median, p95, mean) = (say(summary.median), say(summary.p95), say(summary.mean));
    format!("{} | {median} | {} – {} | {p95} | {mean}", summary.runs, say(low), say(high))
}

pub(crate) const SESSIONS_HEAD: &str = "| | pad | runs | drawn | ready | set: median | quartiles | p95 | last key → request | last key → set | longest task |\n\
     | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n";

pub(crate) fn session_lines<'a>(name: &str, group: impl Iterator<Item = &'a Sessions>) -> String {
    let say = |time: Option<f64>| time.map_or_else(|| "–".to_owned(), |time| Unit::Milliseconds.say(time));
    let mut text = String::new();
    for (place, sessions) in group.enumerate() {
        let all = |read: fn(&Marks) -> f64| sessions.runs.iter().map(read).collect::<Vec<_>>();
        let accepted = all(|marks| marks.accepted);
        let Some(summary) = Summary::of(&accepted) else { continue };
        let (low, high) = summary.quartiles;
        let longest: Vec<f64> = sessions.runs.iter().filter_map(|marks| marks.longest_task).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} – {} | {} | {} | {} | {} |",
            if place == 0 { name } else { "" },
            sessions.pad,
            summary.runs,
            say(median(&all(|marks| marks.drawn))),
            say(median(&all(|marks| marks.ready))),
            say(Some(summary.median)),
            say(Some(low)),
            say(Some(high)),
            say(Some(summary.p95)),
            say(median(&all(|marks| marks.requested - marks.submitted))),
            say(median(&all(|marks| marks.accepted - marks.submitted))),
            match median(&longest) {
                // Chromium reports no shorter one.
                Some(longest) if longest < 50.0 => "under 50 ms".to_owned(),
                longest => say(longest),
            },
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys_of(contender: &str, times: &[f64]) -> Keys {
        Keys {
            engine: "Chromium".to_owned(),
            slower: 1,
            contender: contender.to_owned(),
            bits: 2048,
            times: times.to_vec(),
            skipped: times.is_empty().then(|| "a pair would take about 31 s".to_owned()),
        }
    }

    #[test]
    fn a_row_tells_the_times_the_ratio_or_why_there_are_none() {
        let rows = [keys_of("WebCrypto", &[80.0; 6]), keys_of("card-pin", &[40.0; 6]), keys_of("slow", &[])];
        let expected = "\
            | Chromium | WebCrypto | 6 | 80 ms | 80 ms – 80 ms | 80 ms | 80 ms | 1 |\n\
            |  | card-pin | 6 | 40 ms | 40 ms – 40 ms | 40 ms | 40 ms | **0.50** (0.50–0.50) |\n\
            |  | slow | – | a pair would take about 31 s | | | | |\n";
        assert_eq!(key_lines("Chromium", &rows.iter().collect::<Vec<_>>()), expected);
    }

    #[test]
    fn few_times_have_a_rough_ratio_and_no_times_have_none() {
        assert_eq!(ratio("slow", &[1234.0, 1166.0], &[80.0; 6]), "about 15");
        assert_eq!(ratio("slow", &[], &[80.0; 6]), "–");
        assert_eq!(ratio("slow", &[80.0], &[]), "–");
    }

    #[test]
    fn a_session_tells_how_long_each_part_of_it_took() {
        let marks = Marks {
            drawn: 10.0,
            ready: 90.0,
            submitted: 60.0,
            requested: 95.0,
            accepted: 102.0,
            longest_task: None,
        };
        let (engine, pad) = ("WebKit".to_owned(), "card-pin".to_owned());
        let sessions = [Sessions { engine, slower: 1, pad, runs: vec![marks; 3] }];
        let expected = "| WebKit | card-pin | 3 | 10 ms | 90 ms | 102 ms | 102 ms – 102 ms | 102 ms | 35 ms | 42 ms | – |\n";
        assert_eq!(session_lines("WebKit", sessions.iter()), expected);
    }
}
