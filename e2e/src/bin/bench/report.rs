use crate::{
    pictures::{self, rates, speed},
    plot::Unit,
    results::{Keys, Results, Sessions},
    statistics::{Ratio, Summary, mean, median},
};
use anyhow::{Context, Result};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// What everything else is a multiple of.
const REFERENCE: &str = "WebCrypto";
/// Of the first and of the last so many of many sessions a median is told.
const ENDS: usize = 100;

/// Writes the page and its pictures into a folder; the page's path.
pub(crate) fn write(results: &Results, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for (name, picture) in pictures::all(results) {
        fs::write(folder.join(&name), picture).with_context(|| format!("{name} cannot be written"))?;
    }
    let page = folder.join("benchmark.md");
    fs::write(&page, words(results)).context("benchmark.md cannot be written")?;
    Ok(page)
}

fn words(results: &Results) -> String {
    let mut page = String::from(
        "# Benchmark\n\n\
         How long card-pin takes, how much a page loads for it and what memory it needs, beside the same work by WebCrypto, by \
         the `rsa` crate and by JavaScript libraries. `cargo xtask bench` measures and writes all of this page.\n\n",
    );
    for section in [machine, in_short, keys, sessions, slower_machines, sizes, memory, many] {
        page.push_str(&section(results));
        page.push('\n');
    }
    page.push_str(METHOD);
    page
}

const METHOD: &str = include_str!("method.md");

fn machine(results: &Results) -> String {
    let machine = &results.machine;
    let versions = |versions: &[crate::results::Version]| {
        let versions: Vec<String> =
            versions.iter().map(|version| format!("{} {}", version.name, version.version)).collect();
        versions.join(", ")
    };
    let quick = if results.quick { " **A short run, for a look: the figures say little.**" } else { "" };
    format!(
        "{}, {} cores, {}, {}; {}. {}. {}. Measured in {:.0} minutes; before it, and at its end, {:.1} and {:.1} processes \
         ran or waited to run.{quick}\n",
        machine.processor,
        machine.cores,
        Unit::Bytes.say(machine.memory as f64),
        machine.system,
        machine.rust,
        versions(&results.engines),
        versions(&results.libraries),
        results.minutes,
        machine.load.0,
        machine.load.1,
    )
}

/// The key that Enfuce documents and the session with it, as multiples of everything else.
fn in_short(results: &Results) -> String {
    let mut text = "## In short\n\nA key pair of 2048 bits, its mean beside that of others made in turn with it; and the median of whole sessions.\n\n\
         | | key pair | ÷ WebCrypto | ÷ rsa crate | ÷ node-forge | session | pad on WebCrypto | pad on node-forge |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: |\n"
        .to_owned();
    for engine in &results.engines {
        let of_engine = |keys: &&Keys| keys.bits == 2048 && keys.slower == 1 && keys.engine == engine.name;
        let times = |contender: &str| {
            let keys = results.keys.iter().filter(of_engine).find(|keys| keys.contender == contender);
            keys.map_or(&[][..], |keys| &keys.times)
        };
        for ours in
            results.keys.iter().filter(of_engine).filter(|keys| keys.contender.starts_with("card-pin"))
        {
            let how = ours.contender.trim_start_matches("card-pin");
            let mean = mean(&ours.times).map_or_else(|| "–".to_owned(), |mean| Unit::Milliseconds.say(mean));
            let _ = write!(text, "| {}{how} | {mean} |", engine.name);
            for rival in [REFERENCE, "rsa crate", "node-forge"] {
                let _ = write!(text, " {} |", ratio(&ours.contender, &ours.times, times(rival)));
            }
            for pad in ["card-pin", "pad on WebCrypto", "pad on node-forge"] {
                let sessions = results.sessions.iter().find(|sessions| {
                    sessions.slower == 1 && sessions.engine == engine.name && sessions.pad == pad
                });
                let accepted =
                    sessions.iter().flat_map(|sessions| &sessions.runs).map(|marks| marks.accepted);
                let time = median(&accepted.collect::<Vec<_>>());
                let _ =
                    write!(text, " {} |", time.map_or_else(String::new, |time| Unit::Milliseconds.say(time)));
            }
            text.push('\n');
        }
    }
    text
}

