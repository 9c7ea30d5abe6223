//! What was measured, in pictures.

use crate::{
    plot::{Colour, Group, Line, Lines, Mark, Panel, Row, Rows, Scale, Unit},
    results::{Keys, Results, Sessions},
    statistics::{Summary, median},
};

/// The many sessions are drawn as medians of so many each.
pub(crate) const BLOCK: usize = 20;

const SPREAD: &str = "box: quartiles; stroke and number: median; line: to the 95th percentile";

/// File name and contents of each.
pub(crate) fn all(results: &Results) -> Vec<(String, String)> {
    let mut pictures = Vec::new();
    let mut sizes: Vec<u32> = results.keys.iter().map(|keys| keys.bits).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for bits in sizes {
        pictures.push((format!("benchmark-keys-{bits}.svg"), keys(results, bits)));
    }
    pictures.push(("benchmark-sessions.svg".to_owned(), sessions(results)));
    pictures.push(("benchmark-slower.svg".to_owned(), slower(results)));
    pictures.push(("benchmark-sizes.svg".to_owned(), sizes_of_pages(results)));
    pictures.push(("benchmark-many.svg".to_owned(), many(results)));
    pictures
}

fn keys(results: &Results, bits: u32) -> String {
    let groups = results.engines.iter().map(|engine| {
        let keys = results
            .keys
            .iter()
            .filter(|keys| keys.bits == bits && keys.slower == 1 && keys.engine == engine.name);
        Group {
            name: format!("{} {}", engine.name, short(&engine.version)),
            rows: keys.map(key_row).collect(),
        }
    });
    let title = format!("An RSA key pair of {bits} bits");
    draw_spread(&title, &[SPREAD, "logarithmic: each line up is ten times as long"], groups.collect())
}

fn sessions(results: &Results) -> String {
    let groups = results.engines.iter().map(|engine| {
        let sessions =
            results.sessions.iter().filter(|sessions| sessions.slower == 1 && sessions.engine == engine.name);
        Group {
            name: format!("{} {}", engine.name, short(&engine.version)),
            rows: sessions.map(session_row).collect(),
        }
    });
    let notes = [SPREAD, "ring: the pad is drawn and takes digits (median); logarithmic"];
    draw_spread("From the page's opening to the PIN that is set", &notes, groups.collect())
}

fn slower(results: &Results) -> String {
    let mut groups = Vec::new();
    for slower in rates(results) {
        let keys = results
            .keys
            .iter()
            .filter(|keys| keys.slower == slower && keys.bits == 2048 && keys.engine == "Chromium");
        groups.push(Group {
            name: format!("A key pair of 2048 bits, {}", results.speed(slower)),
            rows: keys.map(key_row).collect(),
        });
    }
    for slower in rates(results) {
        let sessions = results
            .sessions
            .iter()
            .filter(|sessions| sessions.slower == slower && sessions.engine == "Chromium");
        groups.push(Group {
            name: format!("Page's opening to PIN set, {}", results.speed(slower)),
            rows: sessions.map(session_row).collect(),
        });
    }
    let notes = [SPREAD, "ring: the pad is drawn and takes digits (median); logarithmic"];
    draw_spread("Chromium on slower machines", &notes, groups)
}

fn sizes_of_pages(results: &Results) -> String {
    let rows = results.sizes.iter().map(|size| Row {
        label: size.what.clone(),
        colour: colour(&size.what),
        mark: Mark::Bar(size.brotli as f64),
    });
    let rows = Rows {
        title: "What a page loads",
        notes: &["scripts, styles and WebAssembly, minified, compressed with brotli"],
        scale: Scale::Linear,
        unit: Unit::Bytes,
        groups: vec![Group { name: String::new(), rows: rows.collect() }],
    };
    rows.draw()
}

fn many(results: &Results) -> String {
    const COLOURS: [Colour; 3] = [Colour::Ours, Colour::Browsers, Colour::Another];
    let times = results.many.iter().zip(COLOURS).map(|(many, colour)| {
        let blocks = many
            .times
            .chunks(BLOCK)
            .enumerate()
            .filter_map(|(place, block)| Some((((place + 1) * BLOCK) as f64, median(block)?)));
        Line { name: many.engine.clone(), colour, points: blocks.collect() }
    });
    let mut panels =
        vec![Panel { name: "A session takes".to_owned(), unit: Unit::Milliseconds, lines: times.collect() }];
    for many in results.many.iter().filter(|many| many.memory.len() > 1) {
        type Read = fn(&(usize, u64, u64)) -> u64;
        let kinds: [(&str, Colour, Read); 2] = [
            ("process", Colour::Theirs, |(_, _, process)| *process),
            ("JavaScript objects", Colour::Ours, |(_, objects, _)| *objects),
        ];
        let lines = kinds.map(|(name, colour, read)| {
            let points = many.memory.iter().map(|now| (now.0 as f64, read(now) as f64));
            Line { name: name.to_owned(), colour, points: points.collect() }
        });
        panels.push(Panel {
            name: format!("Memory, {}", many.engine),
            unit: Unit::Bytes,
            lines: lines.into_iter().collect(),
        });
    }
    let note = format!("medians of {BLOCK} sessions each; memory without garbage");
    let lines = Lines {
        title: "Sessions in one page, one after the other",
        notes: &[&note],
        along: "sessions so far",
        panels,
    };
    lines.draw()
}

fn draw_spread(title: &str, notes: &[&str], groups: Vec<Group>) -> String {
    Rows { title, notes, scale: Scale::Logarithmic, unit: Unit::Milliseconds, groups }.draw()
}

fn key_row(keys: &Keys) -> Row {
    let missing = || Mark::Missing(keys.skipped.clone().unwrap_or_default());
    let mark = Summary::of(&keys.times).map_or_else(missing, |summary| Mark::Spread(summary, None));
    Row { label: keys.contender.clone(), colour: colour(&keys.contender), mark }
}

fn session_row(sessions: &Sessions) -> Row {
    let accepted: Vec<f64> = sessions.runs.iter().map(|marks| marks.accepted).collect();
    let drawn: Vec<f64> = sessions.runs.iter().map(|marks| marks.drawn).collect();
    let missing = || Mark::Missing(String::new());
    let mark = Summary::of(&accepted).map_or_else(missing, |summary| Mark::Spread(summary, median(&drawn)));
    Row { label: sessions.pad.clone(), colour: colour(&sessions.pad), mark }
}

/// How much slower Chromium was made, beginning with not at all.
pub(crate) fn rates(results: &Results) -> Vec<u32> {
    let mut rates: Vec<u32> = results.sessions.iter().map(|sessions| sessions.slower).collect();
    rates.sort_unstable();
    rates.dedup();
    rates
}

/// Without what tells builds of one version apart.
pub(crate) fn short(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

fn colour(label: &str) -> Colour {
    if label.starts_with("card-pin") {
        Colour::Ours
    } else if label.contains("WebCrypto") {
        Colour::Browsers
    } else {
        Colour::Theirs
    }
}