fn keys(results: &Results) -> String {
    let mut text = "## Key pairs\n\n".to_owned();
    let mut sizes: Vec<u32> = results.keys.iter().map(|keys| keys.bits).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for bits in sizes {
        let _ = write!(
            text,
            "### {bits} bits\n\n![{bits} bits: times of each way to make a key pair](benchmark-keys-{bits}.svg)\n\n{KEYS_HEAD}"
        );
        for engine in &results.engines {
            let of_engine =
                |keys: &&Keys| keys.bits == bits && keys.slower == 1 && keys.engine == engine.name;
            let group: Vec<&Keys> = results.keys.iter().filter(of_engine).collect();
            text.push_str(&key_lines(&engine.name, &group));
        }
        text.push('\n');
    }
    text
}

const KEYS_HEAD: &str = "| | | runs | median | quartiles | p95 | mean | ÷ WebCrypto |\n| --- | --- | --: | --: | --: | --: | --: | --: |\n";

fn key_lines(name: &str, group: &[&Keys]) -> String {
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

fn ratio(contender: &str, times: &[f64], reference: &[f64]) -> String {
    if contender == REFERENCE {
        return "1".to_owned();
    }
    match (Ratio::of(times, reference), mean(times), mean(reference)) {
        (Some(Ratio { value, interval: (low, high) }), ..) => {
            format!("**{}** ({}–{})", number(value), number(low), number(high))
        }
        // Too few for an interval.
        (None, Some(mean), Some(reference)) => format!("about {}", number(mean / reference)),
        _ => "–".to_owned(),
    }
}

/// With as many places as say something.
fn number(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

/// Runs, median, quartiles, 95th percentile and mean.
fn spread(summary: &Summary) -> String {
    let say = |time| Unit::Milliseconds.say(time);
    let (low, high) = summary.quartiles;
    let (median, p95, mean) = (say(summary.median), say(summary.p95), say(summary.mean));
    format!("{} | {median} | {} – {} | {p95} | {mean}", summary.runs, say(low), say(high))
}

fn sessions(results: &Results) -> String {
    let mut text = format!(
        "## Whole sessions\n\nFrom the page's opening to the server's word that the PIN is set, with a customer who types without a pause: \
         `<card-pin>`, and the same pad written by hand on WebCrypto and on node-forge.\n\n\
         ![Times of whole sessions with each pad](benchmark-sessions.svg)\n\n{SESSIONS_HEAD}"
    );
    for engine in &results.engines {
        let of_engine = |sessions: &&Sessions| sessions.slower == 1 && sessions.engine == engine.name;
        text.push_str(&session_lines(&engine.name, results.sessions.iter().filter(of_engine)));
    }
    text
}

const SESSIONS_HEAD: &str = "| | pad | runs | drawn | ready | set: median | quartiles | p95 | last key → set | longest task |\n\
     | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |\n";

fn session_lines<'a>(name: &str, group: impl Iterator<Item = &'a Sessions>) -> String {
    let say = |time: Option<f64>| time.map_or_else(|| "–".to_owned(), |time| Unit::Milliseconds.say(time));
    let mut text = String::new();
    for (place, sessions) in group.enumerate() {
        let all =
            |read: fn(&crate::results::Marks) -> f64| sessions.runs.iter().map(read).collect::<Vec<_>>();
        let accepted = all(|marks| marks.accepted);
        let Some(summary) = Summary::of(&accepted) else { continue };
        let (low, high) = summary.quartiles;
        let longest: Vec<f64> = sessions.runs.iter().filter_map(|marks| marks.longest_task).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} – {} | {} | {} | {} |",
            if place == 0 { name } else { "" },
            sessions.pad,
            summary.runs,
            say(median(&all(|marks| marks.drawn))),
            say(median(&all(|marks| marks.ready))),
            say(Some(summary.median)),
            say(Some(low)),
            say(Some(high)),
            say(Some(summary.p95)),
            say(median(&all(|marks| marks.accepted - marks.submitted))),
            match median(&longest) {
                // Chromium tells of none that is shorter.
                Some(longest) if longest < 50.0 => "under 50 ms".to_owned(),
                longest => say(longest),
            },
        );
    }
    text
}

fn slower_machines(results: &Results) -> String {
    let mut text = "## Slower machines\n\nChromium, whose pages are made slower.\n\n\
                    ![Key pairs and sessions on slower machines](benchmark-slower.svg)\n\n"
        .to_owned();
    for slowdown in &results.slowdowns {
        let _ = writeln!(
            text,
            "{}: the same loop took {:.1} times as long on the page's thread, {:.1} times in a worker.  ",
            capitalised(&speed(slowdown.asked)),
            slowdown.page,
            slowdown.worker
        );
    }
    let _ = write!(text, "\n{KEYS_HEAD}");
    for slower in rates(results) {
        let of_rate = |keys: &&Keys| keys.slower == slower && keys.bits == 2048 && keys.engine == "Chromium";
        let group: Vec<&Keys> = results.keys.iter().filter(of_rate).collect();
        text.push_str(&key_lines(&speed(slower), &group));
    }
    let _ = write!(text, "\n{SESSIONS_HEAD}");
    for slower in rates(results) {
        let of_rate = |sessions: &&Sessions| sessions.slower == slower && sessions.engine == "Chromium";
        text.push_str(&session_lines(&speed(slower), results.sessions.iter().filter(of_rate)));
    }
    text
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn sizes(results: &Results) -> String {
    let mut text = "## Bytes\n\nThe libraries draw no pad; the pads by hand do, with what of a library they need.\n\n\
                    ![What a page loads](benchmark-sizes.svg)\n\n| | minified | with brotli |\n| --- | --: | --: |\n"
        .to_owned();
    for size in &results.sizes {
        let say = |bytes: usize| Unit::Bytes.say(bytes as f64);
        let _ = writeln!(text, "| {} | {} | {} |", size.what, say(size.raw), say(size.brotli));
    }
    text
}

fn memory(results: &Results) -> String {
    let say = |bytes: i64| Unit::Bytes.say(bytes as f64);
    let wasm: Vec<String> = results
        .wasm_memory
        .iter()
        .map(|memory| format!("{} in {}", Unit::Bytes.say(memory.bytes as f64), memory.engine))
        .collect();
    let mut text = format!(
        "## Memory\n\nThe vault's WebAssembly memory at the end of a session, its most: {}.\n\n\
         In Chromium, beyond an empty page and without garbage:\n\n\
         | pad | JavaScript objects of the page: ready | PIN set | whole process: ready | PIN set |\n\
         | --- | --: | --: | --: | --: |\n",
        wasm.join(", ")
    );
    for heap in &results.heaps {
        let (objects, process) = (heap.objects, heap.process);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            heap.pad,
            say(objects.0),
            say(objects.1),
            say(process.0),
            say(process.1)
        );
    }
    text.push_str("\nThe process has workers, WebAssembly and compiled code in it. A vault's worker has ended by the time the PIN is set.\n");
    text
}

fn many(results: &Results) -> String {
    let mut text = "## Many sessions in one page\n\nOne after the other, without a pad: each makes a vault and a key pair, and sets a card's PIN.\n\
                    Whether they become slower is told by new browsers, warmed by a few sessions, that set PINs in turns with the one page.\n\n\
                    ![Time and memory over many sessions](benchmark-many.svg)\n\n"
        .to_owned();
    let _ = write!(
        text,
        "| | sessions | median of all | of the first {ENDS} | of the last {ENDS} | second half ÷ new browsers | JavaScript objects: first → last | process |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: |\n"
    );
    for many in &results.many {
        let (count, new) = (many.times.len(), &many.in_new_browsers);
        let ends = ENDS.min(count);
        let say = |times: &[f64]| median(times).map_or_else(String::new, |time| Unit::Milliseconds.say(time));
        let grew = |read: fn(&(usize, u64, u64)) -> u64| match (many.memory.first(), many.memory.last()) {
            (Some(first), Some(last)) => {
                format!("{} → {}", Unit::Bytes.say(read(first) as f64), Unit::Bytes.say(read(last) as f64))
            }
            _ => "–".to_owned(),
        };
        let _ = writeln!(
            text,
            "| {} | {count} | {} | {} | {} | {} | {} | {} |",
            many.engine,
            say(&many.times),
            say(&many.times[..ends]),
            say(&many.times[count - ends..]),
            ratio(&many.engine, &many.times[count / 2..], &new[new.len() / 2..]),
            grew(|(_, objects, _)| *objects),
            grew(|(_, _, process)| *process)
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
    fn the_report_links_every_picture_and_no_other() {
        let results = Results {
            keys: vec![keys_of("card-pin", &[40.0; 6])],
            engines: vec![crate::results::Version {
                name: "Chromium".to_owned(),
                version: "1.2.3".to_owned(),
            }],
            ..Results::default()
        };
        let words = words(&results);
        let pictures = pictures::all(&results);
        assert_eq!(words.matches(".svg)").count(), pictures.len());
        for (name, _) in pictures {
            assert!(words.contains(&format!("]({name})")), "{name}");
        }
    }
}
